import Testing
import TimeSeries

@testable import Alerting

@Suite struct AlertPolicyTests {
    private let roomy = AlertingConfiguration(daemonFalseAlarmsPerSecond: 1, daemonBurst: 100)
    private let tight = AlertingConfiguration(daemonFalseAlarmsPerSecond: 1.0 / 86_400, daemonBurst: 2)

    private func summary(_ decision: PolicyDecision) -> [String] {
        decision.records.map {
            "\($0.kind) \($0.event) \($0.seq) \($0.severity) \($0.seriesNames.joined(separator: "+"))"
        }
    }

    @Test func `one incident gives open, update and close with one id and rising seq`() throws {
        var policy = AlertPolicy(configuration: roomy)
        let open = policy.admit([change(.open, "a", at: 0)], at: at(0))
        let update = policy.admit([change(.update, "a", at: 1, since: 0, severity: .critical, score: 8)], at: at(1))
        let close = policy.admit(
            [change(.close, "a", at: 90, since: 0, until: 30, severity: .critical, score: 8)], at: at(90))
        #expect(summary(open) == ["anomaly open 0 warning a"])
        #expect(summary(update) == ["anomaly update 1 critical a"])
        #expect(summary(close) == ["anomaly close 2 critical a"])
        #expect([open, update, close].map(\.isPublished) == [[true], [true], [false]])
        #expect(Set([open, update, close].flatMap(\.records).map(\.id)).count == 1)
        let last = try #require(close.records.first)
        #expect(last.until == at(30) && last.since == at(0) && last.score == 8)
        #expect(
            last.id
                == IncidentIdentifier.make(
                    stream: "plant", series: "a", kind: .anomaly, since: at(0), onsetSample: 0))
    }

    @Test func `series that open in one tick are one incident, named for the first by key`() throws {
        var policy = AlertPolicy(configuration: roomy)
        let open = policy.admit(
            [
                change(.open, "c", at: 5, since: 3), change(.open, "a", at: 5, since: 4),
                change(.open, "b", at: 5, severity: .critical, score: 9),
            ], at: at(5))
        #expect(summary(open) == ["anomaly open 0 critical a+b+c"])
        #expect(open.isPublished == [true, true, true])
        let record = try #require(open.records.first)
        #expect(record.series == "a" && record.since == at(4) && record.score == 9)
        #expect(
            record.id
                == IncidentIdentifier.make(stream: "plant", series: "a", kind: .anomaly, since: at(4), onsetSample: 4))

        let first = policy.admit(
            [change(.close, "a", at: 70, until: 20), change(.close, "c", at: 70, until: 40)], at: at(70))
        #expect(first.records.isEmpty && first.isPublished == [false, false])
        #expect(policy.isPublished(stream: "plant", series: "b"))
        let last = policy.admit([change(.close, "b", at: 80, until: 30)], at: at(80))
        #expect(summary(last) == ["anomaly close 1 critical a+b+c"])
        #expect(last.records.first?.until == at(40))
        #expect(!policy.isPublished(stream: "plant", series: "b"))
    }

    @Test func `other streams and kinds are incidents of their own`() {
        var policy = AlertPolicy(configuration: roomy)
        let open = policy.admit(
            [
                change(.open, "a", at: 0), change(.open, "b", at: 0, stream: "roof"),
                change(.open, "c", at: 0, kind: .stuck), change(.open, "d", at: 0),
            ], at: at(0))
        #expect(
            summary(open) == ["anomaly open 0 warning a+d", "anomaly open 0 warning b", "stuck open 0 warning c"])
    }

    @Test func `a series that opens within one interval joins without a message, one later does not`() {
        var policy = AlertPolicy(configuration: roomy)
        _ = policy.admit([change(.open, "m", at: 0, interval: 10)], at: at(0))
        let joined = policy.admit([change(.open, "b", at: 10, interval: 10)], at: at(10))
        #expect(joined.records.isEmpty && joined.isPublished == [true])
        let later = policy.admit([change(.open, "c", at: 11, interval: 10)], at: at(11))
        #expect(summary(later) == ["anomaly open 0 warning c"])
        let risen = policy.admit([change(.open, "d", at: 4, severity: .critical, interval: 10)], at: at(11))
        #expect(summary(risen) == ["anomaly update 1 critical m+b+d"])
        // A second member that rises tells nothing new.
        #expect(policy.admit([change(.update, "b", at: 12, severity: .critical)], at: at(12)).records.isEmpty)
    }

    @Test func `what was held back at one time is not told of as between it and itself`() throws {
        var policy = AlertPolicy(configuration: tight)
        for (number, series) in ["a", "b", "c"].enumerated() {
            _ = policy.admit([change(.open, series, at: Double(number) * 0.1)], at: at(Double(number) * 0.1))
        }
        let close = PolicyDecision(records: policy.advance("plant", to: at(90_000)), isPublished: [])
        #expect(
            close.records.first?.message.hasPrefix("1 incident was held back at 2026-11-21 02:14:10 UTC, none since")
                == true, "\(close.records)")
    }

    @Test func `what the daemon's budget does not cover is held back to its end and told as one incident`() throws {
        var policy = AlertPolicy(configuration: tight)
        for (number, series) in ["a", "b"].enumerated() {
            #expect(
                policy.admit([change(.open, series, at: Double(number))], at: at(Double(number))).records.count == 1)
        }
        let held = policy.admit([change(.open, "c", at: 10, severity: .critical)], at: at(10))
        #expect(summary(held) == ["budget open 0 warning monitord"])
        #expect(held.isPublished == [false])
        // It is told, so it is open: counted, and told again to whom forgets.
        #expect(policy.openIncidents.count == 3 && policy.openIncidents.last == held.records.first?.id)
        #expect(
            held.records.first?.message
                == "The daemon's budget of one in 24 hours is spent: incidents are held back since 02:14:20 UTC, first of c. "
                + "explain: monitord explain \(try #require(held.records.first).id.prefix(6))")
        #expect(policy.admit([change(.update, "c", at: 11, severity: .critical)], at: at(11)).records.isEmpty)
        #expect(policy.admit([change(.close, "c", at: 90)], at: at(90)).records.isEmpty)
        #expect(policy.admit([change(.open, "d", at: 100)], at: at(100)).records.isEmpty)
        #expect(policy.heldBackIncidents == 2)

        #expect(policy.advance("plant", to: at(100 + 86_399)).isEmpty)
        let close = PolicyDecision(records: policy.advance("plant", to: at(100 + 90_000)), isPublished: [])
        #expect(summary(close) == ["budget close 1 warning monitord"])
        let record = try #require(close.records.first)
        #expect(record.time == at(100 + 86_400) && record.until == at(100))
        #expect(
            record.message == "2 incidents were held back between 2026-11-21 02:14:20 UTC and 2026-11-21 02:15:50 UTC, "
                + "none since; the strongest was of c, at a score of 6.0 against its threshold of 5.0. explain: monitord explain \(record.id.prefix(6))"
        )
        #expect(record.id == held.records.first?.id)
        #expect(policy.openIncidents.count == 2 && !policy.openIncidents.contains(record.id))
        // A token has come in the meantime.
        #expect(policy.admit([change(.open, "e", at: 100_000)], at: at(100_000)).isPublished == [true])
    }

    @Test func `a group takes one token`() {
        var policy = AlertPolicy(configuration: tight)
        let many = (0..<50).map { change(.open, "s\($0)", at: 0) }
        #expect(policy.admit(many, at: at(0)).records.count == 1)
        #expect(policy.admit([change(.open, "t", at: 1)], at: at(1)).isPublished == [true])
        #expect(policy.admit([change(.open, "u", at: 2)], at: at(2)).isPublished == [false])
    }

    @Test func `a whole source is never held back`() {
        var policy = AlertPolicy(configuration: AlertingConfiguration(daemonFalseAlarmsPerSecond: 0, daemonBurst: 0))
        let source = policy.admit(
            [change(.open, "plant.csv", at: 0, kind: .stalled, isWholeSource: true)], at: at(0))
        #expect(source.isPublished == [true])
        #expect(policy.admit([change(.open, "a", at: 1)], at: at(1)).isPublished == [false])
    }

    @Test func `a whole source takes no token from a series`() {
        var policy = AlertPolicy(configuration: tight)
        let source = change(.open, "plant.csv", at: 0, kind: .stalled, isWholeSource: true)
        #expect(policy.admit([source], at: at(0)).isPublished == [true])
        #expect(policy.admit([change(.open, "a", at: 1)], at: at(1)).isPublished == [true])
        #expect(policy.admit([change(.open, "b", at: 2)], at: at(2)).isPublished == [true])
        #expect(policy.admit([change(.open, "c", at: 3)], at: at(3)).isPublished == [false], "two tokens are spent")
    }

    @Test func `an opening that is reported again changes nothing`() {
        var policy = AlertPolicy(configuration: tight)
        _ = policy.admit([change(.open, "a", at: 0)], at: at(0))
        let again = policy.admit([change(.open, "a", at: 0)], at: at(1))
        #expect(again == PolicyDecision(records: [], isPublished: [true]))
        #expect(policy.admit([change(.close, "a", at: 9)], at: at(9)).records.count == 1)
    }

    @Test func `the state goes on where it was written`() throws {
        var policy = AlertPolicy(configuration: tight)
        _ = policy.admit(
            [change(.open, "a", at: 0, interval: 10), change(.open, "b", at: 0)], at: at(0))
        _ = policy.admit([change(.open, "c", at: 50)], at: at(50))
        _ = policy.admit([change(.open, "d", at: 60)], at: at(60))
        _ = policy.admit([change(.close, "b", at: 65, until: 61)], at: at(65))
        var writer = StateWriter()
        policy.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try AlertPolicy(configuration: tight, from: &reader)
        #expect(reader.remaining == 0)
        let rest: [([SeriesChange], Double)] = [
            ([change(.update, "a", at: 70, severity: .critical)], 70), ([change(.close, "d", at: 71)], 71),
            ([change(.open, "b", at: 72)], 72), ([change(.close, "a", at: 80, until: 62)], 80), ([], 200_000),
        ]
        for (changes, time) in rest {
            let expected = policy.admit(changes, at: at(time))
            #expect(restored.admit(changes, at: at(time)) == expected)
        }
        #expect(restored.heldBackIncidents == 2)
    }

    @Test func `a damaged or newer state is refused`() {
        for bytes: [UInt8] in [[], [3], [1, 0, 0], [2, 0, 0]] {
            var reader = StateReader(bytes)
            #expect(throws: StateCodingError.self) { try AlertPolicy(configuration: tight, from: &reader) }
        }
    }
}
