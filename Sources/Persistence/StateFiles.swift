import CSQLite
import Glibc

/// The files of a state's database, as files: what is read and moved without SQLite.
struct StateFiles {
    private let path: String
    /// The database, its write-ahead log, and the shared memory beside it.
    private static let suffixes = ["", "-wal", "-shm"]
    private static let pieceBytes = 1 << 20

    /// Creates the face of a database's files; nothing is read.
    init(database path: String) { self.path = path }

    /// Reads the database and its log from end to end.
    ///
    /// - Returns: why that failed; `nil` when every byte can be read. A file that is not there is no failure.
    func failureToRead() -> DatabaseError? {
        for suffix in Self.suffixes.prefix(2) {
            let code = Self.readThrough(path + suffix)
            guard code != 0 else { continue }
            // strerror's text is copied before anything else can call it.
            return DatabaseError(
                attempt: "read", path: path + suffix, reason: unsafe String(cString: strerror(code)), code: SQLITE_IOERR
            )
        }
        return nil
    }

    private static func readThrough(_ path: String) -> CInt {
        // The path is copied for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT ? 0 : errno }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: pieceBytes)
        var place: off_t = 0
        while true {
            // The system writes at most `count` bytes to the array.
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress, $0.count, place)
            }
            if count == 0 { return 0 }
            if count > 0 { place += off_t(count) } else if errno != EINTR { return errno }
        }
    }

    /// Renames a damaged database and what belongs to it; nothing is deleted.
    ///
    /// - Returns: what the database is called now.
    func setAside() -> String {
        var number = 1
        // The paths are copied for the calls.
        while unsafe access("\(path).damaged-\(number)", F_OK) == 0 { number += 1 }
        for suffix in Self.suffixes {
            // A missing WAL is no failure; a failed rename of the file itself shows when it is opened again.
            _ = unsafe rename(path + suffix, "\(path).damaged-\(number)\(suffix)")
        }
        return "\(path).damaged-\(number)"
    }
}
