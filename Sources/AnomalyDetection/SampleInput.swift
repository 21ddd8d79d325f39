public import TimeSeries

/// What a sample brings besides its values: its place in time.
public struct SampleInput: Equatable, Sendable {
    /// Event time.
    public var time: Timestamp
    /// Empty ticks between the sample before and this one.
    public var missedTicks: Int
    /// Whether the windows begin anew: the clock was set, or more was missed than a window holds.
    public var windowRestarts: Bool
    /// Seconds between two ticks; `nil` while unknown.
    public var interval: Double?
    /// Share of the source's civil day gone by, 0 ..< 1; `nil` when the interval is below 30 s or there is no civil time.
    public var phaseOfDay: Double?
    /// Share of the source's civil week gone by since Monday 00:00, 0 ..< 1; `nil` when there is no civil time.
    public var phaseOfWeek: Double?

    /// Creates a sample's place.
    public init(
        time: Timestamp, missedTicks: Int = 0, windowRestarts: Bool = false, interval: Double? = nil,
        phaseOfDay: Double? = nil, phaseOfWeek: Double? = nil
    ) {
        self.time = time
        self.missedTicks = missedTicks
        self.windowRestarts = windowRestarts
        self.interval = interval
        self.phaseOfDay = phaseOfDay
        self.phaseOfWeek = phaseOfWeek
    }
}
