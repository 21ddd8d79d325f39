import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the daemon of this machine by its control socket.
public struct ControlClient: Sendable {
    /// Why there is no answer.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// Nobody listens there, or it may not be opened.
        case unreachable(path: String, reason: String)
        /// The answer stopped in the middle, or did not come in time.
        case noAnswer(path: String)

        /// Whether there is nobody, and not somebody who refuses or hangs.
        public var isAbsence: Bool {
            guard case .unreachable(_, let reason) = self else { return false }
            return reason.hasPrefix("nobody")
        }

        /// What is wrong, in one line.
        public var description: String {
            switch self {
            case .unreachable(let path, let reason): "no monitord can be asked by \(path): \(reason)"
            case .noAnswer(let path): "monitord does not answer by \(path)"
            }
        }
    }

    private let patience: Duration
    private static let mostBytes = 64 << 20
    private let path: String

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - path: of the socket.
    ///   - patience: for a whole answer.
    public init(path: String, patience: Duration = .seconds(30)) {
        self.path = path
        self.patience = patience
    }

    /// Asks, and waits for the whole answer.
    ///
    /// - Parameter target: path and query.
    /// - Returns: the status and the body.
    /// - Throws: ``Failure``.
    public func send(
        _ method: String, _ target: String, body: String = ""
    ) async throws(Failure) -> (status: Int, body: String) {
        let client: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        do {
            client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            throw .unreachable(path: path, reason: Self.words(error.errnoCode))
        } catch {
            throw .unreachable(path: path, reason: "\(error)")
        }
        let answer = try? await within(patience) {
            try await client.executeThenClose { input, output -> (status: Int, body: String)? in
                let headers = HTTPHeaders([("Host", "monitord"), ("Content-Length", "\(body.utf8.count)")])
                // In one piece: a request without a body is whole with its head, and the answer to it can be there, and the
                // connection ended, before a second piece is written. Who answers before all is read has answered: what
                // there is to read decides, not whether all was taken.
                let head = HTTPRequestHead(
                    version: .http1_1, method: .init(rawValue: method), uri: target, headers: headers)
                try? await output.write(
                    contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(string: body))), .end(nil)])
                var status = 0
                var bytes: [UInt8] = []
                for try await part in input {
                    switch part {
                    case .head(let head): status = Int(head.status.code)
                    case .body(let part):
                        guard bytes.count + part.readableBytes <= Self.mostBytes else { return nil }
                        bytes += part.readableBytesView
                    case .end: return (status, String(decoding: bytes, as: UTF8.self))
                    }
                }
                return nil
            }
        }
        guard case .some(.some(let found)) = answer else { throw .noAnswer(path: path) }
        return found
    }

    private static func words(_ code: CInt) -> String {
        switch code {
        case 2: "nobody listens there"
        case 13: "it may be opened by members of the group monitord"
        case 111: "nobody listens there any more"
        default: "error \(code)"
        }
    }
}
