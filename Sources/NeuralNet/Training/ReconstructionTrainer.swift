/// What trains an autoencoder, whatever its architecture.
public protocol WindowTrainer: AnyObject {
    /// The sizes.
    var shape: AutoencoderShape { get }
    /// Learns from one minibatch.
    ///
    /// - Parameters:
    ///   - windows: `[B, D]`, finite.
    ///   - used: windows that the minibatch really holds, from the first.
    ///   - noise: seeds what the architecture draws; the same number gives the same draws.
    /// - Returns: the mean loss, or that the step was skipped.
    func step(windows: Span<Float>, used: Int, noise: UInt64) -> TrainingOutcome
    /// The parameters as they stand, for scoring; see ``ForecasterTrainer/snapshot()``.
    func snapshot() -> AutoencoderWeights
    /// What is to be stored: one checkpoint for each optimiser.
    var checkpoints: [TrainingCheckpoint] { get }
    /// Goes on from checkpoints.
    ///
    /// - Returns: false, with nothing changed, when they are of another shape or number.
    func restore(_ checkpoints: [TrainingCheckpoint]) -> Bool
}

extension AutoencoderTrainer: WindowTrainer {
    /// Learns from one minibatch; a dense autoencoder draws nothing.
    public func step(windows: Span<Float>, used: Int, noise: UInt64) -> TrainingOutcome {
        step(windows: windows, used: used)
    }

    /// The one checkpoint.
    public var checkpoints: [TrainingCheckpoint] { [checkpoint] }

    /// Goes on from the one checkpoint.
    public func restore(_ checkpoints: [TrainingCheckpoint]) -> Bool {
        checkpoints.count == 1 && restore(checkpoints[0])
    }
}

/// Trains an autoencoder of any architecture but the dense one, with Adam.
///
/// An adversarial one has two losses that take turns within a step, each with an optimiser (moments and bias correction) of
/// its own over the same parameters; the others have one. A step whose loss or gradient is not finite moves nothing from
/// that phase on, and is counted.
public final class ReconstructionTrainer: WindowTrainer {
    /// The sizes.
    public let shape: AutoencoderShape
    /// `B`: windows of a minibatch.
    public let batch: Int

    private final class Phase {
        var adam: Adam
        init(_ adam: consuming Adam) { self.adam = adam }
    }

    private let kernels: Kernels
    private var network: any AutoencoderNetwork
    private let phases: [Phase]
    private var snapshots = SnapshotPool<AutoencoderShape>()
    /// Counts what may have changed the parameters.
    private var revision: UInt64 = 0

    /// Creates a trainer at the given weights.
    ///
    /// - Precondition: `batch > 0`, the architecture is not dense.
    public init(
        kernels: Kernels, weights: AutoencoderWeights, batch: Int,
        configuration: AdamConfiguration = AdamConfiguration(learningRate: 0.003)
    ) {
        precondition(batch > 0, "a minibatch of \(batch)")
        guard let kind = weights.shape.architecture.network else {
            preconditionFailure("a dense autoencoder has a trainer of its own")
        }
        shape = weights.shape
        self.batch = batch
        self.kernels = kernels
        network = kind.init(kernels: kernels, shape: weights.shape, batch: batch, trains: true)
        phases = (0..<kind.phaseCount).map { _ in
            Phase(Adam(parameterCount: weights.shape.parameterCount, configuration: configuration))
        }
        for phase in phases { unsafe phase.adam.parameters.copy(from: weights.buffer) }
    }

    /// Learns from one minibatch.
    ///
    /// - Complexity: a few forward passes; allocates nothing after the first.
    public func step(windows: Span<Float>, used: Int, noise: UInt64 = 0) -> TrainingOutcome {
        precondition((1...batch).contains(used), "\(used) windows in a minibatch of \(batch)")
        precondition(windows.count == batch * shape.inputSize, "\(windows.count) numbers in the windows")
        revision += 1
        let steps = phases[0].adam.steps
        var outcome = TrainingOutcome.skipped
        for number in phases.indices {
            let phase = phases[number]
            if number > 0 { phase.adam.parameters.copy(from: phases[number - 1].adam.parameters) }
            phase.adam.gradient.clear()
            let loss = phase.adam.parameters.withSpan { parameters in
                phase.adam.gradient.withMutableSpan { gradient in
                    network.differentiate(
                        windows, used: used, phase: TrainingPhase(number: number, steps: steps, noise: noise),
                        at: parameters, into: &gradient)
                }
            }
            guard phase.adam.step(kernels: kernels, loss: loss) else {
                if number > 0 { phases[0].adam.parameters.copy(from: phase.adam.parameters) }
                return .skipped
            }
            if number == 0 { outcome = .stepped(loss: loss) }
        }
        if let last = phases.last, phases.count > 1 { phases[0].adam.parameters.copy(from: last.adam.parameters) }
        return outcome
    }

    /// The gradient that the last minibatch gave in a phase, before clipping, in packed order; for tests.
    func lastGradient(phase: Int = 0) -> [Float] {
        phases[phase].adam.gradient.array(count: shape.parameterCount)
    }

    /// The parameters as they stand, for scoring; see ``ForecasterTrainer/snapshot()``.
    public func snapshot() -> AutoencoderWeights {
        snapshots.snapshot(of: phases[0].adam.parameters, shape: shape, revision: revision)
    }

    /// What is to be stored: one checkpoint for each phase.
    public var checkpoints: [TrainingCheckpoint] {
        phases.map { $0.adam.checkpoint(parameterCount: shape.parameterCount) }
    }

    /// Goes on from checkpoints.
    ///
    /// - Returns: false, with nothing changed, when they are of another shape or number.
    public func restore(_ checkpoints: [TrainingCheckpoint]) -> Bool {
        let count = shape.parameterCount
        guard checkpoints.count == phases.count, checkpoints.allSatisfy({ $0.isOf(parameterCount: count) }) else {
            return false
        }
        revision += 1
        for (phase, checkpoint) in zip(phases, checkpoints) {
            _ = phase.adam.restore(checkpoint, parameterCount: count)
        }
        return true
    }
}
