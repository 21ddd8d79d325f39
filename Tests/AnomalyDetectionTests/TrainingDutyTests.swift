import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct TrainingDutyTests {
    /// Rounds of one step each with these errors, against doing without the network at 1.
    @discardableResult
    private func feed(_ duty: inout TrainingDuty, rounds: Int, naive: Float = 1, error: (Int) -> Float) -> Int {
        (0..<rounds).count { round in
            var errors = TrainingDuty.Errors()
            errors.add(error(round), naive: naive)
            duty.note(errors, steps: 1)
            return duty.takesTurn()
        }
    }

    private var strip: Int { Int(TrainingDuty.stripSteps) }

    /// A duty at rest, with an error of a half.
    private func learned() -> TrainingDuty {
        var duty = TrainingDuty()
        feed(&duty, rounds: 4 * strip) { _ in 0.5 }
        return duty
    }

    @Test func `trains in every round while the error falls, and in one of eight when it stays`() {
        var duty = TrainingDuty()
        var turns = feed(&duty, rounds: 8 * strip) { 1 / (1 + Float($0) / 1_000) }
        #expect(turns == 8 * strip)
        #expect(!duty.isLearned)
        let rest = 1 / (1 + Float(8 * strip) / 1_000)
        feed(&duty, rounds: 3 * strip) { _ in rest }
        #expect(duty.isLearned)
        turns = feed(&duty, rounds: 8 * 50) { _ in rest }
        #expect(turns == 50)
    }

    @Test func `noise in the error is no progress and wakes nobody`() {
        var duty = TrainingDuty()
        var generator = SeededGenerator(seed: 3)
        feed(&duty, rounds: 6 * strip) { _ in Float(0.5 + 0.1 * normal(&generator)) }
        #expect(duty.isLearned)
        let turns = feed(&duty, rounds: 8_000) { _ in Float(0.5 + 0.1 * normal(&generator)) }
        #expect(turns == 1_000)
    }

    @Test(arguments: [(Float(1), Float(1)), (0.8, 1.6), (0.5, 0.3)])
    func `all rounds train within 64 of a rise, of the error or of its share`(error: Float, naive: Float) {
        var duty = learned()
        #expect(duty.isLearned)
        feed(&duty, rounds: 64, naive: naive) { _ in error }
        #expect(!duty.isLearned)
        // And not for three strips at least, however it goes on.
        #expect(feed(&duty, rounds: 2 * strip, naive: naive) { _ in error } == 2 * strip)
        feed(&duty, rounds: 2 * strip, naive: naive) { _ in error }
        #expect(duty.isLearned)
    }

    @Test func `an error that creeps up ends the rest too`() {
        var duty = learned()
        let turns = feed(&duty, rounds: 40 * strip) { 0.5 * (1 + 0.6 * Float($0) / Float(40 * strip)) }
        #expect(turns > 40 * strip / 8 + 2 * strip, "\(turns)")
    }

    @Test func `what an hour of the day makes harder for both is no rise`() {
        var duty = learned()
        let turns = feed(&duty, rounds: 800, naive: 1.1) { _ in 0.55 }
        #expect(turns == 100)
    }

    @Test func `a constant channel is learned, and its first change wakes`() {
        var duty = TrainingDuty()
        feed(&duty, rounds: 4 * strip, naive: 0) { _ in 0 }
        #expect(duty.isLearned)
        feed(&duty, rounds: 8, naive: 0.5) { _ in 0.5 }
        #expect(!duty.isLearned)
    }

    @Test func `rounds without known errors count for nothing`() {
        var duty = TrainingDuty()
        #expect(feed(&duty, rounds: 8 * strip) { _ in .nan } == 8 * strip)
        #expect(duty == TrainingDuty())
    }

    @Test(arguments: [0, 7, 300, 511, 520])
    func `goes on from its bytes`(rounds: Int) throws {
        var generator = SeededGenerator(seed: 9)
        var duty = TrainingDuty()
        feed(&duty, rounds: rounds) { _ in Float(0.5 + 0.1 * normal(&generator)) }
        var reader = StateReader(StateWriter.bytes { duty.encode(to: &$0) })
        var copy = try TrainingDuty(from: &reader)
        #expect(copy == duty)
        #expect(reader.remaining == 0)
        let left = feed(&duty, rounds: 900) { $0 < 600 ? 0.5 : 0.9 }
        #expect(feed(&copy, rounds: 900) { $0 < 600 ? 0.5 : 0.9 } == left)
        #expect(copy == duty)
        #expect(throws: StateCodingError.self) {
            var damaged = StateReader([0] + Array(repeating: 0xff, count: 140))
            _ = try TrainingDuty(from: &damaged)
        }
    }

    /// An autoregressive channel; `memory` is how much of the last value stays.
    private struct Stream {
        var rig = Rig(channels: 1)
        let trainer: GroupTrainer
        var trained: GroupModels
        var generator = SeededGenerator(seed: 5)
        var value = 0.0
        var tick = 0

        init() {
            trainer = GroupTrainer(channelCount: 1, configuration: rig.configuration, kernels: .best)
            trained = trainer.models()
        }

        /// Steps left out over so many samples.
        mutating func run(_ samples: Int, memory: Double) -> UInt64 {
            let before = trainer.counts.learned
            for _ in 0..<samples {
                value = memory * value + (1 - memory * memory).squareRoot() * normal(&generator)
                _ = rig.observe([20 + value])
                tick += 1
                guard tick % 8 == 0 else { continue }
                rig.models = trained
                trainer.absorb(rig.log, round: UInt64(tick / 8))
                trainer.train(round: UInt64(tick / 8))
                trained = trainer.models()
                rig.log.removeAll()
            }
            return trainer.counts.learned - before
        }
    }

    @Test func `a stationary stream comes to rest, a changed one trains fully within 400 samples`() throws {
        var stream = Stream()
        _ = stream.run(12_000, memory: 0.9)
        // 150 rounds, of which a rest that is not disturbed leaves out 131.
        let rest = stream.run(1_200, memory: 0.9)
        #expect(rest >= 100, "\(rest) of 150 steps left out at rest")
        _ = stream.run(400, memory: -0.6)
        #expect(stream.run(1_600, memory: -0.6) == 0)

        let parts = stream.trainer.parts()
        let copy = GroupTrainer(channelCount: 1, configuration: stream.rig.configuration, kernels: .best)
        #expect(try copy.restore(parts) == nil)
        #expect(copy.counts == stream.trainer.counts)
        #expect(copy.parts().map(\.bytes) == parts.map(\.bytes))
        // As it was stored before there was early stopping.
        let old = parts.filter { $0.name != "duty" }
        #expect(
            try GroupTrainer(channelCount: 1, configuration: stream.rig.configuration, kernels: .best).restore(old)
                == nil)
    }

    @Test func `a new series of the group ends the rest`() {
        let trainer = GroupTrainer(channelCount: 1, configuration: DetectionConfiguration(), kernels: .best)
        var frame = Frame(channelCount: 1)
        frame.isPresent = [true]
        var errors = SampleErrors()
        (errors.forecast, errors.persistence) = (0.5, 1)
        func train(_ rounds: Range<Int>, series: Range<Int> = 0..<1) -> UInt64 {
            let before = trainer.counts.learned
            for round in rounds {
                var log = TrainingLog()
                for series in series {
                    log.append(
                        frame, isHeld: false, day: (0, 0), series: series, number: UInt64(round), marks: .isOpen,
                        errors: errors)
                }
                trainer.absorb(log, round: UInt64(round))
                trainer.train(round: UInt64(round))
            }
            return trainer.counts.learned - before
        }
        _ = train(0..<(4 * strip))
        #expect(train((4 * strip)..<(4 * strip + 80)) == 70)
        #expect(train((4 * strip + 80)..<(4 * strip + 260), series: 0..<2) == 0)
    }
}
