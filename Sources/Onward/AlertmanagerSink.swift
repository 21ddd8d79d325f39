public import Alerting
import TimeSeries

/// Sends incidents to Prometheus' Alertmanager, by version 2 of its interface.
///
/// Alertmanager takes an alert for resolved when it has not heard of it for its `resolve_timeout` (5 minutes unless it is told
/// otherwise), and forgets everything when it is started without its storage. So what is open is told again every
/// ``SinkConfiguration/resendSeconds``, by the router, which knows what is open. An incident whose end is never told, because
/// monitord was thrown away, ends there by itself.
public struct AlertmanagerSink: AlertSink {
    /// Alerts of one request.
    private static let mostAlerts = 200

    /// The name the outbox knows.
    public let name: String
    private let configuration: SinkConfiguration
    private let client: HTTPClient
    private let page: String?
    private let stamp: @Sendable () -> EmissionStamp
    private let thread: BlockingThread

    /// Creates a sink; nothing is opened before the first alert.
    ///
    /// - Parameter page: the status page's address, for the links of alerts.
    /// - Throws: ``AlertingError`` when no thread can be had.
    init(
        _ configuration: SinkConfiguration, at place: HTTPPlace, page: String?,
        stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        name = configuration.name
        self.configuration = configuration
        self.page = page
        self.stamp = stamp
        client = HTTPClient(configuration, at: place, path: "/api/v2/alerts")
        thread = try BlockingThread(name: name)
    }

    /// Soon again: see ``SinkConfiguration``.
    public var backOff: RetryBackOff? { SinkConfiguration.backOff }

    /// How often what is open is told again.
    public var repeatInterval: Duration? { .seconds(configuration.resendSeconds) }

    /// Whether a record is severe enough.
    public func wants(_ record: AlertRecord) -> Bool { configuration.wants(record) }

    /// Tells what a record says; returns when Alertmanager has taken it, throws ``OnwardError`` or `CancellationError` when not.
    public func deliver(_ record: AlertRecord) async throws {
        try await post(AlertmanagerAlert.alerts(for: record, terms))
    }

    /// Tells again of what is open.
    public func repeatOpen(_ records: [AlertRecord]) async throws {
        let alerts = records.map { AlertmanagerAlert.firing($0, terms) }
        for start in stride(from: 0, to: alerts.count, by: Self.mostAlerts) {
            try await post(Array(alerts[start...].prefix(Self.mostAlerts)))
        }
    }

    private var terms: AlertmanagerAlert.Terms {
        let stamp = stamp()
        return .init(now: stamp.emitted, host: stamp.host, labels: configuration.labels, page: page)
    }

    private func post(_ alerts: [AlertmanagerAlert]) async throws {
        let client = client
        var json = JSONWriter()
        json.write(.list(alerts.map(\.json)))
        let body = Array(json.text.utf8)
        try await thread.run { try client.post(body) }
    }
}
