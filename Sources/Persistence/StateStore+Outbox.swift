/// Messages on their way: durable before they are sent, and kept for a while as the history.
extension StateStore {
    /// Acknowledged messages that are kept as history.
    static let keptMessages: Int64 = 10_000

    /// Stores messages in a transaction of their own that is on the disk before this returns.
    ///
    /// A message whose (id, seq) was stored before is passed over.
    public func appendToOutbox(_ messages: [StoredMessage]) throws {
        try database.execute("PRAGMA synchronous = FULL")
        defer { try? database.execute("PRAGMA synchronous = NORMAL") }
        try database.transaction { () throws(DatabaseError) in
            for message in messages {
                try database.run(
                    "INSERT OR IGNORE INTO outbox (id, seq, payload) VALUES (?, ?, ?)",
                    [.text(message.id), .integer(Int64(message.seq)), .blob(message.payload)])
            }
        }
    }

    /// Makes sinks known; one that is new starts behind the last message stored so far.
    public func registerSinks(_ names: [String]) throws {
        try database.transaction { () throws(DatabaseError) in
            for name in names {
                try database.run(
                    """
                    INSERT OR IGNORE INTO sink (name, acknowledged)
                    VALUES (?, (SELECT COALESCE(MAX(number), 0) FROM outbox))
                    """, [.text(name)])
            }
            // A sink that is configured no longer must not hold the history for ever.
            let marks = names.map { _ in "?" }.joined(separator: ", ")
            try database.run("DELETE FROM sink WHERE name NOT IN (\(marks))", names.map(Value.text))
        }
    }

    /// The messages that a sink has not acknowledged, oldest first.
    public func pending(sink: String, limit: Int) throws -> [StoredMessage] {
        try messages(
            """
            SELECT number, id, seq, payload FROM outbox
            WHERE number > COALESCE((SELECT acknowledged FROM sink WHERE name = ?), 0) ORDER BY number LIMIT ?
            """, [.text(sink), .integer(Int64(limit))])
    }

    /// Remembers that a sink has written all messages up to a number.
    public func acknowledge(sink: String, upTo number: UInt64) throws {
        try database.run(
            "INSERT INTO sink (name, acknowledged) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET acknowledged = excluded.acknowledged",
            [.text(sink), .integer(Int64(number))])
        try database.run(
            """
            DELETE FROM outbox WHERE number <= (SELECT MIN(acknowledged) FROM sink)
            AND number <= (SELECT MAX(number) FROM outbox) - ?
            """, [.integer(Self.keptMessages)])
    }

    /// The newest messages, newest first.
    public func history(limit: Int) throws -> [StoredMessage] {
        try messages(
            "SELECT number, id, seq, payload FROM outbox ORDER BY number DESC LIMIT ?", [.integer(Int64(limit))])
    }

    private func messages(_ sql: String, _ values: [Value]) throws(DatabaseError) -> [StoredMessage] {
        var found: [StoredMessage] = []
        try database.query(sql, values) { row throws(DatabaseError) in
            found.append(
                StoredMessage(
                    number: UInt64(row.integer(0)), id: row.text(1), seq: Int(row.integer(2)), payload: row.blob(3)))
        }
        return found
    }
}
