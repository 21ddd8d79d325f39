import TimeSeries

/// Two ways of detection compared on the same faults: whether one finds more than chance would make it seem.
///
/// Only faults that one of the two finds and the other does not say anything (McNemar 1947, doi 10.1007/BF02295996); here by
/// the exact binomial test of their signs, and by the bootstrap below, whichever says more of chance. Faults at one place of a recording are alike, so the interval of the
/// difference is a bootstrap that draws whole places (Efron and Tibshirani 1993, ch. 8).
struct PairedComparison: Equatable, Sendable {
    /// Faults that only the other one finds.
    let gained: Int
    /// Faults that only the present one finds.
    let lost: Int
    /// The chance of at least such a difference where there is none, both sides.
    let chance: Double
    /// The difference of the shares found, and between what it lies at 95 %.
    let difference: Double
    let low: Double
    let high: Double

    private static let draws = 2_000

    /// Compares.
    ///
    /// - Parameters:
    ///   - present: of each fault, in what share of the trainings it was found, 0 to 1.
    ///   - other: the same faults in the same order.
    ///   - places: the place of each fault, from 0.
    init(present: [Double], other: [Double], places: [Int], seed: UInt64) {
        precondition(present.count == other.count && other.count == places.count, "the faults are the same")
        gained = zip(present, other).count { $1 - $0 > 0.5 }
        lost = zip(present, other).count { $0 - $1 > 0.5 }
        let count = (places.max() ?? -1) + 1
        var sums = Array(repeating: (difference: 0.0, faults: 0.0), count: count)
        for (index, place) in places.enumerated() {
            sums[place].difference += other[index] - present[index]
            sums[place].faults += 1
        }
        difference = sums.reduce(0) { $0 + $1.difference } / max(1, sums.reduce(0) { $0 + $1.faults })
        var generator = SeededGenerator(seed: seed)
        var drawn: [Double] = []
        for _ in 0..<(count == 0 ? 0 : Self.draws) {
            var (sum, faults) = (0.0, 0.0)
            for _ in 0..<count {
                let place = Int(generator.next() % UInt64(count))
                sum += sums[place].difference
                faults += sums[place].faults
            }
            drawn.append(sum / max(1, faults))
        }
        drawn.sort()
        let against = min(drawn.count { $0 <= 0 }, drawn.count { $0 >= 0 })
        chance = max(Self.signTest(gained, lost), min(1, 2 * Double(against + 1) / Double(drawn.count + 1)))
        low = drawn.isEmpty ? 0 : drawn[drawn.count / 40]
        high = drawn.isEmpty ? 0 : drawn[drawn.count - 1 - drawn.count / 40]
    }

    /// Twice the chance that a fair coin falls at least so unevenly, 1 at most.
    static func signTest(_ heads: Int, _ tails: Int) -> Double {
        let (count, fewer) = (heads + tails, min(heads, tails))
        guard count > 0 else { return 1 }
        // The largest term first, as others of it: 2^−n itself would vanish.
        var (term, sum) = (1.0, 0.0)
        var whole = 0.0
        let middle = count / 2
        var terms = Array(repeating: 0.0, count: count + 1)
        for step in stride(from: middle, through: 0, by: -1) {
            terms[step] = term
            terms[count - step] = term
            term *= Double(step) / Double(count - step + 1)
        }
        for (index, term) in terms.enumerated() {
            whole += term
            if index <= fewer { sum += term }
        }
        return min(1, 2 * sum / whole)
    }

    /// The chances of several comparisons, raised so that one of them falls below a level by chance no more often than it says
    /// (Holm 1979).
    static func adjusted(_ chances: [Double]) -> [Double] {
        var adjusted = chances
        var largest = 0.0
        for (rank, index) in chances.indices.sorted(by: { chances[$0] < chances[$1] }).enumerated() {
            largest = max(largest, min(1, chances[index] * Double(chances.count - rank)))
            adjusted[index] = largest
        }
        return adjusted
    }
}
