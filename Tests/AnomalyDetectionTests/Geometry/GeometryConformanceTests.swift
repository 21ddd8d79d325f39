import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What every detector of this family owes, beside what is its own.
@Suite struct GeometryConformanceTests {
    private static let channels = 3

    private static func bytes(_ detector: any Detector) -> [UInt8] { StateWriter.bytes { detector.encode(to: &$0) } }

    private static func read<Kind: Detector>(
        _ bytes: [UInt8], like _: Kind, channels: Int = channels
    ) throws -> any Detector {
        var reader = StateReader(bytes)
        let copy = try Kind(from: &reader, channelCount: channels)
        #expect(reader.remaining == 0)
        return copy
    }

    @Test(arguments: GeometryCase.all, [1, 3, 30])
    func `the same seed gives the same scores`(kind: GeometryCase, channels: Int) {
        var left = kind.make(channels, 5)
        var right = kind.make(channels, 5)
        #expect(left.name == kind.name)
        var feed = GeometryFeed(channels: channels, seed: 1)
        var largest: Float = 0
        for _ in 0..<400 {
            feed.next()
            let scores = (left.score(feed.frame), right.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            #expect(scores.0.isFinite && scores.0 >= 0)
            largest = max(largest, scores.0)
            left.learn(feed.frame, weight: 1)
            right.learn(feed.frame, weight: 1)
        }
        #expect(largest > 0)
    }

    @Test(arguments: GeometryCase.all)
    func `takes the memory that it states and no more later`(kind: GeometryCase) {
        for (channels, bytes) in zip([1, 8, 38], kind.bytes) {
            var detector = kind.make(channels, 5)
            #expect(detector.memoryBytes == bytes)
            var feed = GeometryFeed(channels: channels, seed: 1)
            for _ in 0..<300 {
                feed.next()
                _ = detector.score(feed.frame)
                detector.learn(feed.frame, weight: 1)
            }
            #expect(detector.memoryBytes == bytes)
        }
    }

    @Test(arguments: GeometryCase.all, [0, 1, 45, 700])
    func `goes on from its bytes`(kind: GeometryCase, cut: Int) throws {
        var detector = kind.make(Self.channels, 6)
        var feed = GeometryFeed(channels: Self.channels, seed: 2)
        for _ in 0..<cut {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        let bytes = Self.bytes(detector)
        var copy = try Self.read(bytes, like: detector)
        #expect(copy.samples == UInt64(cut))
        #expect(Self.bytes(copy) == bytes)
        #expect(copy.memoryBytes == detector.memoryBytes)
        for step in 0..<300 {
            feed.next { number, _, values in if number % 7 == 0 { values[1] = .nan } }
            let scores = (copy.score(feed.frame), detector.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            detector.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
            copy.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
            if step == 150 {
                detector.restart()
                copy.restart()
            }
        }
    }

    @Test(arguments: GeometryCase.all)
    func `damaged bytes are refused or harmless`(kind: GeometryCase) throws {
        var detector = kind.make(Self.channels, 6)
        var feed = GeometryFeed(channels: Self.channels, seed: 2)
        for _ in 0..<400 {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        let bytes = Self.bytes(detector)
        for length in [0, 1, 7, 8, 20, bytes.count / 2, bytes.count - 1] {
            #expect(throws: StateCodingError.self) { _ = try Self.read(Array(bytes.prefix(length)), like: detector) }
        }
        #expect(throws: StateCodingError.self) { _ = try Self.read(bytes, like: detector, channels: 4) }
        #expect(throws: StateCodingError.self) {
            _ = try Self.read(Array(repeating: 0xff, count: 8) + bytes.dropFirst(8), like: detector)
        }
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            var damaged = bytes
            // The head holds the counts that could lead astray; half of the damage goes there.
            let reach = generator.next() % 2 == 0 ? 64 : UInt64(bytes.count)
            damaged[Int(generator.next() % reach)] = UInt8(truncatingIfNeeded: generator.next())
            guard var copy = try? Self.read(damaged, like: detector) else { continue }
            for _ in 0..<40 {
                feed.next()
                _ = copy.score(feed.frame)
                copy.learn(feed.frame, weight: 1)
            }
        }
    }

    @Test(arguments: GeometryCase.all, [1, 3, 30])
    func `scores 0 before its warm-up and soon after more`(kind: GeometryCase, channels: Int) {
        var detector = kind.make(channels, 7)
        var feed = GeometryFeed(channels: channels, seed: 4)
        for _ in 0..<detector.minimumSamples {
            feed.next()
            let score = detector.score(feed.frame)
            #expect(score == 0)
            detector.learn(feed.frame, weight: 1)
        }
        var largest: Float = 0
        for _ in 0..<20 {
            feed.next()
            largest = max(largest, detector.score(feed.frame))
            detector.learn(feed.frame, weight: 1)
        }
        #expect(largest > 0)
    }

    @Test(arguments: GeometryCase.all)
    func `a missing channel adds nothing and harms nothing`(kind: GeometryCase) {
        var detector = kind.make(Self.channels, 8)
        var feed = GeometryFeed(channels: Self.channels, seed: 3)
        var parts = Array(repeating: 0.0, count: Self.channels)
        var largest: Float = 0
        for step in 0..<600 {
            feed.next { number, _, values in
                if number % 3 == 1 || number > 450 { values[1] = .nan }
                if number % 50 == 49 { values = values.map { _ in .nan } }
            }
            let score = detector.score(feed.frame)
            #expect(score.isFinite && score >= 0)
            if feed.frame.presentCount == 0 { #expect(score == 0) }
            largest = max(largest, score)
            detector.contributions(into: &parts)
            #expect(parts.allSatisfy { $0.isFinite && $0 >= 0 })
            if !feed.frame.isPresent[1] { #expect(parts[1] == 0, "step \(step)") }
            detector.learn(feed.frame, weight: 1)
        }
        #expect(largest > 0)
    }

    @Test(arguments: GeometryCase.all)
    func `a closed gate teaches it nothing`(kind: GeometryCase) {
        var detector = kind.make(1, 9)
        var feed = GeometryFeed(channels: 1, seed: 5)
        for _ in 0..<800 {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        // A fault that lasts: behind a closed gate its last hundred samples stand out like its first.
        var first: Float = 0
        var last: Float = 0
        for step in 0..<400 {
            feed.next { _, noise, values in values[0] = 3 + noise }
            let score = detector.score(feed.frame)
            if step >= 100, step < 200 { first += score }
            if step >= 300 { last += score }
            detector.learn(feed.frame, weight: 0)
        }
        #expect(last > 0.7 * first, "\(first) became \(last)")
    }

    @Test(arguments: GeometryCase.all)
    func `a restart leaves no trace of the samples before in the window`(kind: GeometryCase) {
        var detector = kind.make(1, 10)
        var feed = GeometryFeed(channels: 1, seed: 6)
        for step in 0..<600 {
            feed.next { _, noise, values in if step >= 560 { values[0] = 8 + noise } }
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: step >= 560 ? 0 : 1)
        }
        detector.restart()
        var other = kind.make(1, 10)
        var again = GeometryFeed(channels: 1, seed: 6)
        for step in 0..<600 {
            again.next { _, noise, values in if step >= 560 { values[0] = -8 + noise } }
            _ = other.score(again.frame)
            other.learn(again.frame, weight: step >= 560 ? 0 : 1)
        }
        other.restart()
        for _ in 0..<100 {
            feed.next()
            again.next()
            let scores = (detector.score(feed.frame), other.score(again.frame))
            #expect(scores.0 == scores.1)
            detector.learn(feed.frame, weight: 1)
            other.learn(again.frame, weight: 1)
        }
    }

    /// Shapes that stay within the usual range: the wave of the last channel becomes noise of its size for 40 samples.
    @Test(arguments: GeometryCase.all, [1, 3])
    func `planted shapes rank above the usual`(kind: GeometryCase, channels: Int) {
        var detector = kind.make(channels, 11)
        var feed = GeometryFeed(channels: channels, seed: 7)
        var usual: [Float] = []
        var planted: [Float] = []
        var parts = Array(repeating: 0.0, count: channels)
        var sums = parts
        for _ in 0..<3_600 {
            var isPlanted = false
            var isNear = false
            feed.next { step, noise, values in
                isPlanted = step >= 1_500 && step % 300 < 40
                isNear = step >= 1_500 && step % 300 < 110
                if isPlanted { values[channels - 1] = 0.9 * noise }
            }
            let score = detector.score(feed.frame)
            if feed.frame.number >= 1_500 {
                if isPlanted, feed.frame.number % 300 >= 10 {
                    planted.append(score)
                    detector.contributions(into: &parts)
                    for channel in parts.indices { sums[channel] += parts[channel] }
                } else if !isNear {
                    usual.append(score)
                }
            }
            detector.learn(feed.frame, weight: isPlanted ? 0 : 1)
        }
        let area = areaUnderCurve(normal: usual, anomalous: planted)
        #expect(area > kind.area, "area \(area)")
        #expect(sums.indices.max { sums[$0] < sums[$1] } == channels - 1, "\(sums)")
    }
}
