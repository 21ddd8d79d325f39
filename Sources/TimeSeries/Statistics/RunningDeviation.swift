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
    @usableFromInline static let clip = 6.0

    // Seen by other modules only so that a number is learned without a call.
    @usableFromInline var currentMean = 0.0
    @usableFromInline var currentWeight = 0.0

    /// The mean of |r|.
    @inlinable public var mean: Double { currentMean }
    /// Sum of the weights learned with.
    @inlinable public var weight: Double { currentWeight }

    /// Creates a deviation of nothing: mean 0.
    public init() {}

    /// The scale: 1.2533 · mean + 1e-4; the last term keeps a constant signal from dividing by 0.
    @inlinable
    public var scale: Double { Self.normalFactor * mean + 1e-4 }

    /// Learns from a residual; NaN is left out.
    ///
    /// - Parameter gain: 0 to 1, how much it counts.
    @inlinable
    public mutating func update(_ residual: Double, gain: Double) {
        var size = residual.magnitude
        guard size == size else { return }
        if currentWeight > 20 { size = min(size, Self.clip * currentMean + 1e-9) }
        currentWeight += gain
        let rate = currentWeight < Self.horizon - 1 ? 1 / (currentWeight + 1) : 1 / Self.horizon
        currentMean += gain * rate * (size - currentMean)
    }

    /// Writes the deviation.
    public func encode(to writer: inout StateWriter) {
        writer.write(mean)
        writer.write(weight)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        currentMean = try reader.readDouble()
        currentWeight = try reader.readDouble()
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
