import Glibc
import Synchronization

/// Where messages go: standard error.
///
/// Under a service that is a stream socket to journald. When journald does not read (it hangs, its disk is slow or full) and
/// the socket's buffer has filled up, whoever writes would wait for it without end, and with it the work of the daemon. So
/// what the socket does not take at once is dropped and counted, and the next message that it takes says how many were.
/// Alerts do not go this way.
final class MessageStream: Sendable {
    private let descriptor: Int32
    private let neverWaits: Bool
    private let dropped = Atomic<UInt64>(0)

    /// Creates a stream over an open descriptor.
    ///
    /// - Parameter neverWaits: whether it is a socket that nobody is to wait for.
    init(_ descriptor: Int32, neverWaits: Bool) {
        self.descriptor = descriptor
        self.neverWaits = neverWaits
    }

    /// Writes a text of whole lines; nothing can be done when that fails.
    func write(_ text: String) {
        guard neverWaits else {
            put(Array(text.utf8))
            return
        }
        let missing = dropped.exchange(0, ordering: .relaxed)
        let notice = missing > 0 ? "<4>warning: \(missing) messages were dropped: journald did not take them\n" : ""
        let bytes = Array((notice + text).utf8)
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        // The buffer is the array's own, and the count, too.
        let count = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, flags) }
        guard count < 0 else { return }
        if errno == ENOTSOCK {
            put(bytes)
        } else {
            dropped.add(missing + 1, ordering: .relaxed)
        }
    }

    private func put(_ bytes: [UInt8]) {
        // As above.
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
