import Alerting
import Glibc
import Synchronization

/// A secret in a file of its own: read when it is first needed, and tried again until it can be.
final class SecretFile: Sendable {
    private static let mostBytes = 4_096
    private let path: String
    private let kept = Mutex<[UInt8]?>(nil)

    init(path: String) { self.path = path }

    /// The file's bytes without the line end behind them.
    ///
    /// - Throws: ``OnwardError/unusableFile(path:reason:)``.
    func bytes() throws(OnwardError) -> [UInt8] {
        if let known = kept.withLock({ $0 }) { return known }
        let read = try read()
        kept.withLock { $0 = read }
        return read
    }

    /// The secret as text that may stand in a header.
    ///
    /// - Throws: ``OnwardError/unusableFile(path:reason:)``, also for more than one line.
    func token() throws(OnwardError) -> String {
        let bytes = try bytes()
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .unusableFile(path: path, reason: "it holds more than one word of printable characters")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func read() throws(OnwardError) -> [UInt8] {
        // A FIFO without a writer is not waited for. The path is a C string for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusableFile(path: path, reason: SystemCall.reason(errno)) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes + 1)
        // The kernel writes at most the buffer's own count of bytes.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .unusableFile(path: path, reason: SystemCall.reason(errno)) }
        guard count <= Self.mostBytes else { throw .unusableFile(path: path, reason: "it is larger than 4 KiB") }
        var secret = Array(bytes.prefix(count))
        while let last = secret.last, last == 0x0A || last == 0x0D { secret.removeLast() }
        guard !secret.isEmpty else { throw .unusableFile(path: path, reason: "it is empty") }
        return secret
    }
}
