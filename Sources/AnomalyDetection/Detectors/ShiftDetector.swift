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
    private var residuals: [Float]
    private var fast: [Float]
    private var slow: [Float]
    private var isStarted: [Bool]
    private var deviations: [RunningDeviation]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { (pace == .tens ? DetectorKind.shift : .slowShift).name }
    /// One, to start the means.
    public var minimumSamples: Int { 1 }

    /// Creates a detector for so many channels; both means begin at a channel's first z.
    public init(channelCount: Int, pace: Pace) {
        self.pace = pace
        residuals = Array(repeating: 0, count: channelCount)
        fast = residuals
        slow = residuals
        isStarted = Array(repeating: false, count: channelCount)
        deviations = Array(repeating: RunningDeviation(), count: channelCount)
    }

    /// Near-maximum of fast minus slow mean over its usual size; 0 for a channel's first value.
    public mutating func score(_ frame: Frame) -> Float {
        let rate = pace.fastRate
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], isStarted[index] else {
                residuals[index] = 0
                continue
            }
            let next = fast[index] + rate * (frame.scaled[index] - fast[index])
            residuals[index] = Float(Double(next - slow[index]) / deviations[index].scale)
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Moves the means; behind a closed gate the slow one and the usual size with a tenth of their rates.
    public mutating func learn(_ frame: Frame, weight: Double) {
        let gain = frame.gain(weight)
        let fastRate = pace.fastRate
        let slowRate = pace.slowRate * Float(gain)
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let value = frame.scaled[index]
            guard isStarted[index] else {
                fast[index] = value
                slow[index] = value
                isStarted[index] = true
                continue
            }
            fast[index] += fastRate * (value - fast[index])
            deviations[index].update(Double(fast[index] - slow[index]), gain: gain)
            slow[index] += slowRate * (value - slow[index])
        }
        samples += 1
    }

    /// The level that is there is the usual one: the slow mean begins where the fast one is.
    public mutating func recentre(by moves: [Float]) {
        for index in fast.indices {
            fast[index] -= moves[index]
            slow[index] = fast[index]
        }
    }

    /// Squares of the differences of the means over their usual size.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * 13 + deviations.count * 16 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(pace.rawValue)
        writer.write(fast)
        writer.write(slow)
        for started in isStarted { writer.write(started) }
        deviations.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.read(UInt64.self)
        guard let pace = Pace(rawValue: try reader.read()) else { throw .invalid("unknown pace of a shift detector") }
        self.init(channelCount: channelCount, pace: pace)
        self.samples = samples
        fast = try reader.readFloats(count: channelCount)
        slow = try reader.readFloats(count: channelCount)
        for index in isStarted.indices { isStarted[index] = try reader.readBool() }
        deviations = try [RunningDeviation](from: &reader, count: channelCount)
    }
}
