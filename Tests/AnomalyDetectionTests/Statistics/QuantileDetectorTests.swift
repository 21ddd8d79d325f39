import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct QuantileDetectorTests {
    @Test func `Tukey's fences of normal noise are where they should be`() {
        var detector = QuantileDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 61)
        var outside = 0
        for step in 0..<22_000 {
            feed.next()
            let score = detector.score(feed.frame)
            if step >= 2_000, score > 1.5 { outside += 1 }
            detector.learn(feed.frame, weight: 1)
        }
        // 0.70 % of a normal distribution lie beyond the fences; the sketch's width moves them out to about 0.45 %.
        #expect((60...160).contains(outside), "\(outside) of 20,000")
    }

    @Test func `each side of a skewed channel has a fence of its own`() {
        var detector = QuantileDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 62)
        func score(_ value: Double) -> Float {
            feed.next { $0[0] = value }
            return detector.score(feed.frame)
        }
        var generator = SeededGenerator(seed: 63)
        for _ in 0..<6_000 {
            _ = score(Transcendental.exp(normal(&generator)))
            detector.learn(feed.frame, weight: 1)
        }
        // Quartiles 0.51 and 1.96: −1.9 is as far below the one as 4.4 is above the other.
        #expect((score(-1.9) - score(4.4)).magnitude < 0.3)
        #expect(score(1) == 0)
        #expect(score(-1.9) > 1.3)
    }

    @Test func `behind a closed gate a value counts a tenth`() {
        func upper(weight: Double) -> Float {
            var detector = QuantileDetector(channelCount: 1)
            var feed = Feed(channels: 1, seed: 64)
            for step in 0..<4_600 {
                feed.next { if step >= 4_000 { $0[0] += 20 } }
                detector.learn(feed.frame, weight: step < 4_000 ? 1 : weight)
            }
            feed.next { $0[0] = 20 }
            return detector.score(feed.frame)
        }
        // 600 of 2,000 numbers reach the quartile, 60 do not.
        #expect(upper(weight: 1) < 2)
        #expect(upper(weight: 0) > 10)
    }
}
