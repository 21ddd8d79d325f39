import NeuralNet

extension [NamedTensor] {
    /// The tensor of a name.
    ///
    /// - Precondition: there is one.
    func named(_ name: String) -> NamedTensor {
        guard let tensor = first(where: { $0.name == name }) else {
            preconditionFailure("no tensor \(name) among \(map(\.name))")
        }
        return tensor
    }
}

/// Layers out of tensors that lie as PyTorch has them.
extension ONNXGraph {
    /// Adds a matrix as what a product from the left needs: `[outputs, inputs]` becomes `[inputs, outputs]`.
    mutating func transposedWeights(_ tensor: NamedTensor) -> String {
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        let values = (0..<(rows * columns)).map { tensor.values[$0 % rows * columns + $0 / rows] }
        return weights(NamedTensor(tensor.name, [columns, rows], values))
    }

    /// x Wᵀ + b for rows `[batch, inputs]`.
    mutating func linear(_ x: String, _ name: String, of tensors: [NamedTensor], squash: Bool = false) -> String {
        let sums = apply(
            "Gemm", x, weights(tensors.named("\(name).weight")), weights(tensors.named("\(name).bias")),
            attributes: [.integer("transB", 1)])
        return squash ? apply("Tanh", sums) : sums
    }

    /// Adds W, R and B of an LSTM, GRU or RNN node, and returns their names.
    ///
    /// - Parameters:
    ///   - tensors: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and perhaps `bias_hh_l0` behind the prefix. A layer without
    ///     inputs has no `weight_ih_l0`; as ONNX knows no such layer it gets one input, of weight zero.
    ///   - size: hidden units.
    mutating func cellWeights(_ tensors: [NamedTensor], prefix: String, inputs: Int, size: Int) -> [String] {
        let ofState = tensors.named("\(prefix)weight_hh_l0")
        let gates = ofState.shape[0] / size
        // Of PyTorch's blocks: i, f, g, o as i, o, f, c; r, z, n as z, r, h.
        let order = gates == 4 ? [0, 3, 1, 2] : gates == 3 ? [1, 0, 2] : [0]
        func ordered(_ values: [Float], width: Int) -> [Float] {
            order.flatMap { values[($0 * size * width)..<(($0 + 1) * size * width)] }
        }
        let zero = [Float](repeating: 0, count: gates * size)
        let ofInputs = tensors.first { $0.name == "\(prefix)weight_ih_l0" }
        let columns = max(inputs, 1)
        let biases = tensors.named("\(prefix)bias_ih_l0").values
        let further = tensors.first { $0.name == "\(prefix)bias_hh_l0" }?.values ?? zero
        return [
            weights(
                NamedTensor(
                    "\(prefix)W", [1, gates * size, columns], ordered(ofInputs?.values ?? zero, width: columns))
            ),
            weights(NamedTensor("\(prefix)R", [1, gates * size, size], ordered(ofState.values, width: size))),
            weights(
                NamedTensor(
                    "\(prefix)B", [1, 2 * gates * size], ordered(biases, width: 1) + ordered(further, width: 1))),
        ]
    }
}
