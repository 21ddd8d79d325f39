public import TimeSeries

/// How far a value lies beyond the quartiles, in distances of the quartiles: the near-maximum over the channels.
///
/// Tukey's fences (1977, "Exploratory Data Analysis", Addison-Wesley, section 2D): a value more than 1.5 of these
/// distances beyond a quartile is outside, more than 3 far out. The two sides have fences of their own, so a skewed
/// channel (a rate, a pressure with bursts) is not judged by its longer side, and no shape is assumed. The quartiles come
/// from a ``QuantileSketch`` of the last 2,000 values or so.
///
/// We differ in that the score counts from the quartile and not from the fence, 1.5 being the fence: which distance is
/// rare is for the calibration to say. What lies within the sketch's own width beyond a quartile is no distance, and the
/// distance of the quartiles is never taken below the ``SensorResolution``.
///
/// Behind a closed gate a value counts a tenth. A channel votes from its 32nd value on; a missing one adds and learns
/// nothing. State 620 bytes a channel; cost about 20 operations and the sketch's.
public struct QuantileDetector: Detector {
    private static let fewestValues: UInt64 = 32
    private var residuals: [Float]
    private var sketches: [QuantileSketch]
    private var resolutions: [SensorResolution]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// What configuration and explanations call it.
    public var name: String { "quantile" }
    /// Thirty-two, for quartiles.
    public var minimumSamples: Int { Int(Self.fewestValues) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        residuals = Array(repeating: 0, count: channelCount)
        sketches = (0..<channelCount).map { _ in QuantileSketch() }
        resolutions = Array(repeating: SensorResolution(), count: channelCount)
    }

    /// Near-maximum of the distances beyond the quartiles; 0 for a channel with fewer than 32 values.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], sketches[index].count >= Self.fewestValues else {
                residuals[index] = 0
                continue
            }
            let value = frame.values[index]
            let lower = sketches[index].lowerQuartile
            let upper = sketches[index].upperQuartile
            let beyond = max(0, max(lower - value, value - upper) - sketches[index].width)
            let scale = max(upper - lower, resolutions[index].floor(at: value))
            residuals[index] = ChannelAggregate.residual(beyond, scale: scale)
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Learns the values, with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        let gain = frame.gain(weight)
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            sketches[index].learn(frame.values[index], weight: gain)
            resolutions[index].learn(frame.values[index])
        }
        samples += 1
    }

    /// Squares of the distances beyond the quartiles.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        residuals.count * (4 + 16 + MemoryLayout<QuantileSketch>.stride) + sketches.reduce(0) { $0 + $1.memoryBytes }
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(UInt32(sketches.count))
        for sketch in sketches { sketch.encode(to: &writer) }
        resolutions.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels and numbers that cannot be.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        try reader.checkChannels(channelCount)
        for index in sketches.indices { sketches[index] = try QuantileSketch(from: &reader) }
        resolutions = try [SensorResolution](from: &reader, count: channelCount)
    }
}
