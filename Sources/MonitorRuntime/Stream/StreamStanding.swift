/// How many series there are, and how they stand.
struct StreamStanding: Equatable, Sendable {
    /// Data lines so far.
    var lines: UInt64 = 0
    /// Series.
    var series = 0
    /// Of these, still learning.
    var learning = 0
    /// Of these, at a new level or behaviour that waits for somebody to accept it.
    var awaiting = 0
    /// Incidents that were not opened because of what people answered about others, since the start.
    var heldByFeedback: UInt64 = 0
    /// Rounds so far that were scored and not learned from, because the source could not wait.
    var skippedRounds: UInt64 = 0

    /// Adds up.
    mutating func add(_ other: StreamStanding) {
        lines += other.lines
        series += other.series
        learning += other.learning
        awaiting += other.awaiting
        heldByFeedback += other.heldByFeedback
        skippedRounds += other.skippedRounds
    }
}
