/// A quantity that grows with how much is going on in a sample, by which the series of a fleet are compared with each other.
///
/// It is a channel's value, or the product of two: a share of failed flows and the number of flows are how many failed. A
/// share alone is no extent, for it is largest where there is one.
public struct Extent: Hashable, Sendable {
    /// The channel that an alert names for it.
    public var channel: Int
    /// The channel that it is multiplied by.
    public var factor: Int?
    /// What nothing differs by much below.
    public var unit: Double

    /// A grain, as ln: differences that mean little.
    public static let grain = 0.25

    /// Creates an extent.
    ///
    /// - Parameter unit: above 0.
    public init(channel: Int, times factor: Int? = nil, unit: Double) {
        self.channel = channel
        self.factor = factor
        self.unit = unit
    }

    /// ln(1 + quantity / unit) in grains; NaN where it is missing.
    ///
    /// - Parameter values: of a sample, by channel, as they were measured.
    public func grains(of values: Span<Double>) -> Double {
        let quantity = values[channel] * (factor.map { values[$0] } ?? 1)
        return quantity == quantity ? Transcendental.log1p(max(0, quantity) / unit) / Self.grain : .nan
    }
}
