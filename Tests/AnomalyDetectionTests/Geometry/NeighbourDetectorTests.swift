import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct NeighbourDetectorTests {
    // With 24 channels a window is one sample, and until 256 are kept it is every 2nd: all distances can be counted.
    @Test func `the score is the mean distance to the three nearest`() {
        let channels = 24
        var detector = NeighbourDetector(channelCount: channels, seed: 1)
        var feed = GeometryFeed(channels: channels, seed: 2)
        var kept: [[Double]] = []
        var parts = Array(repeating: 0.0, count: channels)
        for step in 1...500 {
            feed.next { _, _, values in if step % 4 == 0 { values[5] = .nan } }
            let sample = feed.frame.scaled.map(Double.init)
            let score = Double(detector.score(feed.frame))
            if kept.count >= 20 {
                let places = sample.indices.filter { feed.frame.isPresent[$0] }
                let distances = kept.map { other in
                    places.reduce(0) { $0 + (sample[$1] - other[$1]) * (sample[$1] - other[$1]) } / Double(places.count)
                }.sorted()
                let expected = distances[..<3].reduce(0) { $0 + $1.squareRoot() } / 3
                #expect((score - expected).magnitude < 1e-5 * expected + 1e-6)
                detector.contributions(into: &parts)
                let sum = parts.reduce(0, +)
                #expect((sum - distances[..<3].reduce(0, +) / 3).magnitude < 1e-5 * sum + 1e-9)
            }
            detector.learn(feed.frame, weight: 1)
            if step % 2 == 0 { kept.append(sample) }
        }
    }

    @Test func `another seed forgets other windows`() {
        var detectors = [NeighbourDetector(channelCount: 1, seed: 1), NeighbourDetector(channelCount: 1, seed: 2)]
        var feed = GeometryFeed(channels: 1, seed: 3)
        var differences = 0
        for step in 0..<1_500 {
            feed.next()
            let scores = detectors.indices.map { detectors[$0].score(feed.frame) }
            if step < 500 { #expect(scores[0] == scores[1]) } else if scores[0] != scores[1] { differences += 1 }
            for index in detectors.indices { detectors[index].learn(feed.frame, weight: 1) }
        }
        #expect(differences > 300)
    }
}
