import CKernels

/// Trains a forecaster on short sequences: truncated back-propagation through time and Adam.
///
/// A minibatch holds `B` sequences of `T` steps, each from a zero state; the first `burnIn` steps only warm the state
/// up. The head's locations and scales are fitted with the loss of its ``OutputHead``, whose slopes are preconditioned by
/// the scale: with the Student-t loss of ν = 4, e = (target − μ) / σ and w = 5 / (4 + e²),
///
///     d/dμ = −w e          d/d log σ = ½ (1 − w e²)
///
/// so that one wild sample moves the network no further than a usual one, and quiet channels learn as fast as loud
/// ones. Williams and Zipser 1995 (truncated BPTT). Each sequence counts 1 / ((T − burnIn) h d), averaged over the batch.
public final class ForecasterTrainer {
    /// The sizes.
    public let shape: ForecasterShape
    /// `T`: steps of a sequence.
    public let sequenceLength: Int
    /// Steps that are not scored.
    public let burnIn: Int
    /// `B`: sequences of a minibatch.
    public let batch: Int

    private let kernels: Kernels
    private var adam: Adam
    private let sequences: ForecasterSequences
    private let pass: any ForecasterPass
    private let outputs: AlignedBuffer  // [T - burnIn][B][N]
    private let dOutputs: AlignedBuffer  // the same
    private let inverseScale: AlignedBuffer  // the same
    private let headTransposed: AlignedBuffer  // [N][H]
    private var snapshots = SnapshotPool<ForecasterShape>()

    /// Creates a trainer at the given weights.
    ///
    /// - Precondition: `0 <= burnIn < sequenceLength`, `batch > 0`.
    public init(
        kernels: Kernels, weights: ForecasterWeights, sequenceLength: Int = 16, burnIn: Int = 4, batch: Int,
        configuration: AdamConfiguration = AdamConfiguration(learningRate: 0.004)
    ) {
        precondition((0..<sequenceLength).contains(burnIn), "\(burnIn) of \(sequenceLength) steps to warm up")
        precondition(batch > 0, "a minibatch of \(batch)")
        let shape = weights.shape
        self.kernels = kernels
        self.shape = shape
        self.sequenceLength = sequenceLength
        self.burnIn = burnIn
        self.batch = batch
        adam = Adam(parameterCount: shape.parameterCount, configuration: configuration)
        unsafe adam.parameters.copy(from: weights.buffer)
        let sequences = ForecasterSequences(shape: shape, length: sequenceLength, batch: batch)
        self.sequences = sequences
        switch shape.cell {
        case .lstm, .gru: pass = GatedPass(kernels: kernels, sequences: sequences)
        case .rnn: pass = SimplePass(kernels: kernels, sequences: sequences)
        case .cnn: pass = ConvolutionPass(kernels: kernels, sequences: sequences)
        }
        let scored = (sequenceLength - burnIn) * batch
        outputs = AlignedBuffer(count: scored * shape.outputWidth)
        dOutputs = AlignedBuffer(count: scored * shape.outputWidth)
        inverseScale = AlignedBuffer(count: scored * shape.outputWidth)
        headTransposed = AlignedBuffer(count: shape.outputWidth * shape.hiddenSize)
        transpose()
    }

    /// Learns from one minibatch.
    ///
    /// - Parameters:
    ///   - inputs: `[T, B, I]`.
    ///   - targets: `[T, B, h, d]`: the change that each channel made in 1 … h steps after the step; NaN where it is not known.
    ///   - used: sequences that the minibatch really holds, from the first; the rest is not read. Default: all.
    /// - Returns: the mean of |e|, or that the step was skipped.
    /// - Complexity: about three forward passes of `T · used` steps; allocates nothing.
    public func step(inputs: Span<Float>, targets: Span<Float>, used: Int? = nil) -> TrainingOutcome {
        let used = used ?? batch
        precondition((1...batch).contains(used), "\(used) sequences in a minibatch of \(batch)")
        precondition(inputs.count == sequenceLength * batch * shape.inputSize, "\(inputs.count) inputs")
        let wanted = sequenceLength * batch * shape.horizon * shape.channels
        precondition(targets.count == wanted, "\(targets.count) targets")
        sequences.load(inputs, used: used)
        forward(used: used)
        let loss = differentiate(targets, used: used)
        backward(used: used)
        guard adam.step(kernels: kernels, loss: loss) else { return .skipped }
        transpose()
        return .stepped(loss: loss)
    }

    /// The gradient that the last minibatch gave, before clipping, in packed order; for tests.
    var lastGradient: [Float] { adam.gradient.array(count: shape.parameterCount) }

    // MARK: The passes

