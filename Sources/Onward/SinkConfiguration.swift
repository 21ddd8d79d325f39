public import Alerting

/// One `[[sink]]`: another system that alerts are sent to.
///
/// A plain value. Files are named here and read by the sink, so that a secret is in none of the places that a
/// configuration is printed in.
public struct SinkConfiguration: Equatable, Sendable {
    /// Where alerts go.
    public enum Place: Equatable, Sendable {
        /// `alertmanager` (address): Prometheus' Alertmanager, by version 2 of its interface.
        case alertmanager(HTTPPlace)
        /// `webhook` (address): whatever takes a record by POST.
        case webhook(HTTPPlace)
        /// `syslog` (address): a receiver of RFC 5424.
        case syslog(SyslogAddress)
        /// `mqtt` (address): a broker, `mqtt://` or `mqtts://`.
        case mqtt(address: String)

        /// The name of its key.
        public var kind: String {
            switch self {
            case .alertmanager: "alertmanager"
            case .webhook: "webhook"
            case .syslog: "syslog"
            case .mqtt: "mqtt"
            }
        }

        /// What a sink to it is called when nobody says: the kind and where it is, without path and query.
        ///
        /// The outbox remembers by it what the sink has had, so a corrected path or scheme goes on where the wrong one stopped.
        public var defaultName: String {
            switch self {
            case .alertmanager(let place), .webhook(let place): "\(kind) \(place.authority)"
            case .syslog(let address): "\(kind) \(address.authority)"
            case .mqtt(let address): "\(kind) \(address.split(separator: "/").last ?? "")"
            }
        }
    }

    /// Where alerts go.
    public var place: Place
    /// `name` (text, ``Place/defaultName``): by which the outbox and the status know it.
    public var name: String
    /// `severity` (warning or critical, warning): the lowest severity that is sent.
    public var lowestSeverity = AlertSeverity.warning
    /// `timeout` (duration, "10s"): seconds that one delivery may take, 1 to 300.
    public var timeout = 10.0
    /// `secret_file` (path, none): the key by which webhooks are signed.
    public var secretFile: String?
    /// `token_file` (path, none): what is sent as `Authorization: Bearer`.
    public var tokenFile: String?
    /// `ca_file` (path, the system's): the authorities whose certificates are believed, in PEM.
    public var authoritiesFile: String?
    /// `cert_file` (path, none): the certificate that monitord shows, in PEM.
    public var certificateFile: String?
    /// `key_file` (path, none): its private key, in PEM.
    public var keyFile: String?
    /// `resend` (duration, "1min"): seconds between two tellings of what is open, to Alertmanager.
    public var resendSeconds = 60.0
    /// `labels` (table, none): labels that every alert to Alertmanager has.
    public var labels: [String: String] = [:]
    /// `facility` (name, "daemon"): syslog's.
    public var facility = SyslogFacility.daemon

    /// `topic` (text, "monitord/alerts/{series}"): what is published to at a broker.
    public var topic = "monitord/alerts/{series}"
    /// `client_id` (text, monitord-, the machine's name and -alerts): the name under which the broker knows the sink.
    public var clientID: String?
    /// `username` (text, none): who monitord is to a broker.
    public var username: String?
    /// `password_file` (path, none): the password that goes with it.
    public var passwordFile: String?

    /// Creates a configuration with the defaults.
    public init(place: Place, name: String? = nil) {
        self.place = place
        self.name = name ?? place.defaultName
    }

    /// The files that it names, by their keys.
    public var files: [(key: String, path: String)] {
        [
            ("secret_file", secretFile), ("token_file", tokenFile), ("ca_file", authoritiesFile),
            ("cert_file", certificateFile), ("key_file", keyFile), ("password_file", passwordFile),
        ].compactMap { key, path in path.map { (key, $0) } }
    }

    /// Creates the sink.
    ///
    /// - Parameters:
    ///   - stamp: host, version and wall clock.
    ///   - page: the status page's address, for Alertmanager's links; `nil` when there is none.
    /// - Throws: ``AlertingError`` when no thread can be had. Files and addresses are looked at by the deliveries.
    public func makeSink(
        page: String? = nil, stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) -> any AlertSink {
        switch place {
        case .alertmanager(let place): try AlertmanagerSink(self, at: place, page: page, stamp: stamp)
        case .webhook(let place): try WebhookSink(self, at: place, stamp: stamp)
        case .syslog(let address): try SyslogSink(self, at: address, stamp: stamp)
        case .mqtt: preconditionFailure("a sink at a broker is made where brokers are known")
        }
    }

    /// How a failing sink is tried again: within a minute of its coming back everything is on its way.
    public static let backOff = RetryBackOff(first: .seconds(1), longest: .seconds(60))

    /// Whether a record is severe enough.
    public func wants(_ record: AlertRecord) -> Bool { record.severity >= lowestSeverity }
}
