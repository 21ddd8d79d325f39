import CKernels

/// The scoring face of a forecaster: one step of one series.
///
/// Owns scratch memory and no state: any number of series and weights can take turns.
public struct StreamingForecaster: Sendable {
    /// The sizes.
    public let shape: ForecasterShape
    private let kernels: Kernels
    // Scratch: a state to write while the old one is read, a cell state or the inputs beside the state, a padded output row.
    private var hidden: [Float]
    private var beside: [Float]
    private var row: [Float]
    private var convolution: CausalConvolution

    /// Creates the scratch.
    public init(kernels: Kernels, shape: ForecasterShape) {
        self.kernels = kernels
        self.shape = shape
        hidden = [Float](repeating: 0, count: shape.hiddenSize)
        beside = [Float](repeating: 0, count: shape.stepWidth)
        row = [Float](repeating: 0, count: shape.outputWidth)
        convolution = CausalConvolution(kernels: kernels, stack: shape.stack)
    }

    /// Advances a series by one step.
    ///
    /// - Parameters:
    ///   - input: `[I]`. A NaN makes state and output NaN; it is the caller who lets none in.
    ///   - state: of the series; advanced.
    ///   - output: `[h][2][d]`: the location of each channel's change to 1 … h samples from now, then the logarithm of its
    ///     scale, clamped to −4 … 3.
    /// - Precondition: the sizes are those of the shape.
    /// - Complexity: 4 H (I + H) multiply-adds, of a GRU 3 H (I + H), of a simple recurrent network H (I + H), of a convolution
    ///   3 H (I + 2 H), and 2 H d h for the head; allocates nothing.
    public mutating func step(
        weights: ForecasterWeights, input: Span<Float>, state: inout ForecasterState, output: inout MutableSpan<Float>
    ) {
        precondition(weights.shape == shape, "weights of \(weights.shape) for \(shape)")
        precondition(input.count == shape.inputSize, "\(input.count) inputs, not \(shape.inputSize)")
        precondition(output.count == shape.outputCount, "room for \(output.count) outputs, not \(shape.outputCount)")
        let stateCount = shape.stateCount
        precondition(state.values.count == stateCount, "a state of \(state.values.count) numbers, not \(stateCount)")
        switch shape.cell {
        case .lstm, .gru: stepGates(weights, input, &state)
        case .rnn: stepSimple(weights, input, &state)
        case .cnn:
            // Borrowed for the call, in which nobody writes the weights.
            unsafe convolution.step(parameters: weights.buffer, input: input, state: &state)
            for index in 0..<shape.hiddenSize { hidden[index] = convolution.top[index] }
        }
        applyHead(weights)
        let range = ForecasterShape.logSigmaRange
        for lead in 0..<shape.horizon {
            let first = 2 * shape.channels * lead
            for index in first..<(first + shape.channels) {
                output[index] = row[index]
                let logSigma = row[shape.channels + index]
                // Written so that NaN passes through.
                output[shape.channels + index] =
                    logSigma < range.lowerBound
                    ? range.lowerBound : logSigma > range.upperBound ? range.upperBound : logSigma
            }
        }
    }

    /// Leaves the new hidden state in the state and in `hidden`.
    private mutating func stepGates(_ weights: ForecasterWeights, _ input: Span<Float>, _ state: inout ForecasterState)
    {
        let size = shape.hiddenSize
        let parameters = unsafe weights.buffer.base
        // All lengths were checked at the door; no pointer leaves its closure.
        unsafe input.withUnsafeBufferPointer { input in
            unsafe state.values.withUnsafeMutableBufferPointer { state in
                unsafe hidden.withUnsafeMutableBufferPointer { hidden in
                    unsafe beside.withUnsafeMutableBufferPointer { beside in
                        guard let old = state.baseAddress, let new = hidden.baseAddress, let c = beside.baseAddress
                        else { return }
                        if shape.cell == .lstm {
                            unsafe kernels.table.pointee.lstm_step(
                                1, shape.inputSize, size, parameters, parameters + shape.biasOffset, input.baseAddress,
                                shape.inputSize, old, size, old + size, c, new, size, nil, nil)
                            unsafe (old + size).update(from: c, count: size)
                        } else {
                            unsafe kernels.table.pointee.gru_step(
                                1, shape.inputSize, size, parameters, parameters + shape.biasOffset, input.baseAddress,
                                shape.inputSize, old, size, new, size, nil)
                        }
                        unsafe old.update(from: new, count: size)
                    }
                }
            }
        }
    }

    /// The same of a simple recurrent network: one dense layer over the inputs and the state beside them.
    private mutating func stepSimple(_ weights: ForecasterWeights, _ input: Span<Float>, _ state: inout ForecasterState)
    {
        let size = shape.hiddenSize
        let parameters = unsafe weights.buffer.base
        for index in 0..<shape.inputSize { beside[index] = input[index] }
        for index in 0..<size { beside[shape.inputSize + index] = state.values[index] }
        // The row holds I + H numbers, the parameters begin with [I + H][H] weights and [H] biases.
        unsafe beside.withUnsafeBufferPointer { beside in
            unsafe hidden.withUnsafeMutableBufferPointer { hidden in
                unsafe kernels.table.pointee.dense(
                    1, shape.stepWidth, size, beside.baseAddress, shape.stepWidth, parameters,
                    parameters + shape.biasOffset, 1, hidden.baseAddress, size)
            }
        }
        for index in 0..<size { state.values[index] = hidden[index] }
    }

    private mutating func applyHead(_ weights: ForecasterWeights) {
        let size = shape.hiddenSize
        let width = shape.outputWidth
        let parameters = unsafe weights.buffer.base
        // The row is N wide, and the head's weights and biases are the last of the parameters.
        unsafe hidden.withUnsafeBufferPointer { hidden in
            unsafe row.withUnsafeMutableBufferPointer { row in
                unsafe kernels.table.pointee.dense(
                    1, size, width, hidden.baseAddress, size, parameters + shape.headOffset,
                    parameters + shape.headBiasOffset, 0, row.baseAddress, width)
            }
        }
    }
}
