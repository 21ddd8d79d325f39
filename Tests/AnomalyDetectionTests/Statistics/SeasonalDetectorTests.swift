import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct SeasonalDetectorTests {
    /// A building in Berlin: 21 °C from six to six on working days, else 16 °C, with noise; a sample every ten minutes.
    struct Building {
        static let berlin = TimeZoneRules(name: "Berlin", posix: "CET-1CEST,M3.5.0,M10.5.0/3") ?? .utc
        var detector = SeasonalDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 71)
        var time: Timestamp

        init(from year: Int, _ month: Int, _ day: Int) {
            time = CivilTime(year: year, month: month, day: day).utc
        }

        static func isWarm(_ week: Double) -> Bool {
            let hour = (week * 168).truncatingRemainder(dividingBy: 24)
            return week < 5.0 / 7 && hour >= 6 && hour < 18
        }

        /// The next sample's score.
        mutating func step(weight: Double = 1, _ change: (inout Double) -> Void = { _ in }) -> Float {
            let week = PhaseOfDay.turnsOfWeek(at: time, in: Self.berlin)
            feed.next {
                $0[0] = (Self.isWarm(week + 1e-9) ? 21 : 16) + 0.2 * $0[0]
                change(&$0[0])
            }
            feed.frame.phaseOfWeek = week
            let score = detector.score(feed.frame)
            detector.learn(feed.frame, weight: weight)
            time = time.advanced(bySeconds: 600)
            return score
        }

        /// The largest score until an instant.
        mutating func run(until year: Int, _ month: Int, _ day: Int, _ hour: Int = 0) -> Float {
            let end = CivilTime(year: year, month: month, day: day, hour: hour).utc
            var largest: Float = 0
            while time < end { largest = max(largest, step()) }
            return largest
        }

        /// The score of a value at an instant, of which nothing is learned.
        func score(_ value: Double, _ year: Int, _ month: Int, _ day: Int, _ hour: Int) -> Float {
            var copy = self
            copy.time = CivilTime(year: year, month: month, day: day, hour: hour).utc
            return copy.step { $0 = value }
        }
    }

    @Test func `knows Monday from Sunday, and noon from midnight`() {
        // Three weeks from Monday, 2026-01-05.
        var building = Building(from: 2026, 1, 5)
        let usual = building.run(until: 2026, 1, 26)
        #expect(usual < 8, "\(usual)")
        // Monday 26th and Sunday 25th at 11 h UTC, noon in Berlin; Monday at 23 h UTC is midnight.
        #expect(building.score(21, 2026, 1, 26, 11) < 3)
        #expect(building.score(16, 2026, 1, 26, 11) > 15)
        #expect(building.score(21, 2026, 1, 25, 11) > 15)
        #expect(building.score(16, 2026, 1, 25, 11) < 3)
        #expect(building.score(21, 2026, 1, 26, 23) > 15)
        #expect(building.score(16, 2026, 1, 26, 23) < 3)
    }

    @Test func `goes by the clocks over both changes`() {
        var building = Building(from: 2026, 3, 2)
        _ = building.run(until: 2026, 3, 29)
        // The hour from 2 to 3 is skipped on the 29th; on Monday people come at six by the new time, 4 h UTC.
        #expect(building.run(until: 2026, 4, 3) < 8)
        #expect(building.score(21, 2026, 4, 3, 4) < 3)
        #expect(building.score(16, 2026, 4, 3, 4) > 15)
        var autumn = Building(from: 2026, 10, 1)
        _ = autumn.run(until: 2026, 10, 24)
        // The hour from 2 to 3 comes twice on the 25th, and six is at 5 h UTC from then on.
        #expect(autumn.run(until: 2026, 10, 30) < 8)
        #expect(autumn.score(16, 2026, 10, 30, 4) < 3)
        #expect(autumn.score(16, 2026, 10, 30, 5) > 15)
    }

    @Test func `says nothing of a bin before its third visit is over, and nothing without civil time`() {
        var building = Building(from: 2026, 1, 4)
        _ = building.run(until: 2026, 1, 8)
        // Thursday the 8th, noon in Berlin: Monday, Tuesday and Wednesday have been seen, Saturday never.
        #expect(building.score(40, 2026, 1, 8, 11) > 15)
        #expect(building.score(40, 2026, 1, 10, 11) == 0)
        var young = Building(from: 2026, 1, 4)
        _ = young.run(until: 2026, 1, 7)
        #expect(young.score(40, 2026, 1, 7, 11) == 0)
        building.feed.next { $0[0] = 40 }
        building.feed.frame.phaseOfWeek = nil
        #expect(building.detector.score(building.feed.frame) == 0)
    }

    @Test func `one wild hour does not become the rule, a closed gate learns none of it`() {
        var building = Building(from: 2026, 1, 5)
        _ = building.run(until: 2026, 1, 20)
        var gated = building
        // Tuesday, the whole day.
        for _ in 0..<144 {
            _ = building.step { $0 = 1_000 }
            _ = gated.step(weight: 0) { $0 = 1_000 }
        }
        #expect(building.score(1_000, 2026, 1, 21, 11) > 100)
        #expect(gated.score(21, 2026, 1, 21, 11) < 3)
        #expect(gated.score(16, 2026, 1, 21, 11) > 15)
    }

    @Test func `the week has 336 slots, and full hours begin theirs`() {
        for slot in 0..<336 {
            let expected = slot % 48 + (slot < 240 ? 0 : 48)
            #expect(SeasonalDetector.bin(Double(slot) / 336) == expected)
            let time = Timestamp(nanoseconds: 345_600_000_000_000 + Int64(slot) * 1_800_000_000_000)
            #expect(SeasonalDetector.bin(PhaseOfDay.turnsOfWeek(at: time, in: .utc)) == expected)
        }
        #expect(SeasonalDetector.bin(1.0.nextDown) == 95)
        #expect(SeasonalDetector.bin(.nan) == 0)
    }
}
