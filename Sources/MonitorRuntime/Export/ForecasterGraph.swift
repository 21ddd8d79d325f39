import NeuralNet

/// A forecaster as an ONNX graph: any number of steps of any number of series side by side, with the state handed through.
///
///     input            [time, batch, I]     what monitord shows the network at each step
///     hidden, cell     [1, batch, H]        the state before the first step, zero for a series without a past; `cell` of an
///                                           LSTM only
///     past_K           [batch, C, 2^(K+1)]  a convolution has its layers' last inputs instead, the oldest first
///     mean, scale      [time, batch, h, d]  of the change of each channel from now to 1 … h samples ahead; a quantile head
///                                           has `median`, `quantile_10` and `quantile_90`
///     next_…           as its namesake      the state behind the last step
///
/// The cells are ONNX's own: LSTM gates stand in the order i, o, f, c there, GRU gates z, r, h, with `linear_before_reset`.
struct ForecasterGraph {
    private let shape: ForecasterShape
    private let tensors: [NamedTensor]
    private var graph = ONNXGraph(name: "forecaster")

    /// The graph of a forecaster.
    static func graph(of weights: ForecasterWeights) -> ONNXGraph {
        var maker = ForecasterGraph(shape: weights.shape, tensors: weights.tensors)
        maker.make()
        return maker.graph
    }

    private init(shape: ForecasterShape, tensors: [NamedTensor]) {
        self.shape = shape
        self.tensors = tensors
    }

    private mutating func make() {
        let input = graph.input("input", [.any("time"), .any("batch"), .count(shape.inputSize)])
        let hidden = shape.cell == .cnn ? convolve(input) : recur(input)
        var head = graph.apply("MatMul", hidden, graph.transposedWeights(tensors.named("head.weight")))
        head = graph.apply("Add", head, graph.weights(tensors.named("head.bias")))
        let (horizon, channels) = (shape.horizon, shape.channels)
        // Zeros keep the dimensions as they are: time and batch.
        let grid = graph.integers([0, 0, Int64(horizon), 2, Int64(channels)])
        head = graph.apply("Reshape", head, grid)
        let location = part(0, of: head)
        let range = ForecasterShape.statedLogScales
        let logScale = graph.apply(
            "Clip", part(1, of: head), graph.number(range.lowerBound), graph.number(range.upperBound))
        let scale = graph.apply("Exp", logScale)
        let dimensions: [ONNXGraph.Dimension] = [.any("time"), .any("batch"), .count(horizon), .count(channels)]
        switch shape.variant.head {
        case .student, .gaussian:
            graph.output(location, as: "mean", dimensions)
            graph.output(scale, as: "scale", dimensions)
        case .quantile:
            graph.output(location, as: "median", dimensions)
            graph.output(graph.apply("Sub", location, scale), as: "quantile_10", dimensions)
            graph.output(graph.apply("Add", location, scale), as: "quantile_90", dimensions)
        }
    }

    private mutating func part(_ number: Int64, of head: String) -> String {
        graph.apply(
            "Gather", head, graph.integers([number], isScalar: true), attributes: [.integer("axis", 3)])
    }

    // MARK: Cells

    /// The hidden state of each step, `[time, batch, H]`.
    private mutating func recur(_ input: String) -> String {
        let size = shape.hiddenSize
        let state: [ONNXGraph.Dimension] = [.count(1), .any("batch"), .count(size)]
        var inputs = [input] + graph.cellWeights(tensors, prefix: "cell.", inputs: shape.inputSize, size: size)
        inputs += ["", graph.input("hidden", state)]
        if shape.cell == .lstm { inputs.append(graph.input("cell", state)) }
        var attributes: [ONNXGraph.Attribute] = [.integer("hidden_size", Int64(size))]
        if shape.cell == .gru { attributes.append(.integer("linear_before_reset", 1)) }
        let results = graph.apply(
            shape.cell.rawValue.uppercased(), inputs, results: shape.cell == .lstm ? 3 : 2, attributes)
        graph.output(results[1], as: "next_hidden", state)
        if shape.cell == .lstm { graph.output(results[2], as: "next_cell", state) }
        // Without the dimension of directions, of which there is one.
        return graph.apply("Squeeze", results[0], graph.integers([1]))
    }

    /// What the layers give at each step, `[time, batch, H]`; each reads its inputs behind those of the past.
    private mutating func convolve(_ input: String) -> String {
        var top = graph.apply("Transpose", input, attributes: [.integers("perm", [1, 2, 0])])
        var layer = 0
        while let weights = tensors.first(where: { $0.name == "layers.\(layer).weight" }) {
            let (dilation, channels) = (Int64(1) << layer, weights.shape[1])
            let length = dilation * Int64(weights.shape[2] - 1)
            let dimensions: [ONNXGraph.Dimension] = [.any("batch"), .count(channels), .count(Int(length))]
            let past = graph.input("past_\(layer)", dimensions)
            let rows = graph.apply("Concat", past, top, attributes: [.integer("axis", 2)])
            let last = graph.apply(
                "Slice", rows, graph.integers([-length]), graph.integers([.max]), graph.integers([2]))
            graph.output(last, as: "next_past_\(layer)", dimensions)
            let sums = graph.apply(
                "Conv", rows, graph.weights(weights), graph.weights(tensors.named("layers.\(layer).bias")),
                attributes: [.integers("dilations", [dilation])])
            let squashed = graph.apply("Tanh", sums)
            top = layer == 0 ? squashed : graph.apply("Add", top, squashed)
            layer += 1
        }
        return graph.apply("Transpose", top, attributes: [.integers("perm", [2, 0, 1])])
    }
}
