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
