import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What ``DetectorConformanceTests`` asks of every detector, asked of this one with a narrow layer fed by hand.
@Suite struct LatentDetectorTests {
    static let channels = 3

    /// Correlated latents: two numbers drawn, the others mixed from them with noise of their own.
    private struct Feed {
        var frame = Frame(channelCount: LatentDetectorTests.channels)
        private var generator: SeededGenerator
        var size = 6

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            frame.isPresent = Array(repeating: true, count: LatentDetectorTests.channels)
            frame.presentCount = LatentDetectorTests.channels
            frame.hasReconstruction = true
        }

        mutating func next(_ change: (inout [Double]) -> Void = { _ in }) {
            let (a, b) = (normal(&generator), normal(&generator))
            var latent = (0..<size).map { number in
                number < 2 ? [a, b][number] : 0.7 * a - 0.3 * b * Double(number) + 0.1 * normal(&generator)
            }
            change(&latent)
            for (index, value) in latent.enumerated() { frame.latent[index] = Float(value) }
            frame.latentCount = size
            for index in 0..<frame.channelCount { frame.scaled[index] = Float(normal(&generator)) }
        }
    }

    private func restored(_ detector: LatentDetector) throws -> LatentDetector {
        let bytes = StateWriter.bytes { detector.encode(to: &$0) }
        var reader = StateReader(bytes)
        let copy = try LatentDetector(from: &reader, channelCount: Self.channels)
        #expect(reader.remaining == 0)
        for length in stride(from: 0, to: bytes.count, by: 41) {
            #expect(throws: StateCodingError.self) {
                var short = StateReader(Array(bytes[..<length]))
                _ = try LatentDetector(from: &short, channelCount: Self.channels)
            }
        }
        return copy
    }

    @Test(arguments: [0, 1, 39, 40, 45, 300])
    func `goes on from its bytes`(cut: Int) throws {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 2)
        for _ in 0..<cut {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        var copy = try restored(detector)
        #expect(copy.samples == UInt64(cut))
        for step in 0..<200 {
            feed.next()
            #expect(copy.score(feed.frame).bitPattern == detector.score(feed.frame).bitPattern)
            detector.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
            copy.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
        }
    }

    @Test func `scores 0 before forty windows and without one`() {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 4)
        for _ in 0..<detector.minimumSamples {
            feed.next()
            #expect(detector.score(feed.frame) == 0)
            detector.learn(feed.frame, weight: 1)
        }
        feed.next()
        #expect(detector.score(feed.frame) > 0)
        feed.frame.hasReconstruction = false
        #expect(detector.score(feed.frame) == 0)
        feed.frame.hasReconstruction = true
        feed.frame.presentCount = 0
        #expect(detector.score(feed.frame) == 0)
    }

    /// d² of six normal numbers has mean 6 and deviation √12; over 2,000 samples their mean stands within 0.4 of it.
    @Test func `the distance is that of Mahalanobis`() {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 5)
        var (sum, count) = (0.0, 0)
        for step in 0..<4_000 {
            feed.next()
            let score = Double(detector.score(feed.frame))
            if step >= 2_000 {
                sum += 6 * score * score
                count += 1
            }
            detector.learn(feed.frame, weight: 1)
        }
        // The ridge shortens the four directions that only noise of 0.1 fills: 6 is the upper end.
        let mean = sum / Double(count)
        #expect(mean > 2.5 && mean < 6.4, "\(mean)")
    }

    @Test func `sees a narrow layer whose numbers no longer go together`() {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 6)
        var usual: [Float] = []
        var broken: [Float] = []
        for step in 0..<3_000 {
            let isBroken = step >= 2_000 && step % 10 == 0
            // Within its range: the third number takes the sign that the first forbids.
            feed.next { if isBroken { $0[2] = -$0[2] - $0[0].magnitude } }
            let score = detector.score(feed.frame)
            if step >= 2_000 { if isBroken { broken.append(score) } else { usual.append(score) } }
            detector.learn(feed.frame, weight: isBroken ? 0 : 1)
        }
        let above = broken.reduce(0) { sum, score in sum + usual.count { $0 < score } }
        let area = Double(above) / Double(usual.count * broken.count)
        #expect(area > 0.9, "ROC-AUC \(area)")
    }

    @Test func `learns only behind an open gate, and begins anew with another narrow layer`() {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 7)
        for _ in 0..<100 {
            feed.next()
            detector.learn(feed.frame, weight: 0)
        }
        feed.next()
        #expect(detector.score(feed.frame) == 0 && detector.samples == 100)
        for _ in 0..<100 {
            feed.next()
            detector.learn(feed.frame, weight: 1)
        }
        feed.next()
        #expect(detector.score(feed.frame) > 0)
        feed.size = 16
        for _ in 0..<39 {
            feed.next()
            detector.learn(feed.frame, weight: 1)
            #expect(detector.score(feed.frame) == 0)
        }
        feed.next()
        detector.learn(feed.frame, weight: 1)
        #expect(detector.score(feed.frame) > 0)
    }

    @Test func `a narrow layer that is not finite, constant or missing harms nothing`() {
        var detector = LatentDetector(channelCount: Self.channels)
        var feed = Feed(seed: 8)
        var parts = Array(repeating: 0.0, count: Self.channels)
        for step in 0..<400 {
            feed.next { latent in
                if step % 7 == 3 { latent[4] = .nan }
                if step % 7 == 5 { latent[1] = .infinity }
                latent[5] = 2
            }
            feed.frame.isPresent[1] = step % 3 != 1
            let score = detector.score(feed.frame)
            #expect(score.isFinite && score >= 0)
            detector.contributions(into: &parts)
            #expect(parts.allSatisfy { $0.isFinite && $0 >= 0 })
            if !feed.frame.isPresent[1] { #expect(parts[1] == 0) }
            detector.learn(feed.frame, weight: 1)
        }
        #expect(detector.memoryBytes > 0 && detector.name == "latent")
    }
}
