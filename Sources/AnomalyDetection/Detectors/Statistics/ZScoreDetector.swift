public import TimeSeries

/// Distance from the exponentially weighted mean in exponentially weighted standard deviations: the near-maximum of
/// |x − m| / s.
///
/// The EWMA control chart (Roberts 1959, doi 10.1080/00401706.1959.10489860) for single values, with mean and variance
/// updated in place (West 1979, doi 10.1145/359146.359153):
///
///     δ = x − m      m ← m + α δ      v ← (1 − α) (v + α δ²)      α = max(1/(n + 1), 1/1,000)
///
/// Where ``LevelDetector`` looks back 20,000 samples and does not move while the series is abnormal, this one takes the
/// last thousand for usual: it sees what leaves the neighbourhood of the last minutes. We differ from the papers in three
/// ways: the memory grows to its length, so that the first values count evenly; δ is cut at six deviations when learned,
/// so that one wild value cannot blind the chart; and s is never below the ``SensorResolution``, so that a channel
/// at rest is not infinitely sensitive.
///
/// Behind a closed gate mean and variance follow with a tenth of their rate. A channel votes from its 16th value on; a
/// missing one adds and learns nothing. State 44 bytes a channel; cost about ten operations, a root and a division.
public struct ZScoreDetector: Detector {
    /// Values after which the mean moves by 1/`horizon` a value.
    private static let horizon = 1_000.0
    /// Cut of a learned δ, in deviations.
    private static let clip = 6.0
    private static let fewestValues = 16.0
    private var residuals: [Float]
    private var mean: [Double]
    private var variance: [Double]
    private var learned: [Double]
    private var resolutions: [SensorResolution]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// What configuration and explanations call it.
    public var name: String { "z-score" }
    /// Sixteen, for a variance.
    public var minimumSamples: Int { Int(Self.fewestValues) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        residuals = Array(repeating: 0, count: channelCount)
        mean = Array(repeating: 0, count: channelCount)
        variance = mean
        learned = mean
        resolutions = Array(repeating: SensorResolution(), count: channelCount)
    }

    /// Near-maximum of |x − m| / s; 0 for a channel's first 16 values.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], learned[index] >= Self.fewestValues else {
                residuals[index] = 0
                continue
            }
            let value = frame.values[index]
            let scale = max(variance[index].squareRoot(), resolutions[index].floor(at: value))
            residuals[index] = ChannelAggregate.residual(value - mean[index], scale: scale)
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Moves mean and variance, with a tenth of the rate behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        let gain = frame.gain(weight)
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let value = frame.values[index]
            var distance = value - mean[index]
            if learned[index] >= Self.fewestValues {
                let limit = Self.clip * max(variance[index].squareRoot(), resolutions[index].floor(at: value))
                distance = max(-limit, min(limit, distance))
            }
            // The first value is the mean, whatever the gate says: there is no other.
            let rate = learned[index] == 0 ? 1 : gain * max(1 / (learned[index] + 1), 1 / Self.horizon)
            mean[index] += rate * distance
            variance[index] = (1 - rate) * (variance[index] + rate * distance * distance)
            learned[index] += learned[index] == 0 ? 1 : gain
            resolutions[index].learn(value)
        }
        samples += 1
    }

    /// Squares of the distances in deviations.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * (4 + 3 * 8 + 16) }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(mean)
        writer.write(variance)
        writer.write(learned)
        resolutions.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels and numbers that cannot be.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        mean = try reader.readFiniteDoubles(count: channelCount)
        variance = try reader.readSizes(count: channelCount)
        learned = try reader.readSizes(count: channelCount)
        resolutions = try [SensorResolution](from: &reader, count: channelCount)
    }
}
