import Glibc

/// A snapshot: the pieces of a state as one commit left them, in a file of its own.
public struct StateSnapshot: Equatable, Sendable {
    /// Its name: the date and time it was taken at, or what somebody called it.
    public var name: String
    /// Size of its file.
    public var bytes: Int
    /// When the file was written, in seconds since 1970 by the clock of then.
    public var seconds: Int
}

/// The snapshots of a state, in the folder `snapshots` of its directory.
///
/// A snapshot is a database with the tables `part` and `meta`, without messages and history. It is read out of the state's
/// last commit through a connection of its own: whoever has the state in use is not disturbed, and need not be asked.
public struct SnapshotFolder: Sendable {
    /// Dated snapshots are called so: `2026-11-21T204507Z`.
    private static let dateLength = 18

    private let state: String
    private var folder: String { state + "/snapshots" }

    /// Creates the folder's face; nothing is read or made.
    ///
    /// - Parameter directory: the state directory.
    public init(ofState directory: String) { state = directory }

    /// Where the snapshot of a name is.
    func path(_ name: String) -> String { "\(folder)/\(name).db" }

    /// Whether a snapshot may be called so: letters, digits, `-`, `_` and `.`, at most 64 and not with a dot in front.
    public static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Whether a name is one that was made of a date: such snapshots come and go by themselves.
    public static func isDated(_ name: String) -> Bool {
        let shape = Array("0000-00-00T000000Z".utf8)
        return name.utf8.count == dateLength
            && zip(name.utf8, shape).allSatisfy { byte, place in
                place == UInt8(ascii: "0")
                    ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == place
            }
    }

    /// All snapshots, the dated ones first, oldest first.
    public func list() -> [StateSnapshot] {
        guard let handle = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(handle) }
        var found: [StateSnapshot] = []
        while let entry = unsafe readdir(handle) {
            // The name is null-terminated and valid until the next call; it is copied.
            let file = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard file.hasSuffix(".db") else { continue }
            let name = String(file.dropLast(3))
            var status = stat()
            guard Self.isName(name), unsafe stat(path(name), &status) == 0 else { continue }
            found.append(
                StateSnapshot(
                    name: name, bytes: Int(status.st_size), seconds: Int(status.st_mtim.tv_sec)))
        }
        return found.sorted {
            (Self.isDated($0.name) ? 0 : 1, $0.name) < (Self.isDated($1.name) ? 0 : 1, $1.name)
        }
    }

    /// Takes a snapshot of the last commit; one of that name is replaced. It is whole, and on the disk, or not there.
    ///
    /// - Returns: nothing when nothing was committed yet.
    /// - Throws: ``PersistenceError/missing(directory:)``, ``PersistenceError/cannotCreate(path:reason:)``,
    ///   ``PersistenceError/database(_:)``.
    @discardableResult
    public func save(named name: String) throws(PersistenceError) -> StateSnapshot? {
        let source = state + "/monitord.db"
        guard unsafe access(source, F_OK) == 0 else { throw .missing(directory: state) }
        if unsafe mkdir(folder, 0o750) != 0, errno != EEXIST {
            throw .cannotCreate(path: folder, reason: Self.lastError())
        }
        // Named so that it is never listed.
        let unfinished = "\(folder)/.\(name).part"
        // The path is copied for the call; what is not there need not go.
        unsafe unlink(unfinished)
        defer { unsafe unlink(unfinished) }
        do {
            let target = try Database(path: unfinished)
            // Nobody reads it before it has its name: there is nothing to roll back to.
            try target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            try target.attach(source, as: "state")
            try target.transaction { () throws(DatabaseError) in
                try target.execute(StateStore.snapshotTables)
                try target.execute(
                    """
                    INSERT INTO main.meta SELECT key, value FROM state.meta;
                    INSERT INTO main.part SELECT scope, name, generation, kind, bytes FROM state.part
                        WHERE generation <= (SELECT CAST(value AS INTEGER) FROM state.meta WHERE key = 'generation');
                    """)
            }
            guard try target.integer("SELECT COUNT(*) FROM main.part") ?? 0 > 0 else { return nil }
            target.close()
            try Self.sync(unfinished)
        } catch let error as DatabaseError {
            throw .database(error)
        } catch let error as PersistenceError {
            throw error
        } catch {
            throw .cannotCreate(path: unfinished, reason: "\(error)")
        }
        guard unsafe rename(unfinished, path(name)) == 0 else {
            throw .cannotCreate(path: path(name), reason: Self.lastError())
        }
        try Self.sync(folder)
        return list().first { $0.name == name }
    }

    /// The scopes of a snapshot.
    ///
    /// - Throws: ``PersistenceError/database(_:)``.
    public func scopes(in snapshot: String) throws(PersistenceError) -> [String] {
        do {
            return try StateStore.scopes(in: try Database(path: path(snapshot), access: .untouched))
        } catch {
            throw .database(error)
        }
    }

    /// The pieces of a scope by name, in a snapshot.
    ///
    /// - Parameter wanted: the only piece to read; `nil` for all.
    /// - Throws: ``PersistenceError/database(_:)``.
    public func pieces(
        of scope: String, named wanted: String? = nil, in snapshot: String
    ) throws(PersistenceError) -> [String: [UInt8]] {
        do {
            let database = try Database(path: path(snapshot), access: .untouched)
            return try StateStore.pieces(of: scope, named: wanted, in: database).parts
        } catch {
            throw .database(error)
        }
    }

    /// Deletes the oldest dated snapshots until so many are left; named ones stay.
    public func prune(keeping count: Int) {
        for old in list().filter({ Self.isDated($0.name) }).dropLast(count) {
            unsafe unlink(path(old.name))
        }
    }

    private static func sync(_ path: String) throws(PersistenceError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: lastError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotCreate(path: path, reason: lastError()) }
    }

    // strerror's text is copied before anything else can call it.
    private static func lastError() -> String { unsafe String(cString: strerror(errno)) }
}
