/// The part of a forecaster's training below its head: from the inputs of a minibatch to what the head sees, and back.
///
/// In use are `used` of the `B` sequences; rows are laid out densely for them.
protocol ForecasterPass: AnyObject {
    /// Fills the states of `sequences`, `[T + 1][used][I + H]`, from its inputs.
    func forward(parameters: borrowing AlignedBuffer, used: Int)

    /// Overwrites the gradient of the parameters in front of the head; the states' own in `sequences` is used up.
    func backward(gradient: borrowing AlignedBuffer, used: Int)

    /// Refreshes the transposed copies of the parameters that the backward pass reads in order.
    func transpose(parameters: borrowing AlignedBuffer)
}

/// What the head and the part below it hand each other in training.
final class ForecasterSequences {
    let shape: ForecasterShape
    /// `T`.
    let length: Int
    /// `B`.
    let batch: Int
    /// `[T + 1][B][I + H]`: inputs of step t beside the state before it; the state after step t stands with t + 1.
    let steps: AlignedBuffer
    /// `[T][B][H]`: gradient of the state after each step.
    let dHidden: AlignedBuffer

    init(shape: ForecasterShape, length: Int, batch: Int) {
        self.shape = shape
        self.length = length
        self.batch = batch
        steps = AlignedBuffer(count: (length + 1) * batch * shape.stepWidth)
        dHidden = AlignedBuffer(count: length * batch * shape.hiddenSize)
    }

    /// Takes in the inputs of a minibatch, `[T, B, I]`, and sets the states before the first step to zero.
    func load(_ inputs: Span<Float>, used: Int) {
        let width = shape.stepWidth
        let size = shape.inputSize
        unsafe inputs.withUnsafeBufferPointer { inputs in
            guard let first = inputs.baseAddress else { return }
            let rows = unsafe steps.base
            for step in 0..<length {
                for sequence in 0..<used {
                    // The source is one of the T · B rows that were counted at the door, the target one of (T + 1) · B.
                    unsafe (rows + (step * used + sequence) * width).update(
                        from: first + (step * batch + sequence) * size, count: size)
                }
            }
        }
        for sequence in 0..<used { steps.clear(from: sequence * width + size, count: shape.hiddenSize) }
    }
}
