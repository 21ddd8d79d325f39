public import TimeSeries

/// Size of the step from the sample before, against the usual size of a step.
///
/// r = (z − z′) / dev(z − z′), near-maximum over the channels. It sees spikes and edges that stay within the usual range;
/// a slow drift passes it. While the series is abnormal it learns with a tenth of the weight. State 24 bytes a channel.
/// A channel that was missing in the sample before has no step.
public struct DifferenceDetector: Detector {
    /// What is known of a channel: in one array, so that a detector of few channels is one place in memory.
    private struct Step: Sendable {
        var residual: Float = 0
        var deviation = RunningDeviation()
    }

    private var steps: [Step]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.difference.name }
    /// One, to have a step from.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) { steps = Array(repeating: Step(), count: channelCount) }

    /// Near-maximum of the steps over their usual size; 0 at the first sample.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard samples > 0, frame.isPresent[index], frame.hasChange[index] else {
                steps[index].residual = 0
                continue
            }
            let step = frame.scaled[index] - frame.previousScaled[index]
            steps[index].residual = Float(Double(step) / steps[index].deviation.scale)
        }
        return ChannelAggregate.nearMaximum(of: frame) { steps[$0].residual }
    }

    /// Learns the usual size of a step, with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if samples > 0 {
            let gain = frame.gain(weight)
            for index in 0..<frame.channelCount where frame.isPresent[index] && frame.hasChange[index] {
                steps[index].deviation.update(Double(frame.scaled[index] - frame.previousScaled[index]), gain: gain)
            }
        }
        samples += 1
    }

    /// Squares of the steps over their usual size.
    public func contributions(into parts: inout [Double]) {
        for index in steps.indices { parts[index] = ChannelAggregate.square(steps[index].residual) }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { steps.count * MemoryLayout<Step>.stride }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        for step in steps { step.deviation.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        for index in steps.indices { steps[index].deviation = try RunningDeviation(from: &reader) }
    }
}
