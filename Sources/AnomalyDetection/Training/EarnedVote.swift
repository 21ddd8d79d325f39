import TimeSeries

/// Whether a network has earned its vote on a series: its recent error is below that of doing without it.
///
/// Both errors are exponentially weighted means over 500 learned samples, in scales, each clipped at 10, as ``LearningReport``
/// has them. The vote is gained and lost at different ratios, so that it does not flicker where the two are equal. 32 bytes.
struct EarnedVote: Equatable, Sendable {
    /// Samples that the errors are averaged over.
    static let horizon = 500.0
    /// Samples before the errors are compared.
    static let fewestSamples = 50.0
    /// Share of the naive error below which the vote is gained.
    static let gainsBelow = 0.98
    /// Share above which it is lost.
    static let losesAbove = 1.02

    private var error = 0.0
    private var naiveError = 0.0
    private var samples = 0.0
    /// Whether the network votes.
    private(set) var isEarned = false

    init() {}

    /// Takes the errors of a sample that is learned from.
    mutating func note(error: Double, naive: Double) {
        let rate = max(1 / (samples + 1), 1 / Self.horizon)
        samples = min(samples + 1, Self.horizon)
        self.error += rate * (error - self.error)
        naiveError += rate * (naive - naiveError)
        guard samples >= Self.fewestSamples else { return }
        // Where both are 0, as on a constant channel, nothing was predicted.
        isEarned = self.error < (isEarned ? Self.losesAbove : Self.gainsBelow) * naiveError
    }

    /// Writes the vote.
    func encode(to writer: inout StateWriter) {
        writer.write(error)
        writer.write(naiveError)
        writer.write(samples)
        writer.write(isEarned)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        error = try reader.readDouble()
        naiveError = try reader.readDouble()
        samples = try reader.readDouble()
        isEarned = try reader.readBool()
        guard samples >= 0, error >= 0, naiveError >= 0 else { throw .invalid("a network's error of \(error)") }
    }
}
