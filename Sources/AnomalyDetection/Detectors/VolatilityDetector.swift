public import TimeSeries

/// Short-term against long-term roughness: does the channel flutter more, or less, than it used to?
///
/// e = ln(|z − z′| + 0.02); the difference of its fast (0.1) and slow (0.005) exponentially weighted means, over the usual
/// size of that difference, near-maximum over the channels. It sees variance changes and signals that go quiet slowly.
/// The logarithm makes doubling and halving equal. State 32 bytes a channel; cost one logarithm a channel.
public struct VolatilityDetector: Detector {
    private static let fastRate: Float = 0.1
    private static let slowRate: Float = 0.005

    /// What is known of a channel: in one array, so that a detector of few channels is one place in memory.
    private struct Roughness: Sendable {
        var residual: Float = 0
        var latest: Float = 0
        /// About ln of a usual step.
        var fast: Float = -1
        var slow: Float = -1
        var deviation = RunningDeviation()

        mutating func learn(fastRate: Float, slowRate: Float, gain: Double) {
            fast += fastRate * (latest - fast)
            deviation.update(Double(fast - slow), gain: gain)
            if gain > 0 { slow += slowRate * (latest - slow) }
        }
    }

    private var channels: [Roughness]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.volatility.name }
    /// One, to have a step from.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; the means start at −1, about ln of a usual step.
    public init(channelCount: Int) { channels = Array(repeating: Roughness(), count: channelCount) }

    /// Near-maximum of fast minus slow roughness over its usual size; 0 at the first sample.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard samples > 0, frame.isPresent[index], frame.hasChange[index] else {
                channels[index].residual = 0
                continue
            }
            let step = (frame.scaled[index] - frame.previousScaled[index]).magnitude
            let latest = Float(Transcendental.log(Double(step) + 0.02))
            channels[index].latest = latest
            let next = channels[index].fast + Self.fastRate * (latest - channels[index].fast)
            channels[index].residual = Float(Double(next - channels[index].slow) / channels[index].deviation.scale)
        }
        return ChannelAggregate.nearMaximum(of: frame) { channels[$0].residual }
    }

    /// Moves both means, and the usual size with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if samples > 0 {
            let gain = frame.gain(weight)
            for index in 0..<frame.channelCount where frame.isPresent[index] && frame.hasChange[index] {
                channels[index].learn(fastRate: Self.fastRate, slowRate: Self.slowRate, gain: gain)
            }
        }
        samples += 1
    }

    /// Squares of the differences of roughness over their usual size.
    public func contributions(into parts: inout [Double]) {
        for index in channels.indices { parts[index] = ChannelAggregate.square(channels[index].residual) }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { channels.count * MemoryLayout<Roughness>.stride }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(channels.map(\.fast))
        writer.write(channels.map(\.slow))
        for channel in channels { channel.deviation.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        let fast = try reader.readFloats(count: channelCount)
        let slow = try reader.readFloats(count: channelCount)
        for index in channels.indices {
            channels[index].fast = fast[index]
            channels[index].slow = slow[index]
            channels[index].deviation = try RunningDeviation(from: &reader)
        }
    }
}
