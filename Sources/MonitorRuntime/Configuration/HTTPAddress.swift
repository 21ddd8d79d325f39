/// An address of this machine at which pages are served: a loopback address and a port.
///
/// No other address is taken: whoever wants the page on the network puts a server in front that knows who may see it.
public struct HTTPAddress: Equatable, Sendable, CustomStringConvertible {
    /// `127.0.0.1` or `::1`.
    public let host: String
    /// 0 to 65,535; 0 for one that is free.
    public let port: Int

    /// Reads `127.0.0.1:9464`, `localhost:9464` or `[::1]:9464`.
    ///
    /// - Returns: `nil` for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        switch text[..<colon] {
        case "127.0.0.1", "localhost": host = "127.0.0.1"
        case "[::1]": host = "::1"
        default: return nil
        }
        self.port = Int(port)
    }

    /// As it is written in a configuration.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
