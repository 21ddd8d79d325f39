public import Alerting
import TimeSeries

/// Posts each record to an address: the line of the rolling log as the body, signed when there is a key.
///
/// In order and at least once: the receiver knows a message by `id` and `seq`, which are the `Idempotency-Key` too.
public struct WebhookSink: AlertSink {
    /// The name the outbox knows.
    public let name: String
    private let configuration: SinkConfiguration
    private let client: HTTPClient
    private let secret: SecretFile?
    private let stamp: @Sendable () -> EmissionStamp
    private let thread: BlockingThread

    /// Creates a sink; nothing is opened before the first alert.
    ///
    /// - Throws: ``AlertingError`` when no thread can be had.
    init(
        _ configuration: SinkConfiguration, at place: HTTPPlace, stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        name = configuration.name
        self.configuration = configuration
        self.stamp = stamp
        client = HTTPClient(configuration, at: place)
        secret = configuration.secretFile.map(SecretFile.init)
        thread = try BlockingThread(name: name)
    }

    /// Soon again: see ``SinkConfiguration``.
    public var backOff: RetryBackOff? { SinkConfiguration.backOff }

    /// Whether a record is severe enough.
    public func wants(_ record: AlertRecord) -> Bool { configuration.wants(record) }

    /// Posts a record; returns when the answer is 2xx, throws ``OnwardError`` or `CancellationError` when not.
    public func deliver(_ record: AlertRecord) async throws {
        let (client, secret, stamp) = (client, secret, stamp())
        try await thread.run {
            let body = Array(record.jsonLine(stamp: stamp).utf8)
            let seconds = stamp.emitted.nanoseconds / 1_000_000_000
            var headers = [
                ("Idempotency-Key", "\(record.id)-\(record.seq)"), ("X-Monitord-Timestamp", "\(seconds)"),
            ]
            if let secret {
                let digits = try Signature.make(key: secret.bytes(), seconds: seconds, body: body)
                headers.append(("X-Monitord-Signature", "sha256=\(digits)"))
            }
            try client.post(body, headers: headers)
        }
    }
}
