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
    /// The mean excess over the peaks of those that exceed theirs by far, in grains, as long as little is known of the fleet.
    public var usualExcess: Double

    /// A grain, as ln: differences that mean little.
    public static let grain = 0.25

    /// Creates an extent.
    ///
    /// - Parameters:
    ///   - unit: above 0.
    ///   - usualExcess: above 0.
    public init(channel: Int, times factor: Int? = nil, unit: Double, usualExcess: Double) {
        self.channel = channel
        self.factor = factor
        self.unit = unit
        self.usualExcess = usualExcess
    }

    /// ln(1 + quantity / unit) in grains; NaN where it is missing.
    ///
    /// - Parameter values: of a sample, by channel, as they were measured.
    public func grains(of values: Span<Double>) -> Double {
        let quantity = values[channel] * (factor.map { values[$0] } ?? 1)
        return quantity == quantity ? Transcendental.log1p(max(0, quantity) / unit) / Self.grain : .nan
    }
}
