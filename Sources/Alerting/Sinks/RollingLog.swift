import DequeModule
import FoundationEssentials
import Glibc
import TimeSeries

/// A log of JSON lines that is rotated by size and by age: `alerts.jsonl`, `alerts.jsonl.1.gz` (the newest of the old),
/// `.2.gz`, ….
///
/// Every line is one `write` with `O_APPEND`, followed by `fdatasync`, under an exclusive `flock` of the open file. Before
/// each line the path is looked up again: a file that was rotated by another writer, moved or deleted is opened anew, and a
/// directory that is gone is made again. A line that did not fit on the disk is taken back, and a torn line that a crash
/// left is ended before the next begins.
///
/// At the first opening the tail is read, and what stands there is not written twice; the same holds for what was written
/// since, up to ``remembered`` messages.
///
/// Rotation only renames, to `alerts.jsonl.1`; ``LogCompression`` makes `alerts.jsonl.1.gz` of it later.
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

    /// The log and its rotated files.
    let files: LogFiles
    /// How much is kept; a change holds from the next line on.
    var limits: RollingLogLimits
    /// Whether there are rotated files that are not compressed yet.
    private(set) var needsCompression = false
    private var path: String { files.path }
    private var descriptor: Int32 = -1
    private var hasReadTail = false
    /// When the first line of the open file was written, as far as that is known.
    private var begun: Timestamp?
    private var known: Set<Key> = []
    private var knownInOrder = Deque<Key>()

    /// Creates a log; the file is opened by the first line.
    init(path: String, limits: RollingLogLimits = RollingLogLimits()) {
        files = LogFiles(path: path)
        self.limits = limits
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a line, unless the message stands there already.
    ///
    /// - Parameters:
    ///   - line: without its line end.
    ///   - now: the wall clock, which the age of the file is reckoned by.
    /// - Returns: whether it was written.
    /// - Throws: ``AlertingError/system(call:path:code:reason:)``; then nothing of the line stays.
    mutating func append(_ line: String, key: Key, at now: Timestamp) throws(AlertingError) -> Bool {
        try openLocked()
        defer { unlock() }
        if !hasReadTail {
            try readTail()
            hasReadTail = true
            needsCompression = files.hasPlain
        }
        if known.contains(key) { return false }
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        let size = try Int(SystemCall.status(of: descriptor, named: path).st_size)
        var isFull = size > 0 && size + bytes.count > limits.bytesPerFile
        if size > 0, !isFull { isFull = try isOld(at: now) }
        if isFull {
            try rotate()
            try openLocked()
        }
        try write(bytes)
        remember(key)
        return true
    }

    /// Forgets that there is something to compress: it is being done.
    mutating func handOverCompression() { needsCompression = false }

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
            // A new file is on the disk by its name only when its folder is; the names of a rotation go with it.
            if size == 0 { try SystemCall.syncFolder(of: path) }
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
            if descriptor < 0 {
                descriptor = try openFile()
                begun = nil
            }
            let descriptor = self.descriptor
            try SystemCall.run("lock", on: path) { flock(descriptor, LOCK_EX) }
            // Only now is it certain that nobody rotates: is it still the file that the path names?
            if try SystemCall.isFile(descriptor, at: path) { return }
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
            try SystemCall.syncFolder(of: String(directory.dropLast()))
        }
    }

    // MARK: Rotation

    /// Whether the first line of the open file is too old for another one to follow it.
    ///
    /// A clock that was behind when the line was written makes the file old too early, which costs one rotation; one that
    /// was ahead would keep it young for ever, so its age is reckoned anew.
    private mutating func isOld(at now: Timestamp) throws(AlertingError) -> Bool {
        var since = begun
        if since == nil { since = try firstLineTime() }
        let begun = min(since ?? now, now)
        self.begun = begun
        return now.seconds(since: begun) >= limits.secondsPerFile
    }

    private func firstLineTime() throws(AlertingError) -> Timestamp? {
        struct Line: Decodable { var emitted: String }
        let start = try SystemCall.read(64 << 10, at: 0, from: descriptor, named: path)
        guard let line = start.split(separator: 10, maxSplits: 1).first,
            let told = try? JSONDecoder().decode(Line.self, from: Data(line))
        else { return nil }
        return Timestamp(rfc3339: told.emitted)
    }

    /// Moves the open file to `.1` and the old ones one further; the last fall off.
    private mutating func rotate() throws(AlertingError) {
        try files.rotate(limits)
        needsCompression = limits.keptFiles > 0
        // Closing gives the lock back; who waits for it finds another file behind the path and opens that.
        close(descriptor)
        descriptor = -1
    }

    // MARK: What stands there already

    private mutating func readTail() throws(AlertingError) {
        let size = try Int(SystemCall.status(of: descriptor, named: path).st_size)
        // A young file has the messages of the last run in those before it.
        if size < Self.tailBytes { remember(linesOf: try files.tailOfRotated(Self.tailBytes - size)) }
        remember(linesOf: try SystemCall.tail(Self.tailBytes, of: descriptor, named: path))
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
