/// Messages on their way: durable before they are sent, and kept for a while as the history.
extension StateStore {
    /// Acknowledged messages that are kept as history.
    static let keptMessages: Int64 = 10_000
    /// Messages that wait for a sink at most; of more the oldest go, and the sink is told how many. About 50 MB.
    static let waitingMessages: Int64 = 20_000

    /// Stores messages in a transaction of their own that is on the disk before this returns.
    ///
    /// A message whose (id, seq) was stored before is passed over.
    public func appendToOutbox(_ messages: [StoredMessage]) throws {
        try database.execute("PRAGMA synchronous = FULL")
        defer { try? database.execute("PRAGMA synchronous = NORMAL") }
        try database.transaction { () throws(DatabaseError) in
            for message in messages {
                // Passed over without a number: between two that are there no number is missing.
                try database.run(
                    """
                    INSERT INTO outbox (id, seq, payload) SELECT ?1, ?2, ?3
                    WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 AND seq = ?2)
                    """,
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

    /// The messages that a sink has not acknowledged, oldest first; the first says how many before it were dropped.
    public func pending(sink: String, limit: Int) throws -> [StoredMessage] {
        let acknowledged = try database.integer("SELECT acknowledged FROM sink WHERE name = ?", [.text(sink)])
        var found = try messages(
            "SELECT number, id, seq, payload FROM outbox WHERE number > ? ORDER BY number LIMIT ?",
            [.integer(acknowledged ?? 0), .integer(Int64(limit))])
        // Behind what it had stands the first one that is there; a database of monitord has no number below 0.
        if let first = found.first, let acknowledged, acknowledged >= 0 {
            found[0].droppedBefore = first.number - UInt64(acknowledged) - 1
        }
        return found
    }

    /// Remembers that a sink has written all messages up to a number.
    ///
    /// What all sinks have written stays for a while as the history; what a sink is too far behind with goes.
    public func acknowledge(sink: String, upTo number: UInt64) throws {
        try acknowledge(sink: sink, upTo: number, kept: Self.keptMessages, waiting: Self.waitingMessages)
    }

    /// As ``acknowledge(sink:upTo:)``, with other bounds.
    func acknowledge(sink: String, upTo number: UInt64, kept: Int64, waiting: Int64) throws {
        try database.run(
            "INSERT INTO sink (name, acknowledged) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET acknowledged = excluded.acknowledged",
            [.text(sink), .integer(Int64(number))])
        try database.run(
            """
            DELETE FROM outbox WHERE number <= (SELECT MAX(number) FROM outbox) - ?1
            AND (number <= (SELECT MIN(acknowledged) FROM sink) OR number <= (SELECT MAX(number) FROM outbox) - ?2)
            """, [.integer(kept), .integer(waiting)])
    }

    /// How many messages a sink has not acknowledged, of those that are kept; 0 for a sink that is not known.
    public func waiting(sink: String) throws -> UInt64 {
        let count = try database.integer(
            "SELECT COUNT(*) FROM outbox WHERE number > (SELECT acknowledged FROM sink WHERE name = ?)", [.text(sink)])
        return UInt64(clamping: count ?? 0)
    }

    /// The latest message of each of some incidents among those that a sink has acknowledged, in the order they were stored.
    public func latest(ofIncidents ids: [String], acknowledgedBy sink: String) throws -> [StoredMessage] {
        let acknowledged = try database.integer("SELECT acknowledged FROM sink WHERE name = ?", [.text(sink)]) ?? 0
        var found: [StoredMessage] = []
        for id in ids {
            found += try messages(
                """
                SELECT number, id, seq, payload FROM outbox WHERE id = ? AND number <= ? ORDER BY number DESC LIMIT 1
                """, [.text(id), .integer(acknowledged)])
        }
        return found.sorted { $0.number < $1.number }
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
