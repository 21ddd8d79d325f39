import AnomalyDetection
import TestSupport
import Testing
import TimeSeries

@Suite struct SampleConditionerTests {
    private static func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64((seconds * 1e9).rounded())) }

    /// A conditioner of channels a, b, c, … and what came out last.
    private struct Rig {
        var conditioner: SampleConditioner
        var values: [Double]
        var measured: [Double]

        init(_ channels: Int, _ conditions: SampleConditions) {
            conditioner = SampleConditioner(channels: Rig.channels(channels), conditions: conditions)
            values = Array(repeating: 7, count: channels)
            measured = values
        }

        static func channels(_ count: Int) -> [Channel] {
            (0..<count).map { Channel(name: ["a", "b", "c"][$0]) }
        }

        @discardableResult
        mutating func take(_ raw: [Double], _ seconds: Double, restarts: Bool = false) -> [String] {
            conditioner.condition(
                raw.span, at: SampleConditionerTests.at(seconds), restarts: restarts, into: &values,
                measured: &measured)
            return values.map { "\($0)" }
        }

        mutating func fill(_ seconds: Double) -> [String] {
            conditioner.fill(into: &values, at: SampleConditionerTests.at(seconds))
            return values.map { "\($0)" }
        }
    }

    @Test func `without conditions every value passes as it is`() {
        var rig = Rig(3, SampleConditions())
        #expect(rig.take([1, .nan, -32_768], 0) == ["1.0", "nan", "-32768.0"])
        #expect(rig.measured[0] == 1 && rig.measured[1].isNaN)
        #expect(rig.conditioner.filledTicks(missed: 9) == 0)
    }

    @Test func `sentinels are missing`() {
        var rig = Rig(3, SampleConditions(sentinels: [-32_768, 65_535]))
        #expect(rig.take([-32_768, 65_535, 65_534.5], 0) == ["nan", "nan", "65534.5"])
    }

    @Test func `held values stand in, but are not measured`() {
        var rig = Rig(2, SampleConditions(missing: .hold, sentinels: [-1]))
        #expect(rig.take([.nan, 4], 0) == ["nan", "4.0"], "nothing to hold yet")
        #expect(rig.take([3, -1], 1) == ["3.0", "4.0"])
        #expect(rig.measured[0] == 3 && rig.measured[1].isNaN)
        #expect(rig.fill(2) == ["3.0", "4.0"])
    }

    @Test func `nothing counted is zero`() {
        var rig = Rig(2, SampleConditions(missing: .zero))
        #expect(rig.take([5, .nan], 0) == ["5.0", "0.0"])
        #expect(rig.measured[1].isNaN)
        #expect(rig.fill(1) == ["0.0", "0.0"])
    }

    @Test(
        arguments: [
            (SampleConditions.Missing.hold, 5, 5), (.zero, 5, 5), (.zero, 1_000_000_000, 32), (.gap, 5, 0),
            (.alarm, 5, 0), (.hold, -3, 0),
        ])
    func `missed ticks are filled up to a window`(missing: SampleConditions.Missing, missed: Int, filled: Int) {
        let rig = Rig(1, SampleConditions(missing: missing))
        #expect(rig.conditioner.filledTicks(missed: missed) == filled)
    }

    @Test func `a counter is a rate a second over whatever time has passed`() {
        var rig = Rig(2, SampleConditions(counters: ["b"]))
        #expect(rig.take([1, 100], 0) == ["1.0", "nan"])
        #expect(rig.take([1, 110], 2) == ["1.0", "5.0"])
        #expect(rig.take([1, .nan], 4) == ["1.0", "nan"])
        #expect(rig.take([1, 150], 10) == ["1.0", "5.0"], "over 8 s")
        #expect(rig.take([1, 150], 11) == ["1.0", "0.0"])
    }

    @Test func `a fall is a restart and the first difference behind it is missing`() {
        var rig = Rig(1, SampleConditions(counters: ["a"]))
        for second in 0..<10 { rig.take([Double(1_000 + 10 * second)], Double(second)) }
        #expect(rig.take([3], 10) == ["nan"])
        #expect(rig.take([13], 11) == ["10.0"])
    }

    @Test(arguments: [0x1p32, 0x1p64]) func `a plausible wrap is gone through`(modulus: Double) {
        var rig = Rig(1, SampleConditions(counters: ["a"]))
        let step = modulus / 0x1p20
        var value = modulus - 4 * step
        rig.take([value], 0)
        for second in 1..<4 {
            value += step
            #expect(rig.take([value], Double(second)) == ["\(step)"])
        }
        #expect(rig.take([step], 4) == ["\(2 * step)"], "one step to the end and one behind it")
    }

    @Test func `an implausible wrap is a restart`() {
        var rig = Rig(1, SampleConditions(counters: ["a"]))
        for second in 0..<5 { rig.take([0.8 * 0x1p32 + Double(second)], Double(second)) }
        #expect(rig.take([5], 5) == ["nan"], "a fifth of the range at once")
        var low = Rig(1, SampleConditions(counters: ["a"]))
        for second in 0..<5 { low.take([100 + Double(second)], Double(second)) }
        #expect(low.take([5], 5) == ["nan"])
    }

    @Test func `no reading gives a negative or infinite rate`() {
        var generator = SeededGenerator(seed: 2)
        var rig = Rig(1, SampleConditions(counters: ["a"]))
        let readings = [0, 1, -5, 0x1p32 - 1, 0x1p64, 1.7e308, -1.7e308, 3, .nan, 4e9, 1e-300]
        for second in 0..<5_000 {
            rig.take([readings[Int(generator.next() % UInt64(readings.count))]], Double(second) / 1e3)
            #expect(rig.values[0].isNaN || rig.values[0] >= 0 && rig.values[0] < .infinity)
        }
    }

    @Test func `a clock that steps leaves the rate missing once`() {
        var rig = Rig(1, SampleConditions(counters: ["a"]))
        rig.take([10], 1_000)
        #expect(rig.take([20], 10, restarts: true) == ["nan"])
        #expect(rig.take([30], 11) == ["10.0"])
    }

    @Test func `a held counter stands still, and then goes on from there`() {
        var rig = Rig(1, SampleConditions(missing: .hold, counters: ["a"]))
        rig.take([100], 0)
        #expect(rig.take([.nan], 1) == ["0.0"])
        #expect(rig.fill(2) == ["0.0"])
        #expect(rig.take([110], 3) == ["10.0"], "all of it since the last tick")
    }

    @Test func `a stored conditioner goes on`() throws {
        let conditions = SampleConditions(missing: .hold, counters: ["b"], sentinels: [-1])
        var rig = Rig(3, conditions)
        for second in 0..<10 { rig.take([1, Double(second * second), second % 3 == 0 ? -1 : 5], Double(second)) }
        var writer = StateWriter()
        rig.conditioner.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var again = rig
        again.conditioner = try SampleConditioner(
            channels: Rig.channels(3), conditions: conditions, from: &reader)
        #expect(StateWriter.bytes { again.conditioner.encode(to: &$0) } == writer.bytes)
        #expect(again.take([.nan, 200, 4], 12) == rig.take([.nan, 200, 4], 12))
    }

    @Test func `other conditions read what they need, and damaged state is refused`() throws {
        var rig = Rig(2, SampleConditions(missing: .hold, counters: ["b"]))
        rig.take([1, 2], 0)
        var writer = StateWriter()
        rig.conditioner.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        let plain = try SampleConditioner(
            channels: Rig.channels(2), conditions: SampleConditions(), from: &reader)
        #expect(plain == SampleConditioner(channels: Rig.channels(2), conditions: SampleConditions()))
        #expect(reader.remaining == 0)
        for length in 0..<writer.bytes.count {
            var short = StateReader(Array(writer.bytes[..<length]))
            #expect(throws: StateCodingError.self) {
                try SampleConditioner(channels: Rig.channels(2), conditions: SampleConditions(), from: &short)
            }
        }
        var other = StateReader(writer.bytes)
        #expect(throws: StateCodingError.self) {
            try SampleConditioner(channels: Rig.channels(3), conditions: SampleConditions(), from: &other)
        }
    }
}
