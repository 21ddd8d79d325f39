public import TimeSeries

/// How far a value lies beyond the range seen so far, in tenths of that range.
///
/// Works on the values in their own unit, so that no scaling can hide an excess: a burst of a thousand times the usual
/// traffic stays a thousand times. The range shrinks by 1e-4 of its width a sample at both ends and so forgets within
/// days. Not gated: a new extreme is one only once. State 16 bytes a channel. A range is never narrower than 1e-3.
public struct RangeDetector: Detector {
    private static let forgetting = 1e-4
    private static let smallestWidth = 1e-3
    private static let rangesPerUnit = 10.0
    private var excess: [Double]
    private var low: [Double]
    private var high: [Double]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.range.name }
    /// One, to have a range.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; a channel's range begins at its first value.
    public init(channelCount: Int) {
        excess = Array(repeating: 0, count: channelCount)
        low = Array(repeating: .infinity, count: channelCount)
        high = Array(repeating: -.infinity, count: channelCount)
    }

    /// Ten times the largest excess over a channel's range, in widths of that range.
    public mutating func score(_ frame: Frame) -> Float {
        var largest = 0.0
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], low[index] <= high[index] else {
                excess[index] = 0
                continue
            }
            let width = max(high[index] - low[index], Self.smallestWidth)
            let value = frame.values[index]
            excess[index] = max(0, value - high[index], low[index] - value) / width
            largest = max(largest, excess[index])
        }
        return Float(Self.rangesPerUnit * min(largest, 1e30))
    }

    /// Shrinks the ranges a little and widens them to the values, whatever the gate, unless what is usual is held.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        guard frame.gain(weight) > 0 else { return }
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let value = frame.values[index]
            if low[index] <= high[index] {
                let shrink = (high[index] - low[index]) * Self.forgetting
                low[index] = min(low[index] + shrink, value)
                high[index] = max(high[index] - shrink, value)
            } else {
                low[index] = value
                high[index] = value
            }
        }
    }

    /// Squares of the excesses.
    public func contributions(into parts: inout [Double]) {
        for index in excess.indices {
            let size = min(excess[index], 1e6)
            parts[index] = size * size
        }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { excess.count * 24 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(low)
        writer.write(high)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        low = try reader.readDoubles(count: channelCount)
        high = try reader.readDoubles(count: channelCount)
    }
}
