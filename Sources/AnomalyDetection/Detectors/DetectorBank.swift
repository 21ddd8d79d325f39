import TimeSeries

/// All detectors of one series, each with its own type: a call costs no witness table and copies nothing.
struct DetectorBank: Sendable {
    private var level: LevelDetector
    private var difference: DifferenceDetector
    private var volatility: VolatilityDetector
    private var range: RangeDetector
    private var shift: ShiftDetector
    private var slowShift: ShiftDetector
    private var correlation: CorrelationDetector
    private(set) var forecast: ForecastDetector
    private var reconstruction: ReconstructionDetector
    private var reconstructionWindow: ReconstructionDetector
    private var stuck: StuckDetector

    init(channelCount: Int) {
        level = LevelDetector(channelCount: channelCount)
        difference = DifferenceDetector(channelCount: channelCount)
        volatility = VolatilityDetector(channelCount: channelCount)
        range = RangeDetector(channelCount: channelCount)
        shift = ShiftDetector(channelCount: channelCount, pace: .tens)
        slowShift = ShiftDetector(channelCount: channelCount, pace: .hundreds)
        correlation = CorrelationDetector(channelCount: channelCount)
        forecast = ForecastDetector(channelCount: channelCount)
        reconstruction = ReconstructionDetector(channelCount: channelCount, view: .lastSample)
        reconstructionWindow = ReconstructionDetector(channelCount: channelCount, view: .window)
        stuck = StuckDetector(channelCount: channelCount)
    }

    /// Scores a sample with every detector; `raw` has one element for each ``DetectorKind``.
    mutating func score(_ frame: Frame, into raw: inout [Float]) {
        raw[DetectorKind.level.rawValue] = level.score(frame)
        raw[DetectorKind.difference.rawValue] = difference.score(frame)
        raw[DetectorKind.volatility.rawValue] = volatility.score(frame)
        raw[DetectorKind.range.rawValue] = range.score(frame)
        raw[DetectorKind.shift.rawValue] = shift.score(frame)
        raw[DetectorKind.slowShift.rawValue] = slowShift.score(frame)
        raw[DetectorKind.correlation.rawValue] = correlation.score(frame)
        raw[DetectorKind.forecast.rawValue] = forecast.score(frame)
        raw[DetectorKind.reconstruction.rawValue] = reconstruction.score(frame)
        raw[DetectorKind.reconstructionWindow.rawValue] = reconstructionWindow.score(frame)
        raw[DetectorKind.stuck.rawValue] = stuck.score(frame)
    }

    /// Lets every detector learn the sample scored last.
    mutating func learn(_ frame: Frame, weight: Double) {
        level.learn(frame, weight: weight)
        difference.learn(frame, weight: weight)
        volatility.learn(frame, weight: weight)
        range.learn(frame, weight: weight)
        shift.learn(frame, weight: weight)
        slowShift.learn(frame, weight: weight)
        correlation.learn(frame, weight: weight)
        forecast.learn(frame, weight: weight)
        reconstruction.learn(frame, weight: weight)
        reconstructionWindow.learn(frame, weight: weight)
        stuck.learn(frame, weight: weight)
    }

    /// What a re-baseline asks of the detectors: only the moments of ``CorrelationDetector`` are long enough to matter.
    mutating func rebaseline() { correlation.rebaseline() }

    /// Forgets how large forecast errors usually are: they will be another forecaster's.
    mutating func beginForecastsAnew(channelCount: Int) { forecast = ForecastDetector(channelCount: channelCount) }

    /// The detectors in the order of ``DetectorKind``, for what is not done for every sample.
    var all: [any Detector] {
        [
            level, difference, volatility, range, shift, slowShift, correlation, forecast, reconstruction,
            reconstructionWindow, stuck,
        ]
    }

    /// Writes every detector.
    func encode(to writer: inout StateWriter) {
        for detector in all { detector.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        level = try LevelDetector(from: &reader, channelCount: channelCount)
        difference = try DifferenceDetector(from: &reader, channelCount: channelCount)
        volatility = try VolatilityDetector(from: &reader, channelCount: channelCount)
        range = try RangeDetector(from: &reader, channelCount: channelCount)
        shift = try ShiftDetector(from: &reader, channelCount: channelCount)
        slowShift = try ShiftDetector(from: &reader, channelCount: channelCount)
        correlation = try CorrelationDetector(from: &reader, channelCount: channelCount)
        forecast = try ForecastDetector(from: &reader, channelCount: channelCount)
        reconstruction = try ReconstructionDetector(from: &reader, channelCount: channelCount)
        reconstructionWindow = try ReconstructionDetector(from: &reader, channelCount: channelCount)
        stuck = try StuckDetector(from: &reader, channelCount: channelCount)
        guard shift.pace == .tens, slowShift.pace == .hundreds, reconstruction.view == .lastSample,
            reconstructionWindow.view == .window
        else { throw .invalid("detectors in another order") }
    }
}
