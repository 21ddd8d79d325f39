import CKernels

/// Back-propagation through time of a simple recurrent network: h' = tanh(W x + U h + b).
///
/// A step is one dense layer over the row of inputs and state; weights and biases get theirs from all steps at once.
final class SimplePass: ForecasterPass {
    private let kernels: Kernels
    private let shape: ForecasterShape
    private let sequences: ForecasterSequences
    private let states: AlignedBuffer  // [B][H], of the step at hand
    private let stateTransposed: AlignedBuffer  // [H][H]

    init(kernels: Kernels, sequences: ForecasterSequences) {
        self.kernels = kernels
        self.sequences = sequences
        shape = sequences.shape
        states = AlignedBuffer(count: sequences.batch * shape.hiddenSize)
        stateTransposed = AlignedBuffer(count: shape.hiddenSize * shape.hiddenSize)
    }

    func forward(parameters: borrowing AlignedBuffer, used: Int) {
        let width = shape.stepWidth
        for step in 0..<sequences.length {
            // step < T, and the state after the last step has a row of its own.
            let row = unsafe sequences.steps.base + step * used * width
            unsafe kernels.table.pointee.dense(
                used, width, shape.hiddenSize, row, width, parameters.base, parameters.base + shape.biasOffset, 1,
                row + used * width + shape.inputSize, width)
        }
    }

    func backward(gradient: borrowing AlignedBuffer, used: Int) {
        let width = shape.stepWidth
        let size = shape.hiddenSize
        let table = unsafe kernels.table.pointee
        for step in stride(from: sequences.length - 1, through: 0, by: -1) {
            let dSums = unsafe sequences.dHidden.base + step * used * size
            // The states after the step, which stand apart among the rows, side by side: used of B rows.
            let after = unsafe sequences.steps.base + (step + 1) * used * width + shape.inputSize
            for sequence in 0..<used {
                unsafe (states.base + sequence * size).update(from: after + sequence * width, count: size)
            }
            unsafe table.tanh_backward(used * size, states.base, dSums)
            guard step > 0 else { break }
            unsafe table.matmul(
                used, size, size, 1, dSums, size, 1, stateTransposed.base, size, dSums - used * size, size)
        }
        // What was the gradient of the states is that of the sums now.
        let rows = sequences.length * used
        unsafe table.matmul(
            width, size, rows, 0, sequences.steps.base, 1, width, sequences.dHidden.base, size, gradient.base, size)
        // Sums of rows add to what is there.
        gradient.clear(from: shape.biasOffset, count: size)
        unsafe table.add_rows(rows, size, sequences.dHidden.base, size, gradient.base + shape.biasOffset)
    }

    func transpose(parameters: borrowing AlignedBuffer) {
        let size = shape.hiddenSize
        // The weights of the state are the last H of the I + H rows.
        unsafe kernels.table.pointee.transpose(
            size, size, parameters.base + shape.inputSize * size, size, stateTransposed.base, size)
    }
}
