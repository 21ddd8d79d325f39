import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct GroupTrainerTests {
    private let configuration = DetectionConfiguration()

    /// Every cell, and one with another head that looks several samples ahead.
    private static let variants =
        ForecasterCell.allCases.map { ForecasterVariant(cell: $0) }
        + [ForecasterVariant(cell: .cnn, head: .quantile, horizon: 4)]

    private func configuration(_ forecaster: ForecasterVariant) -> DetectionConfiguration {
        DetectionConfiguration(
            forecaster: forecaster.cell, forecastHead: forecaster.head, horizon: forecaster.horizon)
    }

    private func trainer(_ channels: Int, _ forecaster: ForecasterVariant = ForecasterVariant()) -> GroupTrainer {
        GroupTrainer(channelCount: channels, configuration: configuration(forecaster), kernels: .best)
    }

    private func bytes(_ models: GroupModels) -> [UInt8] { StateWriter.bytes { models.encode(to: &$0) } }

    /// A round's log of some series, `rows` rows each, numbered from `first`.
    private func log(series: [Int], first: Int, rows: Int = 8, channels: Int = 1) -> TrainingLog {
        var log = TrainingLog()
        for number in first..<(first + rows) {
            for series in series {
                var frame = Frame(channelCount: channels)
                frame.isPresent = Array(repeating: true, count: channels)
                for channel in 0..<channels {
                    let place = Double(number) / 20 + Double(series) / 7
                    frame.scaled[channel] = Float(2 * cosine(place))
                    frame.previousScaled[channel] = Float(2 * cosine(place - 0.05))
                }
                log.append(frame, isHeld: false, day: (0, 0), series: series, number: UInt64(number), marks: .isOpen)
            }
        }
        return log
    }

    @Test func `the order in which shards hand over their rows does not matter`() {
        let left = trainer(1)
        let right = trainer(1)
        for round in 0..<12 {
            let even = log(series: [0, 2], first: 8 * round)
            let odd = log(series: [1, 3], first: 8 * round)
            var forward = even
            forward.append(contentsOf: odd)
            var backward = odd
            backward.append(contentsOf: even)
            left.absorb(forward, round: UInt64(round))
            right.absorb(backward, round: UInt64(round))
            left.train(round: UInt64(round))
            right.train(round: UInt64(round))
        }
        #expect(bytes(left.models()) == bytes(right.models()))
        #expect(bytes(left.models()) != bytes(GroupModels(channelCount: 1, configuration: configuration)))
        #expect(left.counts.notFinite == 0)
    }

    @Test func `rows behind a closed gate are not learned`() {
        let trainer = trainer(1)
        let start = bytes(trainer.models())
        for round in 0..<20 {
            var log = TrainingLog()
            var frame = Frame(channelCount: 1)
            frame.isPresent = [true]
            for number in 0..<8 {
                frame.scaled = [Float(number)]
                log.append(
                    frame, isHeld: false, day: (0, 0), series: 0, number: UInt64(8 * round + number), marks: [])
            }
            trainer.absorb(log, round: UInt64(round))
            trainer.train(round: UInt64(round))
        }
        #expect(bytes(trainer.models()) == start)
    }

    @Test(arguments: [1, 3, 70], variants)
    func `goes on from its parts, and changed parts add up to all`(rounds: Int, forecaster: ForecasterVariant) throws {
        let original = trainer(2, forecaster)
        var stored: [String: [UInt8]] = [:]
        for round in 0..<rounds {
            original.absorb(log(series: [0, 1], first: 8 * round, channels: 2), round: UInt64(round))
            original.train(round: UInt64(round))
            if round % 3 == 0 { for part in original.changedParts() { stored[part.name] = part.bytes } }
        }
        let changed = original.changedParts()
        // Two networks, the duty, the index, and at most two segments of each series' ring.
        #expect(changed.count <= 8)
        for part in changed { stored[part.name] = part.bytes }
        let parts = original.parts()
        #expect(parts.count == stored.count)
        for part in parts { #expect(stored[part.name] == part.bytes, "\(part.name)") }
        let copy = trainer(2, forecaster)
        #expect(try copy.restore(parts) == nil)
        for round in rounds..<(rounds + 5) {
            for trainer in [original, copy] {
                trainer.absorb(log(series: [0, 1], first: 8 * round, channels: 2), round: UInt64(round))
                trainer.train(round: UInt64(round))
            }
        }
        #expect(bytes(copy.models()) == bytes(original.models()))
        #expect(throws: StateCodingError.self) { try self.trainer(2, forecaster).restore(Array(parts.dropLast())) }
        #expect(throws: StateCodingError.self) { try self.trainer(1, forecaster).restore(parts) }
    }

    @Test(arguments: [GroupTrainer.Part.forecaster, .autoencoder, .memory])
    func `a network or the memory in another form begins anew alone`(part: GroupTrainer.Part) throws {
        let original = trainer(1)
        for round in 0..<30 {
            original.absorb(log(series: [0], first: 8 * round), round: UInt64(round))
            original.train(round: UInt64(round))
        }
        let name = part == .memory ? "replay" : part == .forecaster ? "forecaster" : "autoencoder"
        let parts = original.parts().map { stored in
            (name: stored.name, bytes: stored.name == name ? [99] + stored.bytes.dropFirst() : stored.bytes)
        }
        let copy = trainer(1)
        #expect(try copy.restore(parts) == nil)
        #expect(copy.anew == [part])
        let (new, old) = (trainer(1).models(), original.models())
        let forecaster = part == .forecaster ? new.forecaster : old.forecaster
        let autoencoder = part == .autoencoder ? new.autoencoder : old.autoencoder
        #expect(copy.models().forecaster.parameters == forecaster.parameters)
        #expect(copy.models().autoencoder.parameters == autoencoder.parameters)
        #expect(copy.parts().contains { $0.name == "replay.0.0" } == (part != .memory))
        // And it goes on learning.
        for round in 30..<40 {
            copy.absorb(log(series: [0], first: 8 * round), round: UInt64(round))
            copy.train(round: UInt64(round))
        }
        #expect(copy.models().autoencoder.parameters != autoencoder.parameters)
    }

    @Test func `the replay memory is bounded and shared`() {
        #expect(ReplayMemory.capacity(seriesCount: 1) == 8_192)
        #expect(ReplayMemory.capacity(seriesCount: 8) == 8_192)
        #expect(ReplayMemory.capacity(seriesCount: 9) == 4_096)
        #expect(ReplayMemory.capacity(seriesCount: 1_000) == 64)
        #expect(ReplayMemory.capacity(seriesCount: 100_000) == 64)
        var memory = ReplayMemory(width: 4)
        let row: [Float] = [1, 2, 3, 4]
        for number in 0..<9_000 {
            memory.append([Float(number), 0, 0, 0].span, marks: .isOpen, series: 0)
        }
        #expect(memory.rings[0].count == 8_192)
        // The newest and the oldest row that are left are where they should be, before and after the ring shrinks.
        #expect(memory.rings[0].rows[memory.offset(of: 8_999)] == 8_999)
        for series in 1..<20 { memory.append(row.span, marks: .isOpen, series: series) }
        #expect(memory.capacity == 2_048)
        #expect(memory.rings[0].count == 2_048)
        #expect(memory.rings[0].rows[memory.offset(of: 8_999)] == 8_999)
        #expect(memory.rings[0].rows[memory.offset(of: 8_999 - 2_047)] == 8_999 - 2_047)
        #expect(memory.isUsable(series: 0, from: 8_999 - 2_047, count: 2_048))
        #expect(!memory.isUsable(series: 0, from: 8_999 - 2_048, count: 2))
    }

    @Test func `a stretch across a restart is not usable`() {
        var memory = ReplayMemory(width: 1)
        for number in 0..<40 {
            let marks: TrainingLog.Marks = number == 20 ? [.isOpen, .begins] : number == 30 ? [] : .isOpen
            memory.append([Float(number)].span, marks: marks, series: 0)
        }
        #expect(memory.isUsable(series: 0, from: 0, count: 20))
        #expect(!memory.isUsable(series: 0, from: 10, count: 17))
        #expect(memory.isUsable(series: 0, from: 20, count: 10))
        #expect(!memory.isUsable(series: 0, from: 25, count: 8))
    }

    @Test(
        arguments: [
            (ForecasterVariant(), ForecasterVariant(cell: .gru)), (ForecasterVariant(cell: .gru), ForecasterVariant()),
            (ForecasterVariant(), ForecasterVariant(cell: .cnn)),
            (ForecasterVariant(cell: .rnn), ForecasterVariant(cell: .gru)),
            (ForecasterVariant(), ForecasterVariant(head: .gaussian)),
            (ForecasterVariant(horizon: 4), ForecasterVariant(horizon: 3)),
        ])
    func `another forecaster than the stored one begins anew, and learns from what is kept`(
        stored: ForecasterVariant, chosen: ForecasterVariant
    ) throws {
        let original = trainer(1, stored)
        for round in 0..<20 {
            original.absorb(log(series: [0], first: 8 * round), round: UInt64(round))
            original.train(round: UInt64(round))
        }
        let parts = original.parts()
        let copy = trainer(1, chosen)
        #expect(try copy.restore(parts) == stored)
        let fresh = trainer(1, chosen).models()
        #expect(copy.models().forecaster.parameters == fresh.forecaster.parameters)
        #expect(copy.models().autoencoder.parameters == original.models().autoencoder.parameters)
        #expect(copy.memory.rings[0].count == original.memory.rings[0].count)

        // The weights in use follow the same rule, and say at once that the forecaster has learned nothing.
        let configuration = configuration(chosen)
        var reader = StateReader(bytes(original.models()))
        let models = try GroupModels(from: &reader, channelCount: 1, configuration: configuration)
        #expect(reader.remaining == 0)
        #expect(bytes(models) == bytes(copy.models()))
        copy.absorb(log(series: [0], first: 160), round: 20)
        copy.train(round: 20)
        #expect(copy.models().forecaster.parameters != fresh.forecaster.parameters)

        // Stored again it is the chosen one's.
        #expect(try trainer(1, chosen).restore(copy.parts()) == nil)
    }

    @Test func `what was stored before there was a choice is an LSTM's`() throws {
        let models = GroupModels(channelCount: 1, configuration: configuration)
        let old = StateWriter.bytes {
            $0.write(UInt8(1))
            $0.write(models.forecaster.parameters)
            $0.write(models.autoencoder.parameters)
        }
        var reader = StateReader(old)
        #expect(bytes(try GroupModels(from: &reader, channelCount: 1, configuration: configuration)) == bytes(models))
        #expect(throws: StateCodingError.self) {
            var unknown = StateReader([2, 3, 0, 0, 0] + Array("rbf".utf8) + old.dropFirst())
            _ = try GroupModels(from: &unknown, channelCount: 1, configuration: self.configuration)
        }
    }

    @Test(
        arguments: ForecasterCell.allCases.map { ForecasterVariant(cell: $0) }
            + [
                ForecasterVariant(head: .gaussian), ForecasterVariant(head: .quantile),
                ForecasterVariant(cell: .gru, horizon: 4),
            ])
    func `the networks learn a wave and beat doing without`(forecaster: ForecasterVariant) throws {
        var rig = Rig(channels: 2, forecaster: forecaster)
        let trainer = trainer(2, forecaster)
        var generator = SeededGenerator(seed: 5)
        rig.models = trainer.models()
        var trained = rig.models
        var half = LearningReport()
        for step in 0..<3_200 {
            _ = rig.observe([
                cosine(Double(step) / 16) + 0.05 * normal(&generator), cosine(Double(step) / 24 + 0.3),
            ])
            if step == 1_600 { half = rig.monitor.learningReport }
            guard step % 8 == 7 else { continue }
            rig.models = trained
            trainer.absorb(rig.log, round: UInt64(step / 8))
            trainer.train(round: UInt64(step / 8))
            trained = trainer.models()
            rig.log.removeAll()
        }
        let report = rig.monitor.learningReport.since(half)
        let forecast = try #require(report.forecastRatio)
        let reconstruction = try #require(report.reconstructionRatio)
        print("\(forecaster): forecast error / persistence \(forecast)")
        #expect(forecast < 0.8, "\(forecaster): \(forecast)")
        #expect(reconstruction < 0.8, "\(reconstruction)")
        #expect(report.forecastCount == 2 * 1_599)
    }

    @Test func `models go on from their bytes`() throws {
        let models = GroupModels(channelCount: 3, configuration: configuration)
        var reader = StateReader(bytes(models))
        let copy = try GroupModels(from: &reader, channelCount: 3, configuration: configuration)
        #expect(bytes(copy) == bytes(models))
        #expect(throws: StateCodingError.self) {
            var other = StateReader(bytes(models))
            _ = try GroupModels(from: &other, channelCount: 4, configuration: self.configuration)
        }
    }
}
