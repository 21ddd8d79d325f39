import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct ShapleySamplingTests {
    /// A game in which players hide behind one another: the near-maximum of what is there, a product of two, and a constant.
    private func game(_ sizes: [Double]) -> (_ isAside: [Bool]) -> Double {
        { isAside in
            let there = sizes.indices.map { isAside[$0] ? 0 : sizes[$0] }
            return 1 + there.reduce(0) { $0 + $1 * $1 }.squareRoot() + 0.5 * there[0] * there[there.count - 1]
        }
    }

    /// By definition: over all coalitions of the others.
    private func exact(_ players: Int, _ value: ([Bool]) -> Double) -> [Double] {
        func factorial(_ number: Int) -> Double { number < 2 ? 1 : (2...number).reduce(1.0) { $0 * Double($1) } }
        return (0..<players).map { player in
            var sum = 0.0
            for set in 0..<(1 << players) where set & (1 << player) == 0 {
                let without = (0..<players).map { set & (1 << $0) == 0 }
                var with = without
                with[player] = false
                let size = set.nonzeroBitCount
                let weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                sum += weight * (value(with) - value(without))
            }
            return sum
        }
    }

    private func sampled(
        _ players: Int, permutations: Int = ShapleySampling.permutations, seed: UInt64 = 1, _ value: ([Bool]) -> Double
    ) -> [Double] {
        ShapleySampling.values(players: players, scores: 1, permutations: permutations, seed: seed) { isAside, scores in
            scores[0] = value(isAside)
        }[0]
    }

    @Test(arguments: [1, 2, 3, 7, 20], [1, 2, 31])
    func `the values add up to the difference of the scores, however few the orders`(players: Int, permutations: Int) {
        var generator = SeededGenerator(seed: UInt64(players))
        let value = game((0..<players).map { _ in 5 * generator.uniform() })
        let whole = value(Array(repeating: false, count: players))
        let nothing = value(Array(repeating: true, count: players))
        let sum = sampled(players, permutations: permutations, value).reduce(0, +)
        // Each of the permutations × players differences is rounded once.
        let tolerance = Double(2 * permutations * players) * whole.ulp
        #expect((sum - (whole - nothing)).magnitude <= tolerance, "\(sum), \(whole - nothing)")
    }

    @Test(arguments: [[3.0, 4, 1], [0.5, 6, 2, 2], [8, 8, 0, 1]])
    func `many orders come near the exact values`(sizes: [Double]) {
        let value = game(sizes)
        let wanted = exact(sizes.count, value)
        let found = sampled(sizes.count, permutations: 4_096, value)
        let spread = value(Array(repeating: false, count: sizes.count)) - 1
        for player in sizes.indices {
            // What a player adds in one order lies within the spread: four standard errors of 4,096 draws at worst.
            #expect((found[player] - wanted[player]).magnitude < 4 * 0.5 * spread / 64, "\(found), \(wanted)")
        }
    }

    @Test func `thirty-two orders keep the order of channels that differ by half`() {
        let sizes = [6.0, 3, 1.5, 0]
        for seed in 1...50 {
            let found = sampled(4, seed: UInt64(seed)) { isAside in
                sizes.indices.reduce(0.0) { $0 + (isAside[$1] ? 0 : sizes[$1] * sizes[$1]) }.squareRoot()
            }
            #expect(found == found.sorted(by: >), "\(found)")
        }
    }

    @Test func `who adds nothing gets nothing, and equals get equal parts`() {
        let found = sampled(3) { ($0[0] && $0[1]) ? 0 : 2 }
        #expect(found == [1, 1, 0])
    }

    @Test func `the same seed gives the same values, another one others`() {
        let value = game([1, 2, 3, 4, 5])
        #expect(sampled(5, seed: 3, value) == sampled(5, seed: 3, value))
        #expect(sampled(5, seed: 3, value) != sampled(5, seed: 4, value))
    }
}
