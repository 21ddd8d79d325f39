import TestSupport
import Testing
import TimeSeries

@Suite struct SlidingMaximumTests {
    @Test(arguments: [1, 2, 7, 120])
    func `agrees with the largest of the last numbers`(length: Int) {
        var window = SlidingMaximum(length: length)
        var generator = SeededGenerator(seed: 5)
        var pushed: [Double] = []
        #expect(window.maximum == nil)
        for _ in 0..<1_000 {
            // Few different numbers, so that ties occur.
            pushed.append((generator.uniform() * 20).rounded())
            let before = window.push(pushed[pushed.count - 1])
            #expect(before == pushed.dropLast().suffix(length).max())
            #expect(window.maximum == pushed.suffix(length).max())
        }
    }

    @Test func `NaN never is the maximum`() {
        var window = SlidingMaximum(length: 3)
        window.push(1)
        window.push(.nan)
        #expect(window.maximum == 1)
        window.push(.nan)
        window.push(.nan)
        #expect(window.maximum == -.infinity)
    }

    @Test func `goes on from its bytes`() throws {
        var window = SlidingMaximum(length: 5)
        for value in [3.0, 9, 1, 4, 1, 5, 9, 2, 6] { window.push(value) }
        var writer = StateWriter()
        window.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try SlidingMaximum(from: &reader, length: 5)
        #expect(restored == window)
        for value in [5.0, 3, 5, 8, 9, 7, 9] {
            window.push(value)
            restored.push(value)
            #expect(restored.maximum == window.maximum)
        }
        #expect(throws: StateCodingError.self) {
            var short = StateReader(Array(writer.bytes.dropLast()))
            _ = try SlidingMaximum(from: &short, length: 5)
        }
    }
}

@Suite struct RunningDeviationTests {
    @Test func `the first numbers weigh evenly`() {
        var deviation = RunningDeviation()
        // Rate 1/(n+1) with n counting this number: 1/2, 1/3, 1/4 of the way from 0.
        deviation.update(4, gain: 1)
        #expect(deviation.mean == 2)
        deviation.update(-5, gain: 1)
        #expect(unitsInLastPlace(deviation.mean, 3) <= 2)
        deviation.update(7, gain: 1)
        #expect(unitsInLastPlace(deviation.mean, 4) <= 2)
        #expect(unitsInLastPlace(deviation.scale, 1.2533 * 4 + 1e-4) <= 4)
    }

    @Test func `a wild number counts as six means`() {
        var deviation = RunningDeviation()
        for _ in 0..<400 { deviation.update(1, gain: 1) }
        let mean = deviation.mean
        var other = deviation
        deviation.update(1e9, gain: 1)
        other.update(6 * mean + 1e-9, gain: 1)
        #expect(deviation == other)
        deviation.update(.nan, gain: 1)
        #expect(deviation == other)
    }

    @Test func `finds the standard deviation of normal numbers`() {
        var deviation = RunningDeviation()
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20_000 { deviation.update(3 * normal(&generator), gain: 1) }
        // The mean runs over about 1,000 numbers: its standard error is 3 · 0.76 / √2000 ≈ 0.05.
        #expect((2.8...3.2).contains(deviation.scale), "\(deviation.scale)")
    }
}

@Suite struct BinnedCountsTests {
    @Test func `ranks agree with counting`() {
        var counts = BinnedCounts(binCount: 256)
        var plain = Array(repeating: 0, count: 256)
        var generator = SeededGenerator(seed: 2)
        for step in 0..<3_000 {
            let bin = Int(generator.uniform() * generator.uniform() * 256)
            if step % 3 == 2, plain[bin] > 0 {
                counts.remove(bin: bin)
                plain[bin] -= 1
            } else {
                counts.add(bin: bin)
                plain[bin] += 1
            }
            let asked = Int(generator.uniform() * 256)
            #expect(counts.count(from: asked) == plain[asked...].reduce(0, +))
            #expect(counts[bin] == plain[bin])
        }
        #expect(counts.total == plain.reduce(0, +))
        #expect(counts.count(from: 255) == plain[255])
        counts.removeAll()
        #expect(counts == BinnedCounts(binCount: 256))
    }
}
