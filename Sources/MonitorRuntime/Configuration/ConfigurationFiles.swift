internal import Glibc

/// How the loader reaches files: the real ones, or those of a test.
public struct ConfigurationFiles: Sendable {
    /// The bytes of a file; `nil` when there is none. Throws `Failure` when there is one that cannot be read.
    public var read: @Sendable (_ path: String) throws(Failure) -> [UInt8]?
    /// The names in a folder, in any order; empty when there is no folder. Throws `Failure` when it cannot be read.
    public var list: @Sendable (_ folder: String) throws(Failure) -> [String]

    /// Why a file or a folder cannot be read, in the system's words.
    public struct Failure: Error, Equatable {
        /// The reason: `Permission denied`.
        public var reason: String

        /// Creates a failure.
        public init(reason: String) {
            self.reason = reason
        }
    }

    /// Creates files from the two questions that the loader asks.
    public init(
        read: @escaping @Sendable (_ path: String) throws(Failure) -> [UInt8]?,
        list: @escaping @Sendable (_ folder: String) throws(Failure) -> [String]
    ) {
        self.read = read
        self.list = list
    }

    /// The files of the machine. A configuration larger than 1 MiB is refused: it is some other file.
    public static let system = ConfigurationFiles(read: readFile, list: listFolder)

    private static let largestFile = 1 << 20

    @Sendable private static func readFile(_ path: String) throws(Failure) -> [UInt8]? {
        // The string is a C string for the length of the call, which is all that `open` asks.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Failure(reason: lastError())
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= largestFile {
            // The kernel writes at most the buffer's own count of bytes, and the pointer does not leave the closure.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(reason: lastError())
            }
            bytes += chunk[..<count]
        }
        throw Failure(reason: "it is larger than 1 MiB")
    }

    @Sendable private static func listFolder(_ folder: String) throws(Failure) -> [String] {
        // The stream is closed once, below, and does not leave this function.
        guard let stream = unsafe opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw Failure(reason: lastError())
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        // An entry is valid until the next call of readdir; its name ends with a NUL inside the 256 bytes of d_name.
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    /// The words of the system for `errno`. The pointer is read before anything else can overwrite what it points to.
    private static func lastError() -> String {
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }
}
