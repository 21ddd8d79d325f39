import Glibc
public import Logging
import TimeSeries

/// One piece of the state: bytes under a scope (a stream, the daemon) and a name within it.
public struct StatePart: Equatable, Sendable {
    /// What the piece belongs to.
    public var scope: String
    /// Its name there.
    public var name: String
    /// Its bytes, with a version of their own.
    public var bytes: [UInt8]

    /// Creates a piece.
    public init(scope: String, name: String, bytes: [UInt8]) {
        self.scope = scope
        self.name = name
        self.bytes = bytes
    }
}

/// What a commit wrote.
public struct CommitOutcome: Equatable, Sendable {
    /// Pieces that had changed.
    public var partsWritten: Int
    /// Bytes of them as stored.
    public var bytesWritten: Int
}

/// A message as the outbox keeps it.
public struct StoredMessage: Equatable, Sendable {
    /// Place in the outbox, rising.
    public var number: UInt64
    /// The incident's id.
    public var id: String
    /// The message's number within its incident.
    public var seq: Int
    /// The record's JSON line.
    public var payload: [UInt8]

    /// Creates a message; `number` is 0 before it is stored.
    public init(number: UInt64 = 0, id: String, seq: Int, payload: [UInt8]) {
        self.number = number
        self.id = id
        self.seq = seq
        self.payload = payload
    }
}

