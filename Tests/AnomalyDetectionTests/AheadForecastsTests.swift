import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct AheadForecastsTests {
    /// A frame with one value a channel, all there.
    private func frame(_ values: [Float]) -> Frame {
        var frame = Frame(channelCount: values.count)
        frame.scaled = values
        frame.isPresent = Array(repeating: true, count: values.count)
        frame.presentCount = values.count
        return frame
    }

    /// Outputs `[h, 2, d]` that say a change of 100 · now + lead + channel / 10 for each lead, with the logarithm of the scale 0.
    private func outputs(_ now: Int, channels: Int, horizon: Int) -> [Float] {
        (1...horizon).flatMap { lead in
            (0..<channels).map { Float(100 * now + lead) + Float($0) / 10 } + Array(repeating: 0, count: channels)
        }
    }

    @Test(arguments: [2, 3, 8], [1, 3])
    func `each sample is held against what was forecast for it`(horizon: Int, channels: Int) {
        var ahead = AheadForecasts(channelCount: channels, horizon: horizon)
        let zero = [Float](repeating: 0, count: channels)
        for now in 0..<20 {
            var seen = frame(zero)
            ahead.expect(into: &seen)
            #expect(seen.aheadLeads == min(max(0, now - 1), horizon - 1), "sample \(now)")
            for lead in 0..<seen.aheadLeads {
                for channel in 0..<channels {
                    // Forecast lead + 2 samples ago, as the change to lead + 2 samples ahead; the scale is 1.02.
                    let change = Float(100 * (now - lead - 2) + lead + 2) + Float(channel) / 10
                    let error = seen.aheadResiduals[lead * channels + channel]
                    #expect((error * 1.02 / -change - 1).magnitude < 1e-6, "sample \(now), lead \(lead + 2)")
                }
            }
            ahead.append(base: zero, outputs: outputs(now, channels: channels, horizon: horizon).span, head: .student)
        }
        ahead.restart()
        var seen = frame(zero)
        ahead.expect(into: &seen)
        #expect(seen.aheadLeads == 0)
    }

    @Test func `errors are measured by what is usual, and a forecast that is never right is not believed`() {
        var ahead = AheadForecasts(channelCount: 1, horizon: 2)
        var last = frame([0])
        for _ in 0..<2_000 {
            ahead.expect(into: &last)
            ahead.learn(last, isOpen: true)
            // Nothing ever changes, and 5 is forecast all the time.
            ahead.append(base: [0], outputs: ([0, 0, 5, 0] as [Float]).span, head: .student)
        }
        ahead.expect(into: &last)
        #expect(last.aheadResiduals[0].magnitude < 0.5, "\(last.aheadResiduals)")
        last.scaled = [20]
        ahead.expect(into: &last)
        #expect(last.aheadResiduals[0] > 10, "\(last.aheadResiduals)")
    }

    @Test func `the errors of all forecasts of a sample count by the mean of their squares`() {
        var detector = ForecastDetector(channelCount: 1)
        var sample = frame([-3])
        sample.hasForecast = true
        for _ in 0..<2 { detector.learn(frame([0]), weight: 1) }
        let alone = detector.score(sample)
        #expect(alone == 3)
        sample.aheadLeads = 2
        sample.aheadResiduals = [4, 12, 1_000]
        let together = detector.score(sample)
        // √((9 + 16 + 144) / 3); leads beyond those that are there are not read.
        #expect(together == (169 / Float(3)).squareRoot())
    }

    @Test func `a drift stands out more with several samples ahead`() {
        /// Highest ratio of the mean raw score of the forecaster during a drift to that before.
        func contrast(_ horizon: Int) -> Double {
            var rig = Rig(channels: 1, forecaster: ForecasterVariant(horizon: horizon))
            var generator = SeededGenerator(seed: 12)
            var (usual, drifting) = (0.0, 0.0)
            for step in 0..<1_300 {
                let drift = step < 1_200 ? 0 : 0.25 * Double(step - 1_200)
                // A smooth series: the change of a sample is little, and noise of its own.
                _ = rig.observe([normal(&generator) + drift])
                let raw = Double(rig.scratch.evidence.raw[DetectorKind.forecast.rawValue])
                if (800..<1_200).contains(step) { usual += raw / 400 }
                if (1_210..<1_230).contains(step) { drifting += raw / 20 }
            }
            return drifting / usual
        }
        let (one, eight) = (contrast(1), contrast(8))
        #expect(eight > 1.2 * one, "one sample ahead \(one), eight \(eight)")
    }
}
