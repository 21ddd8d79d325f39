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
        let (position, stack, kernels) = (state.position, stack, kernels)
        // Each offset is that of a slot within its ring, each row at least as wide as a layer's taps; no pointer leaves its
        // closure.
        unsafe input.withUnsafeBufferPointer { input in
            unsafe state.values.withUnsafeMutableBufferPointer { rings in
                unsafe row.withUnsafeMutableBufferPointer { row in
                    unsafe squashed.withUnsafeMutableBufferPointer { squashed in
                        unsafe top.withUnsafeMutableBufferPointer { top in
                            guard let input = input.baseAddress, let rings = rings.baseAddress,
                                let row = row.baseAddress, let squashed = squashed.baseAddress,
                                let top = top.baseAddress
                            else { return }
                            for layer in 0..<ConvolutionStack.layers {
                                unsafe Self.gather(
                                    layer, of: layer == 0 ? input : UnsafePointer(top),
                                    in: stack, rings: rings + stack.ringOffset(layer), position: position, into: row)
                                let width = stack.rowWidth(layer)
                                unsafe kernels.table.pointee.dense(
                                    1, width, stack.hiddenSize, row, width, parameters.base + stack.weightOffset(layer),
                                    parameters.base + stack.biasOffset(layer), 1, squashed, stack.hiddenSize)
                                for index in 0..<stack.hiddenSize {
                                    unsafe top[index] = layer == 0 ? squashed[index] : top[index] + squashed[index]
                                }
                            }
                        }
                    }
                }
            }
        }
        state.position = (position + 1) % ConvolutionStack.period
    }

    /// Puts the taps of a layer side by side, oldest first, and the newest into the ring.
    private static func gather(
        _ layer: Int, of newest: UnsafePointer<Float>, in stack: ConvolutionStack, rings: UnsafeMutablePointer<Float>,
        position: Int, into row: UnsafeMutablePointer<Float>
    ) {
        let width = stack.inputs(layer)
        let length = ConvolutionStack.ringLength(layer)
        // The slot that is about to be overwritten holds the oldest tap, the one half a ring on the middle tap.
        let oldest = unsafe rings + position % length * width
        let middle = unsafe rings + (position + length / 2) % length * width
        unsafe row.update(from: oldest, count: width)
        unsafe (row + width).update(from: middle, count: width)
        unsafe (row + 2 * width).update(from: newest, count: width)
        unsafe oldest.update(from: newest, count: width)
    }
}
