import TestSupport
import Testing
import TimeSeries

@Suite struct SpanHabitTests {
    private static let weekly = 1.0 / 604_800
    private static let month = 30.0 * 86_400

    @Test func `fewer than sixteen spans say nothing, and a rate of zero never does`() {
        var habit = SpanHabit()
        for _ in 0..<15 { habit.learn(1, generation: Self.month) }
        #expect(habit.limit(tail: .exponential, rate: Self.weekly, unit: 1) == nil)
        habit.learn(1, generation: Self.month)
        #expect(habit.limit(tail: .exponential, rate: Self.weekly, unit: 1) == 5 + 500.0 / 16)
        #expect(habit.limit(tail: .exponential, rate: 0, unit: 1) == nil)
    }

    @Test func `regular spans give a floor of a few units that sinks with what is known`() throws {
        var habit = SpanHabit()
        for _ in 0..<10_000 { habit.learn(2, generation: Self.month) }
        #expect(habit.limit(tail: .exponential, rate: Self.weekly, unit: 2) == 2 * 5.05)
        #expect(habit.limit(tail: .power, rate: Self.weekly, unit: 2) == 2 * 5.05)
    }

    @Test func `two outages are no habit and the third one is`() throws {
        var habit = SpanHabit()
        for _ in 0..<1_000 { habit.learn(1, generation: Self.month) }
        for outage in 1...3 {
            habit.learn(3_600, generation: Self.month)
            let limit = try #require(habit.limit(tail: .exponential, rate: Self.weekly, unit: 1))
            #expect((limit > 3_600) == (outage == 3), "\(limit) after \(outage)")
        }
        #expect(habit.longest == 3_600)
        #expect(habit.countBeyond(10) == 3)
    }

    @Test func `spans beyond the limit of a random reporter are about as rare as was asked for`() throws {
        var generator = SeededGenerator(seed: 3)
        let daily = 1.0 / 86_400
        var exceeded = 0
        var watched = 0.0
        for _ in 0..<20 {
            var habit = SpanHabit()
            for _ in 0..<50_000 {
                let span = -20 * Transcendental.log(generator.uniform() + 0x1p-60)
                if let limit = habit.limit(tail: .exponential, rate: daily, unit: 14), span > limit { exceeded += 1 }
                habit.learn(span, generation: Self.month)
                watched += span
            }
        }
        let perDay = Double(exceeded) / (watched / 86_400)
        #expect(perDay < 2, "\(perDay) a day where 1 was asked for")
    }

    @Test func `a power tail reaches further than an exponential one`() throws {
        var habit = SpanHabit()
        for run in 1...400 { habit.learn(Double(run % 40 + 1), generation: 1e9) }
        let near = try #require(habit.limit(tail: .exponential, rate: 1e-5, unit: 1))
        let far = try #require(habit.limit(tail: .power, rate: 1e-5, unit: 1))
        #expect(near >= 40 && far >= near)
    }

    @Test func `what is older than two generations is forgotten`() {
        var habit = SpanHabit()
        for _ in 0..<3 { habit.learn(50, generation: 1_000) }
        for _ in 0..<900 { habit.learn(1, generation: 1_000) }
        #expect(habit.longest == 50)
        for _ in 0..<2_000 { habit.learn(1, generation: 1_000) }
        #expect(habit.longest == 1)
        #expect(habit.watched < 2_100)
    }

    @Test func `lengths that are none are not learned`() {
        var habit = SpanHabit()
        for span in [0, -1, .nan, .infinity] { habit.learn(span, generation: 10) }
        #expect(habit == SpanHabit())
    }

    @Test func `a stored habit goes on, and a damaged one is refused`() throws {
        var habit = SpanHabit()
        for span in 1...300 { habit.learn(Double(span % 17) + 0.5, generation: 400) }
        var writer = StateWriter()
        habit.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try SpanHabit(from: &reader) == habit)
        for length in 0..<writer.bytes.count {
            var short = StateReader(Array(writer.bytes[..<length]))
            #expect(throws: StateCodingError.self) { try SpanHabit(from: &short) }
        }
        for place in [8, 8 + 64, 8 + 128] {
            var bytes = writer.bytes
            for byte in place..<(place + 8) { bytes[byte] = 0xff }
            var damaged = StateReader(bytes)
            #expect(throws: StateCodingError.self) { try SpanHabit(from: &damaged) }
        }
    }
}
