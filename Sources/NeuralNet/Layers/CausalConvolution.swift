import CKernels

/// One step of a ``ConvolutionStack`` for one series; owns scratch memory and no state.
///
/// A layer is one product of the row of its taps, so that a step gives the very bits of the convolution over a whole window.
struct CausalConvolution: Sendable {
    private let stack: ConvolutionStack
    private let kernels: Kernels
    /// The taps of a layer, oldest first.
    private var row: [Float]
    /// What a layer gives before it is added.
    private var squashed: [Float]
    /// What the last step gave, `[H]`.
    private(set) var top: [Float]

    init(kernels: Kernels, stack: ConvolutionStack) {
        self.kernels = kernels
        self.stack = stack
        let widest = (0..<ConvolutionStack.layers).map(stack.rowWidth).max() ?? 0
        row = [Float](repeating: 0, count: widest)
        squashed = [Float](repeating: 0, count: stack.hiddenSize)
        top = squashed
    }

    /// Advances a series by one step and leaves what the layers give in ``top``.
    ///
    /// - Parameters:
    ///   - parameters: those of the stack stand first.
    ///   - input: `[I]`.
    ///   - state: of the series; its rings are advanced.
    mutating func step(parameters: borrowing AlignedBuffer, input: Span<Float>, state: inout ForecasterState) {
        let position = state.position
        let size = stack.hiddenSize
        for layer in 0..<ConvolutionStack.layers {
            let width = stack.inputs(layer)
            let length = ConvolutionStack.ringLength(layer)
            let ring = stack.ringOffset(layer)
            // The slot that is about to be overwritten holds the oldest tap, the one half a ring on the middle tap.
            let oldest = ring + position % length * width
            let middle = ring + (position + length / 2) % length * width
            for index in 0..<width {
                let value = layer == 0 ? input[index] : top[index]
                row[index] = state.values[oldest + index]
                row[width + index] = state.values[middle + index]
                row[2 * width + index] = value
                state.values[oldest + index] = value
            }
            // The row is at least as wide as this layer's taps, the parameters hold its weights and biases.
            unsafe row.withUnsafeBufferPointer { row in
                unsafe squashed.withUnsafeMutableBufferPointer { squashed in
                    unsafe kernels.table.pointee.dense(
                        1, stack.rowWidth(layer), size, row.baseAddress, 3 * width,
                        parameters.base + stack.weightOffset(layer), parameters.base + stack.biasOffset(layer), 1,
                        squashed.baseAddress, size)
                }
            }
            for index in 0..<size { top[index] = layer == 0 ? squashed[index] : top[index] + squashed[index] }
        }
        state.position = (position + 1) % ConvolutionStack.period
    }
}
