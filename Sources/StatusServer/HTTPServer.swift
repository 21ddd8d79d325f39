import Glibc
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Where a server listens.
public enum HTTPListener: Sendable, Equatable {
    /// A Unix socket, for the user and the group of the process.
    case control(path: String)
    /// A port of an address of this machine.
    case port(host: String, port: Int)
}

/// Answers HTTP/1.1 requests, one for each connection, on Unix sockets and ports of this machine.
///
/// Everything is bounded: connections, the bytes of a request, the time to send one. It runs beside detection on a thread of
/// its own, and what a slow or hostile client does costs that client its connection.
public struct HTTPServer: Sendable {
    /// What is allowed.
    public struct Limits: Sendable {
        /// Connections at once, of which streams are part; more are closed at once.
        public var mostConnections = 64
        /// Bytes of a request's body.
        public var mostBodyBytes = 64 * 1024
        /// Bytes of a request's target.
        public var mostTargetBytes = 4_096
        /// Time in which a request must be there, and in which one that is no stream must be answered and taken.
        public var patience = Duration.seconds(30)

        /// The usual limits.
        public init() {}
    }

    private let limits: Limits
    private let handler: any HTTPHandler
    private let logger: Logger
    private let group = MultiThreadedEventLoopGroup.singleton

    /// Creates a server that listens nowhere yet.
    public init(handler: any HTTPHandler, limits: Limits = Limits(), logger: Logger) {
        self.handler = handler
        self.limits = limits
        self.logger = logger
    }

