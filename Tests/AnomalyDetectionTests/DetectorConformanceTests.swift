import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What every detector owes, whatever it looks at.
@Suite struct DetectorConformanceTests {
    static let channels = 3

    /// A frame fed by hand: scaled noise, a forecaster that says "no change" and an autoencoder that says "zero".
    struct Feed {
        var frame: Frame
        private var generator: SeededGenerator

        init(channels: Int, seed: UInt64) {
            frame = Frame(channelCount: channels)
            generator = SeededGenerator(seed: seed)
        }

        mutating func next(_ change: (inout [Double]) -> Void = { _ in }) {
            var values = frame.values.indices.map { _ in normal(&generator) }
            change(&values)
            frame.previousScaled = frame.scaled
            for index in values.indices {
                let isPresent = values[index] == values[index]
                frame.hasChange[index] = frame.isPresent[index] && isPresent
                frame.isPresent[index] = isPresent
                guard isPresent else { continue }
                frame.values[index] = values[index]
                frame.scaled[index] = Float(values[index])
            }
            frame.presentCount = frame.isPresent.count { $0 }
            frame.hasForecast = true
            frame.forecastMean = frame.previousScaled
            frame.hasReconstruction = true
            frame.reconstructionResidual = frame.scaled
            frame.windowError = frame.scaled.map(\.magnitude)
        }
    }

    static func make(_ kind: DetectorKind, channels: Int = channels) -> any Detector {
        kind.makeDetector(channelCount: channels, seed: 1)
    }

    static func restored(_ detector: any Detector) throws -> any Detector {
        func copy<Kind: Detector>(_ detector: Kind) throws -> any Detector {
            let bytes = StateWriter.bytes { detector.encode(to: &$0) }
            var reader = StateReader(bytes)
            let copy = try Kind(from: &reader, channelCount: channels)
            #expect(reader.remaining == 0)
            #expect(throws: StateCodingError.self) {
                var short = StateReader(Array(bytes.dropLast()))
                _ = try Kind(from: &short, channelCount: channels)
            }
            return copy
        }
        return try copy(detector)
    }

    @Test(arguments: DetectorKind.allCases)
    func `the name is the kind's, and a bank of it alone holds it`(kind: DetectorKind) {
        #expect(Self.make(kind).name == kind.name)
        #expect(DetectorKind(name: kind.name) == kind)
        #expect(DetectorBank(DetectorSet([kind]), channelCount: 2, seed: 1)[kind]?.name == kind.name)
        #expect(!kind.facts.source.isEmpty)
        #expect(!kind.summary.isEmpty)
    }

    @Test(arguments: DetectorKind.allCases)
    func `the same samples give the same scores`(kind: DetectorKind) {
        var left = Self.make(kind)
        var right = Self.make(kind)
        var feed = Feed(channels: Self.channels, seed: 1)
        for _ in 0..<400 {
            feed.next()
            let scores = (left.score(feed.frame), right.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            left.learn(feed.frame, weight: 1)
            right.learn(feed.frame, weight: 1)
        }
    }

    @Test(arguments: DetectorKind.allCases, [0, 1, 45, 300])
    func `goes on from its bytes`(kind: DetectorKind, cut: Int) throws {
        var detector = Self.make(kind)
        var feed = Feed(channels: Self.channels, seed: 2)
        for _ in 0..<cut {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        var copy = try Self.restored(detector)
        #expect(copy.samples == UInt64(cut))
        for step in 0..<200 {
            feed.next()
            let scores = (copy.score(feed.frame), detector.score(feed.frame))
            #expect(scores.0.bitPattern == scores.1.bitPattern)
            detector.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
            copy.learn(feed.frame, weight: step % 5 == 0 ? 0 : 1)
        }
    }

    @Test(arguments: DetectorKind.allCases)
    func `a missing channel adds nothing and harms nothing`(kind: DetectorKind) {
        var detector = Self.make(kind)
        var feed = Feed(channels: Self.channels, seed: 3)
        var parts = Array(repeating: 0.0, count: Self.channels)
        for step in 0..<600 {
            feed.next {
                if step % 3 == 1 { $0[1] = .nan }
                if step % 50 == 49 { $0 = $0.map { _ in .nan } }
            }
            let score = detector.score(feed.frame)
            #expect(score.isFinite && score >= 0)
            if feed.frame.presentCount == 0 { #expect(score == 0) }
            if step > 60, kind != .stuck, feed.frame.presentCount > 0 {
                detector.contributions(into: &parts)
                #expect(parts.allSatisfy { $0.isFinite && $0 >= 0 })
                if kind != .correlation, !feed.frame.isPresent[1] { #expect(parts[1] == 0) }
            }
            detector.learn(feed.frame, weight: 1)
        }
    }

    @Test(arguments: DetectorKind.allCases)
    func `scores 0 before its warm-up`(kind: DetectorKind) {
        var detector = Self.make(kind)
        var feed = Feed(channels: Self.channels, seed: 4)
        // The autoencoder's warm-up is the window's, which the monitor fills.
        let warmUp = kind == .reconstruction || kind == .reconstructionWindow ? 0 : detector.minimumSamples
        for _ in 0..<warmUp {
            feed.next()
            let score = detector.score(feed.frame)
            #expect(score == 0)
            detector.learn(feed.frame, weight: 1)
        }
        feed.frame.hasReconstruction = false
        let empty = detector.score(feed.frame)
        if kind == .reconstruction || kind == .reconstructionWindow { #expect(empty == 0) }
    }

    /// Plants what the detector is for; returns its scores on normal samples and its largest while the plant lasts.
    private func planted(_ kind: DetectorKind) -> (normal: [Float], planted: Float, channel: Int) {
        var detector = Self.make(kind)
        var feed = Feed(channels: Self.channels, seed: 5)
        var normal: [Float] = []
        var largest: Float = 0
        var channel = 0
        var parts = Array(repeating: 0.0, count: Self.channels)
        for step in 0..<2_300 {
            let isPlanted = step >= 2_000
            feed.next {
                guard isPlanted else { return }
                switch kind {
                case .level, .difference, .range, .forecast, .reconstruction, .reconstructionWindow:
                    if step % 50 == 0 { $0[2] = 12 }
                case .volatility: $0[2] *= 8
                case .shift, .slowShift: $0[2] += 3
                case .correlation: $0[2] = -2 + 0.5 * $0[2]
                case .stuck: $0[2] = 0.25
                }
            }
            let score = detector.score(feed.frame)
            if step > 500, !isPlanted { normal.append(score) }
            if isPlanted, score > largest {
                largest = score
                detector.contributions(into: &parts)
                channel = parts.indices.max { parts[$0] < parts[$1] } ?? 0
            }
            detector.learn(feed.frame, weight: isPlanted ? 0 : 1)
        }
        return (normal, largest, channel)
    }

    @Test(arguments: DetectorKind.allCases)
    func `sees what it is for, and in which channel`(kind: DetectorKind) {
        let (normal, planted, channel) = planted(kind)
        let below = normal.count { $0 < planted }
        // Chance would be 50 %; a detector that is worth a vote is above all of 1,500 normal samples.
        #expect(below == normal.count, "\(planted) is above \(below) of \(normal.count)")
        #expect(channel == 2)
    }
}
