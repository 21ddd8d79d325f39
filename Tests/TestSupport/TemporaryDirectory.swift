public import Foundation

/// A folder of its own for one test, removed with what is in it when the value is gone.
///
/// All folders of a test process are below one, which goes when the process ends. A process that was killed leaves it behind;
/// it holds a lock that dies with its owner, by which the next test process knows that it can go.
public final class TemporaryDirectory: Sendable {
    /// Where it is.
    public let url: URL
    /// Where it is.
    public var path: String { url.path }

    /// Makes an empty folder.
    public init() throws {
        url = Self.root.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    // MARK: One for each test process

    private static let prefix = "monitord-tests-"
    private static let lockName = "lock"

    private static let root: URL = {
        let all = FileManager.default.temporaryDirectory
        for name in (try? FileManager.default.contentsOfDirectory(atPath: all.path)) ?? [] where name.hasPrefix(prefix)
        {
            let old = all.appending(path: name)
            let lock = lock(in: old, creating: false)
            guard lock >= 0 else { continue }
            try? FileManager.default.removeItem(at: old)
            close(lock)
        }
        let own = all.appending(path: prefix + UUID().uuidString)
        try? FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        // Held open until the process ends, however it does.
        _ = lock(in: own, creating: true)
        atexit { try? FileManager.default.removeItem(at: TemporaryDirectory.root) }
        return own
    }()

    /// The descriptor of a folder's lock; -1 when somebody else holds it or there is none.
    private static func lock(in folder: URL, creating: Bool) -> Int32 {
        let descriptor = unsafe open(
            folder.appending(path: lockName).path, O_RDWR | O_CLOEXEC | (creating ? O_CREAT : 0), 0o600)
        guard descriptor >= 0 else { return -1 }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        close(descriptor)
        return -1
    }

    // MARK: Files in it

    /// Path of a file in the folder.
    public func path(_ name: String) -> String { url.appending(path: name).path }

    /// The names in the folder, sorted.
    public var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

    /// The text of a file; `nil` when there is none.
    public func read(_ name: String) -> String? {
        (try? Data(contentsOf: url.appending(path: name))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file in place, the one that is there or a new one, and returns its path.
    @discardableResult public func write(_ text: String, to name: String) throws -> String {
        try write(Data(text.utf8), to: name)
    }

    /// Writes a file in place, the one that is there or a new one, and returns its path.
    @discardableResult public func write(_ data: Data, to name: String) throws -> String {
        try data.write(to: url.appending(path: name))
        return path(name)
    }

    /// Writes a file in place, the one that is there or a new one, and returns its path.
    @discardableResult public func write(bytes: [UInt8], to name: String) throws -> String {
        try write(Data(bytes), to: name)
    }

    /// Writes behind what is in a file, or a new one.
    public func append(_ text: String, to name: String) throws {
        guard FileManager.default.fileExists(atPath: path(name)) else { return _ = try write(text, to: name) }
        let file = try FileHandle(forWritingTo: url.appending(path: name))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    /// Gives a file another name, over the one that has it.
    public func move(_ name: String, to other: String) { _ = unsafe rename(path(name), path(other)) }

    /// Removes a file or a folder; one that is not there is left alone.
    public func delete(_ name: String) { try? FileManager.default.removeItem(atPath: path(name)) }

    /// Makes a name stand for a file of the folder.
    public func link(_ name: String, to target: String) {
        delete(name)
        _ = unsafe symlink(path(target), path(name))
    }
}
