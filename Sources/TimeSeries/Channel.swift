/// One measured quantity of a series: a column, a JSON key, a field.
public struct Channel: Hashable, Sendable {
    /// The name without its unit, as the input gives it: `temp`.
    public var name: String
    /// The unit when the input names one (`Temp [°C]`, `Pressure (bar)`), for messages only.
    public var unit: String?

    /// On which scale its values are as usual or not.
    public enum Scale: Hashable, Sendable {
        /// As they are: what counts is by how much a value differs.
        case linear
        /// By ln(1 + value / unit), of values from 0 on: what counts is how many times larger a value is, above the unit.
        case logarithmic(unit: Double)
    }

    /// The scale on which detectors see it; messages show the value itself.
    public var scale: Scale
    /// Differences on that scale that mean nothing; 0 when the values themselves show what does.
    ///
    /// A host that was quiet for a day has no noise, and its first packet would be infinitely many deviations. Detectors see
    /// each value with a noise of this standard deviation added, so that no estimate of scale, of relation or of forecast
    /// error falls below it.
    public var grain: Double

    /// Creates a channel.
    public init(name: String, unit: String? = nil, scale: Scale = .linear, grain: Double = 0) {
        self.name = name
        self.unit = unit
        self.scale = scale
        self.grain = grain
    }

    /// Whether detectors see anything else than the values.
    public var isScaled: Bool { scale != .linear || grain > 0 }

    /// A value as detectors see it.
    ///
    /// - Parameter seed: of the noise: another number for each sample and channel, the same wherever it is computed.
    public func scaled(_ value: Double, seed: UInt64) -> Double {
        guard value == value else { return value }
        let plain =
            switch scale {
            case .linear: value
            case .logarithmic(let unit): Transcendental.log1p(max(0, value) / unit)
            }
        return grain > 0 ? plain + grain * Self.noise(seed) : plain
    }

    /// The value of what detectors see.
    public func unscaled(_ value: Double) -> Double {
        guard value == value else { return value }
        return switch scale {
        case .linear: value
        case .logarithmic(let unit): max(0, (Transcendental.exp(value) - 1) * unit)
        }
    }

    /// The sum of four uniform numbers, with mean 0 and variance 1: close to normal, and never beyond 3.5.
    private static func noise(_ seed: UInt64) -> Double {
        let bits = splitMix(seed)
        var sum = 0.0
        for shift in stride(from: UInt64(0), to: 64, by: 16) { sum += Double(bits >> shift & 0xffff) }
        return (sum / 65_535 - 2) * 1.7320508075688772
    }
}
