import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// A group with each architecture of autoencoder.
@Suite struct AutoencoderChoiceTests {
    private func configuration(_ autoencoder: AutoencoderArchitecture) -> DetectionConfiguration {
        DetectionConfiguration(autoencoder: autoencoder)
    }

    private func trainer(_ autoencoder: AutoencoderArchitecture, channels: Int = 1) -> GroupTrainer {
        GroupTrainer(channelCount: channels, configuration: configuration(autoencoder), kernels: .best)
    }

    private func bytes(_ models: GroupModels) -> [UInt8] { StateWriter.bytes { models.encode(to: &$0) } }

    /// Watches a series and trains on it, round by round, each scored with what was trained two rounds before.
    private struct Watched {
        var rig: Rig
        let trainer: GroupTrainer
        private var trained: GroupModels
        private var step = 0

        init(_ autoencoder: AutoencoderArchitecture, channels: Int) {
            rig = Rig(channels: channels, autoencoder: autoencoder)
            trainer = GroupTrainer(channelCount: channels, configuration: rig.configuration, kernels: .best)
            trained = trainer.models()
            rig.models = trained
        }

        mutating func observe(_ values: [Double]) {
            _ = rig.observe(values)
            step += 1
            guard step % 8 == 0 else { return }
            rig.models = trained
            trainer.absorb(rig.log, round: UInt64(step / 8))
            trainer.train(round: UInt64(step / 8))
            trained = trainer.models()
            rig.log.removeAll()
        }
    }

    private func tones(_ step: Int, _ generator: inout SeededGenerator) -> [Double] {
        [
            cosine(Double(step) / 16) + 0.05 * normal(&generator),
            cosine(Double(step) / 24 + 0.3) + 0.05 * normal(&generator),
        ]
    }

    @Test(arguments: AutoencoderArchitecture.allCases)
    func `the network learns a wave and beats the channel's mean`(autoencoder: AutoencoderArchitecture) throws {
        var watched = Watched(autoencoder, channels: 2)
        var generator = SeededGenerator(seed: 5)
        var half = LearningReport()
        for step in 0..<3_200 {
            watched.observe(tones(step, &generator))
            if step == 1_600 { half = watched.rig.monitor.learningReport }
        }
        let ratio = try #require(watched.rig.monitor.learningReport.since(half).reconstructionRatio)
        print("\(autoencoder): \(ratio) of the mean's error")
        #expect(ratio < 0.8, "\(ratio)")
        #expect(watched.trainer.counts.notFinite == 0)
        let frame = watched.rig.monitor.frame
        #expect(frame.latentCount == autoencoder.latentSize)
        #expect(frame.latent[..<frame.latentCount].contains { $0 != 0 })
    }

    /// Every 100 samples the second tone runs backward for 16: nothing leaves its range, only the shape is another.
    @Test(arguments: AutoencoderArchitecture.allCases)
    func `a broken shape scores higher than what is usual`(autoencoder: AutoencoderArchitecture) {
        var watched = Watched(autoencoder, channels: 2)
        var generator = SeededGenerator(seed: 6)
        for step in 0..<3_000 { watched.observe(tones(step, &generator)) }
        var (usual, broken): ([Float], [Float]) = ([], [])
        var detector = ReconstructionDetector(channelCount: 2, view: .window)
        for step in 3_000..<4_500 {
            var values = tones(step, &generator)
            let place = step % 100
            if (50..<66).contains(place) { values[1] = tones(step + 12 - 2 * (place - 50), &generator)[1] }
            // Without training: the score of the network as it was learned.
            _ = watched.rig.observe(values)
            watched.rig.log.removeAll()
            let score = detector.score(watched.rig.monitor.frame)
            detector.learn(watched.rig.monitor.frame, weight: (50..<98).contains(place) ? 0 : 1)
            if (58..<70).contains(place) { broken.append(score) }
            if place < 50 { usual.append(score) }
        }
        let above = broken.reduce(0) { sum, score in sum + usual.count { $0 < score } }
        let area = Double(above) / Double(usual.count * broken.count)
        print("\(autoencoder): ROC-AUC \(area) of the window's error")
        #expect(area > 0.8, "ROC-AUC \(area)")
    }

