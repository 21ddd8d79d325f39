public import TimeSeries

/// Error of the forecaster in its own predicted scale.
///
/// The network (see `ForecasterCell`) predicts for each channel the mean μ and the scale σ of the next z; e = (z − μ) / σ, against its usual size on this series, near-maximum over the channels.
/// That usual size is the series' own head on the shared network: it corrects a σ that fits the group but not this
/// series. (Malhotra et al. 2015 score with a Gaussian of the errors; here the tail is calibrated afterwards and the
/// likelihood is Student-t, so that outliers do not pull the weights.)
///
/// Where forecasts look more than one sample ahead, the errors at this sample of those made 1, 2 … h samples ago, each over
/// its own usual size, count as the root of the mean of their squares. A spike is in all of them at once, a drift in the long
/// ones alone, where it has added up: the mean of squares lets either show, keeps a usual error at 1, and leaves no single
/// number of samples ahead in command as their maximum would.
///
/// Scores 0 without a forecast: at the first sample and after a restart. State 16 bytes a channel; the network's hidden
/// state belongs to ``SeriesMonitor``.
public struct ForecastDetector: Detector {
    /// Samples before the head's correction is trusted.
    private static let trustedWeight = 30.0
    private var residuals: [Float]
    private var deviations: [RunningDeviation]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.forecast.name }
    /// Two: a sample to forecast from and one to settle the state.
    public var minimumSamples: Int { 2 }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        residuals = Array(repeating: 0, count: channelCount)
        deviations = Array(repeating: RunningDeviation(), count: channelCount)
    }

    /// The head's correction of a channel's predicted scale, as a standard deviation; 1 until it is trusted.
    public func correction(channel: Int) -> Double { Self.correction(deviations[channel]) }

    private static func correction(_ deviation: RunningDeviation) -> Double {
        deviation.weight > trustedWeight ? deviation.scale : 1
    }

    /// The head's correction of a channel's predicted scale for a band: the mean |e|, which is exactly 1 for a Student-t
    /// distribution with ν = 4 and the right scale; 1 until it is trusted.
    public func bandCorrection(channel: Int) -> Double {
        deviations[channel].weight > Self.trustedWeight ? deviations[channel].mean : 1
    }

    /// Near-maximum of the forecast errors over their usual size; 0 without a forecast.
    public mutating func score(_ frame: Frame) -> Float {
        let votes = samples > 1 && frame.hasForecast
        guard votes else {
            for index in residuals.indices { residuals[index] = 0 }
            return 0
        }
        Self.fill(&residuals, frame, deviations)
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    private static func fill(_ residuals: inout [Float], _ frame: Frame, _ deviations: [RunningDeviation]) {
        let deviations = deviations.span
        var residuals = residuals.mutableSpan
        for index in 0..<frame.channelCount {
            guard frame.isPresent[index] else {
                residuals[index] = 0
                continue
            }
            let residual = Float(Double(error(frame, index)) / correction(deviations[index]))
            residuals[index] = withErrorsAhead(residual, frame, index)
        }
    }

    /// Learns the usual size of an error, with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if frame.hasForecast {
            Self.learn(frame, gain: frame.gain(weight), in: &deviations)
        }
        samples += 1
    }

    private static func learn(_ frame: Frame, gain: Double, in deviations: inout [RunningDeviation]) {
        var deviations = deviations.mutableSpan
        for index in deviations.indices where frame.isPresent[index] {
            deviations[index].update(Double(error(frame, index)), gain: gain)
        }
    }

    /// A residual joined with those of what was forecast longer ago; its sign stays.
    private static func withErrorsAhead(_ residual: Float, _ frame: Frame, _ index: Int) -> Float {
        guard frame.aheadLeads > 0 else { return residual }
        var squares = residual * residual
        for lead in 0..<frame.aheadLeads {
            let other = frame.aheadResiduals[lead * frame.channelCount + index]
            squares += other * other
        }
        let size = (squares / Float(frame.aheadLeads + 1)).squareRoot()
        return residual < 0 ? -size : size
    }

    private static func error(_ frame: Frame, _ index: Int) -> Float {
        (frame.scaled[index] - frame.forecastMean[index]) / frame.forecastScale[index]
    }

    /// Squares of the errors over their usual size.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * 4 + deviations.count * 16 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        deviations.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        deviations = try [RunningDeviation](from: &reader, count: channelCount)
    }
}
