/// A quantity that grows with how much is going on in a sample, by which the series of a fleet are compared with each other.
///
/// It is a channel's value, the product of two, or a measure that stands behind the channels in a sample's values. A share of failed
/// flows and the number of flows are how many failed; a share alone is no extent, for it is largest where there is one.
public struct Extent: Hashable, Sendable {
    /// How a quantity becomes grains.
    public enum Scale: Hashable, Sendable {
        /// ln(1 + quantity / unit) in quarters: what differs by orders of magnitude.
        case logarithmic
        /// quantity / unit, up to 100: what becomes rarer by a factor with each unit, as failures in a row do.
        case linear
    }

    /// How it goes on from sample to sample.
    public enum Course: Hashable, Sendable {
        /// Each sample has a value of its own.
        case level
        /// It grows while something lasts, from nothing: it is compared with the runs before it, and counts once, when it is over.
        case run
    }

    /// What the comparison is called among an alert's detectors.
    public var name: String
    /// The channel that an alert names for it.
    public var channel: Int
    /// The channel that it is multiplied by.
    public var factor: Int?
    /// The place of the measure that is looked at instead of the channel, among a sample's values.
    public var measure: Int?
    /// What nothing differs by much below; on a linear scale a grain.
    public var unit: Double
    /// The mean excess over the peaks of those that exceed theirs by far, in grains, as long as little is known of the fleet.
    public var usualExcess: Double
    /// How it becomes grains.
    public var scale: Scale
    /// How it goes on.
    public var course: Course
    /// Seconds that a series must have been watched before it is judged by this.
    public var age = 0.0
    /// The highest peak, in grains, with which a series is judged by this; `nil` for any.
    public var calm: Double?
    /// Whether it grows as the channel falls.
    public var isLow = false

    /// A grain of a logarithmic scale, as ln: differences that mean little.
    public static let grain = 0.25
    /// The most grains of a linear scale.
    public static let mostGrains = 100.0

    /// Creates an extent.
    ///
    /// - Parameters:
    ///   - unit: above 0.
    ///   - usualExcess: above 0.
    public init(
        name: String = "peaks", channel: Int, times factor: Int? = nil, measure: Int? = nil, unit: Double,
        usualExcess: Double, scale: Scale = .logarithmic, course: Course = .level
    ) {
        self.name = name
        self.channel = channel
        self.factor = factor
        self.measure = measure
        self.unit = unit
        self.usualExcess = usualExcess
        self.scale = scale
        self.course = course
    }

    /// The quantity in grains; NaN where it is missing.
    ///
    /// - Parameter values: of a sample: the channels' as they were measured, then its measures.
    public func grains(of values: Span<Double>) -> Double {
        let quantity = values[measure ?? channel] * (factor.map { values[$0] } ?? 1)
        guard quantity == quantity else { return .nan }
        return switch scale {
        case .logarithmic: Transcendental.log1p(max(0, quantity) / unit) / Self.grain
        case .linear: min(Self.mostGrains, max(0, quantity) / unit)
        }
    }
}
