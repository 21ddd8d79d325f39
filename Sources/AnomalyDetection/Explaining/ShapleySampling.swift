import TimeSeries

/// Divides a score among the channels by Shapley values: what a channel adds to the score when it is put back from its usual value to
/// what came, on average over all orders in which the channels can be put back.
///
/// Exact values take 2^players scores. Here orders are drawn at random and what each channel adds in them is averaged
/// (Štrumbelj and Kononenko 2014, "Explaining prediction models and individual predictions with feature contributions",
/// doi 10.1007/s10115-013-0679-x). Every order adds up to the difference between the score and that of the sample in which
/// everything is as usual, so that the averages do too, however few the orders. We differ in two things: each order is
/// followed by its reverse, which halves the error where the channels' parts add up (Mitchell et al. 2022, "Sampling
/// Permutations for Shapley Value Estimation", JMLR 23), and the channels that are put aside are at one usual value and not
/// at values drawn from the past.
enum ShapleySampling {
    /// Orders that are drawn, reverses included: an error of a channel's part of about a tenth of what it varies by from order
    /// to order.
    static let permutations = 32

    /// The values of several scores at once.
    ///
    /// - Parameters:
    ///   - players: how many channels take part.
    ///   - scores: how many scores there are.
    ///   - permutations: orders, each second one the reverse of the one before; above 0.
    ///   - seed: decides the orders.
    ///   - score: writes the scores, `[scores]`, of the sample in which the channels marked in `[players]` are at their
    ///     usual value.
    /// - Returns: the values, below 0 for a channel that hides the anomaly, `[scores][players]`; each score's add up to
    ///   the difference of the score with none and with all put aside.
    /// - Complexity: permutations × players + 1 calls.
    static func values(
        players: Int, scores: Int, permutations: Int = permutations, seed: UInt64,
        score: (_ isAside: [Bool], inout [Double]) -> Void
    ) -> [[Double]] {
        precondition(permutations > 0, "an average over \(permutations) orders")
        var values = Array(repeating: Array(repeating: 0.0, count: players), count: scores)
        var nothing = Array(repeating: 0.0, count: scores)
        score(Array(repeating: true, count: players), &nothing)
        var generator = SeededGenerator(seed: seed)
        var order = Array(0..<players)
        var next = nothing
        for permutation in 0..<permutations {
            if permutation % 2 == 0 { shuffle(&order, &generator) } else { order.reverse() }
            var before = nothing
            var isAside = Array(repeating: true, count: players)
            for player in order {
                isAside[player] = false
                score(isAside, &next)
                for index in 0..<scores {
                    values[index][player] += (next[index] - before[index]) / Double(permutations)
                }
                before = next
            }
        }
        return values
    }

    /// Fisher and Yates's; the standard library does not promise that its own draws the same in the next version.
    private static func shuffle(_ order: inout [Int], _ generator: inout SeededGenerator) {
        for last in order.indices.reversed() where last > 0 {
            order.swapAt(last, Int(generator.next() % UInt64(last + 1)))
        }
    }
}
