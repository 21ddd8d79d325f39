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
}
