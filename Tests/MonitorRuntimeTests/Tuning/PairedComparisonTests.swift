import Testing

@testable import MonitorRuntime

@Suite struct PairedComparisonTests {
    /// Values of `scipy.stats.binomtest(heads, heads + tails).pvalue`.
    @Test(arguments: [(5, 0, 0.0625), (0, 0, 1.0), (10, 2, 0.03857421875), (3, 3, 1.0), (7, 6, 1.0), (0, 1, 1.0)])
    func `the sign test`(heads: Int, tails: Int, chance: Double) {
        #expect(abs(PairedComparison.signTest(heads, tails) - chance) < 1e-12)
        #expect(PairedComparison.signTest(tails, heads) == PairedComparison.signTest(heads, tails))
    }

    @Test func `a thousand faults are no overflow`() {
        #expect(PairedComparison.signTest(2_000, 2_000) == 1)
        #expect(PairedComparison.signTest(2_000, 1_000) < 1e-60)
    }

    @Test func `of many comparisons one seems better by chance`() {
        let adjusted = PairedComparison.adjusted([0.04, 0.01, 0.03])
        for (value, expected) in zip(adjusted, [0.06, 0.03, 0.06]) { #expect(abs(value - expected) < 1e-15) }
        #expect(PairedComparison.adjusted([]) == [])
    }

    @Test func `the interval holds the difference, and is wider where faults come in clusters`() {
        let places = (0..<200).map { $0 / 10 }
        let present = (0..<200).map { $0 % 2 == 0 ? 1.0 : 0 }
        // One in four more, spread evenly, or all at a quarter of the places.
        let even = present.enumerated().map { max($0.element, $0.offset % 4 == 1 ? 1 : 0) }
        let clustered = present.enumerated().map { max($0.element, places[$0.offset] % 2 == 0 ? 1 : 0) }
        let one = PairedComparison(present: present, other: even, places: places, seed: 1)
        let other = PairedComparison(present: present, other: clustered, places: places, seed: 1)
        #expect(one.gained == 50 && one.lost == 0 && one.difference == 0.25)
        #expect(other.difference == 0.25)
        #expect(one.low <= 0.25 && 0.25 <= one.high && one.low > 0)
        #expect(other.high - other.low > 3 * (one.high - one.low))
        let same = PairedComparison(present: present, other: present, places: places, seed: 1)
        #expect(same.difference == 0 && same.low == 0 && same.high == 0 && same.chance == 1)
    }
}
