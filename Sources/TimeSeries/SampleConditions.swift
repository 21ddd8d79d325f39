/// What the values of a source mean: which of them are none, which are counters, and what it means when one is missing.
///
/// A sampled source sends every value at every tick, one that reports by exception sends what has changed; nobody can
/// tell which from the values alone, so it is asked for and never guessed.
public struct SampleConditions: Equatable, Sendable {
    /// What a missing value, or a tick without a line, means.
    public enum Missing: String, CaseIterable, Equatable, Sendable {
        /// Nothing has changed: the last value stands (sources that report by exception).
        case hold
        /// Nothing is known.
        case gap
        /// There was nothing to count: 0.
        case zero
        /// Something is wrong, at once.
        case alarm
    }

    /// The most sentinels.
    public static let mostSentinels = 16

    /// `missing` (one of "hold", "gap", "zero", "alarm"; "gap"): what a missing value or tick means.
    public var missing: Missing
    /// `counter` (names, none): channels whose values only grow; they are watched as rates, in units a second.
    public var counters: [String]
    /// `sentinel` (numbers, none): values that mean "no value", at most ``mostSentinels``.
    public var sentinels: [Double]
    /// `stalled_after` (duration, learned): seconds of silence after which a series, or the source, is stalled.
    public var stalledAfter: Double?

    /// Creates conditions; the defaults change nothing.
    public init(
        missing: Missing = .gap, counters: [String] = [], sentinels: [Double] = [], stalledAfter: Double? = nil
    ) {
        self.missing = missing
        self.counters = counters
        self.sentinels = sentinels
        self.stalledAfter = stalledAfter
    }

    /// How long a silence may last under them.
    ///
    /// - Parameter falseAlarmsPerSecond: the budget of a series, in 1/s.
    public func silence(falseAlarmsPerSecond: Double) -> SilenceWatch.Expectation {
        if let stalledAfter { return .within(seconds: stalledAfter) }
        return missing == .alarm ? .everyTick : .learned(falseAlarmsPerSecond: falseAlarmsPerSecond)
    }
}
