import TimeSeries

/// What is expected of each channel and how far its values stray from it, learned on the series itself.
///
/// Two sources of an expectation, each with edges of its own, so that the band is right from the first sample told by either:
/// the forecaster (its mean; errors in its scale, corrected by their usual size on this series) and the scaler (the usual
/// value; errors in scales). Behind a closed gate both learn only from what lies near the band: what is abnormal widens none.
/// 88 bytes a channel, and 24 for the sample in hand; learning allocates nothing.
struct ExpectedBands: Equatable, Sendable {
    /// Half width of 99 % of a normal distribution in its mean deviations, 2.576 / 0.798: where the forecaster's edges begin.
    static let forecastHalfWidth: Float = 3.23
    /// The same in standard deviations, for the scaler's.
    static let levelHalfWidth: Float = 2.576

    /// What is known of one channel.
    private struct Band: Equatable, Sendable {
        var forecast = BandEdges(halfWidth: ExpectedBands.forecastHalfWidth)
        var level = BandEdges(halfWidth: ExpectedBands.levelHalfWidth)
        var states = ChannelStates()
        /// Expectation of the sample in hand, in scales from the usual value.
        var expected = 0.0
        var low = 0.0
        var high = 0.0
    }

    // One array, not one of each: of thousands of series with a channel or two the heads would be most of it.
    private var bands: [Band]

    init(channelCount: Int) { bands = Array(repeating: Band(), count: channelCount) }

    /// Notes what was expected of the sample in the frame, and then learns how far it was off.
    ///
    /// - Parameters:
    ///   - usesForecast: whether the forecaster's word counts already; it is not asked when the frame has none.
    ///   - isOpen: whether the gate is.
    ///   - bank: knows how large the forecaster's errors are on this series.
    mutating func observe(_ frame: Frame, usesForecast: Bool, isOpen: Bool, bank: borrowing DetectorBank) {
        Self.observe(frame, usesForecast: usesForecast, isOpen: isOpen, bank: bank, in: &bands)
    }

    private static func observe(
        _ frame: Frame, usesForecast: Bool, isOpen: Bool, bank: borrowing DetectorBank, in bands: inout [Band]
    ) {
        let isForecast = usesForecast && frame.hasForecast
        var bands = bands.mutableSpan
        for index in bands.indices {
            let unit = frame.hasForecast ? unit(of: frame, index, bank) : 1
            let edges = isForecast ? bands[index].forecast : bands[index].level
            let reach = isForecast ? unit : 1
            let expected = isForecast ? Double(frame.forecastMean[index]) : 0
            bands[index].expected = expected
            bands[index].low = expected - reach * Double(edges.below)
            bands[index].high = expected + reach * Double(edges.above)
            guard frame.isPresent[index] && frame.isScaled[index] else { continue }
            bands[index].level.learn(frame.scaled[index], isOpen: isOpen)
            guard frame.hasForecast else { continue }
            bands[index].forecast.learn(
                (frame.scaled[index] - frame.forecastMean[index]) / Float(unit), isOpen: isOpen)
        }
    }

    /// Learns which channels had which value in the frame; told one sample late, so that the sample in hand is told by those
    /// before it.
    mutating func learnStates(_ frame: Frame) { Self.learnStates(frame, in: &bands) }

    private static func learnStates(_ frame: Frame, in bands: inout [Band]) {
        var bands = bands.mutableSpan
        for index in bands.indices where frame.isPresent[index] { bands[index].states.learn(frame.values[index]) }
    }

    /// What was expected of a channel, in its unit.
    ///
    /// - Parameters:
    ///   - location: its usual value when the sample was scored.
    ///   - scale: its scale then.
    func expectation(channel: Int, location: Double, scale: Double) -> ChannelExpectation {
        let band = bands[channel]
        let expectation = ChannelExpectation(
            expected: location + scale * band.expected, low: location + scale * band.low,
            high: location + scale * band.high)
        return band.states.areKnown ? band.states.rounded(expectation) : expectation
    }

    /// What the forecaster's errors are measured in: its scale, as large as it proved on this series.
    private static func unit(of frame: Frame, _ index: Int, _ bank: borrowing DetectorBank) -> Double {
        max(Double(frame.forecastScale[index]) * bank.bandCorrection(channel: index), 1e-9)
    }

    /// Another forecaster errs by other amounts.
    mutating func beginForecastsAnew() {
        for index in bands.indices { bands[index].forecast = BandEdges(halfWidth: Self.forecastHalfWidth) }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { bands.count * MemoryLayout<Band>.stride }

    /// Writes what is learned.
    func encode(to writer: inout StateWriter) {
        for band in bands {
            band.forecast.encode(to: &writer)
            band.level.encode(to: &writer)
            band.states.encode(to: &writer)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        for index in 0..<channelCount {
            bands[index].forecast = try BandEdges(from: &reader)
            bands[index].level = try BandEdges(from: &reader)
            bands[index].states = try ChannelStates(from: &reader)
        }
    }
}
