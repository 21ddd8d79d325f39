import Testing
import TimeSeries

@testable import Alerting

/// The budget of the daemon over many series; a threshold is 5, so a score of 6 is an excess of 1.
@Suite struct AlertPolicyFleetTests {
    private let daily = AlertingConfiguration()
    private let weekly = 1.0 / 604_800

    private func policy(series: Int, _ configuration: AlertingConfiguration? = nil) -> AlertPolicy {
        var policy = AlertPolicy(configuration: configuration ?? daily)
        policy.expect(chanceOpeningsPerSecond: Double(series) * weekly, of: "plant", at: at(0))
        return policy
    }

    /// A change of a series that has learned for as long as its threshold speaks of.
    private func change(
        _ event: AlertEvent, _ series: String, at seconds: Double, since: Double? = nil, until: Double? = nil,
        kind: AlertKind = .anomaly, severity: AlertSeverity = .warning, score: Double? = 6, interval: Double? = nil,
        isWholeSource: Bool = false, learnedSamples: UInt64 = 100_000
    ) -> SeriesChange {
        var change = AlertingTests.change(
            event, series, at: seconds, since: since, until: until, kind: kind, severity: severity, score: score,
            interval: interval, isWholeSource: isWholeSource)
        change.change.learning = LearningState(
            learnedSamples: learnedSamples, neededSamples: 1_000, learnedSeconds: 100 * 86_400)
        return change
    }

    private func opens(_ decision: PolicyDecision) -> [String] {
        decision.records.filter { $0.event == .open && $0.kind != .budget }.map(\.series)
    }

