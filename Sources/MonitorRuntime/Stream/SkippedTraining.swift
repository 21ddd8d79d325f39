import TimeSeries

/// The rounds in which a stream was scored but not learned from, because its source could not wait.
///
/// While there are none, a replay of the same lines gives the same scores (PRODUCT.md section 8).
struct SkippedTraining: Equatable, Sendable {
    /// Rounds so far.
    private(set) var rounds: UInt64 = 0
    /// The last of them.
    private(set) var lastRound: UInt64 = 0
    private var nextTold: UInt64 = 1

    /// Counts a round.
    ///
    /// - Returns: whether it is to be told: the first, and then each time there are ten times more.
    mutating func note(round: UInt64) -> Bool {
        rounds += 1
        lastRound = round
        guard rounds >= nextTold else { return false }
        nextTold = rounds.multipliedReportingOverflow(by: 10).partialValue
        return true
    }

    /// Creates a count of none.
    init() {}

    /// Writes the count.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(rounds)
        writer.write(lastRound)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .invalid("unknown version of the skipped training") }
        rounds = try reader.read()
        lastRound = try reader.read()
        guard rounds < 1 << 62 else { throw .invalid("\(rounds) rounds without training") }
        while nextTold <= rounds { nextTold *= 10 }
    }
}
