public import TimeSeries

/// A level that moved: the difference of a fast and a slow exponentially weighted mean of z, against its usual size.
///
/// Moving-average crossing, the EWMA control chart (Roberts 1959, doi 10.1080/00401706.1959.10489860) with a reference
/// that follows slowly. Two paces: `.tens` (0.1 against 0.005) answers within tens of samples, `.hundreds` (0.03 against
/// 0.002) within hundreds and then stays up longer. While the series is abnormal the slow mean and the usual size follow
/// with a tenth of their rates, so that a fault of minutes is not learned. State 24 bytes a channel.
public struct ShiftDetector: Detector {
    /// How quick it is.
    public enum Pace: UInt8, Sendable, CaseIterable {
        /// Tens of samples.
        case tens
        /// Hundreds of samples.
        case hundreds

        var fastRate: Float { self == .tens ? 0.1 : 0.03 }
        var slowRate: Float { self == .tens ? 0.005 : 0.002 }
    }

    /// How quick it is.
    public let pace: Pace

    /// What is known of a channel: in one array, so that a detector of few channels is one place in memory.
    private struct Means: Sendable {
        var residual: Float = 0
        var fast: Float = 0
        var slow: Float = 0
        var isStarted = false
        var deviation = RunningDeviation()

        mutating func learn(_ value: Float, fastRate: Float, slowRate: Float, gain: Double) {
            guard isStarted else {
                fast = value
                slow = value
                isStarted = true
                return
            }
            fast += fastRate * (value - fast)
            deviation.update(Double(fast - slow), gain: gain)
            slow += slowRate * (value - slow)
        }
    }

    private var means: [Means]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { (pace == .tens ? DetectorKind.shift : .slowShift).name }
    /// One, to start the means.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; both means begin at a channel's first z.
    public init(channelCount: Int, pace: Pace) {
        self.pace = pace
        means = Array(repeating: Means(), count: channelCount)
    }

    /// Near-maximum of fast minus slow mean over its usual size; 0 for a channel's first value.
    public mutating func score(_ frame: Frame) -> Float {
        let rate = pace.fastRate
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], means[index].isStarted else {
                means[index].residual = 0
                continue
            }
            let known = means[index]
            let next = known.fast + rate * (frame.scaled[index] - known.fast)
            means[index].residual = Float(Double(next - known.slow) / known.deviation.scale)
        }
        return ChannelAggregate.nearMaximum(of: frame) { means[$0].residual }
    }

    /// Moves the means; behind a closed gate the slow one and the usual size with a tenth of their rates.
    public mutating func learn(_ frame: Frame, weight: Double) {
        let gain = frame.gain(weight)
        let fastRate = pace.fastRate
        let slowRate = pace.slowRate * Float(gain)
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            means[index].learn(frame.scaled[index], fastRate: fastRate, slowRate: slowRate, gain: gain)
        }
        samples += 1
    }

    /// The level that is there is the usual one: the slow mean begins where the fast one is.
    public mutating func recentre(by moves: [Float]) {
        for index in means.indices {
            means[index].fast -= moves[index]
            means[index].slow = means[index].fast
        }
    }

    /// Squares of the differences of the means over their usual size.
    public func contributions(into parts: inout [Double]) {
        for index in means.indices { parts[index] = ChannelAggregate.square(means[index].residual) }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { means.count * MemoryLayout<Means>.stride }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(pace.rawValue)
        writer.write(means.map(\.fast))
        writer.write(means.map(\.slow))
        for mean in means { writer.write(mean.isStarted) }
        for mean in means { mean.deviation.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.read(UInt64.self)
        guard let pace = Pace(rawValue: try reader.read()) else { throw .invalid("unknown pace of a shift detector") }
        self.init(channelCount: channelCount, pace: pace)
        self.samples = samples
        let fast = try reader.readFloats(count: channelCount)
        let slow = try reader.readFloats(count: channelCount)
        for index in means.indices {
            (means[index].fast, means[index].slow) = (fast[index], slow[index])
            means[index].isStarted = try reader.readBool()
        }
        for index in means.indices { means[index].deviation = try RunningDeviation(from: &reader) }
    }
}
