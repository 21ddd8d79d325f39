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

    @Test func `the slope is that of small differences`() {
        var features = RandomFeatures(width: 3, deviation: 1.5, seed: 4)
        var generator = SeededGenerator(seed: 5)
        let weights = (0..<RandomFeatures.count).map { _ in Float(normal(&generator)) }
        func value(_ point: [Float]) -> Double {
            features.map(point)
            return zip(weights, features.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let point: [Float] = [0.25, -0.5, 1]
        for coordinate in 0..<3 {
            var moved = point
            moved[coordinate] += 0x1p-6
            let above = value(moved)
            moved[coordinate] -= 0x1p-5
            let below = value(moved)
            _ = value(point)
            let slope = features.slope(of: weights, coordinate: coordinate)
            // Phases are Floats: 1e-7 of a turn over a step of 1/64, and a third derivative of size 1 times 1/64².
            #expect((slope - (above - below) * 32).magnitude < 2e-3, "\(slope)")
        }
    }

    @Test func `a tenth of usual windows lie outside`() {
        var detector = OneClassDetector(channelCount: 1, seed: 1)
        var feed = GeometryFeed(channels: 1, seed: 2)
        var outside = 0
        for step in 0..<6_000 {
            feed.next()
            if detector.score(feed.frame) > 4, step >= 1_000 { outside += 1 }
            detector.learn(feed.frame, weight: 1)
        }
        let share = Double(outside) / 5_000
        #expect((share - OneClassDetector.outsideShare).magnitude < 0.03, "\(share)")
    }

    @Test func `another seed draws other features`() {
        var left = RandomFeatures(width: 2, deviation: 1, seed: 1)
        var right = RandomFeatures(width: 2, deviation: 1, seed: 2)
        left.map([0.3, -0.4])
        right.map([0.3, -0.4])
        #expect(left.values != right.values)
    }
}
