import Alerting
import TimeSeries

/// An alert as Alertmanager takes it.
///
/// Alertmanager knows an alert by its labels: those of the message that closes must be, to the last byte, those of the
/// one that opened. So labels are what an incident is from its beginning to its end, and no value that is measured stands
/// among them; those are annotations.
///
/// The severity is a label all the same, because routes, receivers and inhibitions go by it: an incident that turns
/// critical and goes on to whom warnings go would call nobody. When it rises, the warning is resolved and the critical
/// alert fires in the same request, so that there is no moment without either. A closing message of an incident that has
/// risen resolves both: a warning that was resolved stays so, and one whose resolving was lost with an Alertmanager that
/// was set back does not stay.
///
/// The id is a label too. Two incidents of one series and kind can be open at once, in two streams, and the end of one
/// must not be the end of both. Group by `alertname`, `series` or `instance`, and silence without `incident`.
///
/// Times are the input's, as everywhere in a record, but never later than now: an end that is to come would keep an alert open
/// until then, and an alert must not begin behind its end.
struct AlertmanagerAlert: Equatable {
    /// What is known beside the record.
    struct Terms: Sendable {
        var now: Timestamp
        var host: String
        var labels: [String: String] = [:]
        /// The status page's address.
        var page: String?
    }

    var labels: [String: String]
    var annotations: [String: String]
    var startsAt: Timestamp
    /// `nil` while it fires: Alertmanager then gives it its `resolve_timeout`, by its own clock.
    var endsAt: Timestamp?
    var generator: String?

    /// Series that are listed in an annotation, at most.
    private static let mostSeries = 50

    /// The alerts that a record is told by: one, or two when the severity has risen.
    static func alerts(for record: AlertRecord, _ terms: Terms) -> [AlertmanagerAlert] {
        // There are two severities, and what has risen rose once: of a message behind the first, 1 is that rise or the end.
        let hasRisen =
            record.severity == .critical
            && (record.event == .update || (record.event == .close && record.seq > 1))
        switch record.event {
        case .open: return [firing(record, terms)]
        case .update:
            return (hasRisen ? [resolved(record, as: .warning, terms)] : []) + [firing(record, terms)]
        case .close:
            return (hasRisen ? [resolved(record, as: .warning, terms)] : [])
                + [resolved(record, as: record.severity, terms)]
        }
    }

    /// The alert of an incident that is open.
    static func firing(_ record: AlertRecord, _ terms: Terms) -> AlertmanagerAlert {
        AlertmanagerAlert(record, record.severity, endsAt: nil, terms)
    }

    private static func resolved(
        _ record: AlertRecord, as severity: AlertSeverity, _ terms: Terms
    ) -> AlertmanagerAlert {
        AlertmanagerAlert(record, severity, endsAt: min(record.until ?? record.time, terms.now), terms)
    }

    private init(_ record: AlertRecord, _ severity: AlertSeverity, endsAt end: Timestamp?, _ terms: Terms) {
        labels = terms.labels
        labels["alertname"] = Self.name(of: record.kind)
        labels["severity"] = severity.rawValue
        labels["kind"] = record.kind.rawValue
        labels["pattern"] = record.pattern
        labels["series"] = record.series
        labels["instance"] = terms.host
        labels["incident"] = record.id
        annotations = Self.annotations(of: record)
        startsAt = min(record.since, end ?? terms.now)
        endsAt = end
        generator = terms.page
    }

    /// `MonitordAnomaly`, `MonitordStalled`, … : constants for ever, which routes are written by.
    private static func name(of kind: AlertKind) -> String {
        switch kind {
        case .anomaly: "MonitordAnomaly"
        case .stalled: "MonitordStalled"
        case .stuck: "MonitordStuck"
        case .drift: "MonitordDrift"
        case .input: "MonitordInput"
        case .budget: "MonitordBudget"
        }
    }

    private static func annotations(of record: AlertRecord) -> [String: String] {
        var texts = [
            "summary": record.message, "description": record.hint, "since": "\(record.since)", "time": "\(record.time)",
            "explain": "monitord explain \(record.id.prefix(6))",
        ]
        texts["runbook_url"] = record.runbook
        texts["until"] = record.until.map { "\($0)" }
        for (name, value) in [
            ("score", record.score), ("threshold", record.threshold), ("rarity_seconds", record.rarity),
        ] {
            texts[name] = JSONWriter.Value.finite(value).map(Self.text)
        }
        if record.allSeries.count > 1 {
            let more = record.allSeries.count - mostSeries
            texts["all_series"] =
                record.allSeries.prefix(mostSeries).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        }
        return texts.filter { !$0.value.isEmpty }
    }

    private static func text(_ value: JSONWriter.Value) -> String {
        var json = JSONWriter()
        json.write(value)
        return json.text
    }

    /// The object of Alertmanager's interface.
    var json: JSONWriter.Value {
        func texts(_ texts: [String: String]) -> JSONWriter.Value {
            .object(texts.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
        }
        return .object([
            ("labels", texts(labels)), ("annotations", texts(annotations)), ("startsAt", .text("\(startsAt)")),
            ("endsAt", endsAt.map { .text("\($0)") }), ("generatorURL", generator.map { .text($0) }),
        ])
    }
}
