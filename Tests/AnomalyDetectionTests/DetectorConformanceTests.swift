import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What every detector owes, whatever it looks at.
@Suite struct DetectorConformanceTests {
    static let channels = 3

    static func make(_ detector: DetectorCase) -> any Detector { detector.make(channels) }

    static func bytes(_ detector: any Detector) -> [UInt8] { StateWriter.bytes { detector.encode(to: &$0) } }

    /// A detector of the same type, read from bytes.
    static func read(
        _ bytes: [UInt8], like detector: any Detector, channels: Int = channels
    ) throws -> (copy: any Detector, remaining: Int) {
        func read<Kind: Detector>(_ detector: Kind) throws -> (any Detector, Int) {
            var reader = StateReader(bytes)
            let copy = try Kind(from: &reader, channelCount: channels)
            return (copy, reader.remaining)
        }
        return try read(detector)
    }

    @Test(arguments: DetectorKind.allCases)
    func `the name is the kind's, and a bank of it alone holds it`(kind: DetectorKind) {
        #expect(DetectorCase.elsewhere.union(DetectorCase.all.map(\.name)).contains(kind.name))
        #expect(kind.makeDetector(channelCount: 1, seed: 1).name == kind.name)
        #expect(DetectorKind(name: kind.name) == kind)
        #expect(DetectorBank(DetectorSet([kind]), channelCount: 2, seed: 1)[kind]?.name == kind.name)
        #expect(!kind.facts.source.isEmpty)
        #expect(!kind.summary.isEmpty)
    }

    @Test func `each name stands for one detector`() {
        let names = DetectorCase.all.map { $0.make(1).name }
        #expect(names == DetectorCase.all.map(\.name))
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: DetectorCase.all)
    func `the same samples give the same scores`(detector: DetectorCase) {
        var left = Self.make(detector)
        var right = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 1)
        for _ in 0..<400 {
            feed.next()
            let scores = (left.score(feed.frame), right.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            left.learn(feed.frame, weight: 1)
            right.learn(feed.frame, weight: 1)
        }
    }

    @Test(arguments: DetectorCase.all, [0, 1, 45, 300, 2_000])
    func `goes on from its bytes`(detector: DetectorCase, cut: Int) throws {
        var original = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 2)
        for _ in 0..<cut {
            feed.next()
            _ = original.score(feed.frame)
            original.learn(feed.frame, weight: 1)
        }
        let bytes = Self.bytes(original)
        var (copy, remaining) = try Self.read(bytes, like: original)
        #expect(remaining == 0)
        #expect(copy.samples == UInt64(cut))
        #expect(Self.bytes(copy) == bytes)
        for step in 0..<200 {
            feed.next { if step % 7 == 3 { $0[0] = .nan } }
            let scores = (copy.score(feed.frame), original.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            original.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
            copy.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
        }
        #expect(Self.bytes(copy) == Self.bytes(original))
    }

