import Alerting
import FoundationEssentials
import Testing
import TimeSeries

@testable import Onward

@Suite struct AlertmanagerAlertTests {
    private let terms = AlertmanagerAlert.Terms(
        now: stamp.emitted, host: "gw7", labels: ["site": "north"], page: "http://127.0.0.1:9464/")

    @Test func `an alert has the same labels from its beginning to its end`() throws {
        let opened = AlertmanagerAlert.alerts(for: record(), terms)
        let closed = AlertmanagerAlert.alerts(
            for: record(seq: 1, event: .close, until: onset.advanced(bySeconds: 30)), terms)
        #expect(opened.count == 1 && closed.count == 1)
        #expect(opened[0].labels == closed[0].labels)
        #expect(opened[0].endsAt == nil && closed[0].endsAt == onset.advanced(bySeconds: 30))
        #expect(
            opened[0].labels == [
                "alertname": "MonitordAnomaly", "severity": "warning", "kind": "anomaly", "series": "pump3",
                "instance": "gw7", "incident": "00000000000000aa", "site": "north",
            ])
    }

    @Test func `no value is among the labels, whatever the record says`() {
        var one = record()
        var other = record()
        (one.score, one.rarity, one.message, one.threshold) = (9.75, nil, "x", 1)
        one.channels = []
        (one.time, one.detectors) = (stamp.emitted, [.init(name: "forecast", score: 3, weight: 1)])
        other.awaits = "acceptance"
        other.runbook = "https://wiki.example"
        let labels = [record(), one, other].map { AlertmanagerAlert.firing($0, terms).labels }
        #expect(labels[0] == labels[1] && labels[0] == labels[2])
    }

    @Test func `one that rises fires anew as critical, in the request that resolves the warning`() {
        let opened = AlertmanagerAlert.alerts(for: record(), terms)
        let risen = AlertmanagerAlert.alerts(for: record(seq: 1, event: .update, severity: .critical), terms)
        #expect(risen.map { $0.labels["severity"] } == ["warning", "critical"])
        #expect(risen[0].labels == opened[0].labels)
        #expect(risen[0].endsAt != nil && risen[1].endsAt == nil)
        let closed = AlertmanagerAlert.alerts(for: record(seq: 2, event: .close, severity: .critical), terms)
        #expect(closed.map(\.labels) == risen.map(\.labels))
        #expect(closed.allSatisfy { $0.endsAt != nil })
    }

    @Test func `one that was critical from the beginning was never a warning`() {
        for (seq, event) in [(0, AlertEvent.open), (1, .close)] {
            let alerts = AlertmanagerAlert.alerts(for: record(seq: seq, event: event, severity: .critical), terms)
            #expect(alerts.map { $0.labels["severity"] } == ["critical"])
        }
    }

    @Test func `no time is later than now, and none ends before it began`() {
        let late = stamp.emitted.advanced(bySeconds: 3_600)
        let opened = AlertmanagerAlert.firing(record(since: late), terms)
        #expect(opened.startsAt == stamp.emitted)
        let closed = AlertmanagerAlert.alerts(
            for: record(seq: 1, event: .close, since: late, until: late.advanced(bySeconds: 60)), terms)
        #expect(closed[0].endsAt == stamp.emitted && closed[0].startsAt == stamp.emitted)
        let backwards = AlertmanagerAlert.alerts(
            for: record(seq: 1, event: .close, until: onset.advanced(bySeconds: -5)), terms)
        #expect(backwards[0].startsAt == backwards[0].endsAt)
    }

    @Test(arguments: AlertKind.allCases) func `every kind has a name`(kind: AlertKind) {
        var record = record()
        record.kind = kind
        let alert = AlertmanagerAlert.firing(record, terms)
        #expect(alert.labels["alertname"] == "Monitord" + kind.rawValue.capitalized)
    }

    @Test func `every label that is set is known as monitord's own`() {
        var record = record()
        record.pattern = "scan"
        let bare = AlertmanagerAlert.Terms(now: stamp.emitted, host: "gw7")
        #expect(Set(AlertmanagerAlert.firing(record, bare).labels.keys) == AlertmanagerLabels.own)
    }

    @Test func `values, times and what to do are annotations`() {
        var record = record()
        record.runbook = "https://wiki.example/pumps"
        record.allSeries = (0..<60).map { "s\($0)" }
        let annotations = AlertmanagerAlert.firing(record, terms).annotations
        #expect(annotations["summary"] == record.message && annotations["description"] == "Look.")
        #expect(annotations["score"] == "6.5" && annotations["rarity_seconds"] == "3456000")
        #expect(annotations["runbook_url"] == "https://wiki.example/pumps")
        #expect(annotations["explain"] == "monitord explain 000000")
        #expect(annotations["all_series"]?.hasSuffix(" and 10 more") == true)
        #expect(annotations["until"] == nil)
    }
}
