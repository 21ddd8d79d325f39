import NeuralNet

/// An autoencoder as an ONNX graph over any number of windows.
///
///     window     [batch, W, d]       samples as monitord shows them to the network, the oldest first
///     rebuilt    [batch, W, d]       the window as the network rebuilds it
///     error      [batch, W, d]       how wrong each number is: window − rebuilt, or the architecture's own measure of it in the
///                                    same sign (see ``AutoencoderArchitecture``)
///     latent     [batch, latent]     the narrow layer
///     scale      [batch, W, d]       of a variational autoencoder: the scale that it states with each rebuilt number
struct AutoencoderGraph {
    private let shape: AutoencoderShape
    private let tensors: [NamedTensor]
    private var graph = ONNXGraph(name: "autoencoder")

    /// The graph of an autoencoder.
    static func graph(of weights: AutoencoderWeights) -> ONNXGraph {
        var maker = AutoencoderGraph(shape: weights.shape, tensors: weights.tensors)
        maker.make()
        return maker.graph
    }

    private init(shape: AutoencoderShape, tensors: [NamedTensor]) {
        self.shape = shape
        self.tensors = tensors
    }

    private var dimensions: [ONNXGraph.Dimension] { [.any("batch"), .count(shape.rows), .count(shape.channels)] }

    private mutating func make() {
        let window = graph.input("window", dimensions)
        switch shape.architecture {
        case .dense: makeDense(window)
        case .convolutional: makeConvolutional(window)
        case .lstm: makeLSTM(window)
        case .variational: makeVariational(window)
        case .adversarial: makeAdversarial(window)
        }
    }

    /// The three outputs that all have; without an error it is the difference.
    private mutating func finish(_ window: String, rebuilt: String, latent: String, error: String? = nil) {
        graph.output(rebuilt, as: "rebuilt", dimensions)
        graph.output(error ?? graph.apply("Sub", window, rebuilt), as: "error", dimensions)
        graph.output(latent, as: "latent", [.any("batch"), .count(shape.latentSize)])
    }

    /// `[batch, …]` as `[batch, count]`.
    private mutating func flat(_ value: String, _ count: Int) -> String {
        graph.apply("Reshape", value, graph.integers([-1, Int64(count)]))
    }

    private mutating func asWindow(_ value: String) -> String {
        graph.apply("Reshape", value, graph.integers([-1, Int64(shape.rows), Int64(shape.channels)]))
    }

    private mutating func linear(_ x: String, _ name: String, squash: Bool = false) -> String {
        graph.linear(x, name, of: tensors, squash: squash)
    }

    /// |size| with the sign of `signed`, which counts as positive at zero.
    private mutating func signed(_ size: String, by signed: String) -> String {
        let isNegative = graph.apply("Less", signed, graph.number(0))
        return graph.apply("Where", isNegative, graph.apply("Neg", size), size)
    }

    // MARK: Architectures

    private mutating func makeDense(_ window: String) {
        let hidden = linear(flat(window, shape.inputSize), "encoder.hidden", squash: true)
        let latent = linear(hidden, "encoder.latent")
        let third = linear(latent, "decoder.hidden", squash: true)
        finish(window, rebuilt: asWindow(linear(third, "decoder.output")), latent: latent)
    }

    private mutating func makeConvolutional(_ window: String) {
        let filters = Int64(shape.hiddenSize)
        let half = (shape.rows + 1) / 2
        let quarter = (half + 1) / 2
        let turned: [ONNXGraph.Attribute] = [.integers("perm", [0, 2, 1])]
        var x = graph.apply("Transpose", window, attributes: turned)
        x = convolve("Conv", x, "encoder.conv1", long: shape.rows, short: half, squash: true)
        x = convolve("Conv", x, "encoder.conv2", long: half, short: quarter, squash: true)
        // The narrow layer takes the rows one after another.
        x = flat(graph.apply("Transpose", x, attributes: turned), quarter * shape.hiddenSize)
        let latent = linear(x, "encoder.latent")
        x = linear(latent, "decoder.expansion", squash: true)
        x = graph.apply("Reshape", x, graph.integers([-1, Int64(quarter), filters]))
        x = graph.apply("Transpose", x, attributes: turned)
        x = convolve("ConvTranspose", x, "decoder.conv1", long: half, short: quarter, squash: true)
        x = convolve("ConvTranspose", x, "decoder.conv2", long: shape.rows, short: half, squash: false)
        finish(window, rebuilt: graph.apply("Transpose", x, attributes: turned), latent: latent)
    }

    /// Patches of 4 rows, 2 apart, the first beginning one row before the window.
    private mutating func convolve(
        _ operation: String, _ x: String, _ name: String, long: Int, short: Int, squash: Bool
    ) -> String {
        let behind = 2 * (short - 1) + 4 - 1 - long
        let sums = graph.apply(
            operation, x, graph.weights(tensors.named("\(name).weight")), graph.weights(tensors.named("\(name).bias")),
            attributes: [.integers("strides", [2]), .integers("pads", [1, Int64(behind)])])
        return squash ? graph.apply("Tanh", sums) : sums
    }

