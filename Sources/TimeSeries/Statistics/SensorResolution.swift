/// The smallest change that a channel is known to make: below it a scale of noise means nothing.
///
/// Sensors speak in steps: a thermometer in tenths of a degree, a counter in ones. While such a channel rests within a
/// step, every estimate of its noise falls to 0, and the next step would be infinitely many deviations. The smallest
/// change between two values seen so far bounds the step from above and so serves as the least scale. 16 bytes.
///
/// A channel that never changed tells nothing about its step: its first change counts as ``firstChange`` steps, which is
/// worth looking at and no catastrophe. A sensor with noise in all its digits ends with a step far below the noise, where
/// it does no harm.
public struct SensorResolution: Equatable, Sendable {
    /// Steps that a channel's first change counts for.
    public static let firstChange = 4.0
    /// Share of a value below which nothing is a step: half of what a Float keeps, 2⁻²⁴.
    private static let precision = 0x1p-24
    /// The least step of all, so that nothing is divided by 0.
    private static let least = 1e-30

    private var smallest = Double.infinity
    private var last = Double.nan

    /// Creates the resolution of a channel that was not seen yet.
    public init() {}

    /// The smallest change seen so far; `nil` before any.
    public var step: Double? { smallest == .infinity ? nil : smallest }

    /// The least scale that makes sense for a value not learned yet: the smallest change, with the one to this value.
    ///
    /// - Parameter value: finite.
    /// - Returns: in the channel's unit, above 0.
    public func floor(at value: Double) -> Double {
        let change = (value - last).magnitude
        var floor = smallest
        if change > 0 { floor = min(floor, smallest == .infinity ? change / Self.firstChange : change) }
        return max(floor == .infinity ? 0 : floor, value.magnitude * Self.precision, Self.least)
    }

    /// Learns a value, finite.
    public mutating func learn(_ value: Double) {
        let change = (value - last).magnitude
        if change > 0 { smallest = min(smallest, change) }
        last = value
    }

    /// Writes the resolution.
    public func encode(to writer: inout StateWriter) {
        writer.write(smallest)
        writer.write(last)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        smallest = try reader.readDouble()
        last = try reader.readDouble()
        guard smallest > 0, last != .infinity, last != -.infinity else {
            throw .invalid("a smallest change of \(smallest) at \(last)")
        }
    }
}

/// Writes and reads many resolutions, one after another.
extension [SensorResolution] {
    /// Writes each resolution; the count is known to the reader.
    public func encode(to writer: inout StateWriter) {
        for resolution in self { resolution.encode(to: &writer) }
    }

    /// Reads `count` resolutions.
    public init(from reader: inout StateReader, count: Int) throws(StateCodingError) {
        self = []
        reserveCapacity(count)
        for _ in 0..<count { append(try SensorResolution(from: &reader)) }
    }
}
