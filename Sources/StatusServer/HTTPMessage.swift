/// A request that has been read whole.
public struct HTTPRequest: Sendable, Equatable {
    /// By which door it came.
    public enum Door: Sendable, Equatable {
        /// The Unix socket: who may open it has the right to ask and to act.
        case control
        /// A port of this machine: anybody on it, and any page that a browser on it shows.
        case port
    }

    /// `GET`, `POST`, …
    public var method: String
    /// The path's parts between slashes, decoded.
    public var path: [String]
    /// The query's parts, decoded; of several of one name the last.
    public var query: [String: String]
    /// Values by name in lower case; of several of one name the first.
    public var headers: [String: String]
    /// At most ``HTTPServer/Limits/mostBodyBytes``.
    public var body: [UInt8]
    /// By which door it came.
    public var door: Door
    /// The port of this machine that it came to; `nil` by a Unix socket.
    public var localPort: Int?

    /// Creates a request.
    ///
    /// - Parameter target: path and query as in the request line.
    /// - Returns: `nil` when the target is not well formed: no leading slash, a bad percent sign, text that is not UTF-8.
    public init?(
        method: String, target: String, headers: [String: String] = [:], body: [UInt8] = [], door: Door = .control,
        localPort: Int? = nil
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.first == "/" else { return nil }
        path = []
        for part in first.split(separator: "/") {
            guard let text = Self.decoded(part) else { return nil }
            path.append(text)
        }
        query = [:]
        for pair in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0]), let value = sides.count == 2 ? Self.decoded(sides[1]) : "" else {
                return nil
            }
            query[name] = value
        }
        self.method = method
        self.headers = headers
        self.body = body
        self.door = door
        self.localPort = localPort
    }

    /// What `%41` and the like stand for; a plus sign stands for itself.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A path's part or a query's value as it stands in a target.
    public static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}

/// What a request is answered with.
public struct HTTPResponse: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        case bytes([UInt8])
        /// Texts that follow each other until the stream ends or the other side goes; each is sent at once.
        case stream(AsyncStream<String>)
    }

    /// 200, 404, …
    public var status: Int
    /// Of the body.
    public var contentType: String
    /// Further headers, in order.
    public var headers: [(name: String, value: String)]
    /// What follows the head.
    public var body: Body

    /// Creates a response.
    public init(
        status: Int = 200, contentType: String, headers: [(name: String, value: String)] = [], body: Body
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// A JSON text.
    public static func json(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", body: .bytes(Array(text.utf8) + [0x0A]))
    }

    /// A line of text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: .bytes(Array(text.utf8)))
    }
}

/// Answers requests.
public protocol HTTPHandler: Sendable {
    /// Answers one.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}
