import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct BlockMaximaThresholdTests {
    private let prior = BlockMaximaThreshold.Prior(level: 1, scale: 0.5, blocks: 10)

    /// Pushes blocks with the given maxima.
    private func threshold(_ maxima: [Double]) -> BlockMaximaThreshold {
        var threshold = BlockMaximaThreshold(prior: prior)
        for maximum in maxima {
            for step in 0..<BlockMaximaThreshold.blockLength { threshold.push(step == 60 ? maximum : 0) }
        }
        return threshold
    }

    @Test func `holds to its prior before four blocks`() {
        var young = threshold([5, 6, 7])
        #expect(young.level == 1 && young.scale == 0.5)
        // p = 120 · 1e-5: 1 + 0.5 ln(0.3 / 0.0012) = 1 + 0.5 ln 250.
        #expect((young.threshold(rate: 1e-5) - 3.76073046).magnitude < 1e-7)
    }

    @Test func `fits level and scale as by hand`() {
        // Maxima 1…5: the 70 % quantile lies at place 2.8, that is 3.8; excesses 0.2 and 1.2.
        var fitted = threshold([3, 1, 5, 2, 4])
        #expect((fitted.level - (3.8 * 5 + 1 * 10) / 15).magnitude < 1e-12)
        #expect((fitted.scale - (1.4 + 10 * 0.5) / 12).magnitude < 1e-12)
    }

    @Test func `cuts excesses at twice their 90 % quantile`() {
        // 20 blocks: 0.01 … 0.19 and one of 100. The quantile lies at place 13.3: 0.143 (0.14 + 0.3 · 0.01), excesses
        // 0.007, 0.017, 0.027, 0.037, 0.047, 99.857; their 90 % quantile at place 4.5 is (0.047 + 99.857) / 2.
        let maxima = (1...19).map { Double($0) / 100 } + [100]
        let fitted = threshold(maxima)
        let limit = 2 * (0.047 + 99.857) / 2 + 1e-9
        let sum = 0.007 + 0.017 + 0.027 + 0.037 + 0.047 + min(99.857, limit)
        #expect((fitted.scale - (sum + 5) / 16).magnitude < 1e-9, "\(fitted.scale)")
    }

    @Test(arguments: [8, 48]) func `a full ring goes on as the blocks that are left`(length: Int) throws {
        var generator = SeededGenerator(seed: 3)
        var ring = BlockMaximaThreshold(prior: prior, length: length)
        // Few numbers, so that many are equal.
        let maxima = (0..<(3 * length)).map { _ in Double(Int(generator.uniform() * 6)) / 2 }
        for maximum in maxima {
            for step in 0..<BlockMaximaThreshold.blockLength { ring.push(step == 60 ? maximum : 0) }
        }
        let left = threshold(Array(maxima.suffix(length)))
        #expect(ring.level == left.level && ring.scale == left.scale)
        let bytes = StateWriter.bytes { ring.encode(to: &$0) }
        var reader = StateReader(bytes)
        #expect(try BlockMaximaThreshold(from: &reader, prior: prior, length: length) == ring)
    }

    @Test func `score and threshold are each other's inverse`() {
        var fitted = threshold([3, 1, 5, 2, 4])
        for rate in [1e-3, 1e-5, 1.0 / 604_800, 1e-9] {
            let evidence = fitted.threshold(rate: rate)
            #expect((fitted.score(evidence) + Transcendental.log10(rate)).magnitude < 1e-9)
        }
        #expect(fitted.score(0) == 0)
        #expect((fitted.score(fitted.level) - 2.60205999).magnitude < 1e-8)
        #expect(fitted.score(fitted.level / 2) < fitted.score(fitted.level))
    }

    @Test func `spends its budget on new data of the same kind`() {
        var threshold = BlockMaximaThreshold(prior: .init(level: 1.7, scale: 0.25, blocks: 10))
        var generator = SeededGenerator(seed: 20)
        func draw() -> Double { -Transcendental.log(generator.uniform() + 0x1p-60) }
        for _ in 0..<48_000 { threshold.push(draw()) }
        // Exponential numbers exceed x at the rate e^−x; asked for 1e-4, 200,000 of them should exceed 20 times.
        let limit = threshold.threshold(rate: 1e-4)
        var exceeded = 0
        for _ in 0..<200_000 where draw() > limit { exceeded += 1 }
        #expect((7...60).contains(exceeded), "\(exceeded) at \(limit)")
    }

    @Test func `forgets after four hundred blocks`() {
        var threshold = threshold(Array(repeating: 50, count: 30))
        for _ in 0..<(400 * 120) { threshold.push(0.5) }
        #expect(threshold.level < 0.6)
    }

    @Test func `goes on from its bytes`() throws {
        var threshold = threshold([3, 1, 5, 2, 4])
        for _ in 0..<50 { threshold.push(2.5) }
        let bytes = StateWriter.bytes { threshold.encode(to: &$0) }
        var reader = StateReader(bytes)
        var restored = try BlockMaximaThreshold(from: &reader, prior: prior)
        #expect(restored == threshold)
        for _ in 0..<200 {
            threshold.push(1)
            restored.push(1)
        }
        #expect(restored == threshold)
    }
}

