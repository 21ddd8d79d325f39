import Alerting
import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Onward

@Suite struct WebhookSinkTests {
    /// What a delivery throws; `nil` when it goes well.
    private func failure(_ sink: any AlertSink) async -> OnwardError? {
        do { try await sink.deliver(record()) } catch { return error as? OnwardError }
        return nil
    }

    @Test func `the body is the line of the rolling log, under a key that names the message`() async throws {
        let receiver = try HTTPReceiver()
        let sink = try webhook("\(receiver.address)/in?x=1").sink()
        try await sink.deliver(record())
        try await sink.deliver(record(seq: 1, event: .close))
        let requests = receiver.requests.all
        #expect(
            requests.map(\.body) == [
                record().jsonLine(stamp: stamp), record(seq: 1, event: .close).jsonLine(stamp: stamp),
            ])
        #expect(requests.map(\.path) == ["/in?x=1", "/in?x=1"])
        #expect(requests.map { $0.headers["idempotency-key"] } == ["00000000000000aa-0", "00000000000000aa-1"])
        #expect(requests[0].headers["content-type"] == "application/json")
        #expect(requests[0].headers["x-monitord-signature"] == nil && requests[0].headers["authorization"] == nil)
    }

    @Test func `a signature is taken by the receiver of the documentation, and one of anything else is not`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let receiver = try HTTPReceiver()
        var configuration = try webhook(receiver.address)
        configuration.secretFile = try directory.write("s3cret\n", to: "secret")
        try await configuration.sink().deliver(record())
        let request = try #require(receiver.requests.all.first)
        let time = try #require(request.headers["x-monitord-timestamp"])
        let signature = try #require(request.headers["x-monitord-signature"])
        #expect(time == "\(stamp.emitted.nanoseconds / 1_000_000_000)")
        let documentation = try String(contentsOf: repositoryRoot.appending(path: "docs/onward.md"), encoding: .utf8)
        let code = try #require(documentation.components(separatedBy: "```python\n").dropFirst().first)
            .components(separatedBy: "```")[0]
        func verdict(_ secret: String, _ time: String, _ body: String, now: Int) throws -> String {
            let call =
                "\nimport sys\nprint(is_genuine(sys.argv[1].encode(), sys.argv[2], sys.argv[3], sys.argv[4].encode(), now=\(now)))"
            let result = try runCommand(
                URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", code + call, secret, time, signature, body])
            #expect(result.exitCode == 0, "\(result.errors)")
            return result.output
        }
        let now = try #require(Int(time)) + 20
        #expect(try verdict("s3cret", time, request.body, now: now) == "True\n")
        #expect(try verdict("secret", time, request.body, now: now) == "False\n")
        #expect(try verdict("s3cret", time, request.body + " ", now: now) == "False\n")
        #expect(try verdict("s3cret", "\(now)", request.body, now: now) == "False\n")
        #expect(try verdict("s3cret", time, request.body, now: now + 600) == "False\n")
    }

    @Test func `the key of RFC 4231 gives its digits`() throws {
        // Its second case, whose data begins with no number and a dot: so the first thirteen bytes are the body of no time.
        let digits = try Signature.make(key: Array("Jefe".utf8), seconds: 1_767_225_600, body: Array("{}".utf8))
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", "-c", "import hmac; print(hmac.new(b'Jefe', b'1767225600.{}', 'sha256').hexdigest(), end='')"])
        #expect(digits == result.output)
    }

    @Test(arguments: [400, 409, 413, 422])
    func `an answer about the message is final, with its words`(status: Int) async throws {
        let receiver = try HTTPReceiver { _, _ in .init(status, body: "no such\nfield") }
        let error = try #require(await failure(try webhook(receiver.address + "/secret").sink()))
        #expect(error.isFinal && error.retryAfter == nil)
        #expect("\(error)" == "http://127.0.0.1:\(receiver.port) answers \(status): no such field")
    }

    @Test(arguments: [301, 401, 403, 404, 405, 408, 410, 425, 429, 500, 503])
    func `an answer that an operator or time mends is not`(status: Int) async throws {
        let receiver = try HTTPReceiver { _, _ in .init(status) }
        let error = try #require(await failure(try webhook(receiver.address).sink()))
        #expect(!error.isFinal)
        #expect("\(error)" == "http://127.0.0.1:\(receiver.port) answers \(status)")
    }

    @Test func `how long it asks to be left alone is heard`() async throws {
        let receiver = try HTTPReceiver { _, _ in .init(503, headers: ["Retry-After: 7"]) }
        #expect(await failure(try webhook(receiver.address).sink())?.retryAfter == .seconds(7))
    }

    @Test func `a token goes with it, and is read again by the next sink`() async throws {
        let directory = try TemporaryDirectory()
        let receiver = try HTTPReceiver()
        var configuration = try webhook(receiver.address)
        configuration.tokenFile = try directory.write("abc\n", to: "token")
        try await configuration.sink().deliver(record())
        try directory.write("def", to: "token")
        try await configuration.sink().deliver(record())
        #expect(receiver.requests.all.map { $0.headers["authorization"] } == ["Bearer abc", "Bearer def"])
    }

    @Test(arguments: ["", "two words", "a\nX-Injected: 1"])
    func `a token that would be no header is refused, and nothing is sent`(text: String) async throws {
        let directory = try TemporaryDirectory()
        let receiver = try HTTPReceiver()
        var configuration = try webhook(receiver.address)
        configuration.tokenFile = try directory.write(text, to: "token")
        guard case .unusableFile? = await failure(try configuration.sink()) else {
            Issue.record("it was sent")
            return
        }
        #expect(receiver.requests.all.isEmpty)
    }

    @Test func `a secret that comes later is found without a reload`() async throws {
        let directory = try TemporaryDirectory()
        let receiver = try HTTPReceiver()
        var configuration = try webhook(receiver.address)
        configuration.secretFile = directory.path("secret")
        let sink = try configuration.sink()
        #expect(
            await failure(sink) == .unusableFile(path: directory.path("secret"), reason: "No such file or directory"))
        try directory.write("x", to: "secret")
        try await sink.deliver(record())
        #expect(receiver.requests.all.count == 1)
    }

    @Test func `nobody there, and an answer that does not come, are said in words`() async throws {
        let port = try freePort(for: .connections)
        let nobody = try #require(await failure(try webhook("http://127.0.0.1:\(port)/secret").sink()))
        #expect("\(nobody)".hasPrefix("cannot reach http://127.0.0.1:\(port): "), "\(nobody)")
        #expect(!nobody.isFinal && !"\(nobody)".contains("secret"))
        let silent = try LoopbackListener { connection in
            var byte: UInt8 = 0
            while unsafe recv(connection, &byte, 1, 0) > 0 {}
        }
        var configuration = try webhook("http://127.0.0.1:\(silent.port)")
        configuration.timeout = 0.2
        let error = try #require(await failure(try configuration.sink()))
        #expect("\(error)".contains("timed out") || "\(error)".contains("Timeout"), "\(error)")
    }

    @Test func `whoever is cancelled gets away at once from a receiver that hangs`() async throws {
        let hung = Collected<Int>()
        let silent = try LoopbackListener { connection in
            hung.append(1)
            var byte: UInt8 = 0
            while unsafe recv(connection, &byte, 1, 0) > 0 {}
        }
        let sink = try webhook("http://127.0.0.1:\(silent.port)").sink()
        let delivery = Task { try await sink.deliver(record()) }
        try await hung.wait { $0.count == 1 }
        delivery.cancel()
        // Waited for, it would have ended as a delivery that took too long.
        await #expect(throws: CancellationError.self) { try await delivery.value }
        silent.stop()
    }

    /// Takes every POST by TLS, from whoever shows a certificate of the authority in its folder; prints its port first.
    private static let server = """
        import http.server, ssl, sys
        class Taker(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def log_message(self, *_): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("certificate", "key")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations("certificate")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    @Test func `over TLS both sides show certificates of an authority that the other believes`() async throws {
        let directory = try TemporaryDirectory()
        let made = try runCommand(
            URL(fileURLWithPath: "/usr/bin/openssl"),
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
                + ["-addext", "subjectAltName=DNS:localhost"]
                + ["-keyout", directory.path("key"), "-out", directory.path("certificate")])
        try #require(made.exitCode == 0, "\(made.errors)")
        let server = try RunningCommand(
            URL(fileURLWithPath: "/usr/bin/env"), ["-C", directory.path, "python3", "-c", Self.server])
        defer { server.signal(SIGKILL) }
        let port = try #require(server.nextLine())
        var configuration = try webhook("https://localhost:\(port)/")
        let doubting = try #require(await failure(try configuration.sink()))
        #expect("\(doubting)".contains("certificate"), "\(doubting)")
        configuration.authoritiesFile = directory.path("certificate")
        #expect(await failure(try configuration.sink()) != nil, "it shows no certificate")
        configuration.certificateFile = directory.path("certificate")
        configuration.keyFile = directory.path("key")
        try await configuration.sink().deliver(record())
        let elsewhere = HTTPPlace("https://127.0.0.1:\(port)/")
        configuration.place = .webhook(try #require(elsewhere))
        let other = try #require(await failure(try configuration.sink()))
        #expect("\(other)".contains("127.0.0.1"), "a certificate of another name: \(other)")
    }
}