    @Test(arguments: AutoencoderArchitecture.allCases)
    func `a monitor goes on from its bytes, and a trainer from its parts`(autoencoder: AutoencoderArchitecture) throws {
        var watched = Watched(autoencoder, channels: 2)
        var generator = SeededGenerator(seed: 7)
        for step in 0..<400 { watched.observe(tones(step, &generator)) }
        var copy = watched.rig
        var reader = StateReader(watched.rig.monitor.bytes)
        copy.monitor = try SeriesMonitor(from: &reader, configuration: copy.configuration)
        #expect(reader.remaining == 0)
        let second = trainer(autoencoder, channels: 2)
        #expect(try second.restore(watched.trainer.parts()) == nil)
        #expect(second.replacedAutoencoder == nil)
        #expect(bytes(second.models()) == bytes(watched.trainer.models()))
        var models = StateReader(bytes(watched.trainer.models()))
        let restored = try GroupModels(from: &models, channelCount: 2, configuration: copy.configuration)
        #expect(models.remaining == 0)
        #expect(bytes(restored) == bytes(watched.trainer.models()))
        for step in 400..<600 {
            let values = tones(step, &generator)
            #expect(watched.rig.observe(values) == copy.observe(values))
        }
        #expect(watched.rig.monitor.bytes == copy.monitor.bytes)
        #expect(throws: StateCodingError.self) {
            let parts = watched.trainer.parts().map { part in
                part.name == "autoencoder" ? (name: part.name, bytes: Array(part.bytes.dropLast())) : part
            }
            _ = try self.trainer(autoencoder, channels: 2).restore(parts)
        }
    }

    @Test(arguments: AutoencoderArchitecture.allCases, AutoencoderArchitecture.allCases)
    func `another autoencoder than the stored one begins anew, and learns from what is kept`(
        stored: AutoencoderArchitecture, chosen: AutoencoderArchitecture
    ) throws {
        var watched = Watched(stored, channels: 1)
        var generator = SeededGenerator(seed: 8)
        for step in 0..<240 { watched.observe([tones(step, &generator)[0]]) }
        let isSame = stored == chosen
        let original = watched.trainer.models()
        let copy = trainer(chosen)
        let fresh = copy.models()
        #expect(try copy.restore(watched.trainer.parts()) == nil)
        #expect(copy.replacedAutoencoder == (isSame ? nil : stored))
        #expect(copy.models().forecaster.parameters == original.forecaster.parameters)
        #expect(copy.models().autoencoder.parameters == (isSame ? original : fresh).autoencoder.parameters)
        #expect(copy.memory.rings[0].count == watched.trainer.memory.rings[0].count)

        // The weights in use follow the same rule.
        var reader = StateReader(bytes(original))
        let models = try GroupModels(from: &reader, channelCount: 1, configuration: configuration(chosen))
        #expect(reader.remaining == 0)
        #expect(bytes(models) == bytes(copy.models()))

        // The series goes on: its window is there, and what its errors usually are is found anew.
        reader = StateReader(watched.rig.monitor.bytes)
        var other = Rig(channels: 1, autoencoder: chosen)
        other.monitor = try SeriesMonitor(from: &reader, configuration: other.configuration)
        other.tick = watched.rig.tick
        #expect(other.monitor.networks?.reconstructionBeginsAnew == !isSame)
        other.models = models
        _ = other.observe([tones(240, &generator)[0]])
        #expect(other.monitor.frame.hasReconstruction && other.monitor.frame.hasForecast)
        #expect(other.monitor.frame.latentCount == chosen.latentSize)

        // Stored again it is the chosen one's.
        let again = trainer(chosen)
        #expect(try again.restore(copy.parts()) == nil)
        #expect(again.replacedAutoencoder == nil)
        reader = StateReader(other.monitor.bytes)
        #expect(
            try SeriesMonitor(from: &reader, configuration: other.configuration).networks?.reconstructionBeginsAnew
                == false)
    }

    @Test func `what was stored before there was a choice is a dense one's`() throws {
        let models = GroupModels(channelCount: 2, configuration: configuration(.dense))
        // No mark: the bytes begin with the forecaster's version, as they always did.
        #expect(bytes(models)[0] <= 2)
        let trainer = trainer(.dense, channels: 2)
        let part = trainer.parts().first { $0.name == "autoencoder" }
        #expect(part?.bytes.first == 1)
        #expect(throws: StateCodingError.self) {
            var unknown = StateReader([0xae] + StateWriter.bytes { $0.write("sparse") } + self.bytes(models))
            _ = try GroupModels(from: &unknown, channelCount: 2, configuration: self.configuration(.dense))
        }
        #expect(throws: StateCodingError.self) {
            var unknown = StateReader([3])
            _ = try AutoencoderArchitecture(from: &unknown)
        }
    }

    @Test func `every architecture has a number of its own, and a narrow layer that the frame holds`() {
        let all = AutoencoderArchitecture.allCases
        #expect(Set(all.map(\.code)).count == all.count && AutoencoderArchitecture.dense.code == 0)
        #expect(all.allSatisfy { $0.latentSize <= Frame.latentCapacity })
    }
}
