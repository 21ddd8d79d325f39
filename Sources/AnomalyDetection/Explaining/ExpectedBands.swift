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

    private var forecasts: [BandEdges]
    private var levels: [BandEdges]
    private var states: [ChannelStates]
    /// Expectation of the sample in hand, in scales from the usual value, `[d]`.
    private var expected: [Double]
    private var low: [Double]
    private var high: [Double]

    init(channelCount: Int) {
        forecasts = Array(repeating: BandEdges(halfWidth: Self.forecastHalfWidth), count: channelCount)
        levels = Array(repeating: BandEdges(halfWidth: Self.levelHalfWidth), count: channelCount)
        states = Array(repeating: ChannelStates(), count: channelCount)
        expected = Array(repeating: 0, count: channelCount)
        low = expected
        high = expected
    }

    /// Notes what was expected of the sample in the frame, before anything is learned from it.
    ///
    /// - Parameters:
    ///   - usesForecast: whether the forecaster's word counts already; it is not asked when the frame has none.
    ///   - bank: knows how large the forecaster's errors are on this series.
    mutating func expect(_ frame: Frame, usesForecast: Bool, bank: borrowing DetectorBank) {
        let isForecast = usesForecast && frame.hasForecast
        for index in expected.indices {
            let edges = isForecast ? forecasts[index] : levels[index]
            let unit = isForecast ? Self.unit(frame, index, bank) : 1
            expected[index] = isForecast ? Double(frame.forecastMean[index]) : 0
            low[index] = expected[index] - unit * Double(edges.below)
            high[index] = expected[index] + unit * Double(edges.above)
        }
    }

    /// Learns the errors of the sample that was expected last.
    mutating func learn(_ frame: Frame, isOpen: Bool, bank: borrowing DetectorBank) {
        for index in expected.indices where frame.isPresent[index] && frame.isScaled[index] {
            levels[index].learn(frame.scaled[index], isOpen: isOpen)
            guard frame.hasForecast else { continue }
            let unit = Float(Self.unit(frame, index, bank))
            forecasts[index].learn((frame.scaled[index] - frame.forecastMean[index]) / unit, isOpen: isOpen)
        }
    }

    /// Learns that a channel had a value; told one sample late, so that the sample in hand is told by those before it.
    mutating func learnState(_ value: Double, channel: Int) { states[channel].learn(value) }

    /// What was expected of a channel, in its unit.
    ///
    /// - Parameters:
    ///   - location: its usual value when the sample was scored.
    ///   - scale: its scale then.
    func expectation(channel: Int, location: Double, scale: Double) -> ChannelExpectation {
        let band = ChannelExpectation(
            expected: location + scale * expected[channel], low: location + scale * low[channel],
            high: location + scale * high[channel])
        return states[channel].areKnown ? states[channel].rounded(band) : band
    }

    /// What the forecaster's errors are measured in: its scale, as large as it proved on this series.
    private static func unit(_ frame: Frame, _ index: Int, _ bank: borrowing DetectorBank) -> Double {
        max(Double(frame.forecastScale[index]) * bank.bandCorrection(channel: index), 1e-9)
    }

    /// Another forecaster errs by other amounts.
    mutating func beginForecastsAnew() {
        for index in forecasts.indices { forecasts[index] = BandEdges(halfWidth: Self.forecastHalfWidth) }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        let edges = 2 * MemoryLayout<BandEdges>.stride + MemoryLayout<ChannelStates>.stride
        return expected.count * (edges + 24)
    }

    /// Writes what is learned.
    func encode(to writer: inout StateWriter) {
        for index in expected.indices {
            forecasts[index].encode(to: &writer)
            levels[index].encode(to: &writer)
            states[index].encode(to: &writer)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        for index in 0..<channelCount {
            forecasts[index] = try BandEdges(from: &reader)
            levels[index] = try BandEdges(from: &reader)
            states[index] = try ChannelStates(from: &reader)
        }
    }
}
