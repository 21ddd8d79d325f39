/// One measured quantity of a series: a column, a JSON key, a field.
public struct Channel: Hashable, Sendable {
    /// The name without its unit, as the input gives it: `temp`.
    public var name: String
    /// The unit when the input names one (`Temp [°C]`, `Pressure (bar)`), for messages only.
    public var unit: String?

    /// On which scale its values are as usual or not.
    public enum Scale: UInt8, Hashable, Sendable {
        /// As they are: what counts is by how much a value differs.
        case linear
        /// By the logarithm of 1 + value, of values from 0 on: what counts is how many times larger a value is.
        case logarithmic
    }

    /// The scale on which detectors see it; messages show the value itself.
    public var scale: Scale

    /// Creates a channel.
    public init(name: String, unit: String? = nil, scale: Scale = .linear) {
        self.name = name
        self.unit = unit
        self.scale = scale
    }

    /// A value as detectors see it.
    public func scaled(_ value: Double) -> Double {
        scale == .linear || value != value ? value : Transcendental.log1p(max(0, value))
    }

    /// The value of what detectors see.
    public func unscaled(_ value: Double) -> Double {
        scale == .linear || value != value ? value : max(0, Transcendental.exp(value) - 1)
    }
}
