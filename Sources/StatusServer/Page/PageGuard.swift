/// Decides which requests by a port are answered.
///
/// A browser sends requests to this machine for whatever page it shows. Three rules keep those of other pages out:
///
/// - `Host` is a name of this machine with the port that was asked. A page of another name whose address is changed to
///   127.0.0.1 once it is loaded (DNS rebinding) comes with its own name.
/// - `Origin`, which a browser adds to what another page asks for, is absent or the same.
/// - What changes something carries the token of this run, which only who may read the page knows.
public struct PageGuard: Sendable {
    /// Why a request is refused.
    public enum Refusal: Sendable, Equatable, CustomStringConvertible {
        /// It is addressed to another name or port.
        case host
        /// Another page has asked for it.
        case origin
        /// It would change something, and the token is not there or another one.
        case token

        /// What is wrong, in one line.
        public var description: String {
            switch self {
            case .host: "this is asked by the name of this machine only: 127.0.0.1, localhost or [::1], with its port"
            case .origin: "this is no other page's to ask"
            case .token: "this is done by the control socket, or by the page with the token of this run: load it again"
            }
        }
    }

    /// The header that the token comes in, in lower case.
    public static let tokenHeader = "x-monitord-token"

    /// What the page is given and sends back.
    public let token: String

    /// Creates a guard.
    ///
    /// - Parameter token: printable ASCII that nobody can guess.
    public init(token: String) { self.token = token }

    /// 128 random bits as hexadecimal digits.
    ///
    /// - Parameter generator: whose numbers cannot be foreseen.
    public static func makeToken(using generator: inout some RandomNumberGenerator) -> String {
        (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Why a request is refused; `nil` when it is answered. By the control socket, which has rights of its own, none is.
    public func refusal(of request: HTTPRequest) -> Refusal? {
        guard request.door == .port else { return nil }
        guard let port = request.localPort, let host = request.headers["host"], Self.isOurs(host[...], port: port)
        else { return .host }
        if let origin = request.headers["origin"] {
            let scheme = "http://"
            guard origin.lowercased().hasPrefix(scheme), Self.isOurs(origin.dropFirst(scheme.count), port: port)
            else { return .origin }
        }
        if ["GET", "HEAD"].contains(request.method) { return nil }
        return isToken(request.headers[Self.tokenHeader] ?? "") ? nil : .token
    }

    private static func isOurs(_ authority: Substring, port: Int) -> Bool {
        let authority = authority.lowercased()
        return ["127.0.0.1", "localhost", "[::1]"].contains { name in
            // Who asks at the port of http leaves it out.
            authority == "\(name):\(port)" || port == 80 && authority == name
        }
    }

    /// In a time that says nothing of how much of it is right.
    private func isToken(_ text: String) -> Bool {
        let (ours, theirs) = (Array(token.utf8), Array(text.utf8))
        guard ours.count == theirs.count, !ours.isEmpty else { return false }
        return zip(ours, theirs).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