    @Test(arguments: DetectorCase.all)
    func `refuses bytes that are cut short`(detector: DetectorCase) {
        let original = learned(detector, samples: 300)
        let bytes = Self.bytes(original)
        for length in stride(from: bytes.count - 1, through: 0, by: -max(1, bytes.count / 200)) {
            #expect(throws: StateCodingError.self) {
                _ = try Self.read(Array(bytes.prefix(length)), like: original)
            }
        }
    }

    @Test(arguments: DetectorCase.statistical)
    func `refuses the bytes of other channels, and survives damaged ones`(detector: DetectorCase) {
        let original = learned(detector, samples: 300)
        let bytes = Self.bytes(original)
        for channels in [1, 2, 4] {
            #expect(throws: StateCodingError.self) {
                _ = try Self.read(bytes, like: original, channels: channels)
            }
        }
        var generator = SeededGenerator(seed: 9)
        var refused = 0
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int(generator.uniform() * Double(bytes.count))] = UInt8(generator.uniform() * 256)
            }
            // Damage that reads as a number like any other cannot be seen; it must not trap, now or later.
            guard var copy = try? Self.read(damaged, like: original).copy else {
                refused += 1
                continue
            }
            var feed = Feed(channels: Self.channels, seed: 8)
            for _ in 0..<20 {
                feed.next()
                _ = copy.score(feed.frame)
                copy.learn(feed.frame, weight: 1)
            }
        }
        #expect(refused < 300)
    }

    private func learned(_ detector: DetectorCase, samples: Int) -> any Detector {
        var result = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 7)
        for _ in 0..<samples {
            feed.next()
            _ = result.score(feed.frame)
            result.learn(feed.frame, weight: 1)
        }
        return result
    }

    @Test(arguments: DetectorCase.all)
    func `a missing channel adds nothing and harms nothing`(detector: DetectorCase) {
        var subject = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 3)
        var parts = Array(repeating: 0.0, count: Self.channels)
        for step in 0..<600 {
            feed.next {
                if step % 3 == 1 { $0[1] = .nan }
                if step % 50 == 49 { $0 = $0.map { _ in .nan } }
            }
            let score = subject.score(feed.frame)
            #expect(score.isFinite && score >= 0)
            if feed.frame.presentCount == 0 { #expect(score == 0) }
            if step > 60, detector.plant != .standstill, feed.frame.presentCount > 0 {
                subject.contributions(into: &parts)
                #expect(parts.allSatisfy { $0.isFinite && $0 >= 0 })
                if detector.leavesAbsentOut, !feed.frame.isPresent[1] { #expect(parts[1] == 0) }
            }
            subject.learn(feed.frame, weight: 1)
        }
    }

    @Test(arguments: DetectorCase.statistical)
    func `an absent channel teaches nothing`(detector: DetectorCase) {
        var subject = learned(detector, samples: 300)
        var feed = Feed(channels: Self.channels, seed: 7)
        feed.frame.presentCount = 0
        feed.frame.values = [1e9, .nan, -1e9]
        feed.frame.scaled = [50, .nan, -50]
        let before = Self.bytes(subject)
        #expect(subject.score(feed.frame) == 0)
        subject.learn(feed.frame, weight: 1)
        // Only the count of samples, which comes first, has moved.
        #expect(Self.bytes(subject).dropFirst(8) == before.dropFirst(8))
    }

    @Test(arguments: DetectorCase.statistical)
    func `wild values leave the score finite and the detector usable`(detector: DetectorCase) {
        var subject = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 11)
        var parts = Array(repeating: 0.0, count: Self.channels)
        let wild = [1e100, -1e100, 1e-300, 0, 1e38, -3e38, Double.leastNonzeroMagnitude]
        for step in 0..<3_000 {
            feed.next { if step % 3 == 0 { $0[0] = wild[step / 3 % wild.count] } }
            // The monitor keeps what is scaled within ±50.
            feed.frame.scaled[0] = max(-50, min(50, feed.frame.scaled[0]))
            let score = subject.score(feed.frame)
            subject.contributions(into: &parts)
            #expect(score.isFinite && score >= 0)
            #expect(parts.allSatisfy { $0.isFinite && $0 >= 0 })
            subject.learn(feed.frame, weight: 1)
        }
    }

    @Test(arguments: DetectorCase.statistical)
    func `the smallest change after a long rest is no catastrophe`(detector: DetectorCase) {
        var subject = detector.make(1)
        var feed = Feed(channels: 1, seed: 12)
        feed.frame.scale = [0.02]
        func play(_ value: Double) -> Float {
            feed.next { $0[0] = value }
            // What the scaler makes of a channel at rest: 0.1 % of its level is one scale.
            feed.frame.scaled[0] = Float((value - 20) / 0.02)
            let score = subject.score(feed.frame)
            subject.learn(feed.frame, weight: 1)
            return score
        }
        for _ in 0..<3_000 { #expect(play(20) == 0) }
        let first = play(20.1)
        for _ in 0..<1_000 { _ = play(20) }
        let second = play(20.1)
        #expect(first <= 5, "the first change ever: \(first)")
        #expect(second <= 2, "the same once more: \(second)")
    }

    @Test(arguments: DetectorCase.all)
    func `scores 0 before its warm-up`(detector: DetectorCase) {
        var subject = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 4)
        let warmUp = detector.waitsForWindow ? 0 : subject.minimumSamples
        for _ in 0..<warmUp {
            feed.next()
            let score = subject.score(feed.frame)
            #expect(score == 0)
            subject.learn(feed.frame, weight: 1)
        }
        feed.frame.hasReconstruction = false
        let empty = subject.score(feed.frame)
        if detector.waitsForWindow { #expect(empty == 0) }
    }

    @Test(arguments: DetectorCase.all, [1, 3, 38])
    func `takes the bytes that it states, and no more later`(detector: DetectorCase, channels: Int) {
        var subject = detector.make(channels)
        #expect(subject.memoryBytes == detector.bytes(channels))
        var feed = Feed(channels: channels, seed: 6)
        for _ in 0..<200 {
            feed.next()
            _ = subject.score(feed.frame)
            subject.learn(feed.frame, weight: 1)
        }
        #expect(subject.memoryBytes == detector.bytes(channels))
    }

    /// Plants what the detector is for; returns its scores on normal and on planted samples, and the channel that had
    /// most to do with the largest.
    private func planted(_ detector: DetectorCase) -> (normal: [Float], planted: [Float], channel: Int) {
        var subject = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 5)
        var normal: [Float] = []
        var planted: [Float] = []
        var channel = 0
        var parts = Array(repeating: 0.0, count: Self.channels)
        for step in 0..<2_300 {
            let isPlanted = step >= 2_000 && (detector.plant != .spikes || step % 50 == 0)
            feed.next {
                guard isPlanted else { return }
                switch detector.plant {
                case .spikes: $0[2] = 12
                case .roughness: $0[2] *= 8
                case .step: $0[2] += 3
                case .relation: $0[2] = -2 + 0.5 * $0[2]
                case .standstill: $0[2] = 0.25
                }
            }
            let score = subject.score(feed.frame)
            if step > 500, step < 2_000 { normal.append(score) }
            if isPlanted {
                if score > (planted.max() ?? 0) {
                    subject.contributions(into: &parts)
                    channel = parts.indices.max { parts[$0] < parts[$1] } ?? 0
                }
                planted.append(score)
            }
            subject.learn(feed.frame, weight: step < 2_000 ? 1 : 0)
        }
        return (normal, planted, channel)
    }

    @Test(arguments: DetectorCase.all)
    func `sees what it is for, and in which channel`(detector: DetectorCase) {
        let (normal, planted, channel) = planted(detector)
        let largest = planted.max() ?? 0
        let below = normal.count { $0 < largest }
        // Chance would be 50 %; a detector that is worth a vote is above all of 1,500 normal samples.
        #expect(below == normal.count, "\(largest) is above \(below) of \(normal.count)")
        #expect(channel == 2)
        let area = areaUnderROC(normal: normal, planted: planted)
        #expect(area > detector.leastArea, "ROC-AUC \(area)")
    }

    /// ROC-AUC of the faintest plants worth an alert: single values 4 deviations out, or a level 1.5 deviations higher
    /// for twenty samples, in one of three channels.
    private func faint(_ detector: DetectorCase, steps: Bool) -> Double {
        var subject = Self.make(detector)
        var feed = Feed(channels: Self.channels, seed: 13)
        var normal: [Float] = []
        var planted: [Float] = []
        for step in 0..<8_000 {
            let place = step % 200
            let isPlanted = step >= 2_000 && (steps ? place < 20 : place == 0)
            feed.next { if isPlanted { $0[2] = steps ? $0[2] + 1.5 : 4 } }
            // Against a forecast of 0: for a forecast of the last value a step is over at once.
            feed.frame.forecastMean = [0, 0, 0]
            let score = subject.score(feed.frame)
            if isPlanted { planted.append(score) } else if step >= 2_000, place >= 40 { normal.append(score) }
            subject.learn(feed.frame, weight: isPlanted ? 0 : 1)
        }
        return areaUnderROC(normal: normal, planted: planted)
    }

    @Test(arguments: DetectorCase.statistical)
    func `is better than chance on what is faint`(detector: DetectorCase) {
        let spikes = faint(detector, steps: false)
        let steps = faint(detector, steps: true)
        #expect(spikes > detector.faintSpikes, "ROC-AUC of spikes \(spikes)")
        #expect(steps > detector.faintSteps, "ROC-AUC of steps \(steps)")
    }
}
