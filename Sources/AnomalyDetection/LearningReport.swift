import TimeSeries

/// What the networks have learned, as running sums: the difference of two reports is the part between them.
///
/// All errors are in scaled units (standard deviations of the channel), each clipped at 10, summed over the channels
/// that were there. A forecaster that learned nothing does no better than persistence, an autoencoder that learned
/// nothing no better than the channels' usual values.
public struct LearningReport: Equatable, Sendable {
    /// Σ |z − forecast|.
    public var forecastError = 0.0
    /// Σ |z − previous z| over the same values: the forecast "it stays as it is".
    public var persistenceError = 0.0
    /// How many values the two sums have.
    public var forecastCount = 0.0
    /// Σ of the root mean square over the window of (z − reconstruction), one for each channel and sample.
    public var reconstructionError = 0.0
    /// Σ of the root mean square over the window of z: the reconstruction "each channel is at its usual value".
    public var meanError = 0.0
    /// How many values the two sums have.
    public var reconstructionCount = 0.0

    /// Creates an empty report.
    public init() {}

    /// Error of the forecaster against persistence, below 1 when it has learned; `nil` without values.
    public var forecastRatio: Double? { persistenceError > 0 ? forecastError / persistenceError : nil }

    /// Error of the autoencoder against the channels' usual values, below 1 when it has learned; `nil` without values.
    public var reconstructionRatio: Double? { meanError > 0 ? reconstructionError / meanError : nil }

    /// Adds the forecaster's errors on a sample's changes.
    mutating func noteForecast(_ frame: Frame) {
        for index in 0..<frame.channelCount where frame.isPresent[index] && frame.hasChange[index] {
            let value = frame.scaled[index]
            forecastError += min(10, Double((value - frame.forecastMean[index]).magnitude))
            persistenceError += min(10, Double((value - frame.previousScaled[index]).magnitude))
            forecastCount += 1
        }
    }

    /// Adds the autoencoder's errors on a window.
    ///
    /// - Parameter usual: `[d]`, root mean square of each channel's z in the window.
    mutating func noteReconstruction(_ frame: Frame, usual: Span<Float>) {
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            reconstructionError += min(10, Double(frame.windowMiss[index]))
            meanError += min(10, Double(usual[index]))
            reconstructionCount += 1
        }
    }

    /// The sums between an earlier report and this one.
    public func since(_ earlier: LearningReport) -> LearningReport {
        var part = self
        part.forecastError -= earlier.forecastError
        part.persistenceError -= earlier.persistenceError
        part.forecastCount -= earlier.forecastCount
        part.reconstructionError -= earlier.reconstructionError
        part.meanError -= earlier.meanError
        part.reconstructionCount -= earlier.reconstructionCount
        return part
    }

    /// Writes the sums.
    func encode(to writer: inout StateWriter) {
        writer.write(forecastError)
        writer.write(persistenceError)
        writer.write(forecastCount)
        writer.write(reconstructionError)
        writer.write(meanError)
        writer.write(reconstructionCount)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        forecastError = try reader.readDouble()
        persistenceError = try reader.readDouble()
        forecastCount = try reader.readDouble()
        reconstructionError = try reader.readDouble()
        meanError = try reader.readDouble()
        reconstructionCount = try reader.readDouble()
    }
}
