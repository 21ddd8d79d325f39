public import TimeSeries

/// How many samples, beyond three, the longest-unchanged channel has kept exactly the same value.
///
/// A sensor that hangs repeats its last value to the bit. Three repetitions are nothing: coarse sensors do that. What is unusual is learned by calibration: a counter that
/// stands still all night has long runs in its history, a thermometer with noise has none. State 12 bytes a channel.
public struct StuckDetector: Detector {
    private static let freeRepetitions: UInt32 = 3
    private var runs: [UInt32]
    private var last: [Double]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.stuck.name }
    /// Four: a value and three free repetitions.
    public var minimumSamples: Int { 4 }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        runs = Array(repeating: 0, count: channelCount)
        last = Array(repeating: .nan, count: channelCount)
    }

    /// The longest run of unchanged values, less three.
    public mutating func score(_ frame: Frame) -> Float {
        var longest: UInt32 = 0
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let run = frame.values[index] == last[index] ? min(runs[index], .max - 1) + 1 : 0
            longest = max(longest, run)
        }
        return Float(longest - min(longest, Self.freeRepetitions))
    }

    /// Continues or ends each channel's run, whatever the gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            runs[index] = frame.values[index] == last[index] ? min(runs[index], .max - 1) + 1 : 0
            last[index] = frame.values[index]
        }
        samples += 1
    }

    /// Squares of the runs.
    public func contributions(into parts: inout [Double]) {
        for index in runs.indices { parts[index] = Double(runs[index]) * Double(runs[index]) }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { runs.count * 12 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(runs)
        writer.write(last)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        runs = try reader.readIntegers(UInt32.self)
        last = try reader.readDoubles(count: channelCount)
        guard runs.count == channelCount else { throw .invalid("\(runs.count) runs for \(channelCount) channels") }
    }
}
