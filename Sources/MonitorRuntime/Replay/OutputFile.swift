import Glibc

/// Why a file that was asked for cannot be written.
public enum OutputError: Error, Equatable, CustomStringConvertible {
    /// It could not be made.
    case cannotCreate(path: String, reason: String)
    /// A write failed.
    case cannotWrite(path: String, reason: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .cannotCreate(let path, let reason): "cannot create \(path): \(reason)"
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}

/// A file that is written from start to end through a buffer; `-` is standard output.
///
/// Not thread safe: it belongs to the task that writes it.
final class OutputFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferedBytes = 1 << 16

    /// Creates or empties the file.
    ///
    /// - Throws: ``OutputError/cannotCreate(path:reason:)``.
    init(path: String) throws(OutputError) {
        self.path = path
        buffer.reserveCapacity(Self.bufferedBytes + 4_096)
        guard path != "-" else {
            descriptor = STDOUT_FILENO
            return
        }
        // The path is copied into a C string for the length of the call; the variadic argument is the mode.
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .cannotCreate(path: path, reason: Self.lastError())
        }
    }

    deinit {
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }

    /// Appends bytes; they reach the file when the buffer is full or at ``flush()``.
    func write(_ bytes: some Sequence<UInt8>) throws(OutputError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferedBytes { try flush() }
    }

    /// Appends a text.
    func write(_ text: String) throws(OutputError) { try write(text.utf8) }

    /// Writes out what is buffered.
    func flush() throws(OutputError) {
        var written = 0
        while written < buffer.count {
            let result = unsafe buffer.withUnsafeBytes { bytes in
                // The pointer stays within the buffer: `written` is below its count.
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(path: path, reason: Self.lastError())
            }
            written += result
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Bytes of a file; 0 for standard input and for what cannot be looked at.
    static func size(of path: String) -> UInt64 {
        var status = stat()
        // Fills a struct of ours; the path is copied for the call.
        guard path != "-", unsafe stat(path, &status) == 0 else { return 0 }
        return UInt64(max(0, status.st_size))
    }

    /// Whether what is written to a descriptor goes to the null device.
    static func isDiscarded(_ descriptor: Int32) -> Bool {
        var status = stat()
        // Fills a struct of ours. The null device has the numbers 1, 3 on Linux.
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0x103
    }

    /// Why a file cannot be appended to, its folder made first when it is missing; `nil` when it can.
    static func reasonNotToAppend(to path: String) -> String? {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            var made = ""
            for part in path[..<slash].split(separator: "/") {
                made += (made.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
                // One that is there already, or that cannot be made, shows when the file is opened.
                _ = unsafe mkdir(made, 0o750)
            }
        }
        // The path is copied for the call; the variadic argument is the mode.
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return lastError() }
        close(descriptor)
        return nil
    }

    private static func lastError() -> String {
        // strerror's text is copied before anything else can call it.
        unsafe String(cString: strerror(errno))
    }
}
