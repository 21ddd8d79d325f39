import Testing
import TimeSeries

@testable import Alerting

/// The daemon's budget, when streams of different times are read beside each other.
@Suite struct BudgetTimelineTests {
    private let day = 86_400.0
    private let year = 365 * 86_400.0

    /// Opens an incident of a stream and ends it a minute later.
    ///
    /// - Returns: whether it was told.
    private func isTold(_ policy: inout AlertPolicy, _ stream: String, at seconds: Double) -> Bool {
        let series = "\(stream)-\(seconds)"
        let opening = policy.admit([change(.open, series, at: seconds, stream: stream)], at: at(seconds))
        let end = seconds + 60
        _ = policy.admit([change(.close, series, at: end, until: end, stream: stream)], at: at(end))
        return opening.isPublished == [true]
    }

    private func told(_ policy: inout AlertPolicy, _ streams: [(name: String, start: Double)], days: Int) -> [Int] {
        var told = streams.map { _ in 0 }
        for hour in 0..<days * 24 {
            for (place, stream) in streams.enumerated() {
                let time = stream.start + Double(hour) * 3_600 + Double(place)
                if isTold(&policy, stream.name, at: time) { told[place] += 1 }
            }
        }
        return told
    }

    @Test func `a file of last year has the days of last year for its incidents`() {
        var policy = AlertPolicy()
        let told = told(&policy, [("live", year), ("old", 0)], days: 30)
        // One in a day and what was saved up, of 720 each.
        #expect(told[0] >= 29 && told[0] <= 33, "\(told)")
        #expect(told[1] >= 29 && told[1] <= 33, "\(told)")
    }

    @Test func `streams of one time share one budget`() {
        var policy = AlertPolicy()
        let told = told(&policy, [("a", 0), ("b", 3_600), ("c", 7_200)], days: 30)
        let sum = told.reduce(0, +)
        #expect(sum >= 29 && sum <= 33, "\(told)")
        #expect(policy.timelines.count == 1)
    }

    @Test func `who leaves the others' time takes no new tokens along, and gains none by coming back`() {
        var policy = AlertPolicy()
        _ = isTold(&policy, "b", at: 0)
        var told = 1
        for turn in 0..<50 {
            let time = Double(turn % 2) * year + Double(turn)
            if isTold(&policy, "a", at: time) { told += 1 }
        }
        #expect(told <= 6, "\(told) told in less than a minute of two days")
    }

    @Test func `a stream that catches up shares from then on, and what was held back twice is told to have ended once`()
    {
        var policy = AlertPolicy()
        for number in 0..<6 {
            _ = isTold(&policy, "live", at: year + Double(number))
            _ = isTold(&policy, "old", at: Double(number))
        }
        #expect(policy.timelines.map(\.streams) == [["live"], ["old"]])
        #expect(policy.timelines.allSatisfy { $0.heldBack != nil })
        let records = policy.advance("old", to: at(year))
        #expect(policy.timelines.map(\.streams) == [["live", "old"]])
        #expect(records.map(\.event) == [.close] && records.map(\.kind) == [.budget])
        #expect(policy.timelines.first?.heldBack != nil)
        let last = policy.advance("live", to: at(year + 2 * day))
        #expect(last.map(\.event) == [.close])
    }

    @Test func `a stream alone whose clock was set back goes on with its tokens`() {
        var policy = AlertPolicy()
        let before = (0..<5).map { isTold(&policy, "a", at: year + Double($0)) }
        #expect(before == [true, true, true, false, false])
        #expect(isTold(&policy, "a", at: 0) == false)
        #expect(isTold(&policy, "a", at: day + 1))
        #expect(policy.timelines.count == 1)
    }

    @Test func `each timeline has a bar of its own`() {
        var policy = AlertPolicy()
        policy.expect(chanceOpeningsPerSecond: 700 / (7 * day), of: "many", at: at(year))
        policy.expect(chanceOpeningsPerSecond: 1 / (7 * day), of: "few", at: at(0))
        #expect(!isTold(&policy, "many", at: year + 1))
        #expect(isTold(&policy, "few", at: 1))
    }

    @Test func `more times than are kept are counted to the nearest`() {
        var policy = AlertPolicy()
        for number in 0..<100 { _ = policy.advance("s\(number)", to: at(Double(number) * year)) }
        #expect(policy.timelines.count == BudgetTimeline.mostTimelines)
        #expect(policy.timelines.reduce(0) { $0 + $1.streams.count } == 100)
    }

    @Test func `timelines go on from a state`() throws {
        var policy = AlertPolicy()
        for number in 0..<6 {
            _ = isTold(&policy, "live", at: year + Double(number))
            _ = isTold(&policy, "old", at: Double(number))
        }
        var writer = StateWriter()
        policy.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try AlertPolicy(configuration: AlertingConfiguration(), from: &reader)
        #expect(restored.timelines == policy.timelines)
        #expect(
            told(&restored, [("live", year + 60), ("old", 60)], days: 3)
                == told(&policy, [("live", year + 60), ("old", 60)], days: 3))
    }
}
