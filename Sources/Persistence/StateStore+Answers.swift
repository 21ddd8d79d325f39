/// What people have said of incidents, for who asks later; what is learned of it is in the pieces.
extension StateStore {
    /// Keeps an answer as long as a message of its incident is kept; a later one takes its place.
    public func keepAnswer(_ answer: String, to id: String) throws {
        try database.transaction { () throws(DatabaseError) in
            try database.run(
                "INSERT OR REPLACE INTO answer (id, answer) VALUES (?, ?)", [.text(id), .text(answer)])
            try database.execute("DELETE FROM answer WHERE id NOT IN (SELECT id FROM outbox)")
        }
    }

    /// The answers by the incidents' ids.
    public func answers() throws -> [String: String] {
        var answers: [String: String] = [:]
        try database.query("SELECT id, answer FROM answer") { row throws(DatabaseError) in
            answers[row.text(0)] = row.text(1)
        }
        return answers
    }
}