/// Owns the state's database: one SQLite file in the state directory, or one in memory.
///
///     part(scope, name)      pieces of the state; one commit is one transaction, only changed pieces are written
///     outbox(number)         messages, durable before they are sent; the newest acknowledged ones are the history
///     sink(name)             how far each sink has got
///
/// Commits are written through the WAL without waiting for the disk: after a power cut the state goes back to an
/// earlier commit, which is whole. The outbox waits (`synchronous = FULL`): a message is on the disk before it is sent.
public actor StateStore {
    /// Version of the tables; a migration leads from each to the next.
    static let migrations = [
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE part (scope TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (scope, name));
        CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, seq INTEGER NOT NULL,
            payload BLOB NOT NULL, UNIQUE (id, seq));
        CREATE TABLE sink (name TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL) WITHOUT ROWID;
        """
    ]
    /// Acknowledged messages that are kept as history.
    static let keptMessages: Int64 = 10_000

    private let database: Database
    private var lock: DirectoryLock?
    private var written: [String: UInt64] = [:]
    /// Bytes of state written since the store was opened.
    public private(set) var bytesWritten = 0

    /// Opens or creates the state.
    ///
    /// - Parameters:
    ///   - directory: the state directory, made when missing; `nil` keeps everything in memory.
    ///   - logger: told when a damaged file is set aside.
    /// - Throws: ``PersistenceError``.
    public init(directory: String?, logger: Logger? = nil) throws(PersistenceError) {
        guard let directory else {
            lock = nil
            database = try Self.open(":memory:")
            return
        }
        lock = try DirectoryLock(directory: directory)
        let path = directory + "/monitord.db"
        do {
            database = try Self.open(path)
        } catch .database(let error) where error.isDamage {
            let aside = Self.setAside(path)
            logger?.error(
                "the state is damaged; it was set aside and learning starts anew",
                metadata: ["state.path": "\(path)", "state.aside": "\(aside)", "error": "\(error)"])
            database = try Self.open(path)
        }
    }

    /// Opens a copy of a state in memory; the directory is only read, and may be in use.
    ///
    /// - Throws: ``PersistenceError/missing(directory:)`` and ``PersistenceError/database(_:)``.
    public init(copyOf directory: String) throws(PersistenceError) {
        lock = nil
        let path = directory + "/monitord.db"
        guard unsafe access(path, F_OK) == 0 else { throw .missing(directory: directory) }
        do {
            // Without a WAL nobody has the file open, and it is read without making one. Should somebody open it just then,
            // the copy may be of two moments, and is made again beside the writer.
            if !Self.hasWAL(path), let copy = try? Self.copy(path, .untouched), !Self.hasWAL(path) {
                database = copy
            } else {
                database = try Self.copyBesideWriter(path)
            }
        } catch {
            throw .database(error)
        }
        try Self.migrate(database)
    }

    /// A copy of a file that may be written meanwhile. A failure to read is often of the moment, such as a checkpoint that resets
    /// the log just then: it is tried three times.
    private static func copyBesideWriter(_ path: String) throws(DatabaseError) -> Database {
        for _ in 0..<2 {
            do {
                return try copy(path, .readOnly)
            } catch {
                guard error.isOfReading else { throw error }
            }
        }
        return try copy(path, .readOnly)
    }

    private static func copy(_ path: String, _ access: Database.Access) throws(DatabaseError) -> Database {
        let source = try Database(path: path, access: access)
        let copy = try Database(path: ":memory:")
        try copy.restore(from: source)
        return copy
    }

    // The path is copied for the call.
    private static func hasWAL(_ path: String) -> Bool { unsafe access(path + "-wal", F_OK) == 0 }

    private static func open(_ path: String) throws(PersistenceError) -> Database {
        do {
            let database = try Database(path: path)
            try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
            var verdict = ""
            try database.query("PRAGMA quick_check(1)") { row throws(DatabaseError) in verdict = row.text(0) }
            guard verdict == "ok" else {
                throw DatabaseError(attempt: "read", path: path, reason: verdict, code: DatabaseError.corrupt)
            }
            try migrate(database)
            return database
        } catch let error as DatabaseError {
            throw .database(error)
        } catch let error as PersistenceError {
            throw error
        } catch {
            throw .cannotCreate(path: path, reason: "\(error)")
        }
    }

    private static func migrate(_ database: Database) throws(PersistenceError) {
        let known = Int64(migrations.count)
        do {
            let found = try database.integer("PRAGMA user_version") ?? 0
            guard found <= known else { throw PersistenceError.newer(path: database.path, found: found, known: known) }
            guard found < known else { return }
            try database.transaction { () throws(DatabaseError) in
                for step in migrations[Int(found)...] { try database.execute(step) }
                try database.execute("PRAGMA user_version = \(known)")
            }
        } catch let error as DatabaseError {
            throw .database(error)
        } catch let error as PersistenceError {
            throw error
        } catch {
            throw .cannotCreate(path: database.path, reason: "\(error)")
        }
    }

    /// Renames a damaged database and what belongs to it; nothing is deleted.
    private static func setAside(_ path: String) -> String {
        var number = 1
        while unsafe access("\(path).damaged-\(number)", F_OK) == 0 { number += 1 }
        for suffix in ["", "-wal", "-shm"] {
            // A missing WAL is no failure; a failed rename of the file itself shows when it is opened again.
            _ = unsafe rename(path + suffix, "\(path).damaged-\(number)\(suffix)")
        }
        return "\(path).damaged-\(number)"
    }

    /// Ends the use of the state: the WAL is written back into the file, and the directory is free.
    public func close() {
        // What cannot be written back now is read from the WAL at the next start.
        try? database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        lock = nil
    }

    // MARK: The pieces

    /// Stores pieces in one transaction; those that have not changed since they were last stored are passed over.
    ///
    /// - Parameter removed: pieces that are to go, bytes ignored.
    /// - Throws: ``DatabaseError``; then nothing of it is stored.
    public func commit(_ parts: [StatePart], removing removed: [StatePart] = []) throws -> CommitOutcome {
        var changed: [(part: StatePart, key: String, hash: UInt64)] = []
        for part in parts {
            let key = Self.key(part)
            let hash = Self.hash(part.bytes)
            if written[key] != hash { changed.append((part, key, hash)) }
        }
        guard !changed.isEmpty || !removed.isEmpty else { return CommitOutcome(partsWritten: 0, bytesWritten: 0) }
        let bytes = try database.transaction { () throws(DatabaseError) -> Int in
            var bytes = 0
            for (part, _, _) in changed {
                let packed = Compression.pack(part.bytes)
                bytes += packed.count
                try database.run(
                    "INSERT OR REPLACE INTO part (scope, name, bytes) VALUES (?, ?, ?)",
                    [.text(part.scope), .text(part.name), .blob(packed)])
            }
            for part in removed {
                try database.run(
                    "DELETE FROM part WHERE scope = ? AND name = ?", [.text(part.scope), .text(part.name)])
            }
            return bytes
        }
        for (_, key, hash) in changed { written[key] = hash }
        for part in removed { written[Self.key(part)] = nil }
        bytesWritten += bytes
        return CommitOutcome(partsWritten: changed.count, bytesWritten: bytes)
    }

    /// The pieces of a scope by name; a piece that does not unpack is left out.
    public func load(scope: String) throws -> [String: [UInt8]] {
        var parts: [String: [UInt8]] = [:]
        try database.query(
            "SELECT name, bytes FROM part WHERE scope = ?", [.text(scope)]
        ) { row throws(DatabaseError) in
            guard let bytes = Compression.unpack(row.blob(1)) else { return }
            parts[row.text(0)] = bytes
        }
        for (name, bytes) in parts {
            written[Self.key(StatePart(scope: scope, name: name, bytes: []))] = Self.hash(bytes)
        }
        return parts
    }

    /// The scopes that have pieces, in order.
    public func scopes() throws -> [String] {
        var scopes: [String] = []
        try database.query("SELECT DISTINCT scope FROM part ORDER BY scope") { row throws(DatabaseError) in
            scopes.append(row.text(0))
        }
        return scopes
    }

    private static func key(_ part: StatePart) -> String { "\(part.scope)\u{0}\(part.name)" }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        // Eight bytes at a time: states are megabytes, and every commit looks at all of them.
        var state = UInt64(bytes.count)
        var word: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            word = word << 8 | UInt64(byte)
            if index & 7 == 7 {
                state = splitMix(state ^ word)
                word = 0
            }
        }
        return splitMix(state ^ word)
    }

    // MARK: The outbox

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
