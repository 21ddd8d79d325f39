import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct LikelihoodDetectorTests {
    /// Scores of a stream whose forecast errors are normal numbers, changed from sample 1,500 on.
    private func scores(_ change: (Int, inout Double) -> Void) -> [Float] {
        var detector = LikelihoodDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 81)
        return (0..<1_600).map { step in
            feed.next { if step >= 1_500 { change(step, &$0[0]) } }
            // A forecast of 0, so that the value is the error.
            feed.frame.forecastMean = [0]
            let score = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
            return score
        }
    }

    @Test func `errors a little larger ten times in a row are worth more than one large error`() {
        let usual = scores { _, _ in }
        let row = scores { step, value in if step < 1_515 { value = 2 * value.magnitude + 1 } }
        let single = scores { step, value in if step == 1_500 { value = 5 } }
        #expect(usual[100..<1_500].max() ?? 9 < 5)
        #expect(row[1_500..<1_515].max() ?? 0 > 8)
        #expect(single[1_500..<1_520].max() ?? 9 < (row[1_500..<1_515].max() ?? 0))
        // One error, however large, is one cut at 8.
        let wild = scores { step, value in if step == 1_500 { value = 1e6 } }
        let cut = scores { step, value in if step == 1_500 { value = 8 } }
        #expect(wild[1_500] == cut[1_500])
    }

    @Test func `it is the logarithm of the normal tail over the usual short mean`() {
        var detector = LikelihoodDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 82)
        var sizes: [Double] = []
        var shorts: [Double] = []
        for step in 0..<400 {
            feed.next()
            feed.frame.forecastMean = [0]
            sizes.append(Double(feed.frame.scaled[0].magnitude))
            let score = Double(detector.score(feed.frame))
            detector.learn(feed.frame, weight: 1)
            guard step >= 9 else { continue }
            let short = sizes.suffix(10).reduce(0, +) / 10
            defer { shorts.append(short) }
            guard shorts.count >= 50 else { continue }
            // While the memory is not full the long mean and variance are the plain ones.
            let mean = shorts.reduce(0, +) / Double(shorts.count)
            let variance = shorts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shorts.count)
            let z = (short - mean) / variance.squareRoot()
            let expected = max(0, NormalTail.minusLog10(max(0, z)) - 0.3010299956639812)
            #expect((score - expected).magnitude < 1e-5 * max(1, expected), "\(step)")
        }
    }

    @Test func `steps serve until there are forecasts, which begin anew`() {
        var detector = LikelihoodDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 83)
        func play(_ samples: Int, forecasts: Bool, scatter: Double = 1) -> Float {
            var largest: Float = 0
            for _ in 0..<samples {
                feed.next { $0[0] *= scatter }
                feed.frame.hasForecast = forecasts
                largest = max(largest, detector.score(feed.frame))
                detector.learn(feed.frame, weight: 1)
            }
            return largest
        }
        #expect(play(1_000, forecasts: false) > 0)
        var rough = detector
        #expect(play(30, forecasts: false, scatter: 4) > 5)
        // The first 59 forecasts have nothing to be compared with, and samples without one say nothing from then on.
        swap(&detector, &rough)
        #expect(play(59, forecasts: true, scatter: 4) == 0)
        #expect(play(500, forecasts: true, scatter: 4) > 0)
        #expect(play(100, forecasts: false, scatter: 40) == 0)
    }

    @Test func `after a restart the short mean fills up first`() {
        var detector = LikelihoodDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 84)
        for step in 0..<530 {
            feed.next { if step >= 510 { $0[0] *= 10 } }
            if step == 510 { detector.restart() }
            let score = detector.score(feed.frame)
            if step >= 510 { #expect((score > 0) == (step >= 519), "\(step)") }
            detector.learn(feed.frame, weight: 1)
        }
    }
}
