public import TimeSeries

/// Distance from the median of the last 128 values in median absolute deviations: the near-maximum of
/// |x − median| / (1.4826 MAD).
///
/// The Hampel identifier (Hampel 1974, "The Influence Curve and its Role in Robust Estimation",
/// doi 10.1080/01621459.1974.10482962). Up to half of the window may be outliers without moving either estimate, so a
/// burst of wild values does not hide the one after it, as it does for means and standard deviations; and the window is
/// short, so what the detector takes for usual is what was seen minutes ago. 1.4826 makes the MAD a standard deviation
/// for normal values.
///
/// We differ in that the value at hand is judged by a window that it is not in yet, that there is no threshold, and that
/// the scale is never below the ``SensorResolution``: more than half of a quantised or resting window are often one and
/// the same value, whose MAD is 0.
///
/// A value enters the window when the weights since the last entry add up to 1: each one behind an open gate, every
/// tenth behind a closed one. A channel votes from its 16th value on; a missing one adds nothing and its window stays.
/// State 1,084 bytes a channel (two orders of 128 Floats, see ``SlidingMedian``); cost about 14 comparisons and, on
/// average, 43 moves.
public struct HampelDetector: Detector {
    /// Values in the window.
    static let windowLength = 128
    private static let fewestValues = 16
    /// From a median absolute deviation to a standard deviation of normal values.
    private static let normalFactor = 1.4826
    private var residuals: [Float]
    private var windows: [SlidingMedian]
    private var resolutions: [SensorResolution]
    private var credit = 0.0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// What configuration and explanations call it.
    public var name: String { "hampel" }
    /// Sixteen, for a deviation.
    public var minimumSamples: Int { Self.fewestValues }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        residuals = Array(repeating: 0, count: channelCount)
        // One by one: repeated, they would share their memory until each is written to.
        windows = (0..<channelCount).map { _ in SlidingMedian(length: Self.windowLength) }
        resolutions = Array(repeating: SensorResolution(), count: channelCount)
    }

    /// Near-maximum of the distances; 0 for a channel with fewer than 16 values.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index], windows[index].count >= Self.fewestValues else {
                residuals[index] = 0
                continue
            }
            let value = frame.values[index]
            let (median, deviation) = windows[index].medianAndDeviation()
            let scale = max(Self.normalFactor * deviation, resolutions[index].floor(at: value))
            residuals[index] = ChannelAggregate.residual(value - median, scale: scale)
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Pushes the values, every tenth sample behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        if frame.presentCount > 0 { credit += frame.gain(weight) }
        // Ten tenths are a hair less than 1.
        let enters = credit >= 1 - 1e-9
        if enters { credit = 0 }
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let value = frame.values[index]
            if enters { windows[index].push(value) }
            resolutions[index].learn(value)
        }
    }

    /// Squares of the distances in deviations.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        residuals.count * (4 + 16 + MemoryLayout<SlidingMedian>.stride + 8 * Self.windowLength)
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(UInt32(windows.count))
        writer.write(credit)
        for window in windows { window.encode(to: &writer) }
        resolutions.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels and numbers that cannot be.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        try reader.checkChannels(channelCount)
        credit = try reader.readDouble()
        guard (0...1).contains(credit) else { throw .invalid("a credit of \(credit) samples") }
        for index in windows.indices { windows[index] = try SlidingMedian(from: &reader, length: Self.windowLength) }
        resolutions = try [SensorResolution](from: &reader, count: channelCount)
    }
}
