public import TimeSeries

/// Short-term against long-term roughness: does the channel flutter more, or less, than it used to?
///
/// e = ln(|z − z′| + 0.02); the difference of its fast (0.1) and slow (0.005) exponentially weighted means, over the usual
/// size of that difference, near-maximum over the channels. It sees variance changes and signals that go quiet slowly.
/// The logarithm makes doubling and halving equal. State 32 bytes a channel; cost one logarithm a channel.
public struct VolatilityDetector: Detector {
    private static let fastRate: Float = 0.1
    private static let slowRate: Float = 0.005
    private var residuals: [Float]
    private var roughness: [Float]
    private var fast: [Float]
    private var slow: [Float]
    private var deviations: [RunningDeviation]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.volatility.name }
    /// One, to have a step from.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; the means start at −1, about ln of a usual step.
    public init(channelCount: Int) {
        residuals = Array(repeating: 0, count: channelCount)
        roughness = residuals
        fast = Array(repeating: -1, count: channelCount)
        slow = fast
        deviations = Array(repeating: RunningDeviation(), count: channelCount)
    }

    /// Near-maximum of fast minus slow roughness over its usual size; 0 at the first sample.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard samples > 0, frame.isPresent[index], frame.hasChange[index] else {
                residuals[index] = 0
                continue
            }
            let step = (frame.scaled[index] - frame.previousScaled[index]).magnitude
            roughness[index] = Float(Transcendental.log(Double(step) + 0.02))
            let next = fast[index] + Self.fastRate * (roughness[index] - fast[index])
            residuals[index] = Float(Double(next - slow[index]) / deviations[index].scale)
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Moves both means, and the usual size with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if samples > 0 {
            let gain = frame.gain(weight)
            for index in 0..<frame.channelCount where frame.isPresent[index] && frame.hasChange[index] {
                fast[index] += Self.fastRate * (roughness[index] - fast[index])
                deviations[index].update(Double(fast[index] - slow[index]), gain: gain)
                if gain > 0 { slow[index] += Self.slowRate * (roughness[index] - slow[index]) }
            }
        }
        samples += 1
    }

    /// Squares of the differences of roughness over their usual size.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * 16 + deviations.count * 16 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(fast)
        writer.write(slow)
        deviations.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        fast = try reader.readFloats(count: channelCount)
        slow = try reader.readFloats(count: channelCount)
        deviations = try [RunningDeviation](from: &reader, count: channelCount)
    }
}
