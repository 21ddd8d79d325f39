/// Sizes of a causal dilated convolution: three layers of three taps, 1, 2 and 4 steps apart.
///
///     top(t)      = layer 0 + layer 1 + layer 2, each below             [H]
///     layer 0 (t) = tanh(b + W [x(t − 2), x(t − 1), x(t)])              inputs x, [I]
///     layer 1 (t) = tanh(b + W [y(t − 4), y(t − 2), y(t)])              y = layer 0, [H]
///     layer 2 (t) = tanh(b + W [y(t − 8), y(t − 4), y(t)])              y = layer 0 + layer 1, [H]
///
/// Before the first step all of them are 0. What comes out at a step depends on that step's inputs and the 14 before it.
/// Van den Oord et al. 2016, https://arxiv.org/abs/1609.03499 (causal, dilated); Bai, Kolter, Koltun 2018,
/// https://arxiv.org/abs/1803.01271 (residual blocks for sequences). We differ in tanh instead of gates or rectifiers, in one
/// convolution a block, and in leaving out normalisation and drop-out: the network is small and its inputs are scaled.
///
/// Parameters lie layer by layer: weights `[3 · C][H]`, oldest tap first, `C` being `I` in the first layer and `H` above, then
/// biases `[H]`. A series carries the last inputs of each layer in a ring of two dilations, `2 I + 4 H + 8 H` numbers: the
/// slot of an input is overwritten when it has been read for the last time.
struct ConvolutionStack: Equatable, Sendable {
    /// Layers.
    static let layers = 3
    /// Taps of a layer.
    static let taps = 3
    /// Steps after which all rings are at their beginning together.
    static let period = ringLength(layers - 1)

    let inputSize: Int
    let hiddenSize: Int

    /// Steps between the taps of a layer.
    static func dilation(_ layer: Int) -> Int { 1 << layer }

    /// Past inputs that a series keeps for a layer.
    static func ringLength(_ layer: Int) -> Int { (taps - 1) * dilation(layer) }

    /// Numbers that a layer reads of one step.
    func inputs(_ layer: Int) -> Int { layer == 0 ? inputSize : hiddenSize }

    /// Numbers that a layer reads, all taps together.
    func rowWidth(_ layer: Int) -> Int { Self.taps * inputs(layer) }

    /// Place of a layer's weights in the parameters.
    func weightOffset(_ layer: Int) -> Int {
        (0..<layer).reduce(0) { $0 + (rowWidth($1) + 1) * hiddenSize }
    }

    /// Place of a layer's biases in the parameters.
    func biasOffset(_ layer: Int) -> Int { weightOffset(layer) + rowWidth(layer) * hiddenSize }

    /// Number of parameters.
    var parameterCount: Int { weightOffset(Self.layers) }

    /// Place of a layer's ring in a series' state.
    func ringOffset(_ layer: Int) -> Int { (0..<layer).reduce(0) { $0 + Self.ringLength($1) * inputs($1) } }

    /// Numbers that a series carries.
    var stateCount: Int { ringOffset(Self.layers) }
}
