import TestSupport
import Testing

@testable import AnomalyDetection

@Suite struct EvidenceFusionTests {
    private let fusion = EvidenceFusion(.full)
    /// All but the one that has no opinion of a time of day that it does not know.
    private let all = DetectorMask(DetectorKind.allCases.map { $0 != .seasonal })

    private func evidence(_ values: [DetectorKind: Double]) -> [Double] {
        DetectorKind.allCases.map { values[$0] ?? 0 }
    }

    @Test func `takes the four strongest aspects`() {
        // Aspects: level and forecast (4 + 0) / 2 = 2, difference 9, volatility 1, range 4, the others 0 and 0.
        let given = evidence([.level: 4, .difference: 9, .volatility: 1, .range: 4])
        let root = (2.0.squareRoot() + 3 + 1 + 2) / 4
        #expect(unitsInLastPlace(fusion.event(given, votes: all), root * root) <= 4)
    }

    @Test func `a member that does not vote leaves its aspect to the other`() {
        var votes = all
        votes[DetectorKind.forecast.rawValue] = false
        let given = evidence([.level: 4, .difference: 9, .volatility: 1, .range: 4])
        let root = (2.0 + 3 + 1 + 2) / 4
        #expect(unitsInLastPlace(fusion.event(given, votes: votes), root * root) <= 4)
    }

    @Test func `a stuck value alone is enough`() {
        let given = evidence([.stuck: 10])
        #expect(fusion.event(given, votes: all) == DetectionRecipe.stuckWeight * 10)
        #expect(fusion.weights(given, votes: all)[DetectorKind.stuck.rawValue] == 1)
    }

    @Test func `weights divide the evidence`() {
        let given = evidence([.level: 3, .forecast: 1, .difference: 9, .volatility: 1, .range: 4, .correlation: 0.5])
        let weights = fusion.weights(given, votes: all)
        // Aspects 2, 9, 1, 4; 0.5 is the fifth and does not count.
        let total = 2.0.squareRoot() + 3 + 1 + 2
        #expect((weights.reduce(0, +) - 1).magnitude < 1e-12)
        #expect((weights[DetectorKind.difference.rawValue] - 3 / total).magnitude < 1e-12)
        #expect((weights[DetectorKind.level.rawValue] - 0.75 * 2.0.squareRoot() / total).magnitude < 1e-12)
        #expect(weights[DetectorKind.correlation.rawValue] == 0)
    }

    @Test func `nobody votes, nothing is said`() {
        let nobody = DetectorMask()
        #expect(fusion.event(evidence([.level: 5]), votes: nobody) == 0)
        #expect(EvidenceFusion.mean(of: [.level], evidence([.level: 5]), votes: nobody, cap: 2) == 0)
        #expect(EvidenceFusion.mean(of: [.level, .shift], evidence([.level: 5]), votes: all, cap: 2) == 1)
    }
}

@Suite struct DetectorMaskTests {
    @Test func `holds each detector by itself`() {
        #expect(DetectorKind.count <= 32)
        for one in DetectorKind.allCases {
            var mask = DetectorMask()
            mask[one.rawValue] = true
            for other in DetectorKind.allCases { #expect(mask[other.rawValue] == (other == one)) }
            #expect(mask == DetectorMask(DetectorKind.allCases.map { $0 == one }))
            mask[one.rawValue] = false
            #expect(mask == DetectorMask())
        }
    }
}

@Suite struct ChannelAggregateTests {
    @Test func `cube roots are exact to two units`() {
        for value in [1e-150, 1e-9, 0.3, 1, 2, 7.9, 1e4, 4e15, 1e200] {
            let root = ChannelAggregate.cubeRoot(value * value * value == 0 ? value : value)
            #expect(unitsInLastPlace(root * root * root, value) <= 8, "\(value)")
        }
        #expect(ChannelAggregate.cubeRoot(27) == 3)
        #expect(ChannelAggregate.cubeRoot(0) == 0)
    }

    @Test func `the largest residual leads`() {
        var frame = Frame(channelCount: 4)
        frame.isPresent = [true, true, true, true]
        frame.presentCount = 4
        // (8^12 / 4)^(1/12) = 8 / 4^(1/12) = 8 · 0.8908987
        let score = ChannelAggregate.nearMaximum([1, -8, 1, 0], of: frame)
        #expect((score - 7.12719).magnitude < 1e-4, "\(score)")
        #expect((ChannelAggregate.nearMaximum([0, 500, 0, 0], of: frame) - 17.817974).magnitude < 1e-4)
        frame.isPresent[1] = false
        frame.presentCount = 3
        #expect((ChannelAggregate.nearMaximum([1, -8, 1, 1], of: frame) - 1).magnitude < 1e-6)
    }

    @Test(arguments: [0.0, 0.1, 0.125, 0.25, 0.4, 0.5, 0.7, 0.9999])
    func `the time of day lies on the circle`(turns: Double) {
        let point = PhaseOfDay.point(turns)
        #expect((Double(point.cosine) - cosine(turns)).magnitude < 1e-6)
        #expect((Double(point.sine) - cosine(turns - 0.25)).magnitude < 1e-6)
    }
}
