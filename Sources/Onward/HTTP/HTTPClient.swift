import Alerting
import CCurl
import Synchronization

/// Posts to one place by libcurl and keeps the connection from one request to the next.
///
/// Calls block, for the configured timeout at most: they belong on a ``BlockingThread``.
final class HTTPClient: Sendable {
    private static let problemBytes = 256
    private let place: HTTPPlace
    private let url: String
    private let configuration: SinkConfiguration
    private let token: SecretFile?
    private let connection = Mutex(Connection())

    /// libcurl's handle, which one thread at a time may use: the mutex sees to it. It was made by monitord_http_make, is freed once,
    /// and nobody else has it.
    @safe private struct Connection: ~Copyable, @unchecked Sendable {
        var handle: OpaquePointer?

        deinit { unsafe monitord_http_free(handle) }
    }

    /// Creates a client; nothing is loaded, opened or read before the first request.
    ///
    /// - Parameter path: goes behind the place's own.
    init(_ configuration: SinkConfiguration, at place: HTTPPlace, path: String = "") {
        self.configuration = configuration
        self.place = place
        url = path.isEmpty ? place.url : place.appending(path)
        token = configuration.tokenFile.map(SecretFile.init)
    }

    /// Posts JSON and waits until it is taken.
    ///
    /// - Parameters:
    ///   - headers: beside those that every request has; no line ends in them.
    /// - Throws: ``OnwardError``.
    func post(_ body: [UInt8], headers: [(String, String)] = []) throws(OnwardError) {
        var all = [
            ("Content-Type", "application/json"), ("User-Agent", "monitord"), ("Accept", "*/*"),
            // Without it libcurl asks first whether a long body may be sent, and waits a second for the answer.
            ("Expect", ""),
        ]
        if let token { all.append(("Authorization", "Bearer \(try token.token())")) }
        all += headers
        // An empty value with a colon takes a header of libcurl's own away.
        let lines = all.map { $1.isEmpty ? "\($0):\n" : "\($0): \($1)\n" }.joined()
        let answer = try connection.withLock { connection throws(OnwardError) in try send(body, lines, &connection) }
        guard !(200..<300).contains(answer.status) else { return }
        throw .refused(
            place: "\(place)", status: answer.status, reason: Self.oneLine(answer.text),
            retryAfter: answer.retryAfter > 0 ? .seconds(answer.retryAfter) : nil)
    }

    private struct Answer {
        var status: Int
        var retryAfter: Int
        var text: String
    }

    private func send(_ body: [UInt8], _ headers: String, _ connection: inout Connection) throws(OnwardError) -> Answer
    {
        if unsafe connection.handle == nil {
            var problem = [CChar](repeating: 0, count: Self.problemBytes)
            // The buffer is as long as is said, and written during the call only.
            guard unsafe monitord_http_load(&problem, problem.count) == 0 else {
                throw .noLibrary(name: "libcurl.so.4", package: "libcurl4", reason: Self.text(problem))
            }
            unsafe connection.handle = monitord_http_make()
        }
        guard let handle = unsafe connection.handle else { throw .unreachable(place: "\(place)", reason: "no memory") }
        var answer = monitord_http_answer()
        // All arguments live until the call returns, which keeps none of them.
        let code = unsafe monitord_http_post(
            handle, url, headers, body, body.count,
            configuration.authoritiesFile, configuration.certificateFile, configuration.keyFile,
            Int(configuration.timeout * 1_000), &answer)
        // The C side ends the text with a NUL within its bounds.
        let text = unsafe withUnsafeBytes(of: &answer.text) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard code == 0 else { throw .unreachable(place: "\(place)", reason: text) }
        return Answer(status: answer.status, retryAfter: answer.retry_after, text: text)
    }

    /// The first 200 characters of an answer without line ends and control characters.
    private static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(200) {
            line.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar)
        }
        return String(line).split(separator: " ").joined(separator: " ")
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
