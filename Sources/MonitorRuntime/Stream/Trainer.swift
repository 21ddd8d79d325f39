import AnomalyDetection
import NeuralNet
import TimeSeries

/// The one task that trains a group's networks.
actor Trainer {
    /// What a restart needs of the training besides the trainer itself.
    struct Restored: Sendable {
        /// The snapshot that the round in progress is scored with.
        var inUse: GroupModels
        /// The snapshot for the next round.
        var next: GroupModels
        /// Rows of the round in progress.
        var log: TrainingLog
        /// The stored forecaster, when it is another than the configured one, which then begins anew.
        var replaced: ForecasterVariant?
        /// The architecture of the stored autoencoder, likewise.
        var replacedAutoencoder: AutoencoderArchitecture?
        /// What was stored in another form.
        var anew: [GroupTrainer.Part]

        /// Whether the networks were stored in another form, so that what each series knows of them is void.
        var beginsAnew: (forecaster: Bool, autoencoder: Bool) {
            (anew.contains(.forecaster), anew.contains(.autoencoder))
        }
    }

    private let trainer: GroupTrainer
    private let channelCount: Int
    private let configuration: DetectionConfiguration

    init(channelCount: Int, configuration: DetectionConfiguration, kernels: Kernels) {
        self.channelCount = channelCount
        self.configuration = configuration
        trainer = GroupTrainer(channelCount: channelCount, configuration: configuration, kernels: kernels)
    }

    /// The weights as they stand.
    func models() -> GroupModels { trainer.models() }

    /// What became of the training steps.
    var counts: TrainingCounts { trainer.counts }

    /// Learns from the rows of a round and returns what the round after next is scored with.
    func train(_ rows: TrainingLog, round: UInt64) -> GroupModels {
        trainer.absorb(rows, round: round)
        trainer.train(round: round)
        return trainer.models()
    }

    /// Keeps the rows of a round to learn from later, without learning now.
    func keep(_ rows: TrainingLog, round: UInt64) { trainer.absorb(rows, round: round) }

    /// The training's pieces of state that have changed, with the two snapshots and the rows of the round in progress.
    func changedParts(
        inUse: GroupModels, next: GroupModels, log: TrainingLog
    ) -> [(name: String, bytes: [UInt8])] {
        var writer = StateWriter()
        writer.write(UInt8(1))
        inUse.encode(to: &writer)
        next.encode(to: &writer)
        log.encode(to: &writer)
        return trainer.changedParts() + [("round", writer.bytes)]
    }

    /// Nothing is stored of what the last ``changedParts(inUse:next:log:)`` gave: the next gives all.
    func forgetStored() { trainer.markChanged() }

    /// Goes on from stored pieces.
    ///
    /// - Throws: `StateCodingError` when a piece is missing or of another shape.
    func restore(_ parts: [String: [UInt8]]) throws -> Restored {
        guard let round = parts["round"] else { throw StateCodingError.invalid("the training has no round") }
        let replaced = try trainer.restore(parts.sorted { $0.key < $1.key }.map { (name: $0.key, bytes: $0.value) })
        var restored = Restored(
            inUse: trainer.models(), next: trainer.models(), log: TrainingLog(), replaced: replaced,
            replacedAutoencoder: trainer.replacedAutoencoder, anew: trainer.anew)
        var reader = StateReader(round)
        do {
            guard try reader.read(UInt8.self) == 1 else { throw StateCodingError.unknownVersion(of: "a round") }
            let inUse = try GroupModels(from: &reader, channelCount: channelCount, configuration: configuration)
            let next = try GroupModels(from: &reader, channelCount: channelCount, configuration: configuration)
            restored.log = try TrainingLog(from: &reader, channelCount: channelCount)
            // Of a network that begins anew there are no older weights.
            if restored.beginsAnew == (false, false) { (restored.inUse, restored.next) = (inUse, next) }
        } catch StateCodingError.unknownVersion {
            // The weights as trained last stand in for those of the round, and its rows are not learned.
        }
        return restored
    }
}
