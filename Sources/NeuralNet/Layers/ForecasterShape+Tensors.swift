extension NetworkWeights where Shape == ForecasterShape {
    /// The weights by name, in PyTorch's shapes and order of gates, so that its modules take them as they are.
    ///
    ///     cell.weight_ih_l0   [G H, I]    LSTM: G = 4, gates i, f, g, o; GRU: G = 3, gates r, z, n; simple network: G = 1
    ///     cell.weight_hh_l0   [G H, H]
    ///     cell.bias_ih_l0     [G H]
    ///     cell.bias_hh_l0     [G H]       zero but for a GRU's n
    ///     layers.K.weight     [H, C, 3]   a convolution's layer K = 0, 1, 2; the oldest tap first
    ///     layers.K.bias       [H]
    ///     head.weight         [2 d h, H]  outputs `[h][2][d]`: locations, then logarithms of scales
    ///     head.bias           [2 d h]
    public var tensors: [NamedTensor] {
        let values = parameters
        let below = shape.cell == .cnn ? layerTensors(values) : cellTensors(values)
        let (size, count, width) = (shape.hiddenSize, shape.outputCount, shape.outputWidth)
        return below + [
            NamedTensor("head.weight", rows: count, columns: size) { output, unit in
                values[shape.headOffset + unit * width + output]
            },
            NamedTensor("head.bias", [count], Array(values[shape.headBiasOffset..<(shape.headBiasOffset + count)])),
        ]
    }

    private func cellTensors(_ values: [Float]) -> [NamedTensor] {
        let (size, inputs) = (shape.hiddenSize, shape.inputSize)
        let (ofInputs, ofState) = shape.cell.gateOrder
        // A sum that inputs and state feed has one bias, which stands with the inputs'.
        func bias(_ name: String, _ sums: [Int?]) -> NamedTensor {
            NamedTensor(
                name, [sums.count * size],
                sums.flatMap { sum in
                    (0..<size).map { unit in sum.map { values[shape.biasIndex(sum: $0, unit: unit)] } ?? 0 }
                })
        }
        return [
            NamedTensor("cell.weight_ih_l0", rows: ofInputs.count * size, columns: inputs) { row, input in
                values[shape.panelIndex(sum: ofInputs[row / size], unit: row % size, input: input)]
            },
            NamedTensor("cell.weight_hh_l0", rows: ofState.count * size, columns: size) { row, unit in
                values[shape.panelIndex(sum: ofState[row / size], unit: row % size, input: inputs + unit)]
            },
            bias("cell.bias_ih_l0", ofInputs),
            bias("cell.bias_hh_l0", ofState.map { ofInputs.contains($0) ? nil : $0 }),
        ]
    }

    private func layerTensors(_ values: [Float]) -> [NamedTensor] {
        let (stack, size) = (shape.stack, shape.hiddenSize)
        return (0..<ConvolutionStack.layers).flatMap { layer in
            let (channels, taps) = (stack.inputs(layer), ConvolutionStack.taps)
            var weights: [Float] = []
            for unit in 0..<size {
                for channel in 0..<channels {
                    for tap in 0..<taps {
                        weights.append(values[stack.weightOffset(layer) + (tap * channels + channel) * size + unit])
                    }
                }
            }
            let bias = stack.biasOffset(layer)
            return [
                NamedTensor("layers.\(layer).weight", [size, channels, taps], weights),
                NamedTensor("layers.\(layer).bias", [size], Array(values[bias..<(bias + size)])),
            ]
        }
    }
}

extension ForecasterShape {
    /// Smallest and largest logarithm of a scale that a forecaster states.
    public static var statedLogScales: ClosedRange<Float> { logSigmaRange }
}

extension ForecasterCell {
    /// The sums that inputs feed and those that the state does, in PyTorch's order of gates.
    fileprivate var gateOrder: (ofInputs: [Int], ofState: [Int]) {
        switch self {
        case .lstm: ([0, 1, 2, 3], [0, 1, 2, 3])
        case .gru: ([1, 2, 0], [1, 2, 3])
        case .rnn: ([0], [0])
        case .cnn: ([], [])
        }
    }
}
