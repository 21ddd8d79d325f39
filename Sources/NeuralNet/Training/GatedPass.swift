import CKernels

/// Back-propagation through time of an LSTM or a GRU.
final class GatedPass: ForecasterPass {
    private let kernels: Kernels
    private let shape: ForecasterShape
    private let sequences: ForecasterSequences
    private let gates: AlignedBuffer  // [T][B][H/16][4][16]
    private let dGates: AlignedBuffer  // like gates, of the four sums
    // Of an LSTM alone: its cell states, their tanh, and the gradient of the one at hand.
    private let cells: AlignedBuffer  // [T + 1][B][H]
    private let squashed: AlignedBuffer  // [T][B][H]
    private let dCell: AlignedBuffer  // [B][H]
    private let stateTransposed: AlignedBuffer  // [H/16][S · 16][H]

    init(kernels: Kernels, sequences: ForecasterSequences) {
        self.kernels = kernels
        self.sequences = sequences
        shape = sequences.shape
        let batch = sequences.batch
        let rows = sequences.length * batch
        gates = AlignedBuffer(count: rows * 4 * shape.hiddenSize)
        dGates = AlignedBuffer(count: rows * 4 * shape.hiddenSize)
        let cellSize = shape.cell == .lstm ? shape.hiddenSize : 0
        cells = AlignedBuffer(count: (rows + batch) * cellSize)
        squashed = AlignedBuffer(count: rows * cellSize)
        dCell = AlignedBuffer(count: batch * cellSize)
        stateTransposed = AlignedBuffer(count: shape.hiddenSize / 16 * shape.cell.columns * shape.hiddenSize)
    }

    func forward(parameters: borrowing AlignedBuffer, used: Int) {
        let width = shape.stepWidth
        let size = shape.hiddenSize
        // A GRU's buffer of cell states is one empty vector.
        cells.clear(count: min(used * size, cells.count))
        let parameters = unsafe parameters.base
        for step in 0..<sequences.length {
            // Offsets stay within the buffers: step < T, and the state after the last step has a row of its own.
            let row = unsafe sequences.steps.base + step * used * width
            let next = unsafe row + used * width + shape.inputSize
            let kept = unsafe gates.base + step * used * 4 * size
            if shape.cell == .lstm {
                unsafe kernels.table.pointee.lstm_step(
                    used, shape.inputSize, size, parameters, parameters + shape.biasOffset, row, width,
                    row + shape.inputSize, width, cells.base + step * used * size,
                    cells.base + (step + 1) * used * size, next, width, kept, squashed.base + step * used * size)
            } else {
                unsafe kernels.table.pointee.gru_step(
                    used, shape.inputSize, size, parameters, parameters + shape.biasOffset, row, width,
                    row + shape.inputSize, width, next, width, kept)
            }
        }
    }

    func backward(gradient: borrowing AlignedBuffer, used: Int) {
        let size = shape.hiddenSize
        dCell.clear()
        for step in stride(from: sequences.length - 1, through: 0, by: -1) { backward(step: step, used: used) }
        // Recurrent weights, all steps at once: those of the inputs, then those of the state.
        differentiateWeights(gradient, from: 0, count: shape.inputSize, used: used)
        differentiateWeights(gradient, from: shape.inputSize, count: size, used: used)
        // Products overwrite their part of the gradient, sums of rows add to it.
        gradient.clear(from: shape.biasOffset, count: 4 * size)
        unsafe kernels.table.pointee.add_rows(
            sequences.length * used, 4 * size, dGates.base, 4 * size, gradient.base + shape.biasOffset)
    }

    /// The gradient of the weights of some inputs or of the state, panel by panel: [count][S · 16] = rowsᵀ · dGates.
    private func differentiateWeights(
        _ gradient: borrowing AlignedBuffer, from first: Int, count: Int, used: Int
    ) {
        let columns = shape.cell.columns
        let width = shape.stepWidth
        let fed = shape.sums(fedBy: first).lowerBound * 16
        for panel in 0..<(shape.hiddenSize / 16) {
            // first + count ≤ I + H, and the S · 16 columns from `fed` on are within a panel's 64.
            unsafe kernels.table.pointee.matmul(
                count, columns, sequences.length * used, 0, sequences.steps.base + first, 1, width,
                dGates.base + panel * 64 + fed, 4 * shape.hiddenSize,
                gradient.base + (panel * width + first) * columns, columns)
        }
    }

    /// Takes the gradient of the state after a step back to its gates and the state before it.
    private func backward(step: Int, used: Int) {
        let size = shape.hiddenSize
        let table = unsafe kernels.table.pointee
        // Offsets as in the forward pass; before step 0 there is no state that could be changed.
        let row = step * used * size
        let dGate = unsafe dGates.base + 4 * row
        let dState = unsafe sequences.dHidden.base + row
        let dBefore = step > 0 ? unsafe dState - used * size : nil
        if shape.cell == .lstm {
            unsafe table.lstm_gates_backward(
                used, size, gates.base + 4 * row, squashed.base + row, cells.base + row, dState, dCell.base, dGate)
        } else {
            unsafe table.gru_gates_backward(
                used, size, gates.base + 4 * row,
                sequences.steps.base + step * used * shape.stepWidth + shape.inputSize,
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

    func transpose(parameters: borrowing AlignedBuffer) {
        let size = shape.hiddenSize
        let columns = shape.cell.columns
        for panel in 0..<(size / 16) {
            // The panel's state rows, [H][S · 16], become its [S · 16][H]; both sides were sized for that.
            unsafe kernels.table.pointee.transpose(
                size, columns, parameters.base + (panel * shape.stepWidth + shape.inputSize) * columns, columns,
                stateTransposed.base + panel * columns * size, size)
        }
    }
}
