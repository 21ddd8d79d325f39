import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// How much of normal data lies within the band that a message would tell.
@Suite struct BandCoverageTests {
    enum Kind: String, CaseIterable, Sendable {
        case normal, autoregressive, seasonal, student, lognormal, poisson

        /// The next value of one channel.
        func next(_ step: Int, _ last: inout Double, _ generator: inout SeededGenerator) -> Double {
            let noise = TestSupport.normal(&generator)
            switch self {
            case .normal: return 20 + noise
            case .autoregressive:
                last = 0.9 * last + noise
                return 20 + last
            case .seasonal: return 20 + 5 * cosine(Double(step) / 240) + noise
            case .student:
                var squares = 0.0
                for _ in 0..<3 {
                    let other = TestSupport.normal(&generator)
                    squares += other * other
                }
                return 20 + noise / (squares / 3).squareRoot()
            case .lognormal: return Transcendental.exp10(noise / 2.302_585_092_994_046)
            case .poisson:
                // Knuth: uniform numbers multiplied until below exp(−4).
                var count = -1.0
                var product = 1.0
                while product > 0.018_315_638_888_734 {
                    product *= Double.random(in: 0..<1, using: &generator)
                    count += 1
                }
                return count
            }
        }
    }

    struct Coverage {
        var early = 0
        var earlyCount = 0
        var late = 0
        var lateCount = 0
        var earlyShare: Double { 100 * Double(early) / Double(earlyCount) }
        var lateShare: Double { 100 * Double(late) / Double(lateCount) }
    }

    private static let samples = 8_000

    /// Feeds a seeded series, training as a group of one series does, and counts what lies within its band.
    private func coverage(_ kind: Kind, channels: Int, networks: Bool, seed: UInt64 = 7) -> Coverage {
        var rig = Rig(channels: channels, networks: networks)
        let trainer =
            networks ? GroupTrainer(channelCount: channels, configuration: rig.configuration, kernels: .best) : nil
        var generator = SeededGenerator(seed: seed)
        var last = Array(repeating: 0.0, count: channels)
        var next = rig.models
        var result = Coverage()
        for step in 0..<Self.samples {
            _ = rig.observe((0..<channels).map { kind.next(step, &last[$0], &generator) })
            if let trainer, step % 8 == 7 {
                trainer.absorb(rig.log, round: UInt64(step / 8))
                rig.log.removeAll()
                trainer.train(round: UInt64(step / 8))
                (rig.models, next) = (next, trainer.models())
            }
            guard step >= 300 else { continue }
            for channel in 0..<channels {
                let band = rig.monitor.bands.expectation(
                    channel: channel, location: rig.monitor.location[channel], scale: rig.monitor.frame.scale[channel])
                let isWithin = (band.low...band.high).contains(rig.monitor.frame.values[channel])
                if step < 2_000 {
                    result.earlyCount += 1
                    if isWithin { result.early += 1 }
                } else {
                    result.lateCount += 1
                    if isWithin { result.late += 1 }
                }
            }
        }
        return result
    }

    @Test(arguments: Kind.allCases, [(1, false), (8, false), (1, true), (8, true)])
    func `the band holds 98 to 100 % of normal samples, whatever their distribution`(
        kind: Kind, way: (channels: Int, networks: Bool)
    ) {
        let coverage = coverage(kind, channels: way.channels, networks: way.networks)
        // The row of the table in BENCHMARKS.md.
        print(
            "coverage \(kind.rawValue) \(way.channels) \(way.networks ? "networks" : "scaler"):",
            "\((coverage.earlyShare * 100).rounded() / 100) \((coverage.lateShare * 100).rounded() / 100)")
        #expect((98...100).contains(coverage.lateShare), "\(coverage.lateShare) % of \(coverage.lateCount)")
        #expect(coverage.earlyShare > 95, "\(coverage.earlyShare) % of \(coverage.earlyCount)")
    }
}

@Suite struct BandEdgesTests {
    @Test func `young edges are the largest errors, each widened by half at most`() {
        var edges = BandEdges(halfWidth: 2)
        for error in [1, -2.5, 2.75] as [Float] { edges.learn(error) }
        #expect(edges.below == 2.5 && edges.above == 2.75)
        edges.learn(1_000)
        #expect(edges.below == 2.5 && edges.above == 2.75 * 1.5)
        edges.learn(.nan)
        #expect(edges.count == 4)
    }

    @Test func `a wild error moves an edge that is no longer young by six percent`() {
        var edges = BandEdges(halfWidth: 2)
        for _ in 0..<200 { edges.learn(0) }
        edges.learn(1_000)
        #expect((edges.above / 2 - 1.06).magnitude < 0.001, "\(edges.above)")
        #expect(edges.below < 2)
        for _ in 0..<1_000_000 { edges.learn(0) }
        #expect(edges.above == 0.05)
    }

    @Test func `behind a closed gate only what lies near an edge is learned`() {
        var edges = BandEdges(halfWidth: 2)
        for _ in 0..<200 { edges.learn(0) }
        for error in [3.1, -1_000] as [Float] { edges.learn(error, isOpen: false) }
        #expect(edges.above == 2 && edges.below == 2)
        edges.learn(2.5, isOpen: false)
        #expect(edges.above > 2 && edges.below < 2)
    }

    @Test func `edges and states are read as they were written, and refused when they cannot be`() throws {
        var bands = ExpectedBands(channelCount: 2)
        var frame = Frame(channelCount: 2)
        frame.isPresent = [true, true]
        for step in 0..<300 {
            frame.values = [Double(step % 2), Double(step)]
            bands.learnStates(frame)
        }
        let bytes = StateWriter.bytes { bands.encode(to: &$0) }
        var reader = StateReader(bytes)
        #expect(try ExpectedBands(from: &reader, channelCount: 2) == bands)
        #expect(reader.remaining == 0)
        for length in bytes.indices {
            var reader = StateReader(Array(bytes[..<length]))
            #expect(throws: StateCodingError.self) { try ExpectedBands(from: &reader, channelCount: 2) }
        }
        var damaged = StateReader(
            StateWriter.bytes {
                $0.write(Float.nan)
                $0.write(Float(1))
                $0.write(UInt16(3))
            })
        #expect(throws: StateCodingError.self) { try BandEdges(from: &damaged) }
    }
}
