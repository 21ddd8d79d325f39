import Glibc

/// An address to listen on, in numbers: `0.0.0.0:5140`, `[::1]:5140`.
struct SocketAddress: Equatable, Sendable {
    /// As it was written.
    let text: String
    /// The family, `AF_INET` or `AF_INET6`.
    let family: Int32
    /// The address in network order, 4 or 16 bytes.
    let bytes: [UInt8]
    /// The port.
    let port: UInt16

    /// Reads an address; `nil` when it is none. `localhost` is 127.0.0.1; nothing is looked up.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" { host = "127.0.0.1" }
        guard let bytes = System.addressBytes(host, family: isBracketed ? AF_INET6 : AF_INET) else { return nil }
        self.text = text
        self.family = isBracketed ? AF_INET6 : AF_INET
        self.bytes = bytes
        self.port = port
    }

    /// Puts an address together, with its text in the one form that it has.
    init(family: Int32, bytes: [UInt8], port: UInt16) {
        let host = System.addressText(bytes, family: family)
        text = family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)"
        self.family = family
        self.bytes = bytes
        self.port = port
    }

    /// Whether both are the same place, however they are written.
    func isSamePlace(as other: SocketAddress) -> Bool {
        family == other.family && bytes == other.bytes && port == other.port
    }

    /// What a socket of this address is named for a service manager, whose names have no colons: `udp-0.0.0.0-5140`,
    /// `udp---1-5140` for `[::1]:5140`.
    var descriptorName: String {
        "udp-\(System.addressText(bytes, family: family)):\(port)".split(
            separator: ":", omittingEmptySubsequences: false
        ).joined(separator: "-")
    }
}

extension SourceConfiguration {
    /// Whether a text is an address to receive datagrams at: numbers and a port, as ``Input/udp(address:)`` wants it.
    public static func isUDPAddress(_ text: String) -> Bool { SocketAddress(text) != nil }
}
