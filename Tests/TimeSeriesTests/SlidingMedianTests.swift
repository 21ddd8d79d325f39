import TestSupport
import Testing
import TimeSeries

@Suite struct SlidingMedianTests {
    /// The same by sorting everything, twice.
    private func naive(_ numbers: some Sequence<Double>) -> (median: Double, deviation: Double) {
        let sorted = numbers.map { Double(Float($0)) }.sorted()
        let median = sorted[sorted.count / 2]
        return (median, sorted.map { ($0 - median).magnitude }.sorted()[sorted.count / 2])
    }

    @Test(arguments: [1, 2, 5, 64, 127, 128])
    func `agrees with sorting the last numbers`(length: Int) {
        var window = SlidingMedian(length: length)
        #expect(window.medianAndDeviation() == (0, 0))
        var generator = SeededGenerator(seed: 21)
        var pushed: [Double] = []
        for step in 0..<1_500 {
            // Noise, then few different numbers, so that ties occur, then a wild one now and then.
            var number = normal(&generator)
            if step > 500 { number = (number * 2).rounded() }
            if step % 97 == 0 { number = step % 2 == 0 ? 1e30 : -1e30 }
            pushed.append(number)
            window.push(number)
            window.push(.nan)
            let expected = naive(pushed.suffix(length))
            #expect(window.count == min(length, pushed.count))
            #expect(window.medianAndDeviation() == expected)
        }
    }

    @Test func `goes on from its bytes and refuses damaged ones`() throws {
        var window = SlidingMedian(length: 9)
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<31 { window.push(normal(&generator)) }
        var writer = StateWriter()
        window.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var copy = try SlidingMedian(from: &reader, length: 9)
        #expect(copy == window)
        for _ in 0..<31 {
            let number = normal(&generator)
            window.push(number)
            copy.push(number)
            #expect(copy.medianAndDeviation() == window.medianAndDeviation())
        }
        #expect(throws: StateCodingError.self) {
            var reader = StateReader(writer.bytes)
            _ = try SlidingMedian(from: &reader, length: 8)
        }
        #expect(throws: StateCodingError.self) {
            var reader = StateReader(Array(writer.bytes.dropLast()))
            _ = try SlidingMedian(from: &reader, length: 9)
        }
        var notANumber = StateWriter()
        notANumber.write(UInt32(1))
        notANumber.write(Float.nan)
        #expect(throws: StateCodingError.self) {
            var reader = StateReader(notANumber.bytes)
            _ = try SlidingMedian(from: &reader, length: 9)
        }
    }
}
