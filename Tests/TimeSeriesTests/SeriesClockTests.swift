import Testing
import TimeSeries

@Suite struct SeriesClockTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

    private func clock(rows: Int, every interval: Double) -> SeriesClock {
        var clock = SeriesClock()
        for row in 0..<rows { _ = clock.admit(at(Double(row) * interval)) }
        return clock
    }

    @Test func `the interval is the median distance`() {
        let clock = clock(rows: 20, every: 300)
        #expect(clock.interval == 300)
        #expect(clock.isRegular)
    }

    @Test func `missed ticks are counted`() {
        var clock = clock(rows: 20, every: 1)
        #expect(clock.admit(at(20)) == .onTime(missed: 0))
        #expect(clock.admit(at(24)) == .onTime(missed: 3))
        #expect(clock.admit(at(25.2)) == .onTime(missed: 0))
    }

    @Test func `a declared interval is kept`() {
        var clock = SeriesClock(interval: 10)
        _ = clock.admit(at(0))
        #expect(clock.admit(at(20)) == .onTime(missed: 1))
        #expect(clock.interval == 10)
    }

    @Test func `a duplicate and a late row are counted and the next row is on time`() {
        var clock = clock(rows: 20, every: 1)
        #expect(clock.admit(at(19)) == .duplicate)
        #expect(clock.admit(at(17)) == .late)
        #expect(clock.admit(at(20)) == .onTime(missed: 0))
        #expect((clock.duplicateRows, clock.lateRows) == (1, 1))
    }

    @Test func `three late rows in order are a step of the clock`() {
        var clock = clock(rows: 20, every: 1)
        #expect(clock.admit(at(5)) == .late)
        #expect(clock.admit(at(6)) == .late)
        #expect(clock.admit(at(7)) == .stepped)
        #expect(clock.admit(at(8)) == .onTime(missed: 0))
        #expect(clock.steps == 1)
    }

    @Test func `three late rows out of order are late`() {
        var clock = clock(rows: 20, every: 1)
        #expect([7.0, 6, 5, 4].map { clock.admit(at($0)) } == [.late, .late, .late, .late])
    }

    @Test func `a hundred duplicates never step the clock`() {
        var clock = clock(rows: 20, every: 1)
        for _ in 0..<100 { #expect(clock.admit(at(19)) == .duplicate) }
    }

    @Test func `irregular rows miss nothing`() {
        var clock = SeriesClock()
        var time = 0.0
        for row in 0..<64 {
            time += [1, 37, 4, 90, 13.5][row % 5]
            _ = clock.admit(at(time))
        }
        #expect(!clock.isRegular)
        #expect(clock.admit(at(time + 5_000)) == .onTime(missed: 0))
    }

    // MARK: Clocks that are set

    private let now = 1_792_000_000.0

    @Test func `a clock that begins in 1970 and is set begins its grid anew and keeps its interval`() {
        var clock = clock(rows: 100, every: 5)
        #expect(clock.admit(at(now)) == .stepped)
        #expect(clock.interval == 5)
        #expect(clock.isRegular)
        for row in 1...200 { #expect(clock.admit(at(now + Double(row) * 5)) == .onTime(missed: 0)) }
        #expect(clock.admit(at(now + 1_020)) == .onTime(missed: 3))
        #expect(clock.interval == 5)
        #expect((clock.steps, clock.lateRows, clock.duplicateRows) == (1, 0, 0))
    }

    @Test func `a declared interval is kept too`() {
        var clock = SeriesClock(interval: 60)
        _ = clock.admit(at(30))
        #expect(clock.admit(at(now)) == .stepped)
        #expect(clock.admit(at(now + 60)) == .onTime(missed: 0))
    }

    @Test(arguments: [
        (1_000.0, 946_700_000.0, true), (900_000_000, 946_684_800, true), (930_000_000, 946_684_800, false),
        (946_684_799, 946_684_800, false), (1_546_300_800, 1_792_000_000, false), (1_400_000_000, 1_792_000_000, true),
        (-2_000_000_000, -1_999_999_000, false),
    ])
    func `years ahead, or from before 2000 by more than one, is a clock that was set`(
        before: Double, after: Double, isSet: Bool
    ) {
        var clock = SeriesClock(interval: 1)
        _ = clock.admit(at(before))
        #expect((clock.admit(at(after)) == .stepped) == isSet)
    }

    @Test func `a single time far ahead costs its row and two more`() {
        var clock = clock(rows: 100, every: 5)
        #expect(clock.admit(at(9e9)) == .stepped)
        #expect([500.0, 505, 510, 515].map { clock.admit(at($0)) } == [.late, .late, .stepped, .onTime(missed: 0)])
        #expect(clock.interval == 5)
    }

    @Test func `a clock that is put right by seconds misses or repeats a few rows`() {
        var clock = clock(rows: 100, every: 1)
        #expect(clock.admit(at(103.4)) == .onTime(missed: 3))
        #expect(clock.admit(at(104.4)) == .onTime(missed: 0))
        #expect([103.9, 104.9].map { clock.admit(at($0)) } == [.late, .onTime(missed: 0)])
        #expect(clock.steps == 0)
    }

    @Test func `the ends of time do not trap and leave the interval above zero`() {
        var clock = SeriesClock()
        for nanoseconds in [0, Int64.min, 0, 5, .max, .min, .min + 1, .min + 2, .max - 1, .max, 0, 1, 2, 3] {
            _ = clock.admit(Timestamp(nanoseconds: nanoseconds))
            _ = clock.reading(Timestamp(nanoseconds: nanoseconds), repeatedAfter: 3_600)
        }
        #expect((clock.interval ?? 1) > 0)
    }

    // MARK: The hour that clocks show twice

    /// Feeds instants, in seconds from the beginning of the first pass, to a clock that has learned its interval. Those
    /// of the two passes come as they are shown: as the first of the two that they can be.
    ///
    /// - Returns: the instants that they were taken for, and what each row is.
    private func told(_ instants: [Double], every interval: Double) -> (
        instants: [Double], admissions: [SeriesClock.Admission]
    ) {
        var clock = SeriesClock()
        let begin = min(0, instants[0])
        for row in 1...20 { _ = clock.admit(at(begin - Double(21 - row) * interval)) }
        var taken: [Double] = []
        var admissions: [SeriesClock.Admission] = []
        for instant in instants {
            let isTwice = (0..<7_200).contains(instant)
            let first = isTwice && instant >= 3_600 ? instant - 3_600 : instant
            let time = clock.reading(at(first), repeatedAfter: isTwice ? 3_600 : 0)
            taken.append(time.seconds)
            admissions.append(clock.admit(time))
            // A restart at any row changes nothing.
            var writer = StateWriter()
            clock.encode(to: &writer)
            var reader = StateReader(writer.bytes)
            if let restored = try? SeriesClock(from: &reader) { clock = restored }
        }
        return (taken, admissions)
    }

    @Test(arguments: [1.0, 10, 60, 300, 900, 1_800, 2_700, 3_600])
    func `both passes of the repeated hour are on time, whatever the interval`(interval: Double) {
        let instants = (-10...(Int(7_200 / interval) + 10)).map { Double($0) * interval }
        let result = told(instants, every: interval)
        #expect(result.instants == instants)
        #expect(result.admissions.allSatisfy { $0 == .onTime(missed: 0) })
    }

    @Test func `a late or doubled row is so in either pass`() {
        let first = [0.0, 1, 2, 3, 3, 1, 4, 5]
        #expect(told(first, every: 1).instants == first)
        #expect(told(first, every: 1).admissions[4...5] == [.duplicate, .late])
        let second = [3_598.0, 3_599, 3_600, 3_601, 3_602, 3_602, 3_600, 3_603]
        #expect(told(second, every: 1).instants == second)
        #expect(told(second, every: 1).admissions[5...6] == [.duplicate, .late])
    }

    @Test func `an outage across the return is found at once or at the third row`() {
        #expect(told([3_000, 4_600, 4_601], every: 1).instants == [3_000, 4_600, 4_601])
        let short = told([3_000, 6_100, 6_101, 6_102, 6_103], every: 1)
        #expect(short.instants == [3_000, 2_500, 2_501, 6_102, 6_103])
        #expect(short.admissions.suffix(4) == [.late, .late, .onTime(missed: 3_101), .onTime(missed: 0)])
    }

    @Test func `a clock that is put right by a minute within the hour steps, and stays in its pass`() {
        let result = told([3_000, 2_950, 2_951, 2_952, 2_953], every: 1)
        #expect(result.instants == [3_000, 2_950, 2_951, 2_952, 2_953])
        #expect(result.admissions.suffix(4) == [.late, .late, .stepped, .onTime(missed: 0)])
    }

    @Test func `the first row of a series within the hour is its first pass`() {
        #expect(SeriesClock().reading(at(5), repeatedAfter: 3_600) == at(5))
    }

    @Test func `a stored clock goes on as if it had not been stored`() throws {
        var clock = clock(rows: 100, every: 2)
        _ = clock.admit(at(50))
        _ = clock.admit(at(51))
        var writer = StateWriter()
        clock.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try SeriesClock(from: &reader)
        #expect(restored == clock)
        #expect(restored.admit(at(52)) == .stepped)
    }
}
