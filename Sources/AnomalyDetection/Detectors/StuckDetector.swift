public import TimeSeries

/// How many samples, beyond three, the longest-unchanged channel has kept exactly the same value.
///
/// A sensor that hangs repeats its last value to the bit. Three repetitions are nothing: coarse sensors do that. What is unusual is learned by calibration: a counter that
/// stands still all night has long runs in its history, a thermometer with noise has none. State 12 bytes a channel.
public struct StuckDetector: Detector {
    private static let freeRepetitions: UInt32 = 3

    /// A channel's run: in one array, so that a detector of few channels is one place in memory.
    private struct Run: Sendable {
        var last = Double.nan
        var length: UInt32 = 0

        /// Its length with another value.
        func length(with value: Double) -> UInt32 { value == last ? min(length, .max - 1) + 1 : 0 }
    }

    private var runs: [Run]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.stuck.name }
    /// Four: a value and three free repetitions.
    public var minimumSamples: Int { 4 }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) { runs = Array(repeating: Run(), count: channelCount) }

    /// The longest run of unchanged values, less three.
    public mutating func score(_ frame: Frame) -> Float {
        var longest: UInt32 = 0
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            longest = max(longest, runs[index].length(with: frame.values[index]))
        }
        return Float(longest - min(longest, Self.freeRepetitions))
    }

    /// Continues or ends each channel's run, whatever the gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let value = frame.values[index]
            runs[index] = Run(last: value, length: runs[index].length(with: value))
        }
        samples += 1
    }

    /// Squares of the runs.
    public func contributions(into parts: inout [Double]) {
        for index in runs.indices { parts[index] = Double(runs[index].length) * Double(runs[index].length) }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { runs.count * MemoryLayout<Run>.stride }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(runs.map(\.length))
        writer.write(runs.map(\.last))
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        let lengths = try reader.readIntegers(UInt32.self)
        let last = try reader.readDoubles(count: channelCount)
        guard lengths.count == channelCount else {
            throw .invalid("\(lengths.count) runs for \(channelCount) channels")
        }
        for index in runs.indices { runs[index] = Run(last: last[index], length: lengths[index]) }
    }
}
