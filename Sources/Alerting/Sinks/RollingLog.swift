import DequeModule
import FoundationEssentials
import Glibc

/// A log of JSON lines that is rotated by size: `alerts.jsonl`, `alerts.jsonl.1` (the newest of the old), `.2`, ….
///
/// Every line is one `write` with `O_APPEND`, followed by `fdatasync`, under an exclusive `flock` of the open file. Before
/// each line the path is looked up again: a file that was rotated by another writer, moved or deleted is opened anew, and a
/// directory that is gone is made again. A line that did not fit on the disk is taken back, and a torn line that a crash
/// left is ended before the next begins.
///
/// At the first opening the tail is read, and what stands there is not written twice; the same holds for what was written
/// since, up to ``remembered`` messages.
struct RollingLog: ~Copyable {
    /// Names a message.
    struct Key: Hashable, Decodable {
        var id: String
        var seq: Int
    }

    /// Messages remembered so that they are not written twice.
    static let remembered = 8_192
    /// Bytes of the tail that are read at the start: about a thousand alerts.
    static let tailBytes = 1 << 20
    private static let fileMode: mode_t = 0o640
    private static let directoryMode: mode_t = 0o750

    let path: String
    private let bytesPerFile: Int
    private let keptFiles: Int
    private var descriptor: Int32 = -1
    private var hasReadTail = false
    private var known: Set<Key> = []
    private var knownInOrder = Deque<Key>()

    /// Creates a log; the file is opened by the first line.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - bytesPerFile: the size at which it is rotated; a single longer line still gets a file of its own.
    ///   - keptFiles: rotated files kept, 0 or more.
    init(path: String, bytesPerFile: Int, keptFiles: Int) {
        precondition(bytesPerFile > 0 && keptFiles >= 0, "a log of \(bytesPerFile) bytes and \(keptFiles) old files")
        self.path = path
        self.bytesPerFile = bytesPerFile
        self.keptFiles = keptFiles
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a line, unless the message stands there already.
    ///
    /// - Parameter line: without its line end.
    /// - Returns: whether it was written.
    /// - Throws: ``AlertingError/system(call:path:code:reason:)``; then nothing of the line stays.
    mutating func append(_ line: String, key: Key) throws(AlertingError) -> Bool {
        try openLocked()
        defer { unlock() }
        if !hasReadTail {
            try readTail()
            hasReadTail = true
        }
        if known.contains(key) { return false }
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        let size = try Int(SystemCall.status(of: descriptor, named: path).st_size)
        if size > 0 && size + bytes.count > bytesPerFile {
            try rotate()
            try openLocked()
        }
        try write(bytes)
        remember(key)
        return true
    }

    private func unlock() {
        // After a failed rotation there is no open file, and the lock went with it.
        if descriptor >= 0 { flock(descriptor, LOCK_UN) }
    }

    private func write(_ line: [UInt8]) throws(AlertingError) {
        let size = try Int(SystemCall.status(of: descriptor, named: path).st_size)
        let last = try SystemCall.read(1, at: max(0, size - 1), from: descriptor, named: path)
        let isTorn = !last.isEmpty && last != [10]
        let bytes = isTorn ? [10] + line : line
        do throws(AlertingError) {
            let written = try SystemCall.writeOnce(bytes[...], to: descriptor, named: path)
            guard written == bytes.count else { throw SystemCall.failure("write", path, ENOSPC) }
            try SystemCall.run("sync", on: path) { fdatasync(descriptor) }
        } catch {
            // The lock is held: what stands behind `size` is this line's. Should this fail too, the next line starts anew.
            _ = ftruncate(descriptor, off_t(size))
            throw error
        }
    }

    // MARK: Opening

    /// Makes the file behind the path the open and locked one.
    private mutating func openLocked() throws(AlertingError) {
        while true {
            if descriptor < 0 { descriptor = try openFile() }
            let descriptor = self.descriptor
            try SystemCall.run("lock", on: path) { flock(descriptor, LOCK_EX) }
            // Only now is it certain that nobody rotates: is it still the file that the path names?
            let mine = try SystemCall.status(of: descriptor, named: path)
            if let there = SystemCall.status(ofPath: path), there.st_ino == mine.st_ino, there.st_dev == mine.st_dev {
                return
            }
            close(descriptor)
            self.descriptor = -1
        }
    }

    private func openFile() throws(AlertingError) -> Int32 {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC
        do throws(AlertingError) {
            return try SystemCall.run("open", on: path) { unsafe Glibc.open(path, flags, Self.fileMode) }
        } catch .system(_, _, ENOENT, _) {
            try makeDirectories()
            return try SystemCall.run("open", on: path) { unsafe Glibc.open(path, flags, Self.fileMode) }
        }
    }

    private func makeDirectories() throws(AlertingError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/").dropLast() {
            made += part + "/"
            if SystemCall.status(ofPath: made) != nil { continue }
            let directory = made
            do throws(AlertingError) {
                try SystemCall.run("make directory", on: directory) { unsafe mkdir(directory, Self.directoryMode) }
            } catch .system(_, _, EEXIST, _) {
                // Another writer was faster.
                continue
            }
        }
    }

    // MARK: Rotation

    /// Moves the open file to `.1` and the old ones one further; the last falls off.
    private mutating func rotate() throws(AlertingError) {
        let path = path
        if keptFiles == 0 {
            try SystemCall.run("remove", on: path) { unsafe unlink(path) }
        } else {
            for number in stride(from: keptFiles - 1, through: 1, by: -1) {
                try move("\(path).\(number)", to: "\(path).\(number + 1)")
            }
            try move(path, to: "\(path).1")
        }
        // Closing gives the lock back; who waits for it finds another file behind the path and opens that.
        close(descriptor)
        descriptor = -1
    }

    private func move(_ old: String, to new: String) throws(AlertingError) {
        guard SystemCall.status(ofPath: old) != nil else { return }
        try SystemCall.run("rotate", on: old) { unsafe rename(old, new) }
    }

    // MARK: What stands there already

    private mutating func readTail() throws(AlertingError) {
        let size = try Int(SystemCall.status(of: descriptor, named: path).st_size)
        // A young file has the messages of the last run in the one before it.
        if size < Self.tailBytes { try readTail(ofOldFile: "\(path).1") }
        remember(linesOf: try tail(of: descriptor, named: path))
    }

    private mutating func readTail(ofOldFile old: String) throws(AlertingError) {
        guard SystemCall.status(ofPath: old) != nil else { return }
        let descriptor = try SystemCall.run("open", on: old) { unsafe Glibc.open(old, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        remember(linesOf: try tail(of: descriptor, named: old))
    }

    private func tail(of descriptor: Int32, named name: String) throws(AlertingError) -> [UInt8] {
        let size = try Int(SystemCall.status(of: descriptor, named: name).st_size)
        let count = min(size, Self.tailBytes)
        return try SystemCall.read(count, at: size - count, from: descriptor, named: name)
    }

    private mutating func remember(linesOf bytes: [UInt8]) {
        let decoder = JSONDecoder()
        for line in bytes.split(separator: 10) {
            // What is no record (a torn line, somebody's note) names no message.
            if let key = try? decoder.decode(Key.self, from: Data(line)) { remember(key) }
        }
    }

    private mutating func remember(_ key: Key) {
        guard known.insert(key).inserted else { return }
        knownInOrder.append(key)
        if knownInOrder.count > Self.remembered, let oldest = knownInOrder.popFirst() { known.remove(oldest) }
    }
}
