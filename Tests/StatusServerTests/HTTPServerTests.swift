import Foundation
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import StatusServer

/// A real server on a Unix socket, asked by the client of the verbs and by bare sockets. One test at a time: a bare socket
/// that waits holds a thread that the server may need.
@Suite(.serialized) struct HTTPServerTests {
    /// Says what it was asked.
    private struct Echo: HTTPHandler {
        let asked = Asked()

        final class Asked: Sendable {
            let requests = Mutex<[HTTPRequest]>([])
        }

        func respond(to request: HTTPRequest) async -> HTTPResponse {
            asked.requests.withLock { $0.append(request) }
            switch request.path.first {
            case "stream":
                let (texts, feed) = AsyncStream.makeStream(of: String.self)
                for text in ["one\n", "two\n"] { feed.yield(text) }
                feed.finish()
                return HTTPResponse(contentType: "text/event-stream", body: .stream(texts))
            case "missing": return .text("no such thing\n", status: 404)
            default:
                return .text("\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
            }
        }
    }

    /// What other tests leave of the processor may be next to nothing for a while: nobody loses patience but where that is tested.
    private static let patient = {
        var limits = HTTPServer.Limits()
        limits.patience = .seconds(600)
        return limits
    }()

    private func client(_ path: String) -> ControlClient { ControlClient(path: path, patience: .seconds(600)) }

    private func serving(
        _ handler: Echo = Echo(), limits: HTTPServer.Limits = HTTPServerTests.patient,
        _ body: (_ path: String) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("c.sock")
        let (listening, feed) = AsyncStream.makeStream(of: Void.self)
        let server = HTTPServer(handler: handler, limits: limits, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await server.run(on: .control(path: path)) { _ in feed.yield() } }
            for await _ in listening { break }
            try await body(path)
            tasks.cancelAll()
        }
    }

    @Test func `a request is answered whole, and comes by the door of its socket`() async throws {
        let echo = Echo()
        try await serving(echo) { path in
            let client = client(path)
            let answer = try await client.send("POST", "/api/a%20b", body: "words")
            #expect(answer.status == 200 && answer.body == #"POST ["api", "a b"] words"#)
            let missing = try await client.send("GET", "/missing")
            #expect(missing.status == 404 && missing.body == "no such thing\n")
            #expect(try await client.send("GET", "/stream").body == "one\ntwo\n")
        }
        #expect(echo.asked.requests.withLock { $0.allSatisfy { $0.door == .control } })
    }