    @Test func `one below the bar is held back, takes no token and is named at the end`() throws {
        var policy = policy(series: 700)
        var texts: [String] = []
        for number in 0..<50 {
            let time = Double(number) * 3_600
            let score = number == 30 ? 6.75 : 5.5
            let decision = policy.admit([change(.open, "s\(number)", at: time, score: score)], at: at(time))
            #expect(opens(decision).isEmpty)
            texts += decision.records.map(\.message)
            _ = policy.admit([change(.close, "s\(number)", at: time + 60)], at: at(time + 60))
        }
        let strong = policy.admit([change(.open, "pump", at: 200_000, score: 9)], at: at(200_000))
        #expect(opens(strong) == ["pump"])
        texts += policy.advance("plant", to: at(400_000)).map(\.message)
        #expect(texts.count == 2)
        #expect(
            texts[0].hasPrefix(
                "So many series are watched that one which is just above its threshold would be told more often than "
                    + "the daemon's budget of one in 24 hours: weak incidents are held back since 02:14:10 UTC, first of s0."
            ))
        #expect(texts[1].contains("50 incidents were held back"))
        #expect(
            texts[1].contains("none since; the strongest was of s30, at a score of 6.75 against its threshold of 5.0."))
    }

    @Test func `the bar of one series is nothing, and tokens alone decide`() {
        var lone = policy(series: 1)
        var before = AlertPolicy(configuration: daily)
        for number in 0..<40 {
            let time = Double(number) * 20_000
            let event: AlertEvent = number % 2 == 0 ? .open : .close
            let changes = [change(event, "a", at: time, score: number % 3 == 0 ? 4 : 12)]
            #expect(lone.admit(changes, at: at(time)) == before.admit(changes, at: at(time)))
        }
    }

    @Test func `strong ones are told though the tokens are spent, up to the ceiling`() {
        var policy = policy(series: 200)
        var told = 0
        for number in 0..<30 {
            let changes = [change(.open, "s\(number)", at: Double(number) * 100, score: 14)]
            told += opens(policy.admit(changes, at: at(Double(number) * 100))).count
        }
        #expect(told == 11, "3 saved up and 8 on credit")
    }

    @Test func `each token lacking asks for more`() {
        var policy = policy(series: 700, AlertingConfiguration(daemonBurst: 1))
        #expect(opens(policy.admit([change(.open, "a", at: 0, score: 7.5)], at: at(0))) == ["a"])
        #expect(opens(policy.admit([change(.open, "b", at: 1, score: 7.4)], at: at(1))).isEmpty)
        #expect(opens(policy.admit([change(.open, "c", at: 2, score: 7.6)], at: at(2))) == ["c"])
    }

    @Test func `one held back is told when it becomes stronger, with its onset`() throws {
        var policy = policy(series: 700)
        #expect(policy.admit([change(.open, "a", at: 0, score: 5.5)], at: at(0)).isPublished == [false])
        var later = change(.update, "a", at: 30, since: 0, severity: .critical, score: 7.1)
        #expect(opens(policy.admit([later], at: at(30))) == ["a"])
        #expect(policy.heldBackIncidents == 1)
        later.change.isStrengthening = true
        #expect(policy.admit([later], at: at(40)).records.isEmpty)
        let close = policy.admit([change(.close, "a", at: 90, since: 0, until: 30)], at: at(90))
        let record = try #require(close.records.first)
        #expect(record.since == at(0) && record.seq == 1)
        let budget = try #require(policy.advance("plant", to: at(100_000)).first)
        #expect(budget.message.contains("none since; 1 of them became stronger and were told later"))
    }

    @Test func `of a young series only the part counts that its samples vouch for`() {
        var policy = policy(series: 700)
        // Three of five powers of ten: a bar of 2 is 3.4 of its own.
        let young = change(.open, "a", at: 0, score: 8.2, learnedSamples: 999)
        #expect(opens(policy.admit([young], at: at(0))).isEmpty)
        let strong = change(.open, "b", at: 10, score: 8.4, learnedSamples: 999)
        #expect(opens(policy.admit([strong], at: at(10))) == ["b"])
    }

    @Test func `a newcomer that is held against the others is believed as they are`() {
        var policy = policy(series: 700)
        var newcomer = change(.open, "a", at: 0, score: 7.1, learnedSamples: 0)
        #expect(opens(policy.admit([newcomer], at: at(0))).isEmpty)
        newcomer = change(.open, "b", at: 10, score: 7.1, learnedSamples: 0)
        newcomer.change.learning.borrowedSamples = 200_000
        #expect(opens(policy.admit([newcomer], at: at(10))) == ["b"])
    }

    @Test func `one that stays weak is counted once, however often it is reported`() {
        var policy = policy(series: 700)
        for time in [0.0, 10, 20] {
            _ = policy.admit([change(time == 20 ? .update : .open, "a", at: time, score: 6)], at: at(time))
        }
        #expect(policy.heldBackIncidents == 1)
        _ = policy.admit([change(.close, "a", at: 30)], at: at(30))
        #expect(policy.heldMembers.isEmpty)
    }

    @Test func `many that are a little unusual at once are one incident`() {
        var policy = policy(series: 200)
        let changes = (0..<20).map { change(.open, "s\($0)", at: 0, score: 5.2, interval: 10) }
        #expect(policy.admit(changes, at: at(0)).records.count == 1)
    }

    @Test func `other kinds pass by their own rules`() {
        var policy = policy(series: 700)
        let stuck = change(.open, "a", at: 0, kind: .stuck, score: nil)
        #expect(policy.admit([stuck], at: at(0)).isPublished == [true])
        let source = change(.open, "plant", at: 1, kind: .stalled, isWholeSource: true)
        #expect(policy.admit([source], at: at(1)).isPublished == [true])
    }

    @Test func `another budget counts from then on`() {
        var policy = policy(series: 700)
        #expect(opens(policy.admit([change(.open, "a", at: 0, score: 6.5)], at: at(0))).isEmpty)
        policy.reconfigure(AlertingConfiguration(daemonFalseAlarmsPerSecond: 10.0 / 86_400))
        #expect(opens(policy.admit([change(.open, "b", at: 1, score: 6.5)], at: at(1))) == ["b"])
        policy.reconfigure(AlertingConfiguration(daemonFalseAlarmsPerSecond: 0))
        #expect(opens(policy.admit([change(.open, "c", at: 2, score: 14)], at: at(2))).isEmpty)
        policy.reconfigure(AlertingConfiguration(daemonFalseAlarmsPerSecond: 1))
        #expect(opens(policy.admit([change(.open, "d", at: 3, score: 5)], at: at(3))) == ["d"])
    }

    @Test(arguments: [(40, 1 as UInt64), (200, 2), (1_000, 3), (10_000, 4)])
    func `normal series open no more than the budget, and strong ones are told`(series: Int, seed: UInt64) {
        let days = 60.0
        var chance = Chance(state: seed)
        var policy = policy(series: series)
        var events: [(time: Double, excess: Double, isPlanted: Bool)] = []
        var time = 0.0
        while time < days * 86_400 {
            time += -86_400 * 7 / Double(series) * logarithm(chance.next())
            events.append((time, -logarithm(chance.next()) / 2.302_585_092_994_046, false))
        }
        for number in 0..<5 { events.append((86_400 * (3 + 11 * Double(number)) + 7, 7, true)) }
        events.sort { $0.time < $1.time }
        var (false_, planted) = (0, 0)
        for (number, event) in events.enumerated() {
            let opening = change(.open, "s\(number)", at: event.time, score: 5 + event.excess)
            let isTold = policy.admit([opening], at: at(event.time)).isPublished == [true]
            if isTold, event.isPlanted { planted += 1 } else if isTold { false_ += 1 }
            _ = policy.admit([change(.close, "s\(number)", at: event.time + 60)], at: at(event.time + 60))
        }
        #expect(planted == 5, "seed \(seed)")
        #expect(Double(false_) <= days + 3 + AlertPolicy.largestDebtOfAnomalies, "seed \(seed)")
        // The bar is of use only if it does not silence everything: half of the budget is used at least.
        #expect(Double(false_) >= days / 2, "\(false_) in \(days) days, seed \(seed)")
    }

    @Test func `the order of a tick's changes is of no account, and the state goes on where it was written`() throws {
        var chance = Chance(state: 7)
        var policy = policy(series: 300)
        var turned = policy
        for tick in 0..<2_000 {
            let time = Double(tick) * 300
            if tick % 100 == 0 {
                let rate = Double(100 + tick) * weekly
                policy.expect(chanceOpeningsPerSecond: rate, of: "plant", at: at(time))
                turned.expect(chanceOpeningsPerSecond: rate, of: "plant", at: at(time))
            }
            let changes = (0..<5).map { number -> SeriesChange in
                let event: AlertEvent = [.open, .update, .close][Int(chance.next() * 3)]
                return change(event, "s\(number)", at: time, score: 5 - logarithm(chance.next()), interval: 300)
            }
            let expected = policy.admit(changes, at: at(time))
            let other = turned.admit(changes.reversed(), at: at(time))
            #expect(expected.isPublished == other.isPublished.reversed(), "tick \(tick)")
            guard tick % 50 == 0 else { continue }
            var writer = StateWriter()
            policy.encode(to: &writer)
            var reader = StateReader(writer.bytes)
            policy = try AlertPolicy(configuration: daily, from: &reader)
            #expect(reader.remaining == 0)
            var again = StateWriter()
            policy.encode(to: &again)
            #expect(again.bytes == writer.bytes)
        }
    }

    @Test func `a state from before the bar goes on`() throws {
        var writer = StateWriter()
        writer.write(UInt8(1))
        OpeningBudget(tokensPerSecond: weekly * 7, capacity: 3).encode(to: &writer)
        writer.write(UInt64(4))
        writer.write(UInt32(0))
        writer.write(true)
        writer.write("00000000000000aa")
        writer.write(at(0).nanoseconds)
        writer.write(at(5).nanoseconds)
        writer.write(UInt64(4))
        writer.write("a")
        var reader = StateReader(writer.bytes)
        var policy = try AlertPolicy(configuration: daily, from: &reader)
        #expect(reader.remaining == 0 && policy.heldBackIncidents == 4)
        let close = try #require(policy.advance("plant", to: at(100_000)).first)
        #expect(close.message.hasPrefix("4 incidents were held back") && !close.message.contains("strongest"))
    }

    /// The natural logarithm, from the one under test.
    private func logarithm(_ x: Double) -> Double { FleetBar.log10(x) * 2.302_585_092_994_046 }

    /// Uniform numbers above 0 and at most 1.
    private struct Chance {
        var state: UInt64
        mutating func next() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return (Double((z ^ (z >> 31)) >> 11) + 1) / 9_007_199_254_740_992
        }
    }
}
