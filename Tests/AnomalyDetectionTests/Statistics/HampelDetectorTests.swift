import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct HampelDetectorTests {
    @Test func `agrees with sorting the window`() {
        var detector = HampelDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 51)
        var values: [Double] = []
        for step in 0..<700 {
            feed.next { $0[0] = Double(Float($0[0])) }
            let score = detector.score(feed.frame)
            if step >= 16 {
                let window = values.suffix(HampelDetector.windowLength).sorted()
                let median = window[window.count / 2]
                let deviation = window.map { ($0 - median).magnitude }.sorted()[window.count / 2]
                #expect(score == Float((feed.frame.values[0] - median) / (1.4826 * deviation)).magnitude)
            }
            detector.learn(feed.frame, weight: 1)
            values.append(feed.frame.values[0])
        }
    }

    @Test func `a burst of almost half the window does not hide the end of the burst`() {
        var detector = HampelDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 52)
        var lowest = Float.infinity
        for step in 0..<360 {
            feed.next { if step >= 300 { $0[0] += 100 } }
            let score = detector.score(feed.frame)
            if step >= 300 { lowest = min(lowest, score) }
            detector.learn(feed.frame, weight: 1)
        }
        #expect(lowest > 15, "\(lowest)")
    }

    @Test func `behind a closed gate every tenth value enters`() {
        var detector = HampelDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 53)
        func play(_ count: Int, level: Double, weight: Double) {
            for _ in 0..<count {
                feed.next { $0[0] = level + 0.1 * $0[0] }
                _ = detector.score(feed.frame)
                detector.learn(feed.frame, weight: weight)
            }
        }
        play(128, level: 0, weight: 1)
        // 63 of 128 values are those of the new level: the median is the old one's.
        play(630, level: 50, weight: 0)
        feed.next { $0[0] = 50 }
        #expect(detector.score(feed.frame) > 1)
        play(40, level: 50, weight: 0)
        feed.next { $0[0] = 0 }
        let score = detector.score(feed.frame)
        feed.next { $0[0] = 50 }
        #expect(detector.score(feed.frame) < score)
    }

    @Test func `a coarse sensor at rest is judged by its step`() {
        var detector = HampelDetector(channelCount: 1)
        var feed = Feed(channels: 1, seed: 54)
        for step in 0..<200 {
            // Nearly always the same tenth: the median deviation is 0.
            feed.next { $0[0] = step % 20 == 0 ? 20.5 : 20.25 }
            #expect(detector.score(feed.frame) <= 4)
            detector.learn(feed.frame, weight: 1)
        }
        feed.next { $0[0] = 20.5 }
        #expect(detector.score(feed.frame) == 1)
        feed.next { $0[0] = 25.25 }
        #expect(detector.score(feed.frame) == 20)
    }
}