    /// A request without a body is whole with its head: the answer can be there, and the connection ended, before the client has
    /// said all that it says.
    @Test func `an answer that is there before all is said is an answer`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("c.sock")
        let server = try QuickServer(path)
        defer { withExtendedLifetime(directory) { server.stop() } }
        let client = client(path)
        let answered = await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    var answered = 0
                    for _ in 0..<250 where (try? await client.send("GET", "/x").status) == 200 { answered += 1 }
                    return answered
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(answered == 2_000)
    }

    @Test func `the socket is for the user and the group, and is gone at the end`() async throws {
        var kept = ""
        try await serving { path in
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o660)
            kept = path
        }
        #expect(!FileManager.default.fileExists(atPath: kept))
    }

    @Test func `a body and a target that are too long are refused, and the next request is answered`() async throws {
        try await serving { path in
            let client = client(path)
            func long(_ count: Int) -> String { String(repeating: "x", count: count) }
            for (target, body, status) in [
                ("/x", long(70_000), 413), ("/" + long(5_000), "", 414), ("/%zz", "", 400), ("/x", "", 200),
            ] {
                let answer = try await client.send("POST", target, body: body)
                #expect(answer.status == status, "\(target.prefix(10))")
            }
        }
    }

    @Test func `who says nothing loses the connection, and others are answered meanwhile`() async throws {
        var limits = HTTPServer.Limits()
        limits.patience = .milliseconds(300)
        try await serving(limits: limits) { path in
            let silent = try BareConnection(path)
            let half = try BareConnection(path)
            half.send("GET / HTTP/1.1\r\nHost")
            // Those that are asked to wait lose patience as well.
            var isAnswered = false
            while !isAnswered { isAnswered = (try? await client(path).send("GET", "/x").status) == 200 }
            #expect(silent.readToEnd() == "")
            #expect(!half.readToEnd().contains("200"))
        }
    }

    @Test func `bytes that are no request end that connection only`() async throws {
        let echo = Echo()
        try await serving(echo) { path in
            for bytes in [
                "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "hello\n\n",
            ] {
                let connection = try BareConnection(path)
                connection.send(bytes)
                #expect(!connection.readToEnd().contains("200 OK"), "\(bytes)")
            }
            #expect(try await client(path).send("GET", "/x").status == 200)
        }
        #expect(echo.asked.requests.withLock { $0.count } == 1)
    }

    @Test func `of more connections than are allowed the later ones are closed`() async throws {
        var limits = Self.patient
        limits.mostConnections = 3
        try await serving(limits: limits) { path in
            // They are taken by several event loops: which of the four is one too many is not for them to say.
            let connections = try (0..<4).map { _ in try BareConnection(path) }
            let closed = try #require(BareConnection.firstReadable(connections))
            #expect(connections[closed].readToEnd() == "")
            let held = connections[(closed + 1) % 4]
            held.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(held.readToEnd().contains("200 OK"))
        }
    }

    @Test func `a socket that was left behind is taken over, one in use is not`() async throws {
        try await serving { path in
            await #expect(throws: HTTPServerError.inUse(path)) {
                try await HTTPServer(handler: Echo(), logger: Logger(label: "test")).run(on: .control(path: path))
            }
        }
        let directory = try TemporaryDirectory()
        let path = directory.path("left.sock")
        try BareConnection.leaveSocket(at: path)
        #expect(!HTTPServer.isAnswered(path))
        let (listening, feed) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try? await HTTPServer(handler: Echo(), logger: Logger(label: "test")).run(on: .control(path: path)) {
                    _ in feed.yield()
                }
            }
            for await _ in listening { break }
            #expect(HTTPServer.isAnswered(path))
            tasks.cancelAll()
        }
    }

    @Test func `without a daemon the client says so`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("no.sock")
        await #expect(throws: ControlClient.Failure.unreachable(path: path, reason: "nobody listens there")) {
            try await client(path).send("GET", "/")
        }
    }
}

/// Answers at the end of a request's head and hangs up at once, as fast as a thread can.
private final class QuickServer: Sendable {
    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".utf8)
    private let listener: Int32

    init(_ path: String) throws {
        let listener = try BareConnection.listening(at: path)
        self.listener = listener
        Thread {
            // Ended by `stop`.
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 { Self.serve(descriptor) }
            close(listener)
        }.start()
    }

    private static func serve(_ descriptor: Int32) {
        var read: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while !read.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            read += bytes.prefix(count)
        }
        _ = unsafe send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL))
        close(descriptor)
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// A connection that says what it likes.
private final class BareConnection {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(path)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe write(descriptor, bytes, bytes.count)
    }

    func readToEnd() -> String {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while case let count = unsafe read(descriptor, &bytes, bytes.count), count > 0 { all += bytes.prefix(count) }
        return String(decoding: all, as: UTF8.self)
    }

    /// Waits until one of them has something to read, or its end.
    static func firstReadable(_ connections: [BareConnection]) -> Int? {
        var waited = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&waited, nfds_t(waited.count), 5_000) > 0 else { return nil }
        return waited.firstIndex { $0.revents != 0 }
    }

    /// A socket's file without anybody behind it.
    static func leaveSocket(at path: String) throws { close(try bound(to: path)) }

    /// A socket that is listened on.
    static func listening(at path: String) throws -> Int32 {
        let descriptor = try bound(to: path)
        try #require(listen(descriptor, 64) == 0)
        return descriptor
    }

    private static func bound(to path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = address(path)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            for (index, byte) in path.utf8.prefix(field.count - 1).enumerated() { unsafe field[index] = byte }
        }
        return address
    }
}
