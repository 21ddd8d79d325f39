import Foundation

/// Sends datagrams to a port of this machine.
public final class DatagramSender: Sendable {
    private let descriptor: Int32
    private let port: UInt16

    /// Makes a socket that sends to 127.0.0.1.
    public init(port: UInt16) {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // Both types begin alike, and the length is that of the one given.
        _ = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(descriptor) }

    /// Sends one datagram of text.
    ///
    /// - Returns: whether the system took it.
    @discardableResult public func send(_ text: String) -> Bool { send(bytes: Array(text.utf8)) }

    /// Sends one datagram.
    ///
    /// - Returns: whether the system took it.
    @discardableResult public func send(bytes: [UInt8]) -> Bool {
        var bytes = bytes
        return unsafe Foundation.send(descriptor, &bytes, bytes.count, 0) == bytes.count
    }

    /// Waits until the receiver has taken everything that was sent.
    public func waitUntilTaken() throws {
        let place = String(format: ":%04X", Int(port))
        while true {
            let sockets = try String(contentsOfFile: "/proc/self/net/udp", encoding: .utf8)
            let queues = sockets.split(separator: "\n").map { $0.split(separator: " ") }
                .filter { $0.count > 4 && $0[1].hasSuffix(place) }.map { $0[4] }
            if queues.allSatisfy({ $0.hasSuffix(":00000000") }) { return }
            sched_yield()
        }
    }
}
