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

    /// What is known of a channel: in one array, so that a detector of few channels is one place in memory.
    private struct Range: Sendable {
        var excess = 0.0
        var low = Double.infinity
        var high = -Double.infinity

        /// Shrinks a little and takes the value in.
        mutating func learn(_ value: Double) {
            guard low <= high else {
                low = value
                high = value
                return
            }
            let shrink = (high - low) * RangeDetector.forgetting
            low = min(low + shrink, value)
            high = max(high - shrink, value)
        }
    }

    private var ranges: [Range]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.range.name }
    /// One, to have a range.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; a channel's range begins at its first value.
    public init(channelCount: Int) { ranges = Array(repeating: Range(), count: channelCount) }

    /// Ten times the largest excess over a channel's range, in widths of that range.
    public mutating func score(_ frame: Frame) -> Float {
        var largest = 0.0
        for index in 0..<frame.channelCount {
            let range = ranges[index]
            guard frame.isPresent[index], range.low <= range.high else {
                ranges[index].excess = 0
                continue
            }
            let width = max(range.high - range.low, Self.smallestWidth)
            let value = frame.values[index]
            let excess = max(0, value - range.high, range.low - value) / width
            ranges[index].excess = excess
            largest = max(largest, excess)
        }
        return Float(Self.rangesPerUnit * min(largest, 1e30))
    }

    /// Shrinks the ranges a little and widens them to the values, whatever the gate, unless what is usual is held.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        guard frame.gain(weight) > 0 else { return }
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            ranges[index].learn(frame.values[index])
        }
    }

    /// Squares of the excesses.
    public func contributions(into parts: inout [Double]) {
        for index in ranges.indices {
            let size = min(ranges[index].excess, 1e6)
            parts[index] = size * size
        }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { ranges.count * MemoryLayout<Range>.stride }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(ranges.map(\.low))
        writer.write(ranges.map(\.high))
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        let low = try reader.readDoubles(count: channelCount)
        let high = try reader.readDoubles(count: channelCount)
        for index in ranges.indices { (ranges[index].low, ranges[index].high) = (low[index], high[index]) }
    }
}