    private func forward(used: Int) {
        pass.forward(parameters: adam.parameters, used: used)
        let parameters = unsafe adam.parameters.base
        let width = shape.stepWidth
        // All scored steps at once: the states after steps burnIn … T − 1.
        unsafe kernels.table.pointee.dense(
            (sequenceLength - burnIn) * used, shape.hiddenSize, shape.outputWidth,
            sequences.steps.base + (burnIn + 1) * used * width + shape.inputSize, width, parameters + shape.headOffset,
            parameters + shape.headBiasOffset, 0, outputs.base, shape.outputWidth)
    }

    /// Fills `dOutputs` and returns the mean of |e|.
    private func differentiate(_ targets: Span<Float>, used: Int) -> Float {
        let channels = shape.channels
        let width = shape.outputWidth
        let rows = (sequenceLength - burnIn) * used
        let wantedWidth = shape.horizon * channels
        // Indices below stay within rows · N; the buffers were made for (T − burnIn) · B rows.
        let inverse = unsafe inverseScale.base
        for row in 0..<rows {
            for wanted in 0..<wantedWidth {
                // The logarithm of the scale stands d behind the location.
                let value = unsafe outputs.base[row * width + shape.outputIndex(of: wanted) + channels]
                let range = ForecasterShape.logSigmaRange
                let clamped =
                    value < range.lowerBound
                    ? range.lowerBound : value > range.upperBound ? range.upperBound : value
                unsafe inverse[row * width + wanted] = -clamped
            }
        }
        unsafe kernels.table.pointee.activate(0, rows * width, inverse, inverse)
        let share = 1 / Float((sequenceLength - burnIn) * wantedWidth * used)
        var loss: Float = 0
        unsafe targets.withUnsafeBufferPointer { targets in
            for row in 0..<rows {
                let step = burnIn + row / used
                // One of the T · B rows of targets that were counted at the door.
                let wanted = unsafe UnsafeBufferPointer(
                    rebasing: targets[((step * batch + row % used) * wantedWidth)...].prefix(wantedWidth))
                unsafe differentiate(
                    outputs.base + row * width, inverse: inverse + row * width, wanted: wanted, share: share,
                    into: dOutputs.base + row * width, loss: &loss)
            }
        }
        return loss
    }

    private func backward(used: Int) {
        let width = shape.stepWidth
        let size = shape.hiddenSize
        let scored = (sequenceLength - burnIn) * used
        let table = unsafe kernels.table.pointee
        let gradient = unsafe adam.gradient.base
        // Products overwrite their part of the gradient, sums of rows add to it.
        adam.gradient.clear(from: shape.headBiasOffset, count: shape.outputWidth)
        sequences.dHidden.clear(count: burnIn * used * size)
        // The head, all scored steps at once: its weights, its biases, and what it asks of the states.
        let states = unsafe sequences.steps.base + (burnIn + 1) * used * width + shape.inputSize
        unsafe table.matmul(
            size, shape.outputWidth, scored, 0, states, 1, width, dOutputs.base, shape.outputWidth,
            gradient + shape.headOffset, shape.outputWidth)
        unsafe table.add_rows(
            scored, shape.outputWidth, dOutputs.base, shape.outputWidth, gradient + shape.headBiasOffset)
        unsafe table.matmul(
            scored, size, shape.outputWidth, 0, dOutputs.base, shape.outputWidth, 1, headTransposed.base, size,
            sequences.dHidden.base + burnIn * used * size, size)
        pass.backward(gradient: adam.gradient, used: used)
    }

    /// Refreshes the transposed copies that the backward pass reads in order.
    private func transpose() {
        pass.transpose(parameters: adam.parameters)
        unsafe kernels.table.pointee.transpose(
            shape.hiddenSize, shape.outputWidth, adam.parameters.base + shape.headOffset, shape.outputWidth,
            headTransposed.base, shape.hiddenSize)
    }

    // MARK: Snapshots and checkpoints

    /// The parameters as they stand, for scoring.
    ///
    /// Snapshots that nobody holds any more are used again: after the first few calls nothing is allocated.
    public func snapshot() -> ForecasterWeights {
        snapshots.snapshot(of: adam.parameters, shape: shape, revision: adam.revision)
    }

    /// What is to be stored.
    public var checkpoint: TrainingCheckpoint { adam.checkpoint(parameterCount: shape.parameterCount) }

    /// Goes on from a checkpoint.
    ///
    /// - Returns: false, with nothing changed, when it is of another shape.
    public func restore(_ checkpoint: TrainingCheckpoint) -> Bool {
        guard adam.restore(checkpoint, parameterCount: shape.parameterCount) else { return false }
        transpose()
        return true
    }
}
