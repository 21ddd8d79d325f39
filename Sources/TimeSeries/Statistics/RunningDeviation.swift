/// A robust running scale: the exponentially weighted mean of |r|, each clipped at six times the mean so far.
///
/// The rate is 1/(n+1) at first and 1/`horizon` later, so that the first numbers count evenly. Held in Double, because
/// it runs for months. 24 bytes.
public struct RunningDeviation: Sendable, Equatable {
    /// E|r| = √(2/π) σ of a normal variable: the factor from a mean absolute value to a standard deviation.
    public static let normalFactor = 1.2533
    /// Numbers after which the mean moves by 1/`horizon` a number.
    public static let horizon = 1_000.0
    /// Clip, in means, once there are more than 20 numbers.
    static let clip = 6.0

    /// The mean of |r|.
    public private(set) var mean = 0.0
    /// Sum of the weights learned with.
    public private(set) var weight = 0.0

    /// Creates a deviation of nothing: mean 0.
    public init() {}

    /// The scale: 1.2533 · mean + 1e-4; the last term keeps a constant signal from dividing by 0.
    @inlinable
    public var scale: Double { Self.normalFactor * mean + 1e-4 }

    /// Learns from a residual; NaN is left out.
    ///
    /// - Parameter gain: 0 to 1, how much it counts.
    public mutating func update(_ residual: Double, gain: Double) {
        var size = residual.magnitude
        guard size == size else { return }
        if weight > 20 { size = min(size, Self.clip * mean + 1e-9) }
        weight += gain
        let rate = weight < Self.horizon - 1 ? 1 / (weight + 1) : 1 / Self.horizon
        mean += gain * rate * (size - mean)
    }

    /// Writes the deviation.
    public func encode(to writer: inout StateWriter) {
        writer.write(mean)
        writer.write(weight)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        mean = try reader.readDouble()
        weight = try reader.readDouble()
    }
}

/// Writes and reads many deviations, one after another.
extension [RunningDeviation] {
    /// Writes each deviation; the count is known to the reader.
    public func encode(to writer: inout StateWriter) {
        for deviation in self { deviation.encode(to: &writer) }
    }

    /// Reads `count` deviations.
    public init(from reader: inout StateReader, count: Int) throws(StateCodingError) {
        self = []
        reserveCapacity(count)
        for _ in 0..<count { append(try RunningDeviation(from: &reader)) }
    }
}
