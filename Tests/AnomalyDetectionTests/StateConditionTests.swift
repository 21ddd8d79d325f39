import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct StateConditionTests {
    private static let slow = DetectorKind.slowShift.rawValue

    /// A condition that has seen so much evidence for twenty samples.
    private func condition(after evidence: Double) -> StateCondition {
        var condition = StateCondition()
        for _ in 0..<20 { condition.note(departure: evidence) }
        return condition
    }

    @Test func `is abnormal while its level is raised and it departs from usual`() {
        var condition = condition(after: 2)
        func isAbnormal(_ level: Double) -> Bool { condition.judge(level: level, threshold: 1, knowsDeparture: true) }
        #expect([0.99, 1, 0.9].map(isAbnormal) == [false, true, true])
        var samples = 0
        while isAbnormal(1), samples < 100 {
            condition.note(departure: 0)
            samples += 1
        }
        // From 1.81 down to 0.45 with 0.9ⁿ.
        #expect(samples == 14)
        condition.note(departure: 2)
        #expect([0.95, 0.89, 0.95].map(isAbnormal) == [true, false, false])
    }

    @Test func `what normal samples show in the mean is no departure`() {
        // Evidence of uniform probabilities: its mean is log10 e.
        var still = condition(after: 0.4343)
        let verdicts = [true, false].map { still.judge(level: 2, threshold: 1, knowsDeparture: $0) }
        #expect(verdicts == [false, true])
    }

    @Test func `reads back what it wrote and refuses what it never writes`() throws {
        var condition = condition(after: 1.5)
        _ = condition.judge(level: 1, threshold: 1, knowsDeparture: true)
        var reader = StateReader(StateWriter.bytes { condition.encode(to: &$0) })
        #expect(try StateCondition(from: &reader) == condition)
        for departure in [-0.1, 2.1, .nan, .infinity] {
            var reader = StateReader(
                StateWriter.bytes {
                    $0.write(departure)
                    $0.write(false)
                })
            #expect(throws: StateCodingError.self) { try StateCondition(from: &reader) }
        }
    }

    /// The slow shift is still high when the values are back, and by itself held the state for as long.
    @Test func `a state is over soon after the values are back`() {
        var rig = Rig(channels: 1, networks: false)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1_500 { _ = rig.observe([normal(&generator)]) }
        var isAbnormal = false
        for _ in 0..<200 { isAbnormal = rig.observe([8 + normal(&generator)]).isAbnormal }
        #expect(isAbnormal)
        var samples = 0
        while samples < 300, rig.observe([normal(&generator)]).isAbnormal { samples += 1 }
        #expect(samples > 0 && samples <= 30, "\(samples) samples")
        #expect(rig.monitor.calibration.slowEvidence[Self.slow] >= DetectionRecipe.stateCap)
    }

    @Test func `a set that tells of no departure is judged by the level alone`() {
        var rig = Rig(channels: 1, networks: false)
        rig.monitor = SeriesMonitor(
            channelCount: 1, configuration: DetectionConfiguration(usesNetworks: false, detectors: ["slow-shift"]),
            seriesSeed: 11)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1_000 { _ = rig.observe([normal(&generator)]) }
        var states = 0
        for _ in 0..<100 { states += rig.observe([8 + normal(&generator)]).isAbnormal ? 1 : 0 }
        #expect(states > 50)
        #expect(rig.monitor.departureMembers.isEmpty)
    }
}
