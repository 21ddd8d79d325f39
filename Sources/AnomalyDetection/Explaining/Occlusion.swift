/// Divides a score among the channels by putting each of them, alone, at its usual value.
///
/// A channel's part is how far the score falls then; a rise counts as none. (Zeiler and Fergus 2014, "Visualizing and
/// Understanding Convolutional Networks", doi 10.1007/978-3-319-10590-1_53, for images.) One channel after another: two
/// that say the same each hide behind the other, and then neither falls; ``ShapleySampling`` does not have this fault.
enum Occlusion {
    /// The parts of several scores at once.
    ///
    /// - Parameters:
    ///   - players: how many channels are put aside in turn.
    ///   - scores: how many scores there are.
    ///   - score: writes the scores, `[scores]`, of the sample in which the channels marked in `[players]` are at their
    ///     usual value.
    /// - Returns: the falls, 0 or more, `[scores][players]`.
    /// - Complexity: players + 1 calls.
    static func parts(players: Int, scores: Int, score: (_ isAside: [Bool], inout [Double]) -> Void) -> [[Double]] {
        var parts = Array(repeating: Array(repeating: 0.0, count: players), count: scores)
        var whole = Array(repeating: 0.0, count: scores)
        var rest = whole
        var isAside = Array(repeating: false, count: players)
        score(isAside, &whole)
        for player in 0..<players {
            isAside[player] = true
            score(isAside, &rest)
            isAside[player] = false
            for index in 0..<scores { parts[index][player] = max(0, whole[index] - rest[index]) }
        }
        return parts
    }
}
