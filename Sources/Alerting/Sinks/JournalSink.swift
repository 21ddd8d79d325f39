import CSystemd
import Glibc
import Synchronization

/// Sends alerts to journald over its native protocol, with every field of the record.
///
/// `sd_journal_sendv` blocks without limit when journald does not read (a frozen or very slow one), so it runs on a thread
/// of the sink's own; a delivery that waits longer is cancelled by its caller and comes again. Without a journal socket the
/// call succeeds and stores nothing: the socket is looked for before each entry, and while it is missing alerts wait in
/// the outbox.
public struct JournalSink: AlertSink {
    /// Where journald listens.
    public static let socketPath = "/run/systemd/journal/socket"

    /// `journal`: the name the outbox knows.
    public let name = "journal"
    private let socket: String
    private let stamp: (@Sendable () -> EmissionStamp)?
    private let thread: BlockingThread
    private let counters = Counters()

    private final class Counters: Sendable {
        let refused = Atomic<UInt64>(0)
    }

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - socket: where journald is looked for; it is always sent to where libsystemd sends.
    ///   - stamp: host, version and wall clock; `nil` leaves them out.
    /// - Throws: ``AlertingError`` when no thread can be had.
    public init(
        socket: String = socketPath, stamp: (@Sendable () -> EmissionStamp)? = nil
    ) throws(AlertingError) {
        self.socket = socket
        self.stamp = stamp
        thread = try BlockingThread(name: "journal")
    }

    /// Deliveries that journald or the bounded queue refused, to be tried again.
    public var refusedDeliveries: UInt64 { counters.refused.load(ordering: .relaxed) }

    /// Whether journald's socket is there now.
    public var isReachable: Bool { Self.isAvailable(socket: socket) }

    /// Whether journald's socket is there.
    public static func isAvailable(socket path: String = socketPath) -> Bool {
        guard let status = SystemCall.status(ofPath: path) else { return false }
        return status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Writes a record; returns when it is written, throws ``AlertingError`` or `CancellationError` when it is not.
    public func deliver(_ record: AlertRecord) async throws {
        let fields = JournalFields.fields(of: record, stamp: stamp?())
        do {
            let socket = socket
            try await thread.run {
                guard Self.isAvailable(socket: socket) else {
                    throw AlertingError.journal(code: ENOENT, reason: "\(socket) is not there")
                }
                let code = Self.send(fields)
                guard code >= 0 else {
                    throw AlertingError.journal(code: -code, reason: SystemCall.reason(-code))
                }
            }
        } catch {
            counters.refused.add(1, ordering: .relaxed)
            throw error
        }
    }

    /// - Returns: 0, or a negative error number.
    private static func send(_ fields: [[UInt8]]) -> Int32 {
        var bytes = fields.flatMap { $0 }
        // All fields lie in one buffer that outlives the call; the vectors point into it, one behind the other, and
        // their lengths add up to its length.
        return unsafe bytes.withUnsafeMutableBytes { buffer in
            var start = 0
            var vectors: [iovec] = unsafe []
            for field in fields {
                let base = unsafe buffer.baseAddress.map { unsafe $0 + start }
                unsafe vectors.append(iovec(iov_base: base, iov_len: field.count))
                start += field.count
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }
}