    private mutating func makeLSTM(_ window: String) {
        let size = shape.hiddenSize
        let attributes: [ONNXGraph.Attribute] = [.integer("hidden_size", Int64(size))]
        let rows = graph.apply("Transpose", window, attributes: [.integers("perm", [1, 0, 2])])
        let encoder = graph.cellWeights(tensors, prefix: "encoder.", inputs: shape.channels, size: size)
        let encoded = graph.apply("LSTM", [rows] + encoder, results: 2, attributes)
        // The decoder is shown nothing: one input of zeros for each row.
        let count = graph.apply("Shape", rows, attributes: [.integer("start", 0), .integer("end", 2)])
        let blank = graph.apply("Concat", count, graph.integers([1]), attributes: [.integer("axis", 0)])
        let nothing = graph.apply("ConstantOfShape", blank)
        let decoder = graph.cellWeights(tensors, prefix: "decoder.", inputs: 0, size: size)
        let decoded = graph.apply("LSTM", [nothing] + decoder + ["", encoded[1]], results: 1, attributes)
        let states = graph.apply("Squeeze", decoded[0], graph.integers([1]))
        // The last row comes first.
        let ordered = graph.apply(
            "Slice", states, graph.integers([-1]), graph.integers([.min]), graph.integers([0]), graph.integers([-1]))
        let product = graph.apply("MatMul", ordered, graph.transposedWeights(tensors.named("output.weight")))
        let rebuilt = graph.apply("Add", product, graph.weights(tensors.named("output.bias")))
        let latent = graph.apply("Squeeze", encoded[1], graph.integers([0]))
        finish(
            window, rebuilt: graph.apply("Transpose", rebuilt, attributes: [.integers("perm", [1, 0, 2])]),
            latent: latent)
    }

    private mutating func makeVariational(_ window: String) {
        let hidden = linear(flat(window, shape.inputSize), "encoder.hidden", squash: true)
        let latent = columns(0..<shape.latentSize, of: linear(hidden, "encoder.statistics"))
        let output = linear(linear(latent, "decoder.hidden", squash: true), "decoder.output")
        let rebuilt = asWindow(columns(0..<shape.inputSize, of: output))
        let raw = asWindow(columns(shape.inputSize..<(2 * shape.inputSize), of: output))
        let range = AutoencoderShape.statedLogScales
        let logScale = graph.apply("Clip", raw, graph.number(range.lowerBound), graph.number(range.upperBound))
        let scale = graph.apply("Exp", logScale)
        // √(e² + 2 (log s − log s₀)), s₀ being the smallest scale.
        let miss = graph.apply("Div", graph.apply("Sub", window, rebuilt), scale)
        let above = graph.apply("Sub", logScale, graph.number(range.lowerBound))
        let square = graph.apply(
            "Add", graph.apply("Mul", miss, miss), graph.apply("Mul", above, graph.number(2)))
        finish(
            window, rebuilt: rebuilt, latent: latent, error: signed(graph.apply("Sqrt", square), by: miss))
        graph.output(scale, as: "scale", dimensions)
    }

    private mutating func columns(_ range: Range<Int>, of value: String) -> String {
        graph.apply(
            "Slice", value, graph.integers([Int64(range.lowerBound)]), graph.integers([Int64(range.upperBound)]),
            graph.integers([1]))
    }

    private mutating func makeAdversarial(_ window: String) {
        let latent = encode(flat(window, shape.inputSize))
        let first = decode(latent, "decoder1")
        let second = decode(encode(first), "decoder2")
        let rebuilt = asWindow(first)
        let miss = graph.apply("Sub", window, rebuilt)
        let missBoth = graph.apply("Sub", window, asWindow(second))
        let squares = graph.apply(
            "Add", graph.apply("Mul", miss, miss), graph.apply("Mul", missBoth, missBoth))
        let size = graph.apply("Sqrt", graph.apply("Mul", squares, graph.number(0.5)))
        finish(window, rebuilt: rebuilt, latent: latent, error: signed(size, by: miss))
    }

    private mutating func encode(_ flat: String) -> String {
        linear(linear(flat, "encoder.hidden", squash: true), "encoder.latent")
    }

    /// Outputs within ± the range of a window.
    private mutating func decode(_ latent: String, _ name: String) -> String {
        let output = linear(linear(latent, "\(name).hidden", squash: true), "\(name).output")
        let range = graph.number(AutoencoderShape.adversarialRange)
        return graph.apply("Mul", graph.apply("Tanh", graph.apply("Div", output, range)), range)
    }
}
