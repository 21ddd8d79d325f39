import TimeSeries

/// How long a live stream has brought nothing, and by which event time its lines would have come: what lets an idle
/// stream be found silent although no line comes.
///
/// Lines may come in bursts though their times are regular: a file that is written once a minute is not silent for 59 s of
/// it. So the pauses between batches are learned too, and while a pause is not longer than these are used to be, no time
/// passes. Pauses below 0.1 s are those of a source that has much to give, and say nothing. The clock is monotonic; nothing of
/// this is stored.
struct ArrivalWatch: Equatable, Sendable {
    /// Seconds that a line may be on its way.
    static let grace = 2.0
    private static let shortestPause = 0.1
    private static let generation = 30.0 * 86_400

    private var habit = SpanHabit()
    private var last: Double?

    /// Takes note of a batch, `seconds` of the monotonic clock.
    mutating func note(at seconds: Double) {
        if let last, seconds - last >= Self.shortestPause { habit.learn(seconds - last, generation: Self.generation) }
        last = seconds
    }

    /// Seconds of event time that have passed without a line; `nil` while the pause is a usual one.
    ///
    /// - Parameters:
    ///   - seconds: the monotonic clock.
    ///   - rate: false alarms wanted, in 1/s; `nil` when the length of a silence is declared, not learned.
    func passed(at seconds: Double, rate: Double?) -> Double? {
        guard let last, seconds - last > Self.grace else { return nil }
        if let rate {
            guard let limit = habit.limit(tail: .exponential, rate: rate, unit: Self.shortestPause),
                seconds - last > limit
            else { return nil }
        }
        return seconds - last - Self.grace
    }
}