    /// Listens until the task is cancelled.
    ///
    /// - Parameter onListening: told the port that is listened on (the one chosen, where 0 was asked for), or `nil` of a socket.
    /// - Throws: when the address cannot be had.
    public func run(on listener: HTTPListener, onListening: @Sendable (Int?) -> Void = { _ in }) async throws {
        let door: HTTPRequest.Door
        let bootstrap = ServerBootstrap(group: group).serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // One request at a time is read, and no more of it than is asked for.
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // Nothing is read before somebody takes it.
            .childChannelOption(.autoRead, value: false)
        let server: NIOAsyncChannel<any Channel, Never>
        switch listener {
        case .control(let path):
            door = .control
            try Self.makeWay(for: path)
            server = try await bootstrap.bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: false, childChannelInitializer: Self.initialize)
            // The path is copied for the call.
            guard unsafe chmod(path, 0o660) == 0 else { throw HTTPServerError.cannotListen(path, errno) }
        case .port(let host, let port):
            door = .port
            server = try await bootstrap.bind(host: host, port: port, childChannelInitializer: Self.initialize)
        }
        onListening(server.channel.localAddress?.port)
        defer {
            // as above.
            if case .control(let path) = listener { _ = unsafe unlink(path) }
        }
        let open = ConnectionCount()
        try await server.executeThenClose { clients in
            try await withThrowingDiscardingTaskGroup { tasks in
                for try await client in clients {
                    guard open.enter(upTo: limits.mostConnections) else {
                        tasks.addTask { try? await client.close() }
                        continue
                    }
                    tasks.addTask {
                        defer { open.leave() }
                        await serve(client, door: door)
                    }
                }
            }
        }
    }

    /// Makes a connection's pipeline. The connection is wrapped only once somebody serves it (``wrap(_:)``): one that was wrapped
    /// and then left waiting when the server stops would end the process.
    private static func initialize(_ channel: any Channel) -> EventLoopFuture<any Channel> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
            return channel
        }
    }

    private static func wrap(
        _ channel: any Channel
    ) async throws -> NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart> {
        try await channel.eventLoop.submit { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }.get()
    }

    /// Removes a socket that nobody listens on any more.
    private static func makeWay(for path: String) throws(HTTPServerError) {
        guard path.utf8.count <= 103 else { throw .pathTooLong(path) }
        if isAnswered(path) { throw .inUse(path) }
        // the path is copied for the call. What is no socket is left alone, and binding fails.
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { _ = unsafe unlink(path) }
    }

    /// Whether somebody listens on a Unix socket.
    static func isAnswered(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // the path fits, and the rest of the field is zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            for (index, byte) in path.utf8.prefix(field.count - 1).enumerated() { unsafe field[index] = byte }
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    // MARK: A connection

    private func serve(_ channel: any Channel, door: HTTPRequest.Door) async {
        // What goes wrong here is the client's: it went away, or what it sent is no HTTP.
        guard let client = try? await Self.wrap(channel) else {
            try? await channel.close()
            return
        }
        let port = channel.localAddress?.port
        try? await client.executeThenClose { input, output in
            _ = channel.setOption(.autoRead, value: true)
            let answer = await within(limits.patience) { () -> (HTTPResponse, isHead: Bool)? in
                guard let read = try? await self.read(input, door: door, port: port) else { return nil }
                switch read {
                case .refused(let status, let reason): return (.text(reason + "\n", status: status), false)
                case .request(let request): return (await self.handler.respond(to: request), request.method == "HEAD")
                }
            }
            guard case .some(.some((let response, let isHead))) = answer else { return }
            try await self.write(response, isHead: isHead, to: output)
        }
    }

    private enum Read {
        case request(HTTPRequest)
        case refused(Int, String)
    }

    /// Reads one request; `nil` when the client goes before it is whole.
    private func read(
        _ input: NIOAsyncChannelInboundStream<HTTPServerRequestPart>, door: HTTPRequest.Door, port: Int?
    ) async throws -> Read? {
        var head: HTTPRequestHead?
        var body: [UInt8] = []
        for try await part in input {
            switch part {
            case .head(let first):
                guard first.uri.utf8.count <= limits.mostTargetBytes else {
                    return .refused(414, "the address is too long")
                }
                head = first
            case .body(let bytes):
                guard body.count + bytes.readableBytes <= limits.mostBodyBytes else {
                    return .refused(413, "the request is too long")
                }
                body += bytes.readableBytesView
            case .end:
                guard let head else { return nil }
                var headers: [String: String] = [:]
                for (name, value) in head.headers where headers[name.lowercased()] == nil {
                    headers[name.lowercased()] = value
                }
                let request = HTTPRequest(
                    method: head.method.rawValue, target: head.uri, headers: headers, body: body, door: door,
                    localPort: port)
                return request.map(Read.request) ?? .refused(400, "the address cannot be read")
            }
        }
        return nil
    }

    private func write(
        _ response: HTTPResponse, isHead: Bool, to output: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var headers = HTTPHeaders([("Content-Type", response.contentType), ("Connection", "close")])
        for header in response.headers { headers.add(name: header.name, value: header.value) }
        let status = HTTPResponseStatus(statusCode: response.status)
        switch response.body {
        case .bytes(let bytes):
            headers.add(name: "Content-Length", value: "\(bytes.count)")
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            _ = try await within(limits.patience) {
                try await output.write(.head(head))
                if !isHead { try await output.write(.body(.byteBuffer(ByteBuffer(bytes: bytes)))) }
                try await output.write(.end(nil))
            }
        case .stream(let texts):
            try await output.write(.head(.init(version: .http1_1, status: status, headers: headers)))
            for await text in texts {
                // Who does not read for so long is gone.
                let isTaken: Void? = try await within(limits.patience) {
                    try await output.write(.body(.byteBuffer(ByteBuffer(string: text))))
                }
                guard isTaken != nil else { return }
            }
            try await output.write(.end(nil))
        }
    }
}

/// Why a server does not listen.
public enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case inUse(String)
    /// A Unix socket's path has at most 103 bytes: what swift-nio takes.
    case pathTooLong(String)
    /// The system says no, with its number of the error.
    case cannotListen(String, Int32)

    /// What is wrong, in one line.
    public var description: String {
        switch self {
        case .inUse(let path): "another monitord listens on \(path)"
        case .pathTooLong(let path): "the path of a socket has 103 bytes at most: \(path)"
        case .cannotListen(let path, let code):
            // strerror returns a text that is there until the next call on this thread, and it is copied.
            "cannot listen on \(path): \(unsafe String(cString: strerror(code)))"
        }
    }
}

/// Connections at once.
private final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)

    func enter(upTo limit: Int) -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}

/// Does something within a time; `nil` when the time was up first, and what was begun is cancelled.
func within<Value: Sendable>(
    _ time: Duration, _ work: @escaping @Sendable () async throws -> Value
) async rethrows -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { tasks in
        tasks.addTask { try await work() }
        tasks.addTask {
            try? await Task.sleep(for: time)
            return nil
        }
        defer { tasks.cancelAll() }
        return try await tasks.next() ?? nil
    }
}
