import Testing
import TimeSeries

@testable import Alerting

@Suite struct IncidentTrackerTests {
    @Test(arguments: [(false, "it has stayed so"), (true, "it was accepted")])
    func `closes at once when the new level is taken for usual`(isAccepted: Bool, words: String) throws {
        var tracker = IncidentTracker(rule: rule)
        #expect(run("..xaaa", &tracker) == ["2 open warning since 2"])
        var sample = verdict(6)
        sample.isNewNormal = true
        sample.isAccepted = isAccepted
        let change = tracker.observe(sample)
        let close = try #require(change)
        #expect(close.event == .close && close.until == at(6) && !tracker.isOpen)
        #expect(close.detail?.hasPrefix(words) == true)
        // Nothing is left of the excursion.
        #expect(run("......", &tracker, from: 7) == [])
        #expect(run("e", &tracker, from: 13) == ["13 open warning since 13"])
    }

    @Test func `an incident of another kind takes an opening until the budget is overdrawn`() {
        var tracker = IncidentTracker(rule: rule)
        let taken = (0..<5).map { _ in tracker.takeOpening() }
        // One saved up, two on credit.
        #expect(taken == [true, true, true, false, false])
        // Events come all the same, and while one is open nothing else opens.
        #expect(run("x", &tracker) == ["0 open warning since 0"])
        let beside = tracker.takeOpening()
        #expect(!beside)
    }

    @Test func `says that a series has returned that was held, also behind a restart`() throws {
        var tracker = IncidentTracker(rule: rule)
        #expect(run("..x", &tracker) == ["2 open warning since 2"])
        var held = verdict(3, isAbnormal: true)
        held.learning.isHeld = true
        #expect(tracker.observe(held) == nil)
        var writer = StateWriter()
        tracker.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        tracker = try IncidentTracker(rule: rule, from: &reader)
        var close: IncidentChange?
        for number in UInt64(4)..<10 where close == nil { close = tracker.observe(verdict(number)) }
        #expect(close?.event == .close && close?.detail == "it has returned to what was usual before")
        // The next incident is one of its own.
        #expect(run("e", &tracker, from: 20) == ["20 open warning since 20"])
        close = nil
        for number in UInt64(21)..<30 where close == nil { close = tracker.observe(verdict(number)) }
        #expect(close?.event == .close && close?.detail == nil)
    }

    private func part(_ channel: Int, _ value: Double?, low: Double = 10, high: Double = 12) -> Explanation.ChannelPart
    {
        .init(channel: channel, value: value, expected: 11, low: low, high: high, share: 0.5, direction: .high)
    }

    @Test func `an incident is not over while its channel is out of the band that it left, for an hour`() throws {
        var tracker = IncidentTracker(rule: rule)
        #expect(run("..e", &tracker) == ["2 open warning since 2"])
        tracker.note(
            Departure(
                Explanation(channels: [part(0, 12.5), part(1, 16), part(2, nil)], detectors: [], raritySeconds: nil)))
        let rows = [[11, 13, 11], [11, .nan, 11], [99, 11.9, 11], [11, 9, 11]]
        var away: [Bool] = []
        for row in rows { away.append(tracker.isAway(row.span)) }
        #expect(away == [true, true, false, false])
        for number in UInt64(3)..<20 { #expect(tracker.observe(verdict(number), isAway: true) == nil) }
        var writer = StateWriter()
        tracker.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try IncidentTracker(rule: rule, from: &reader)
        #expect(restored == tracker)
        // It comes back, and is over since then.
        var changes = (UInt64(20)..<23).compactMap { restored.observe(verdict($0)) }
        #expect(changes.map(\.event) == [.close] && changes.first?.until == at(20))
        // It does not: an hour after the last unusual sample it counts as usual.
        changes = (UInt64(20)..<3_700).compactMap { tracker.observe(verdict($0), isAway: true) }
        #expect(changes.map(\.event) == [.close] && changes.first?.until == at(3_603))
    }

    @Test func `where every channel is within its band nothing lingers`() {
        #expect(
            Departure(
                Explanation(
                    channels: [part(0, 11), part(1, 12), part(2, 5, low: 5, high: 5)], detectors: [], raritySeconds: nil
                )) == nil)
        var tracker = IncidentTracker(rule: rule)
        #expect(run("..e", &tracker) == ["2 open warning since 2"])
        tracker.note(nil)
        let row = [99.0]
        let isAway = tracker.isAway(row.span)
        #expect(!isAway)
    }

