internal import Alerting
internal import Ingest
internal import Onward

extension ConfigurationKeys {
    /// Keys of every `[[sink]]`.
    static let sink: [ConfigurationKey<SinkDraft>] = [
        .init(
            "alertmanager", expected: "an address such as \"http://127.0.0.1:9093\", without a user or a query",
            \.alertmanager, parse: { httpPlace($0).flatMap { $0.hasQuery ? nil : $0 } },
            format: { TOMLDocument.quoted($0.url) }),
        .init(
            "webhook", expected: "an address such as \"https://hooks.example/alerts\", without a user or a \"#\"",
            \.webhook,
            parse: httpPlace, format: { TOMLDocument.quoted($0.url) }),
        .init(
            "syslog",
            expected: "an address such as \"udp://192.168.1.5:514\", \"tcp://logs.example:601\" or \"unix:///dev/log\"",
            \.syslog, parse: { text($0).flatMap(SyslogAddress.init) }, format: { TOMLDocument.quoted($0.description) }),
        .init(
            "name", expected: "a text of 1 to 80 characters", \.name,
            parse: { text($0).flatMap { faultOfName($0) == nil ? $0 : nil } }, format: TOMLDocument.quoted
        ).telling { text($0).flatMap(faultOfName) },
        .init(
            "severity", expected: AlertSeverity.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "),
            \.severity, parse: { text($0).flatMap(AlertSeverity.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "timeout", expected: "a duration from \"1s\" to \"5min\"", \.timeout,
            parse: { duration($0, in: 1...300) }, format: durationText),
        .init("secret_file", expected: pathExpected, \.secretFile, parse: text, format: TOMLDocument.quoted),
        .init("token_file", expected: pathExpected, \.tokenFile, parse: text, format: TOMLDocument.quoted),
        .init("ca_file", expected: pathExpected, \.authoritiesFile, parse: text, format: TOMLDocument.quoted),
        .init("cert_file", expected: pathExpected, \.certificateFile, parse: text, format: TOMLDocument.quoted),
        .init("key_file", expected: pathExpected, \.keyFile, parse: text, format: TOMLDocument.quoted),
        .init(
            "resend", expected: "a duration from \"5s\" to \"1h\"", \.resend,
            parse: { duration($0, in: 5...3_600) }, format: durationText),
        .init(
            "labels", expected: "a table of texts such as { site = \"north\" }, by names that Prometheus takes",
            \.labels,
            parse: labels, format: labelsText
        ).telling(faultOfLabels),
        .init(
            "facility",
            expected: "one of " + SyslogFacility.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "),
            \.facility, parse: { text($0).flatMap(SyslogFacility.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "mqtt", expected: "a broker such as \"mqtt://broker:1883\" or \"mqtts://broker:8883\"", \.mqtt,
            parse: { text($0).flatMap { BrokerAddress($0) == nil ? nil : $0 } }, format: TOMLDocument.quoted),
        .init(
            "topic", expected: "a topic without + and #, in which {series}, {kind}, {severity} and {host} may stand",
            \.topic, parse: { text($0).flatMap { $0.contains { "+#".contains($0) } ? nil : $0 } },
            format: TOMLDocument.quoted),
        .init(
            "client_id", expected: "a text of at most 128 bytes that is not empty", \.clientID,
            parse: { text($0).flatMap { $0.utf8.count <= 128 ? $0 : nil } }, format: TOMLDocument.quoted),
        .init("username", expected: "a text that is not empty", \.username, parse: text, format: TOMLDocument.quoted),
        .init("password_file", expected: pathExpected, \.passwordFile, parse: text, format: TOMLDocument.quoted),
    ]

    /// What each kind of sink takes beside its address, `name` and `severity`.
    static let sinkKeys: [String: Set<String>] = [
        "alertmanager": ["timeout", "token_file", "ca_file", "cert_file", "key_file", "resend", "labels"],
        "webhook": ["timeout", "token_file", "ca_file", "cert_file", "key_file", "secret_file"],
        "syslog": ["timeout", "facility"],
        "mqtt": ["timeout", "ca_file", "cert_file", "key_file", "topic", "client_id", "username", "password_file"],
    ]

    private static let sinkNames: Set<String> = ["console", "log", "journal"]

    /// What is wrong with the name of a sink; `nil` when nothing is.
    private static func faultOfName(_ name: String) -> String? {
        if sinkNames.contains(name) { return "\"\(name)\" is what monitord calls a place of its own" }
        let isReadable = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        return name.count <= 80 && isReadable
            ? nil : "it is longer than 80 characters, or has some that nobody can read"
    }

    @Sendable private static func httpPlace(_ node: TOMLNode) -> HTTPPlace? { text(node).flatMap(HTTPPlace.init) }

    @Sendable private static func labels(_ node: TOMLNode) -> [String: String]? {
        guard case .table(let table) = node, faultOfLabels(node) == nil else { return nil }
        let texts = table.compactMapValues(text)
        return texts.count == table.count ? texts : nil
    }

    /// What is wrong with the names of labels; `nil` when nothing is.
    @Sendable private static func faultOfLabels(_ node: TOMLNode) -> String? {
        guard case .table(let table) = node else { return nil }
        for name in table.keys.sorted() {
            if AlertmanagerLabels.own.contains(name) { return "the label \"\(name)\" is monitord's own" }
            if !AlertmanagerLabels.isName(name) {
                return "\"\(name)\" is no name of a label: letters, digits and \"_\", and no digit first"
            }
        }
        return nil
    }

    @Sendable private static func labelsText(_ labels: [String: String]) -> String {
        let members = labels.sorted { $0.key < $1.key }.map { "\($0.key) = \(TOMLDocument.quoted($0.value))" }
        return "{ \(members.joined(separator: ", ")) }"
    }
}

/// One `[[sink]]` as it is filled.
struct SinkDraft: Equatable, Sendable {
    var alertmanager: HTTPPlace?
    var webhook: HTTPPlace?
    var syslog: SyslogAddress?
    var name: String?
    var severity: AlertSeverity? = .warning
    var timeout: Double? = 10
    var secretFile: String?
    var tokenFile: String?
    var authoritiesFile: String?
    var certificateFile: String?
    var keyFile: String?
    var resend: Double? = 60
    var labels: [String: String]?
    var facility: SyslogFacility? = .daemon
    var mqtt: String?
    var topic: String? = "monitord/alerts/{series}"
    var clientID: String?
    var username: String?
    var passwordFile: String?

    /// The places that it names: one, when it is right.
    var places: [SinkConfiguration.Place] {
        [
            alertmanager.map { .alertmanager($0) }, webhook.map { .webhook($0) }, syslog.map { .syslog($0) },
            mqtt.map { .mqtt(address: $0) },
        ].compactMap { $0 }
    }

    /// The finished sink; `nil` when it names no place or two.
    var configuration: SinkConfiguration? {
        guard places.count == 1 else { return nil }
        var sink = SinkConfiguration(place: places[0], name: name)
        sink.lowestSeverity = severity ?? sink.lowestSeverity
        sink.timeout = timeout ?? sink.timeout
        sink.secretFile = secretFile
        sink.tokenFile = tokenFile
        sink.authoritiesFile = authoritiesFile
        sink.certificateFile = certificateFile
        sink.keyFile = keyFile
        sink.resendSeconds = resend ?? sink.resendSeconds
        sink.labels = labels ?? [:]
        sink.facility = facility ?? sink.facility
        sink.topic = topic ?? sink.topic
        sink.clientID = clientID
        sink.username = username
        sink.passwordFile = passwordFile
        return sink
    }

    /// Whether a key means something for what it names; all of them while that is not known.
    func takes(_ key: String) -> Bool {
        guard places.count == 1, let keys = ConfigurationKeys.sinkKeys[places[0].kind] else { return true }
        return ["name", "severity", places[0].kind].contains(key) || keys.contains(key)
    }
}
