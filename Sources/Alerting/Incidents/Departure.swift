public import TimeSeries

/// Where a channel went when an incident began: out of the band that it was expected in then.
///
/// Detectors get used to what lasts; whoever looks at the machine does not. As long as the channel has not come back into that
/// band its incident is not over, for an hour beyond the last sample that was unusual by its score.
public struct Departure: Equatable, Sendable {
    /// Number of the channel.
    public var channel: Int
    /// The end of the band that it left, in the channel's unit.
    public var edge: Double
    /// Whether it went above.
    public var isAbove: Bool

    /// The channel that went furthest, in widths of its band.
    ///
    /// - Returns: `nil` when each is within its band.
    public init?(_ explanation: Explanation) {
        var furthest = 0.0
        var found: Departure?
        for part in explanation.channels {
            guard let value = part.value, let low = part.low, let high = part.high, high > low else { continue }
            let isAbove = value > high
            let distance = (isAbove ? value - high : low - value) / (high - low)
            guard distance > furthest else { continue }
            furthest = distance
            found = Departure(channel: part.channel, edge: isAbove ? high : low, isAbove: isAbove)
        }
        guard let found else { return nil }
        self = found
    }

    init(channel: Int, edge: Double, isAbove: Bool) {
        (self.channel, self.edge, self.isAbove) = (channel, edge, isAbove)
    }

    /// Whether the channel is still beyond; of one that is missing nothing else is known.
    ///
    /// - Parameter values: of all channels; NaN where missing.
    public func holds(_ values: Span<Double>) -> Bool {
        guard values.indices.contains(channel) else { return false }
        let value = values[channel]
        return value.isNaN || (isAbove ? value > edge : value < edge)
    }
}
