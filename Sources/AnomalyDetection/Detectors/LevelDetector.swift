public import TimeSeries

/// Distance of the channels from their usual level: the near-maximum of |z|.
///
/// The robust z-score (Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers"), made running: location and scale
/// come from ``ChannelScaler``. It sees single outliers and anything large; it knows neither time nor other channels.
/// State 8 bytes; cost a multiplication or two for each channel. Before the scaler's fifth sample z, and so the score, is 0.
public struct LevelDetector: Detector {
    private var residuals: [Float]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.level.name }
    /// None: the scaler gives 0 until it has a scale.
    public var minimumSamples: Int { 0 }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) { residuals = Array(repeating: 0, count: channelCount) }

    /// Near-maximum of |z|; 0 for channels that are missing.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<frame.channelCount {
            residuals[index] = frame.isPresent[index] ? frame.scaled[index] : 0
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Counts the sample; location and scale are learned by ``ChannelScaler``.
    public mutating func learn(_ frame: Frame, weight: Double) { samples += 1 }

    /// Squares of z.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * 4 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) { writer.write(samples) }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
    }
}
