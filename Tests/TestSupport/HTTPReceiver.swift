import Foundation

/// An HTTP server that takes what is posted to it and answers as it is told.
public final class HTTPReceiver: Sendable {
    /// What was posted.
    public struct Request: Sendable {
        /// The path with its query.
        public var path: String
        /// Names in small letters.
        public var headers: [String: String]
        /// The body.
        public var body: String

        /// The body as JSON; `nil` when it is none.
        public var json: Any? { try? JSONSerialization.jsonObject(with: Data(body.utf8)) }
    }

    /// An answer.
    public struct Answer: Sendable {
        /// The status.
        public var status: Int
        /// More headers, each a line without its end.
        public var headers: [String]
        /// The body.
        public var body: String

        /// Creates an answer.
        public init(_ status: Int, headers: [String] = [], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// What came, in order.
    public let requests: Collected<Request>
    private let listener: LoopbackListener

    /// Listens on a free port of 127.0.0.1, at once or when it is told to.
    ///
    /// - Parameter answer: to the request of a number, from 0 on.
    public init(
        starts: Bool = true, answer: @escaping @Sendable (Request, Int) -> Answer = { _, _ in Answer(200) }
    ) throws {
        let requests = Collected<Request>()
        self.requests = requests
        listener = try LoopbackListener(starts: starts) { connection in
            var buffered: [UInt8] = []
            while let request = Self.next(connection, &buffered) {
                let answer = answer(request, requests.all.count)
                let lines =
                    ["HTTP/1.1 \(answer.status) x", "Content-Length: \(answer.body.utf8.count)"] + answer.headers
                let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + answer.body).utf8)
                // Noted before it is answered: whoever has the answer finds it noted.
                requests.append(request)
                // The buffer is read during the call only.
                guard unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
            }
        }
    }

    /// Its port.
    public var port: UInt16 { listener.port }
    /// Its address, without a path.
    public var address: String { "http://127.0.0.1:\(listener.port)" }
    /// Listens again.
    public func start() throws { try listener.start() }
    /// Goes away, with every connection.
    public func stop() { listener.stop() }

    private static func next(_ connection: Int32, _ buffered: inout [UInt8]) -> Request? {
        guard let head = take(connection, &buffered, until: { $0.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound })
        else {
            return nil
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 {
                headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard let body = take(connection, &buffered, until: { $0.count >= length ? length : nil }) else { return nil }
        let words = lines[0].split(separator: " ").map(String.init)
        return Request(
            path: words.count > 1 ? words[1] : "", headers: headers, body: String(decoding: body, as: UTF8.self))
    }

    /// Reads until there is an end; returns what is before it and keeps the rest.
    private static func take(
        _ connection: Int32, _ buffered: inout [UInt8], until end: ([UInt8]) -> Int?
    ) -> [UInt8]? {
        while true {
            if let end = end(buffered) {
                defer { buffered.removeFirst(end) }
                return Array(buffered.prefix(end))
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            // The kernel writes at most the buffer's own count of bytes.
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffered += chunk[..<count]
        }
    }
}