    /// One opening is saved up at the start, so that a short sequence can show it.
    private let rule = IncidentRule(falseAlarmsPerSecond: 0.001, quietSamples: 3, initialBudget: 1)

    /// Feeds samples written as letters, one a second: `.` normal, `a` abnormal, `e` an event, `E` a critical event, `x`
    /// an event in an abnormal state, `-` nobody votes yet; gives back what came of each.
    private func run(
        _ samples: String, _ tracker: inout IncidentTracker, from first: UInt64 = 0, learning: LearningState = learned
    ) -> [String] {
        var changes: [String] = []
        for (offset, letter) in samples.enumerated() {
            let score: Double? = letter == "-" ? nil : "ex".contains(letter) ? 5 : letter == "E" ? 7 : 0
            let isAbnormal = "ax".contains(letter)
            let sample = verdict(first + UInt64(offset), score: score, isAbnormal: isAbnormal, learning: learning)
            if let change = tracker.observe(sample) {
                changes.append("\(sample.sampleNumber) \(change.event) \(change.severity) since \(change.onsetSample)")
            }
        }
        return changes
    }

    @Test(arguments: [
        ("....", []),
        ("----", []),
        ("..e...", ["2 open warning since 2", "5 close warning since 2"]),
        ("..e..e...", ["2 open warning since 2", "8 close warning since 2"]),
        ("..a...", ["2 open warning since 2", "5 close warning since 2"]),
        ("..aaaa..aa.....", ["2 open warning since 2", "12 close warning since 2"]),
        ("..E.", ["2 open critical since 2"]),
        ("..eE.E", ["2 open warning since 2", "3 update critical since 2"]),
        ("..Ee...", ["2 open critical since 2", "6 close critical since 2"]),
        // The second excursion begins with the state alone, and the budget is spent: not even when it lasts.
        ("e...aaaaaa", ["0 open warning since 0", "3 close warning since 0"]),
        // An event within it opens all the same, and the onset is where the state began.
        (
            "e...aaaxa...",
            [
                "0 open warning since 0", "3 close warning since 0", "7 open warning since 4",
                "11 close warning since 4",
            ]
        ),
    ]) func `a sequence of samples gives these changes`(samples: String, expected: [String]) {
        var tracker = IncidentTracker(rule: rule)
        #expect(run(samples, &tracker) == expected)
    }

