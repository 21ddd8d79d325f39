import CSQLite

/// Why the database did not do what it was asked.
public struct DatabaseError: Error, Equatable, CustomStringConvertible {
    /// What was attempted.
    public var attempt: String
    /// The database's file.
    public var path: String
    /// SQLite's own words.
    public var reason: String
    /// SQLite's extended result code.
    public var code: Int32

    /// What went wrong, in one line.
    public var description: String {
        "cannot \(attempt) \(path): \(reason)" + (isOfReading ? " (SQLite code \(code))" : "")
    }

    /// SQLite's code for a damaged file.
    static let corrupt = SQLITE_CORRUPT

    /// Whether reading or locking failed, which says nothing of what is in the file.
    var isOfReading: Bool { [SQLITE_IOERR, SQLITE_BUSY, SQLITE_PROTOCOL].contains(code & 0xff) }

    /// Whether the file is not a database or is damaged.
    var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xff) }
}

/// A connection to one SQLite file: the small part of SQLite that monitord uses, with errors in words.
///
/// Not thread safe: it belongs to the actor that owns it. Safe to use: its handle never leaves it.
@safe final class Database {
    /// The file, or `:memory:`.
    let path: String
    private var handle: OpaquePointer?
    private var statements: [String: Statement] = [:]
    private var pages = 0

    /// What a connection may do with the file.
    enum Access {
        /// Read and write; the file is made when it is missing.
        case readWrite
        /// Read what others may be writing; SQLite makes files beside one in WAL mode.
        case readOnly
        /// Read a file that nobody writes; nothing is made or locked.
        case untouched
    }

    /// Opens or creates a database.
    init(path: String, access: Access = .readWrite) throws(DatabaseError) {
        self.path = path
        let name: String
        let flags: Int32
        switch access {
        case .readWrite: (name, flags) = (path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        case .readOnly: (name, flags) = (path, SQLITE_OPEN_READONLY)
        case .untouched:
            (name, flags) = ("file:\(Self.percentEncoded(path))?immutable=1", SQLITE_OPEN_READONLY)
        }
        // SQLite sets the handle even when it fails; close() takes either.
        let code = unsafe sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nil)
        guard code == SQLITE_OK else {
            let error = failure("open", code)
            close()
            throw error
        }
        _ = unsafe sqlite3_extended_result_codes(handle, 1)
        _ = unsafe sqlite3_busy_timeout(handle, 5_000)
    }

    deinit { close() }

    /// A path as it stands in a URI.
    private static func percentEncoded(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
            }
        }
        return text
    }

    /// Closes the connection; calling it again does nothing.
    func close() {
        statements.removeAll()
        // No statement is left: they were finalised with the line above.
        _ = unsafe sqlite3_close_v2(handle)
        unsafe handle = nil
    }

    /// Runs statements without parameters, results ignored.
    func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure("write", code) }
    }

    /// Runs one statement and hands each row to `row`.
    func query(
        _ sql: String, _ values: [Value] = [], row: (borrowing Row) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let statement = try prepared(sql)
        defer { statement.reset() }
        statement.bind(values)
        while true {
            let code = statement.step()
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure("read or write", code) }
            try row(Row(statement))
        }
    }

    /// Runs one statement that gives no rows.
    func run(_ sql: String, _ values: [Value] = []) throws(DatabaseError) {
        try query(sql, values) { _ throws(DatabaseError) in }
    }

    /// The first column of the first row as an integer.
    func integer(_ sql: String, _ values: [Value] = []) throws(DatabaseError) -> Int64? {
        var result: Int64?
        try query(sql, values) { row throws(DatabaseError) in result = result ?? row.integer(0) }
        return result
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; everything is undone when it throws.
    func transaction<Result>(_ body: () throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After a full disk SQLite may have rolled back by itself; a second ROLLBACK then fails, and may.
            _ = unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    /// Copies all of another database into this one.
    func restore(from source: Database) throws(DatabaseError) {
        guard let backup = unsafe sqlite3_backup_init(handle, "main", source.handle, "main") else {
            throw failure("copy into", unsafe sqlite3_extended_errcode(handle))
        }
        let code = unsafe sqlite3_backup_step(backup, -1)
        _ = unsafe sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else { throw failure("copy into", code) }
    }

    /// Makes another database readable under a name; it may be in use, and nothing is written to it.
    func attach(_ path: String, as name: String) throws(DatabaseError) {
        try run("ATTACH ? AS \(name)", [.text("file:\(Self.percentEncoded(path))?mode=ro")])
    }

    /// Rows that the last statement changed.
    var changes: Int { Int(unsafe sqlite3_changes(handle)) }

    /// Pages written since the connection was opened.
    var pagesWritten: Int {
        var (current, highest): (Int32, Int32) = (0, 0)
        // The counter is of 32 bits: it is read and set back each time.
        _ = unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1)
        pages += Int(current)
        return pages
    }

    private func prepared(_ sql: String) throws(DatabaseError) -> Statement {
        if let statement = statements[sql] { return statement }
        var pointer: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(handle, sql, -1, &pointer, nil)
        guard code == SQLITE_OK, let pointer = unsafe pointer else { throw failure("prepare a statement for", code) }
        let statement = unsafe Statement(pointer)
        statements[sql] = statement
        return statement
    }

    private func failure(_ attempt: String, _ code: Int32) -> DatabaseError {
        // The message belongs to the connection; it is copied here, before the next call.
        let reason = unsafe handle == nil ? "out of memory" : String(cString: sqlite3_errmsg(handle))
        return DatabaseError(attempt: attempt, path: path, reason: reason, code: code)
    }
}

/// A value bound to a statement's parameter.
enum Value {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// A prepared statement; kept and used again. Its pointer never leaves it.
@safe final class Statement {
    private let pointer: OpaquePointer
    // SQLITE_TRANSIENT is a macro with a cast, which Swift does not import: SQLite copies what is bound.
    private static let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { _ = unsafe sqlite3_finalize(pointer) }

    func bind(_ values: [Value]) {
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .integer(let number): _ = unsafe sqlite3_bind_int64(pointer, place, number)
            case .text(let text): _ = unsafe sqlite3_bind_text(pointer, place, text, -1, Self.transient)
            case .blob(let bytes):
                _ = unsafe bytes.withUnsafeBytes { buffer in
                    unsafe sqlite3_bind_blob64(pointer, place, buffer.baseAddress, UInt64(buffer.count), Self.transient)
                }
            }
        }
    }

    func step() -> Int32 { unsafe sqlite3_step(pointer) }

    func reset() {
        _ = unsafe sqlite3_reset(pointer)
        _ = unsafe sqlite3_clear_bindings(pointer)
    }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(pointer, column) }

    func text(_ column: Int32) -> String {
        // The text is valid until the next step; it is copied.
        guard let bytes = unsafe sqlite3_column_text(pointer, column) else { return "" }
        return unsafe String(cString: bytes)
    }

    func blob(_ column: Int32) -> [UInt8] {
        let count = Int(unsafe sqlite3_column_bytes(pointer, column))
        guard count > 0, let bytes = unsafe sqlite3_column_blob(pointer, column) else { return [] }
        // SQLite gives `count` bytes at this address, valid until the next step; they are copied.
        return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

/// One row of a result, valid within the closure it is handed to.
struct Row: ~Copyable {
    private let statement: Statement

    init(_ statement: Statement) { self.statement = statement }

    func integer(_ column: Int32) -> Int64 { statement.integer(column) }
    func text(_ column: Int32) -> String { statement.text(column) }
    func blob(_ column: Int32) -> [UInt8] { statement.blob(column) }
}
