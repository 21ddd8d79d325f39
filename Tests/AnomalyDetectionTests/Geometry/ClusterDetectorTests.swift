import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct ClusterDetectorTests {
    /// Two regimes of 24 channels, one tight around −2 and one wide around 2, which change every 50 samples.
    private func regimes(_ probe: (inout [Double]) -> Void) -> (score: Double, parts: [Double]) {
        var detector = ClusterDetector(channelCount: 24)
        var feed = GeometryFeed(channels: 24, seed: 1)
        var generator = SeededGenerator(seed: 2)
        for step in 0..<3_000 {
            feed.next { _, _, values in
                let isTight = step / 50 % 2 == 0
                for index in values.indices {
                    values[index] = (isTight ? -2 : 2) + (isTight ? 0.1 : 0.8) * normal(&generator)
                }
            }
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        feed.next { _, _, values in probe(&values) }
        let score = Double(detector.score(feed.frame))
        var parts = Array(repeating: 0.0, count: 24)
        detector.contributions(into: &parts)
        return (score, parts)
    }

    @Test func `a distance weighs more where the cluster is tight`() {
        let tight = regimes { values in values = values.map { _ in -2 + 0.8 } }.score
        let wide = regimes { values in values = values.map { _ in 2 + 0.8 } }.score
        #expect(tight > 4 && wide < 2 && wide > 0, "\(tight) and \(wide)")
    }

    @Test func `the parts add up to the square of the score and name the channel`() {
        let (score, parts) = regimes { values in
            values = values.map { _ in -2 }
            values[7] = 1
        }
        #expect((parts.reduce(0, +) - score * score).magnitude < 1e-4 * score * score)
        #expect(parts[7] > 0.8 * score * score)
    }

    @Test func `a regime that comes later gets centres of its own`() {
        var detector = ClusterDetector(channelCount: 24)
        var feed = GeometryFeed(channels: 24, seed: 3)
        var generator = SeededGenerator(seed: 4)
        var early: Float = 0
        var late: Float = 0
        for step in 0..<6_000 {
            feed.next { _, _, values in
                let level = step >= 2_000 && step / 20 % 2 == 0 ? 4.0 : -1.0
                for index in values.indices { values[index] = level + 0.2 * normal(&generator) }
            }
            let score = detector.score(feed.frame)
            if step >= 1_900, step < 2_000 { early += score } else if step >= 5_900 { late += score }
            detector.learn(feed.frame, weight: 1)
        }
        #expect(late < 1.6 * early, "\(early) became \(late)")
    }
}