    @Test func `a close tells the first normal sample, the highest score and the onset's time`() {
        var tracker = IncidentTracker(rule: rule)
        _ = run("..e.E..", &tracker)
        let close = tracker.observe(verdict(7))
        #expect(
            close
                == IncidentChange(
                    event: .close, kind: .anomaly, time: at(7), since: at(2), onsetSample: 2, until: at(5),
                    severity: .critical, score: 7, threshold: 5, learning: learned))
        #expect(!tracker.isOpen)
    }

    @Test func `while learning the severity stays at warning`() {
        var tracker = IncidentTracker(rule: rule)
        #expect(run("EEE", &tracker, learning: learning) == ["0 open warning since 0"])
        #expect(run("E", &tracker, from: 3) == ["3 update critical since 0"])
    }

    @Test func `a configured severity stands above the score's`() {
        var tracker = IncidentTracker(rule: IncidentRule(fixedSeverity: .critical))
        #expect(run("e", &tracker) == ["0 open critical since 0"])
        tracker = IncidentTracker(rule: IncidentRule(fixedSeverity: .warning))
        #expect(run("E", &tracker) == ["0 open warning since 0"])
    }

    @Test func `the state opens again when the budget has come back`() {
        var tracker = IncidentTracker(rule: rule)
        _ = run("a...", &tracker)
        #expect(run("a.", &tracker, from: 900) == [])
        #expect(run("a", &tracker, from: 1_001) == ["1001 open warning since 1001"])
    }

    @Test func `an excursion that was refused does not open when the budget comes back within it`() {
        var tracker = IncidentTracker(rule: rule)
        #expect(run("e..." + String(repeating: "a", count: 2_000), &tracker).count == 2)
        #expect(tracker.openingsLeft == 1)
        #expect(run(".a", &tracker, from: 2_004) == ["2005 open warning since 2005"])
    }

    @Test func `a new series opens by its state only once the budget allows one`() {
        var tracker = IncidentTracker(rule: IncidentRule(falseAlarmsPerSecond: 0.001, quietSamples: 3))
        #expect(run("..aa...", &tracker).isEmpty)
        #expect(run(".a", &tracker, from: 1_000) == ["1001 open warning since 1001"])
    }

    @Test func `a gap, or a clock that was set by years, counts as a day at most`() {
        let daily = IncidentRule(falseAlarmsPerSecond: 0.1 / 86_400, quietSamples: 3)
        var tracker = IncidentTracker(rule: daily)
        _ = run("...", &tracker)
        let before = tracker.openingsLeft
        _ = run(".", &tracker, from: 60 * 365 * 86_400)
        #expect(abs(tracker.openingsLeft - before - 0.1) < 1e-6)
        // Seen every hour of it the same time counts whole.
        for hour in 1...24 { _ = run(".", &tracker, from: 60 * 365 * 86_400 + UInt64(hour) * 3_600) }
        #expect(abs(tracker.openingsLeft - before - 0.2) < 1e-6)
    }

    @Test func `events leave a debt of two openings at most`() {
        var tracker = IncidentTracker(rule: rule)
        for number in 0..<20 { _ = run("e...", &tracker, from: UInt64(number) * 4) }
        #expect(tracker.openingsLeft <= -1.98)
        #expect(tracker.openingsLeft >= -2)
    }

    @Test(arguments: ["", "e", "e..", "aE", "e...aa"]) func `an open incident survives a restart`(samples: String)
        throws
    {
        var tracker = IncidentTracker(rule: rule)
        _ = run(samples, &tracker)
        var writer = StateWriter()
        tracker.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try IncidentTracker(rule: rule, from: &reader)
        #expect(reader.remaining == 0)
        #expect(restored == tracker)
        let rest = ".xE....a"
        #expect(run(rest, &restored, from: 10) == run(rest, &tracker, from: 10))
    }

    @Test func `a damaged or newer state is refused`() {
        var reader = StateReader([2])
        #expect(throws: StateCodingError.self) { try IncidentTracker(rule: rule, from: &reader) }
        reader = StateReader([1, 0])
        #expect(throws: StateCodingError.self) { try IncidentTracker(rule: rule, from: &reader) }
    }
}

@Suite struct ConditionTrackerTests {
    @Test func `a condition opens once, closes once and survives a restart`() throws {
        var tracker = ConditionTracker(kind: .stalled)
        #expect(tracker.end(time: at(0), learning: learned) == nil)
        let opening = tracker.begin(since: at(5), onsetSample: 4, time: at(9), learning: learned, detail: "d")
        #expect(
            opening
                == IncidentChange(
                    event: .open, kind: .stalled, time: at(9), since: at(5), onsetSample: 4, severity: .warning,
                    learning: learned, detail: "d"))
        #expect(tracker.begin(since: at(6), onsetSample: 5, time: at(10), learning: learned) == nil)

        var writer = StateWriter()
        tracker.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try ConditionTracker(kind: .stalled, from: &reader)
        #expect(restored == tracker)
        #expect(
            restored.end(time: at(20), learning: learned)
                == IncidentChange(
                    event: .close, kind: .stalled, time: at(20), since: at(5), onsetSample: 4, until: at(20),
                    severity: .warning, learning: learned))
        #expect(!restored.isOpen)
    }
}

@Suite struct OpeningBudgetTests {
    @Test func `tokens come with event time, up to the capacity`() {
        var budget = OpeningBudget(tokensPerSecond: 0.1, capacity: 2)
        budget.refill(to: at(0))
        let taken = [budget.take(), budget.take(), budget.take()]
        #expect(taken == [true, true, false])
        budget.refill(to: at(9))
        #expect(budget.take() == false)
        budget.refill(to: at(11))
        #expect(budget.take() == true)
        budget.refill(to: at(10_000))
        #expect(budget.tokens == 2)
    }

    @Test func `an earlier time refills nothing, a clock that was set does not stop the budget`() {
        var budget = OpeningBudget(tokensPerSecond: 0.1, capacity: 1, tokens: 0)
        budget.refill(to: at(100_000))
        budget.refill(to: at(99_990))
        budget.refill(to: at(100_000))
        #expect(budget.tokens == 0)
        budget.refill(to: at(0))
        budget.refill(to: at(5))
        #expect(budget.tokens == 0.5)
    }
}
