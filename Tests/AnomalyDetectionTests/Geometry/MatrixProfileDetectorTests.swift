import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct MatrixProfileDetectorTests {
    /// The squared distance of the last window to its nearest, from the definition.
    private func naive(_ points: [Double]) -> Double {
        let length = MatrixProfileDetector.length
        func moments(_ end: Int) -> (mean: Double, deviation: Double) {
            let window = points[(end - length + 1)...end]
            let mean = window.reduce(0, +) / Double(length)
            let square = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
            return (mean, square.squareRoot() + MatrixProfileDetector.floor)
        }
        let last = points.count - 1
        let query = moments(last)
        var best = Double.infinity
        let longest = min(MatrixProfileDetector.longestLag, last - length + 1)
        for lag in MatrixProfileDetector.shortestLag...longest {
            let other = moments(last - lag)
            var covariance = 0.0
            for back in 0..<length {
                covariance += (points[last - back] - query.mean) * (points[last - back - lag] - other.mean)
            }
            covariance /= Double(length)
            let ratio = Transcendental.log(query.deviation / other.deviation).magnitude
            best = min(best, 2 - 2 * covariance / (query.deviation * other.deviation) + ratio)
        }
        return best
    }

    // Past the look-back and past several moves to the front. Floats of size 1 to 10 are rounded a few times.
    @Test func `the recurrence gives what the definition gives`() {
        var detector = MatrixProfileDetector(channelCount: 1)
        var feed = GeometryFeed(channels: 1, seed: 1)
        var points: [Double] = []
        for step in 0..<2_450 {
            feed.next { _, noise, values in if step % 500 > 430 { values[0] += 2 * noise } }
            points.append((Double(feed.frame.scaled[0]) * 32).rounded() / 32)
            let score = Double(detector.score(feed.frame))
            if step >= 128, step % 97 == 0 || step > 2_445 {
                let expected = naive(points)
                #expect((score * score - expected).magnitude < 2e-5, "\(score * score) for \(expected) at \(step)")
            }
            detector.learn(feed.frame, weight: 1)
        }
    }

    @Test func `the running sums are exact for ever`() throws {
        var detector = MatrixProfileDetector(channelCount: 2)
        var feed = GeometryFeed(channels: 2, seed: 2)
        for _ in 0..<3_001 {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        // The sums of a detector read from its bytes are computed anew.
        var reader = StateReader(StateWriter.bytes { detector.encode(to: &$0) })
        var copy = try MatrixProfileDetector(from: &reader, channelCount: 2)
        for _ in 0..<300 {
            feed.next()
            let scores = (detector.score(feed.frame), copy.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            detector.learn(feed.frame, weight: 1)
            copy.learn(feed.frame, weight: 1)
        }
    }

    @Test func `the largest values there can be do not overflow`() {
        var detector = MatrixProfileDetector(channelCount: 40)
        var feed = GeometryFeed(channels: 40, seed: 3)
        for step in 0..<400 {
            feed.next { _, _, values in values = values.map { _ in step / 3 % 2 == 0 ? 50 : -50 } }
            let score = detector.score(feed.frame)
            #expect(score.isFinite && score < 1)
            detector.learn(feed.frame, weight: 1)
        }
    }

    @Test func `a shape seen behind a closed gate is not known later`() {
        func second(weight: Double) -> Float {
            var detector = MatrixProfileDetector(channelCount: 1)
            var feed = GeometryFeed(channels: 1, seed: 4)
            var largest: Float = 0
            for step in 0..<1_500 {
                let phase = step < 1_000 ? step - 600 : step - 1_100
                feed.next { _, _, values in if (0..<32).contains(phase) { values[0] = Double(phase * phase) / 200 } }
                let score = detector.score(feed.frame)
                if step >= 1_100, step < 1_140 { largest = max(largest, score) }
                detector.learn(feed.frame, weight: step < 1_000 && (0..<32).contains(phase) ? weight : 1)
            }
            return largest
        }
        #expect(second(weight: 1) < 0.75 * second(weight: 0))
    }
}
