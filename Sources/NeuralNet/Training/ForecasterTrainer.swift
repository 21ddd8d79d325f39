import CKernels

/// Trains a forecaster on short sequences: truncated back-propagation through time and Adam.
///
/// A minibatch holds `B` sequences of `T` steps, each from a zero state; the first `burnIn` steps only warm the state
/// up. The head's mean and sigma are fitted with the Student-t loss of ν = 4, whose gradient for the mean is
/// preconditioned by sigma: with e = (target − μ) / σ and w = 5 / (4 + e²),
///
///     d/dμ = −w e          d/d log σ = ½ (1 − w e²)
///
/// so that one wild sample moves the network no further than a usual one, and quiet channels learn as fast as loud
/// ones. Williams and Zipser 1995 (truncated BPTT); Lange, Little, Taylor 1989, doi 10.2307/2290063 (the t model).
/// Each sequence counts 1 / ((T − burnIn) d), averaged over the batch.
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
    // [T + 1][B][I + H]: inputs of step t beside the state before it; the state after step t stands with t + 1.
    private let steps: AlignedBuffer
    private let gates: AlignedBuffer  // [T][B][H/16][4][16]
    private let dGates: AlignedBuffer  // like gates, of the four sums
    private let dHidden: AlignedBuffer  // [T][B][H]
    // Of an LSTM alone: its cell states, their tanh, and the gradient of the one at hand.
    private let cells: AlignedBuffer  // [T + 1][B][H]
    private let squashed: AlignedBuffer  // [T][B][H]
    private let dCell: AlignedBuffer  // [B][H]
    private let outputs: AlignedBuffer  // [T - burnIn][B][N]
    private let dOutputs: AlignedBuffer  // the same
    private let inverseSigma: AlignedBuffer  // the same
    private let stateTransposed: AlignedBuffer  // [H/16][S · 16][H]
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
        let rows = sequenceLength * batch
        let scored = (sequenceLength - burnIn) * batch
        steps = AlignedBuffer(count: (rows + batch) * shape.stepWidth)
        gates = AlignedBuffer(count: rows * 4 * shape.hiddenSize)
        dGates = AlignedBuffer(count: rows * 4 * shape.hiddenSize)
        dHidden = AlignedBuffer(count: rows * shape.hiddenSize)
        let cellSize = shape.cell == .lstm ? shape.hiddenSize : 0
        cells = AlignedBuffer(count: (rows + batch) * cellSize)
        squashed = AlignedBuffer(count: rows * cellSize)
        dCell = AlignedBuffer(count: batch * cellSize)
        outputs = AlignedBuffer(count: scored * shape.outputWidth)
        dOutputs = AlignedBuffer(count: scored * shape.outputWidth)
        inverseSigma = AlignedBuffer(count: scored * shape.outputWidth)
        stateTransposed = AlignedBuffer(count: shape.hiddenSize / 16 * shape.cell.columns * shape.hiddenSize)
        headTransposed = AlignedBuffer(count: shape.outputWidth * shape.hiddenSize)
        transpose()
    }

    /// Learns from one minibatch.
    ///
    /// - Parameters:
    ///   - inputs: `[T, B, I]`.
    ///   - targets: `[T, B, d]`: the change that each channel made after the step; NaN where it is not known.
    ///   - used: sequences that the minibatch really holds, from the first; the rest is not read. Default: all.
    /// - Returns: the mean of |e|, or that the step was skipped.
    /// - Complexity: about three forward passes of `T · used` steps; allocates nothing.
    public func step(inputs: Span<Float>, targets: Span<Float>, used: Int? = nil) -> TrainingOutcome {
        let used = used ?? batch
        precondition((1...batch).contains(used), "\(used) sequences in a minibatch of \(batch)")
        precondition(inputs.count == sequenceLength * batch * shape.inputSize, "\(inputs.count) inputs")
        precondition(targets.count == sequenceLength * batch * shape.channels, "\(targets.count) targets")
        load(inputs, used: used)
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

    /// Rows are laid out densely for the sequences in use: `[T + 1][used][I + H]`.
    private func load(_ inputs: Span<Float>, used: Int) {
        let width = shape.stepWidth
        let size = shape.inputSize
        unsafe inputs.withUnsafeBufferPointer { inputs in
            guard let first = inputs.baseAddress else { return }
            let rows = unsafe steps.base
            for step in 0..<sequenceLength {
                for sequence in 0..<used {
                    // The source is one of the T · B rows that were counted at the door, the target one of (T + 1) · B.
                    unsafe (rows + (step * used + sequence) * width).update(
                        from: first + (step * batch + sequence) * size, count: size)
                }
            }
        }
        for sequence in 0..<used { steps.clear(from: sequence * width + shape.inputSize, count: shape.hiddenSize) }
        // A GRU's buffer of cell states is one empty vector.
        cells.clear(count: min(used * shape.hiddenSize, cells.count))
    }

    private func forward(used: Int) {
        let width = shape.stepWidth
        let size = shape.hiddenSize
        let parameters = unsafe adam.parameters.base
        for step in 0..<sequenceLength {
            // Offsets stay within the buffers: step < T, and the state after the last step has a row of its own.
            let row = unsafe steps.base + step * used * width
            let next = unsafe row + used * width + shape.inputSize
            let kept = unsafe gates.base + step * used * 4 * size
            switch shape.cell {
            case .lstm:
                unsafe kernels.table.pointee.lstm_step(
                    used, shape.inputSize, size, parameters, parameters + shape.biasOffset, row, width,
                    row + shape.inputSize, width, cells.base + step * used * size,
                    cells.base + (step + 1) * used * size, next, width, kept, squashed.base + step * used * size)
            case .gru:
                unsafe kernels.table.pointee.gru_step(
                    used, shape.inputSize, size, parameters, parameters + shape.biasOffset, row, width,
                    row + shape.inputSize, width, next, width, kept)
            }
        }
        // All scored steps at once: the states after steps burnIn … T − 1.
        unsafe kernels.table.pointee.dense(
            (sequenceLength - burnIn) * used, size, shape.outputWidth,
            steps.base + (burnIn + 1) * used * width + shape.inputSize, width, parameters + shape.headOffset,
            parameters + shape.headBiasOffset, 0, outputs.base, shape.outputWidth)
    }

    /// Fills `dOutputs` and returns the mean of |e|.
    private func differentiate(_ targets: Span<Float>, used: Int) -> Float {
        let channels = shape.channels
        let width = shape.outputWidth
        let rows = (sequenceLength - burnIn) * used
        let low = ForecasterShape.logSigmaRange.lowerBound
        let high = ForecasterShape.logSigmaRange.upperBound
        // Indices below stay within rows · N; the buffers were made for (T − burnIn) · B rows.
        let outputs = unsafe outputs.base
        let dOutputs = unsafe dOutputs.base
        let inverse = unsafe inverseSigma.base
        for row in 0..<rows {
            let raw = unsafe outputs + row * width + channels
            for channel in 0..<channels {
                let value = unsafe raw[channel]
                unsafe inverse[row * width + channel] = -(value < low ? low : value > high ? high : value)
            }
        }
        unsafe kernels.table.pointee.activate(0, rows * width, inverse, inverse)
        let share = 1 / Float((sequenceLength - burnIn) * channels * used)
        var loss: Float = 0
        unsafe targets.withUnsafeBufferPointer { targets in
            for row in 0..<rows {
                let step = burnIn + row / used
                // One of the T · B rows of targets that were counted at the door.
                let wanted = unsafe UnsafeBufferPointer(
                    rebasing: targets[((step * batch + row % used) * channels)...].prefix(channels))
                let mean = unsafe outputs + row * width
                let dMean = unsafe dOutputs + row * width
                let inverse = unsafe inverse + row * width
                for channel in 0..<channels {
                    let target = unsafe wanted[channel]
                    guard !target.isNaN else {
                        unsafe dMean[channel] = 0
                        unsafe dMean[channels + channel] = 0
                        continue
                    }
                    let error = unsafe (target - mean[channel]) * inverse[channel]
                    let weight = 5 / (4 + error * error)
                    unsafe dMean[channel] = -weight * error * share
                    let slope = 0.5 * (1 - weight * error * error)
                    let raw = unsafe mean[channels + channel]
                    // Beyond the clamp only the way back is open.
                    let isStuck = (raw < low && slope > 0) || (raw > high && slope < 0)
                    unsafe dMean[channels + channel] = isStuck ? 0 : slope * share
                    loss += error.magnitude * share
                }
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
        adam.gradient.clear(from: shape.biasOffset, count: 4 * size)
        adam.gradient.clear(from: shape.headBiasOffset, count: shape.outputWidth)
        dHidden.clear(count: burnIn * used * size)
        dCell.clear()
        // The head, all scored steps at once: its weights, its biases, and what it asks of the states.
        let states = unsafe steps.base + (burnIn + 1) * used * width + shape.inputSize
        unsafe table.matmul(
            size, shape.outputWidth, scored, 0, states, 1, width, dOutputs.base, shape.outputWidth,
            gradient + shape.headOffset, shape.outputWidth)
        unsafe table.add_rows(
            scored, shape.outputWidth, dOutputs.base, shape.outputWidth, gradient + shape.headBiasOffset)
        unsafe table.matmul(
            scored, size, shape.outputWidth, 0, dOutputs.base, shape.outputWidth, 1, headTransposed.base, size,
            dHidden.base + burnIn * used * size, size)
        for step in stride(from: sequenceLength - 1, through: 0, by: -1) { backward(step: step, used: used) }
        // Recurrent weights, all steps at once: those of the inputs, then those of the state.
        differentiateWeights(from: 0, count: shape.inputSize, used: used)
        differentiateWeights(from: shape.inputSize, count: size, used: used)
        unsafe table.add_rows(sequenceLength * used, 4 * size, dGates.base, 4 * size, gradient + shape.biasOffset)
    }

    /// The gradient of the weights of some inputs or of the state, panel by panel: [count][S · 16] = rowsᵀ · dGates.
    private func differentiateWeights(from first: Int, count: Int, used: Int) {
        let columns = shape.cell.columns
        let width = shape.stepWidth
        let fed = shape.sums(fedBy: first).lowerBound * 16
        for panel in 0..<(shape.hiddenSize / 16) {
            // first + count ≤ I + H, and the S · 16 columns from `fed` on are within a panel's 64.
            unsafe kernels.table.pointee.matmul(
                count, columns, sequenceLength * used, 0, steps.base + first, 1, width,
                dGates.base + panel * 64 + fed, 4 * shape.hiddenSize,
                adam.gradient.base + (panel * width + first) * columns, columns)
        }
    }

    /// Takes the gradient of the state after a step back to its gates and the state before it.
    private func backward(step: Int, used: Int) {
        let size = shape.hiddenSize
        let table = unsafe kernels.table.pointee
        // Offsets as in the forward pass; before step 0 there is no state that could be changed.
        let row = step * used * size
        let dGate = unsafe dGates.base + 4 * row
        let dState = unsafe dHidden.base + row
        let dBefore = step > 0 ? unsafe dState - used * size : nil
        switch shape.cell {
        case .lstm:
            unsafe table.lstm_gates_backward(
                used, size, gates.base + 4 * row, squashed.base + row, cells.base + row, dState, dCell.base, dGate)
        case .gru:
            unsafe table.gru_gates_backward(
                used, size, gates.base + 4 * row, steps.base + step * used * shape.stepWidth + shape.inputSize,
                shape.stepWidth, dState, dBefore, dGate)
        }
        guard let dBefore = unsafe dBefore else { return }
        // Where the state feeds all four sums, the panels' gradients are one row.
        let columns = shape.cell.columns
        let panels = columns == 64 ? size / 16 : 1
        for panel in stride(from: 0, to: size / 16, by: panels) {
            unsafe table.matmul(
                used, size, panels * columns, 1,
                dGate + panel * 64 + shape.sums(fedBy: shape.inputSize).lowerBound * 16,
                4 * size, 1, stateTransposed.base + panel * columns * size, size, dBefore, size)
        }
    }

    /// Refreshes the transposed copies that the backward pass reads in order.
    private func transpose() {
        let size = shape.hiddenSize
        let width = shape.outputWidth
        let columns = shape.cell.columns
        let parameters = unsafe adam.parameters.base
        for panel in 0..<(size / 16) {
            // The panel's state rows, [H][S · 16], become its [S · 16][H]; both sides were sized for that.
            unsafe kernels.table.pointee.transpose(
                size, columns, parameters + (panel * shape.stepWidth + shape.inputSize) * columns, columns,
                stateTransposed.base + panel * columns * size, size)
        }
        unsafe kernels.table.pointee.transpose(
            size, width, parameters + shape.headOffset, width, headTransposed.base, size)
    }

    // MARK: Snapshots and checkpoints

    /// The parameters as they stand, for scoring.
    ///
    /// Snapshots that nobody holds any more are used again: after the first few calls nothing is allocated.
    public func snapshot() -> ForecasterWeights { snapshots.snapshot(of: adam.parameters, shape: shape) }

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
