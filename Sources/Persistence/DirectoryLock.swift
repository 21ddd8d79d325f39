import Glibc

/// The lock that makes a state directory have one owner: held for the life of the value, gone with the process.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Makes the directory when it is not there (mode 0750) and locks it.
    ///
    /// - Throws: ``PersistenceError/inUse(directory:owner:)``, ``PersistenceError/cannotCreate(path:reason:)``.
    init(directory: String) throws(PersistenceError) {
        try Self.makeDirectory(directory)
        let path = directory + "/lock"
        // The variadic argument is the mode; the path is copied for the call.
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: Self.lastError()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.read(descriptor)
            close(descriptor)
            throw .inUse(directory: directory, owner: owner)
        }
        let owner = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = unsafe owner.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { close(descriptor) }

    private static func makeDirectory(_ directory: String) throws(PersistenceError) {
        var made = ""
        for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "/" : (made.isEmpty || made == "/" ? "" : "/") + part
            guard made != "/", !part.isEmpty else { continue }
            if unsafe mkdir(made, 0o750) == 0 {
                syncFolder(of: made)
            } else if errno != EEXIST {
                throw .cannotCreate(path: directory, reason: lastError())
            }
        }
    }

    /// Makes a new directory's name durable: all that is synced within would go with it in a power cut.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        // The path is copied for the call. Where it may not be read there is nothing more to be done.
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func read(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return text.isEmpty ? "unknown" : text
    }

    private static func lastError() -> String {
        // strerror's text is copied before anything else can call it.
        unsafe String(cString: strerror(errno))
    }
}
