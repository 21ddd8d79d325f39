import AnomalyDetection
import Testing
import TimeSeries

@Suite struct PhaseOfDayTests {
    private let berlin = TimeZoneRules(name: "Berlin", posix: "CET-1CEST,M3.5.0,M10.5.0/3") ?? .utc

    private func turns(_ month: Int, _ day: Int, _ hour: Int, _ minute: Int = 0, in zone: TimeZoneRules) -> Double? {
        let time = CivilTime(year: 2026, month: month, day: day, hour: hour, minute: minute).utc
        return PhaseOfDay.turns(at: time, interval: 60, in: zone)
    }

    @Test func `six in the morning is a quarter of the day in summer and in winter`() {
        #expect(turns(1, 15, 6, in: .utc) == 0.25)
        #expect(turns(1, 15, 5, in: berlin) == 0.25)
        #expect(turns(7, 15, 4, in: berlin) == 0.25)
        #expect(turns(7, 14, 22, in: berlin) == 0)
    }

    @Test func `the days of a change go by the clocks too`() {
        // An hour is skipped, an hour comes twice.
        #expect(turns(3, 29, 0, 59, in: berlin) == 119.0 / 1_440)
        #expect(turns(3, 29, 1, 0, in: berlin) == 180.0 / 1_440)
        #expect(turns(10, 25, 0, 30, in: berlin) == turns(10, 25, 1, 30, in: berlin))
    }

    @Test func `before 1970 and at the ends of time it is a share all the same`() {
        for nanoseconds in [Int64.min, -1, .max] {
            let share = PhaseOfDay.turns(at: Timestamp(nanoseconds: nanoseconds), interval: 60, in: berlin) ?? -1
            #expect((0..<1).contains(share))
        }
    }

    @Test func `the week begins on Monday at midnight by the clocks`() {
        // 2026-01-12 is a Monday.
        func week(_ month: Int, _ day: Int, _ hour: Int, in zone: TimeZoneRules) -> Double {
            PhaseOfDay.turnsOfWeek(at: CivilTime(year: 2026, month: month, day: day, hour: hour).utc, in: zone)
        }
        #expect(week(1, 12, 0, in: .utc) == 0)
        #expect(week(1, 11, 23, in: berlin) == 0)
        #expect(week(7, 12, 22, in: berlin) == 0)
        #expect(week(1, 18, 12, in: .utc) == 6.5 / 7)
        #expect(week(10, 25, 0, in: berlin) == week(10, 25, 1, in: berlin))
        for nanoseconds in [Int64.min, -1, 0, .max] {
            let share = PhaseOfDay.turnsOfWeek(at: Timestamp(nanoseconds: nanoseconds), in: berlin)
            #expect((0..<1).contains(share))
        }
    }

    @Test func `fast series have none`() {
        #expect(PhaseOfDay.turns(at: Timestamp(nanoseconds: 0), interval: 29, in: .utc) == nil)
        #expect(PhaseOfDay.turns(at: Timestamp(nanoseconds: 0), interval: nil, in: .utc) == nil)
    }
}