@Suite struct OnsetFilterTests {
    @Test func `lets a beginning through and not what follows`() {
        var filter = OnsetFilter()
        let passed = [1.0, 1.05, 1.2, 1.2, 5, 5, 5.4, 5.6].map { filter.admit($0) }
        // 1.2 > 1.1 · 1.05; 5.4 < 5.5; 5.6 < 1.1 · 5.4.
        #expect(passed == [true, false, true, false, true, false, false, false])
    }

    @Test func `the same height passes again after 120 samples`() {
        var filter = OnsetFilter()
        let evidence = [5.0] + Array(repeating: 1, count: 119) + [5] + Array(repeating: 1, count: 120) + [5]
        let passed = evidence.map { filter.admit($0) }
        #expect(passed.indices.filter { passed[$0] } == [0, 241])
    }

    @Test func `no evidence is no beginning`() {
        var filter = OnsetFilter()
        let passed = [0.0, 0, 0].map { filter.admit($0) }
        #expect(passed == [true, false, false])
    }
}

@Suite struct LearningGateTests {
    @Test func `closes above and opens well below`() {
        var gate = LearningGate()
        let closing = LearningGate.closingLevel
        let opening = LearningGate.openingLevel
        let levels = [closing, closing + 0.01, opening + 0.01, opening, opening + 0.01]
        #expect(levels.map { gate.admit(level: $0) } == [.open, .closed, .closed, .open, .open])
        #expect(gate.learned == 3)
    }

    @Test(arguments: [(0, 600), (8_000, 1_000), (100_000, 2_000)])
    func `re-baselines after an eighth of what was learned`(learned: Int, patience: Int) {
        var gate = LearningGate()
        for _ in 0..<learned { gate.admitUnguarded() }
        let decisions = (0..<patience).map { _ in gate.admit(level: 2) }
        #expect(decisions.dropLast().allSatisfy { $0 == .closed })
        #expect(decisions.last == .rebaseline)
        #expect(gate.closed == 0)
    }

    @Test(arguments: [Adaptation.ask, .off])
    func `opens to nothing but an acceptance`(adaptation: Adaptation) {
        var gate = LearningGate()
        let decisions = (0..<5_000).map { _ in gate.admit(level: 2, adaptation: adaptation) }
        #expect(decisions.allSatisfy { $0 == .closed })
        #expect(gate.isPatienceOver)
        let accepted = gate.admit(level: 2, adaptation: adaptation, isAccepted: true)
        let next = gate.admit(level: 0, adaptation: adaptation)
        #expect(accepted == .rebaseline && next == .open)
    }
}
