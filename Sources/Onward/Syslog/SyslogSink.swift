public import Alerting
import Glibc
import Synchronization
import TimeSeries

/// Sends each record as a message of RFC 5424, by UDP, TCP or a socket of this machine.
///
/// syslog knows no acknowledgement. By UDP a message counts as told once the machine has sent it; only that nobody listens there
/// comes back sometimes. By TCP it counts once the other machine's system has acknowledged every byte, and a connection that
/// the other end has closed is opened anew first: what is then lost is what a receiver had not read when it died.
public struct SyslogSink: AlertSink {
    /// The name the outbox knows.
    public let name: String
    private let configuration: SinkConfiguration
    private let connection: SyslogConnection
    private let stamp: @Sendable () -> EmissionStamp
    private let thread: BlockingThread

    /// Creates a sink; nothing is opened before the first alert.
    ///
    /// - Throws: ``AlertingError`` when no thread can be had.
    init(
        _ configuration: SinkConfiguration, at address: SyslogAddress, stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        name = configuration.name
        self.configuration = configuration
        self.stamp = stamp
        connection = SyslogConnection(to: address, timeout: configuration.timeout)
        thread = try BlockingThread(name: name)
    }

    /// Soon again: see ``SinkConfiguration``.
    public var backOff: RetryBackOff? { SinkConfiguration.backOff }

    /// Whether a record is severe enough.
    public func wants(_ record: AlertRecord) -> Bool { configuration.wants(record) }

    /// Sends a record; throws ``OnwardError`` or `CancellationError` when it is known not to have come.
    public func deliver(_ record: AlertRecord) async throws {
        let (connection, stamp, facility) = (connection, stamp(), configuration.facility)
        try await thread.run {
            try connection.send(
                SyslogMessage.bytes(of: record, facility: facility, stamp: stamp, process: Int(getpid())))
        }
    }
}
