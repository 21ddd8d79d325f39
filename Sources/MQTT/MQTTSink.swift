public import Alerting
import Glibc
import Synchronization

/// Publishes alerts to a broker, each as the JSON object that the rolling log has, with host, version and wall clock.
///
/// A record counts as written when the broker has acknowledged it (QoS 1); one that it has not acknowledged in time is
/// handed in again by the router. The connection is made with the first record and kept; a thread of the sink's own drives it.
public final class MQTTSink: AlertSink {
    /// Where alerts go.
    public struct Configuration: Equatable, Sendable {
        /// The broker.
        public var access: BrokerAccess
        /// `topic` (string, "monitord/alerts/{series}"): `{series}`, `{kind}`, `{severity}` and `{host}` are filled in.
        public var topic: String
        /// Whether the broker keeps the last message of a topic for whoever subscribes later.
        public var isRetained: Bool
        /// Seconds until an acknowledgement counts as missing.
        public var patience: Double

        /// Creates a configuration.
        public init(
            access: BrokerAccess, topic: String = "monitord/alerts/{series}", isRetained: Bool = false,
            patience: Double = 10
        ) {
            self.access = access
            self.topic = topic
            self.isRetained = isRetained
            self.patience = patience
        }
    }

    /// The name the outbox knows.
    public let name: String
    private let configuration: Configuration
    private let stamp: @Sendable () -> EmissionStamp
    private let thread: BlockingThread
    private let publisher: Mutex<AlertPublisher?>
    private let isConnected = Atomic<Bool>(true)

    /// Creates a sink; the broker is looked for when the first alert comes.
    ///
    /// - Parameters:
    ///   - name: under which the outbox remembers what was acknowledged.
    ///   - stamp: host, version and wall clock.
    /// - Throws: `AlertingError` when no thread can be had.
    public init(
        _ configuration: Configuration, name: String = "mqtt", stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        self.configuration = configuration
        self.name = name
        self.stamp = stamp
        thread = try BlockingThread(name: name)
        publisher = Mutex(nil)
    }

    /// Whether the broker could be reached the last time.
    public var isReachable: Bool { isConnected.load(ordering: .relaxed) }

    /// Publishes a record.
    ///
    /// - Throws: ``MQTTError`` when it was not acknowledged, `CancellationError`.
    public func deliver(_ record: AlertRecord) async throws {
        let stamp = stamp()
        let payload = Array(record.jsonLine(stamp: stamp).utf8)
        let topic = Self.topic(configuration.topic, of: record, host: stamp.host)
        try await thread.run { [self] in
            // One delivery runs at a time: nobody waits for the lock.
            try publisher.withLock { held in
                do {
                    let present = try held ?? AlertPublisher(configuration)
                    held = present
                    try present.publish(topic, payload)
                    isConnected.store(true, ordering: .relaxed)
                } catch {
                    // Begun anew with the next: a connection on which something is open would be in its way.
                    held = nil
                    isConnected.store(false, ordering: .relaxed)
                    throw error
                }
            }
        }
    }

    /// The topic of a record: what is filled in has no `/`, `+` or `#` of its own, so that the levels stay those of the template;
    /// the name of a series keeps its slashes.
    static func topic(_ template: String, of record: AlertRecord, host: String) -> String {
        let values = [
            "series": record.series.isEmpty ? "all" : record.series, "kind": record.kind.rawValue,
            "severity": record.severity.rawValue, "host": host,
        ]
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            text += values[name].map { escaped($0, keepsSlashes: name == "series") } ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    private static func escaped(_ text: String, keepsSlashes: Bool) -> String {
        String(text.map { $0 == "+" || $0 == "#" || $0 == "\0" || ($0 == "/" && !keepsSlashes) ? "_" : $0 })
    }
}
