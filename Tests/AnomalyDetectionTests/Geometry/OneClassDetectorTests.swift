import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct OneClassDetectorTests {
    // A product of 128 features has a deviation of at most 1/√128 = 0.09 from the kernel, on average below 0.06.
    @Test(arguments: [1, 2, 3]) func `products of features approximate the Gaussian kernel`(seed: UInt64) {
        let width = 24
        let deviation = 3.0
        var features = RandomFeatures(width: width, deviation: deviation, seed: seed)
        var generator = SeededGenerator(seed: seed + 100)
        var sum = 0.0
        var worst = 0.0
        for pair in 0..<300 {
            let left = (0..<width).map { _ in Float(normal(&generator)) }
            let reach = Double(pair % 10) / 5
            let right = left.map { $0 + Float(reach * normal(&generator)) }
            let square = zip(left, right).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            features.map(left)
            let first = features.values
            features.map(right)
            let product = zip(first, features.values).reduce(0.0) { $0 + Double($1.0 * $1.1) }
            let error = (product - Transcendental.exp(-square / (2 * deviation * deviation))).magnitude
            sum += error / 300
            worst = max(worst, error)
        }
        #expect(sum < 0.08 && worst < 0.4, "mean error \(sum), largest \(worst)")
    }

    @Test func `a tenth of usual windows lie outside`() {
        var detector = OneClassDetector(channelCount: 1, seed: 1)
        var feed = GeometryFeed(channels: 1, seed: 2)
        var outside = 0
        for step in 0..<12_000 {
            feed.next()
            if detector.score(feed.frame) > 4, step >= 2_000 { outside += 1 }
            detector.learn(feed.frame, weight: 1)
        }
        let share = Double(outside) / 10_000
        #expect((share - OneClassDetector.outsideShare).magnitude < 0.02, "\(share)")
    }

    @Test func `another seed draws other features`() {
        var left = RandomFeatures(width: 2, deviation: 1, seed: 1)
        var right = RandomFeatures(width: 2, deviation: 1, seed: 2)
        left.map([0.3, -0.4])
        right.map([0.3, -0.4])
        #expect(left.values != right.values)
    }
}
