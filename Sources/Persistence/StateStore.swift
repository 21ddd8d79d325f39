import Glibc
public import Logging
import TimeSeries

/// One piece of the state: bytes under a scope (a stream, the daemon) and a name within it.
public struct StatePart: Equatable, Sendable {
    /// What the piece belongs to.
    public var scope: String
    /// Its name there.
    public var name: String
    /// What is to be stored of it.
    public var content: PieceContent

    /// Creates a piece of which this is to be stored.
    public init(scope: String, name: String, content: PieceContent) {
        self.scope = scope
        self.name = name
        self.content = content
    }

    /// Creates a piece that is stored whole.
    public init(scope: String, name: String, bytes: [UInt8]) {
        self.init(scope: scope, name: name, content: .whole(bytes))
    }
}

/// What a commit wrote.
public struct CommitOutcome: Equatable, Sendable {
    /// Pieces that had changed.
    public var partsWritten = 0
    /// Bytes of them as stored.
    public var bytesWritten = 0
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
    /// Messages before this one that the asking sink never had, because too many were waiting for it.
    public var droppedBefore: UInt64 = 0

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
///     part(scope, name, generation)   pieces of the state, whole or as patches of what an earlier generation stored
///     meta(generation)                the generation that counts; what is of a later one was never finished
///     history(number)                 recent samples, written behind
///     outbox(number)                  messages, durable before they are sent; the newest acknowledged ones are the history
///     sink(name)                      how far each sink has got
///     answer(id)                      what a person said of an incident
///
/// A commit is *staged* in small transactions, between which the outbox has its turn, and counts all at once when it is
/// *sealed*: one that is cut off leaves the state as it was. Commits are written through the WAL without waiting for the
/// disk: after a power cut the state goes back to an earlier commit, which is whole. The outbox waits
/// (`synchronous = FULL`): a message is on the disk before it is sent.
public actor StateStore {
    /// Version of the tables; a migration leads from each to the next.
    static let migrations = [
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE part (scope TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (scope, name));
        CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, seq INTEGER NOT NULL,
            payload BLOB NOT NULL, UNIQUE (id, seq));
        CREATE TABLE sink (name TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL) WITHOUT ROWID;
        """,
        """
        ALTER TABLE part RENAME TO part1;
        CREATE TABLE part (scope TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL, kind INTEGER NOT NULL,
            bytes BLOB NOT NULL, PRIMARY KEY (scope, name, generation));
        INSERT INTO part SELECT scope, name, 0, 0, bytes FROM part1;
        DROP TABLE part1;
        INSERT OR REPLACE INTO meta (key, value) VALUES ('generation', '0');
        CREATE TABLE history (number INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, first INTEGER NOT NULL,
            last INTEGER NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);
        """,
        // The same tables: from here on pieces have sums that an earlier version does not know.
        "",
        // The same tables: from here on pieces have parts with versions of their own, of which an earlier version would
        // make a beginning anew.
        "",
        "CREATE TABLE answer (id TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID;",
    ]
    /// What a snapshot has of the tables.
    static let snapshotTables = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE part (scope TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL, kind INTEGER NOT NULL,
            bytes BLOB NOT NULL, PRIMARY KEY (scope, name, generation));
        """

    let database: Database
    private let directory: String?
    private var lock: DirectoryLock?
    /// Hashes of the pieces that are stored whole each time.
    private var written: [String: UInt64] = [:]
    /// Of pieces that are staged and not sealed.
    private var staged: [String: UInt64?] = [:]
    /// Pieces that were staged whole, or as removed: what is stored of them before is waste once that is sealed.
    private var superseding: [(scope: String, name: String)] = []
    private var outcome = CommitOutcome()
    /// Pieces of which older generations are stored that nobody needs.
    private var waste: [(scope: String, name: String)] = []
    private var knowsWaste = false
    /// Bytes of the history; `nil` before they were counted.
    var historyBytes: Int64?
    /// Whether there may be pieces of a commit that was cut off.
    private var hasLeftovers = true
    /// Pieces that were loaded and are damaged, as `scope: name`; they were left out.
    public private(set) var damaged: [String] = []
    /// Bytes of state written since the store was opened.
    public private(set) var bytesWritten = 0
    /// Bytes that have been written to the disk since the store was opened, of whatever: pages to the log, and at most once
    /// more each into the file.
    public var bytesOnDisk: Int { database.pagesWritten * 2 * Self.pageBytes }
    private static let pageBytes = 4_096

    /// Opens or creates the state.
    ///
    /// - Parameters:
    ///   - directory: the state directory, made when missing; `nil` keeps everything in memory.
    ///   - logger: told when a damaged file is set aside.
    /// - Throws: ``PersistenceError``.
    public init(directory: String?, logger: Logger? = nil) throws(PersistenceError) {
        self.directory = directory
        guard let directory else {
            lock = nil
            database = try Self.open(":memory:")
            return
        }
        lock = try DirectoryLock(directory: directory)
        let path = directory + "/monitord.db"
        do {
            database = try Self.openPatiently(path)
        } catch .database(let error) where error.isDamage {
            let aside = StateFiles(database: path).setAside()
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
        self.directory = nil
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

    /// Opens the file; a failure is tried again, and damage believed only when it is there each time.
    ///
    /// - Throws: ``PersistenceError/database(_:)``, of damage only when all of the file can be read.
    private static func openPatiently(_ path: String) throws(PersistenceError) -> Database {
        for _ in 1..<openings {
            do {
                return try open(path)
            } catch .database(let error) where error.isDamage || error.isOfReading {
                continue
            }
        }
        do {
            return try open(path)
        } catch .database(let error) where error.isDamage {
            // What the check cannot read it calls damaged too; what is there may be whole, and stays where it is.
            if let failure = StateFiles(database: path).failureToRead() { throw .database(failure) }
            throw .database(error)
        }
    }
    private static let openings = 3

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

    /// Ends the use of the state: the WAL is written back into the file, and the directory is free.
    public func close() {
        // What cannot be written back now is read from the WAL at the next start.
        try? database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        lock = nil
    }

    // MARK: The pieces

    /// Pieces that are cleared away in one transaction.
    private static let clearedAtOnce = 200

    /// Stores pieces, and has them count; those stored whole that have not changed are passed over.
    ///
    /// - Throws: ``DatabaseError``; then nothing of it counts.
    public func commit(_ parts: [StatePart]) throws -> CommitOutcome {
        try stage(parts)
        return try seal()
    }

    /// Stores pieces that do not count before ``seal()``; those stored whole that have not changed are passed over.
    ///
    /// - Throws: ``DatabaseError``; then nothing that was staged will count.
    public func stage(_ parts: [StatePart]) throws {
        var rows: [(part: StatePart, kind: Int64, packed: [UInt8])] = []
        for part in parts {
            let key = Self.key(part)
            switch part.content {
            case .whole(let bytes):
                let hash = BlockHash.hash(bytes, from: 0, to: bytes.count)
                guard written[key] != hash else { continue }
                staged[key] = .some(hash)
                superseding.append((part.scope, part.name))
                rows.append((part, 0, Compression.pack(bytes)))
            case .patch(let bytes):
                staged[key] = .some(nil)
                rows.append((part, 1, Compression.pack(bytes)))
            case .removed:
                staged[key] = .some(nil)
                superseding.append((part.scope, part.name))
                rows.append((part, 2, []))
            }
        }
        guard !rows.isEmpty else { return }
        do {
            if hasLeftovers { try deleteUnsealed() }
            let generation = try generation() + 1
            try database.transaction { () throws(DatabaseError) in
                for (part, kind, packed) in rows {
                    try database.run(
                        "INSERT OR REPLACE INTO part (scope, name, generation, kind, bytes) VALUES (?, ?, ?, ?, ?)",
                        [.text(part.scope), .text(part.name), .integer(generation), .integer(kind), .blob(packed)])
                }
            }
        } catch {
            discard()
            throw error
        }
        outcome.partsWritten += rows.count
        outcome.bytesWritten += rows.reduce(0) { $0 + $1.packed.count }
    }

    /// Has all that was staged count, at once.
    ///
    /// - Parameter moment: when, in words; kept for ``committed``.
    /// - Throws: ``DatabaseError``; then nothing that was staged counts.
    public func seal(at moment: String = "") throws -> CommitOutcome {
        guard outcome.partsWritten > 0 else { return outcome }
        do {
            try database.transaction { () throws(DatabaseError) in
                try database.run("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
                try database.run(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('committed', ?)", [.text(moment)])
            }
        } catch {
            discard()
            throw error
        }
        for (key, hash) in staged { written[key] = hash }
        defer { forgetStaged() }
        bytesWritten += outcome.bytesWritten
        return outcome
    }

    /// Drops what was staged and is not sealed.
    public func discard() {
        forgetStaged()
        hasLeftovers = true
        // What cannot be deleted now is deleted before anything else is staged; it does not count.
        try? deleteUnsealed()
    }

    private func forgetStaged() {
        staged.removeAll(keepingCapacity: true)
        waste += superseding
        superseding.removeAll()
        outcome = CommitOutcome()
    }

    /// Notes what a run before has superseded and not cleared.
    private func findWaste() throws(DatabaseError) {
        try database.query(
            """
            SELECT DISTINCT old.scope, old.name FROM part AS old JOIN part AS new USING (scope, name)
            WHERE new.kind != 1 AND (new.kind = 2 OR old.generation < new.generation) AND new.generation <= (\(Self.sealed))
            """
        ) { row throws(DatabaseError) in waste.append((row.text(0), row.text(1))) }
    }

    /// Deletes some of what sealed pieces have superseded.
    ///
    /// - Returns: whether there is more: the outbox has its turn between two calls.
    public func clearSome() throws -> Bool {
        if !knowsWaste {
            try findWaste()
            knowsWaste = true
        }
        let some = waste.suffix(Self.clearedAtOnce)
        guard !some.isEmpty else { return false }
        try database.transaction { () throws(DatabaseError) in
            for (scope, name) in some { try Self.clear(scope: scope, name: name, in: database) }
        }
        waste.removeLast(some.count)
        return !waste.isEmpty
    }

    /// Deletes what is stored of a piece before it was last stored whole, and all of one that was removed.
    private static func clear(scope: String, name: String, in database: Database) throws(DatabaseError) {
        try database.run(
            """
            DELETE FROM part WHERE scope = ?1 AND name = ?2 AND generation <
                (SELECT MAX(generation) FROM part WHERE scope = ?1 AND name = ?2 AND kind != 1 AND generation <= (\(sealed)))
            """, [.text(scope), .text(name)])
        try database.run(
            "DELETE FROM part WHERE scope = ?1 AND name = ?2 AND kind = 2 AND generation <= (\(sealed))",
            [.text(scope), .text(name)])
    }

    static let sealed = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'"

    private func deleteUnsealed() throws(DatabaseError) {
        try database.run("DELETE FROM part WHERE generation > (\(Self.sealed))")
        hasLeftovers = false
    }

    private func generation() throws(DatabaseError) -> Int64 { try database.integer(Self.sealed) ?? 0 }

    /// When the last commit was, in the words it was given; empty when nobody said.
    public var committed: String {
        get throws {
            var text = ""
            try database.query("SELECT value FROM meta WHERE key = 'committed'") { row throws(DatabaseError) in
                text = row.text(0)
            }
            return text
        }
    }

    /// The pieces of a scope by name; those that are damaged are left out, and noted in ``damaged``.
    ///
    /// - Throws: ``DatabaseError`` when they cannot be read.
    public func load(scope: String) throws -> [String: [UInt8]] {
        let (parts, lost) = try Self.pieces(of: scope, in: database)
        damaged += lost.sorted().map { "\(scope): \($0)" }
        for (name, bytes) in parts {
            written[Self.key(StatePart(scope: scope, name: name, content: .removed))] =
                BlockHash.hash(bytes, from: 0, to: bytes.count)
        }
        return parts
    }

    /// Keeps all pieces as they are stored, the damaged ones too, under a snapshot's name: the next commit writes over them.
    ///
    /// - Returns: the snapshot's name; nothing when there is none, or no directory. Of one commit one is kept.
    /// - Throws: ``PersistenceError``; then nothing is kept.
    public func keepDamaged() throws -> String? {
        guard let directory else { return nil }
        let name = "damaged-\(try generation())"
        let folder = SnapshotFolder(ofState: directory)
        if folder.list().contains(where: { $0.name == name }) { return name }
        return try folder.save(named: name)?.name
    }

    /// The pieces of a scope by name, or the one of a name.
    static func pieces(
        of scope: String, named wanted: String? = nil, in database: Database
    ) throws(DatabaseError) -> (parts: [String: [UInt8]], damaged: Set<String>) {
        var parts: [String: [UInt8]] = [:]
        var damaged: Set<String> = []
        try database.query(
            "SELECT name, kind, bytes FROM part WHERE scope = ?\(wanted == nil ? "" : " AND name = ?") "
                + "AND generation <= (\(Self.sealed)) ORDER BY name, generation",
            [.text(scope)] + (wanted.map { [.text($0)] } ?? [])
        ) { row throws(DatabaseError) in
            let name = row.text(0)
            let before = parts.removeValue(forKey: name)
            let kind = row.integer(1)
            guard kind != 2 else {
                damaged.remove(name)
                return
            }
            guard let bytes = Compression.unpack(row.blob(2)) else {
                damaged.insert(name)
                return
            }
            if kind == 0 {
                parts[name] = bytes
                damaged.remove(name)
            } else if var piece = before, PiecePatch.apply(bytes, to: &piece) {
                parts[name] = piece
            } else {
                damaged.insert(name)
            }
        }
        return (parts, damaged)
    }

    /// The scopes that have pieces, in order.
    public func scopes() throws -> [String] { try Self.scopes(in: database) }

    static func scopes(in database: Database) throws(DatabaseError) -> [String] {
        var scopes: [String] = []
        try database.query(
            "SELECT DISTINCT scope FROM part WHERE generation <= (\(Self.sealed)) ORDER BY scope"
        ) { row throws(DatabaseError) in
            scopes.append(row.text(0))
        }
        return scopes
    }

    /// Drops all pieces: the state is as of a first start, but for the messages.
    ///
    /// - Throws: ``DatabaseError``; then nothing is dropped.
    public func removeAll() throws {
        try database.transaction { () throws(DatabaseError) in try database.run("DELETE FROM part") }
        written.removeAll()
        forgetStaged()
        waste.removeAll()
    }

    /// Makes the pieces those of a snapshot, all at once; messages and what the sinks have had of them stay.
    ///
    /// - Throws: ``DatabaseError``; then all is as it was.
    public func rollBack(to snapshot: StateSnapshot, in folder: SnapshotFolder) throws {
        try database.attach(folder.path(snapshot.name), as: "snapshot")
        defer { try? database.execute("DETACH snapshot") }
        try database.transaction { () throws(DatabaseError) in
            try database.execute(
                """
                DELETE FROM main.part;
                INSERT INTO main.part SELECT scope, name, generation, kind, bytes FROM snapshot.part;
                INSERT OR REPLACE INTO main.meta SELECT key, value FROM snapshot.meta;
                """)
        }
        written.removeAll()
        forgetStaged()
        waste.removeAll()
        knowsWaste = false
    }

    private static func key(_ part: StatePart) -> String { "\(part.scope)\u{0}\(part.name)" }
}
