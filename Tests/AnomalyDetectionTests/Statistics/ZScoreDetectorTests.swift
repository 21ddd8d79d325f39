import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct ZScoreDetectorTests {
    @Test func `of few values it is the distance in their standard deviations`() {
        var detector = ZScoreDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 41)
        var values: [Double] = []
        for step in 0..<200 {
            feed.next { values.append($0[0]) }
            let score = detector.score(feed.frame)
            if step >= 16, values.last?.magnitude ?? 9 < 2.5 {
                let before = values.dropLast()
                let mean = before.reduce(0, +) / Double(step)
                let variance = before.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(step)
                let expected = Float((values[step] - mean).magnitude / variance.squareRoot())
                // Seeded so that no value is cut, and the memory is not full: the plain moments, up to rounding.
                #expect((score - expected).magnitude < 1e-5 * max(1, expected))
            }
            detector.learn(feed.frame, weight: 1)
        }
    }

    @Test func `a wild value does not blind it for the next`() {
        var detector = ZScoreDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 42)
        var scores: [Float] = []
        for step in 0..<2_100 {
            feed.next { if step == 2_000 || step == 2_010 { $0[0] = 1_000 } }
            scores.append(detector.score(feed.frame))
            detector.learn(feed.frame, weight: 1)
        }
        #expect(scores[2_000] > 500)
        #expect(scores[2_010] > 500)
    }

    @Test func `a level that stays becomes usual, ten times as slowly behind a closed gate`() {
        func score(after samples: Int, weight: Double) -> Float {
            var detector = ZScoreDetector(channelCount: 1)
            var feed = Feed(channels: 1, seed: 43)
            for step in 0..<(2_000 + samples) {
                feed.next { $0[0] = (step < 2_000 ? 0 : 10) + 0.001 * $0[0] }
                _ = detector.score(feed.frame)
                detector.learn(feed.frame, weight: step < 2_000 ? 1 : weight)
            }
            feed.next { $0[0] = 10 }
            return detector.score(feed.frame)
        }
        #expect(score(after: 0, weight: 1) > 1_000)
        #expect(score(after: 3_000, weight: 1) < 1)
        #expect(score(after: 300, weight: 0) > score(after: 300, weight: 1))
        #expect(score(after: 30_000, weight: 0) < 1)
    }
}
