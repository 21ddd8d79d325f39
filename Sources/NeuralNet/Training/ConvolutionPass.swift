import CKernels

/// Back-propagation of a causal dilated convolution, see ``ConvolutionStack``: all steps of a sequence at once.
///
/// Each layer gathers the row of taps of each step, zero before the first, which makes it one dense layer over all rows; on
/// the way back the rows' gradients are added where their taps came from.
final class ConvolutionPass: ForecasterPass {
    /// What one layer keeps for the way back.
    private final class Layer {
        let taps: AlignedBuffer  // [T][B][3 C]
        let squashed: AlignedBuffer  // [T][B][H]
        let weightsTransposed: AlignedBuffer  // [H][3 C], for layers above the first

        init(rows: Int, width: Int, hiddenSize: Int, isFirst: Bool) {
            taps = AlignedBuffer(count: rows * width)
            squashed = AlignedBuffer(count: rows * hiddenSize)
            weightsTransposed = AlignedBuffer(count: isFirst ? 0 : hiddenSize * width)
        }
    }

    private let kernels: Kernels
    private let shape: ForecasterShape
    private let stack: ConvolutionStack
    private let sequences: ForecasterSequences
    private let layers: [Layer]
    private let values: AlignedBuffer  // [T][B][H], what a layer reads and leaves
    private let dSums: AlignedBuffer  // [T][B][H]
    private let dTaps: AlignedBuffer  // [T][B][3 H]

    init(kernels: Kernels, sequences: ForecasterSequences) {
        self.kernels = kernels
        self.sequences = sequences
        shape = sequences.shape
        stack = sequences.shape.stack
        let rows = sequences.length * sequences.batch
        let (stack, size) = (sequences.shape.stack, sequences.shape.hiddenSize)
        layers = (0..<ConvolutionStack.layers).map {
            Layer(rows: rows, width: stack.rowWidth($0), hiddenSize: size, isFirst: $0 == 0)
        }
        values = AlignedBuffer(count: rows * size)
        dSums = AlignedBuffer(count: rows * size)
        dTaps = AlignedBuffer(count: rows * ConvolutionStack.taps * size)
    }

    func forward(parameters: borrowing AlignedBuffer, used: Int) {
        let size = shape.hiddenSize
        let rows = sequences.length * used
        for (number, layer) in layers.enumerated() {
            gather(number, used: used)
            // T · used rows of 3 C taps; the parameters hold the layer's weights and biases.
            let width = stack.rowWidth(number)
            unsafe kernels.table.pointee.dense(
                rows, width, size, layer.taps.base, width, parameters.base + stack.weightOffset(number),
                parameters.base + stack.biasOffset(number), 1, layer.squashed.base, size)
            let (values, squashed) = unsafe (values.base, layer.squashed.base)
            for index in 0..<(rows * size) {
                unsafe values[index] = number == 0 ? squashed[index] : values[index] + squashed[index]
            }
        }
        // Where the head looks for the states after the steps.
        for row in 0..<rows {
            unsafe (sequences.steps.base + (used + row) * shape.stepWidth + shape.inputSize).update(
                from: values.base + row * size, count: size)
        }
    }

    /// Puts the taps of a layer side by side, oldest first.
    private func gather(_ number: Int, used: Int) {
        let width = stack.inputs(number)
        let source = unsafe number == 0 ? sequences.steps.base : values.base
        let stride = number == 0 ? shape.stepWidth : width
        let layer = layers[number]
        for step in 0..<sequences.length {
            for tap in 0..<ConvolutionStack.taps {
                let from = step - (ConvolutionStack.taps - 1 - tap) * ConvolutionStack.dilation(number)
                for sequence in 0..<used {
                    // One of the T · used rows of taps, and within it one of three runs of C.
                    let place = ((step * used + sequence) * ConvolutionStack.taps + tap) * width
                    if from < 0 {
                        layer.taps.clear(from: place, count: width)
                    } else {
                        unsafe (layer.taps.base + place).update(
                            from: source + (from * used + sequence) * stride, count: width)
                    }
                }
            }
        }
    }

    func backward(gradient: borrowing AlignedBuffer, used: Int) {
        let size = shape.hiddenSize
        let rows = sequences.length * used
        let table = unsafe kernels.table.pointee
        for (number, layer) in layers.enumerated().reversed() {
            // What a layer leaves is a sum with itself in it: its own gradient is that of the sum.
            unsafe dSums.base.update(from: sequences.dHidden.base, count: rows * size)
            unsafe table.tanh_backward(rows * size, layer.squashed.base, dSums.base)
            let width = stack.rowWidth(number)
            unsafe table.matmul(
                width, size, rows, 0, layer.taps.base, 1, width, dSums.base, size,
                gradient.base + stack.weightOffset(number), size)
            // Sums of rows add to what is there.
            gradient.clear(from: stack.biasOffset(number), count: size)
            unsafe table.add_rows(rows, size, dSums.base, size, gradient.base + stack.biasOffset(number))
            guard number > 0 else { return }
            unsafe table.matmul(
                rows, width, size, 0, dSums.base, size, 1, layer.weightsTransposed.base, width, dTaps.base, width)
            scatter(number, used: used)
        }
    }

    /// Adds the gradients of a layer's taps to those of the steps that they were read at.
    private func scatter(_ number: Int, used: Int) {
        let size = shape.hiddenSize
        for step in 0..<sequences.length {
            for tap in 0..<ConvolutionStack.taps {
                let from = step - (ConvolutionStack.taps - 1 - tap) * ConvolutionStack.dilation(number)
                guard from >= 0 else { continue }
                for sequence in 0..<used {
                    // Both are rows of the minibatch: from ≤ step < T.
                    let part = unsafe dTaps.base + ((step * used + sequence) * ConvolutionStack.taps + tap) * size
                    let into = unsafe sequences.dHidden.base + (from * used + sequence) * size
                    for index in 0..<size { unsafe into[index] += part[index] }
                }
            }
        }
    }

    func transpose(parameters: borrowing AlignedBuffer) {
        let size = shape.hiddenSize
        for number in 1..<ConvolutionStack.layers {
            let width = stack.rowWidth(number)
            unsafe kernels.table.pointee.transpose(
                width, size, parameters.base + stack.weightOffset(number), size, layers[number].weightsTransposed.base,
                width)
        }
    }
}
