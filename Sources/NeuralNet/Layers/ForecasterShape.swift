/// Sizes of a forecaster: a recurrent layer or a convolution, and a linear head.
///
/// Parameters lie in one flat buffer. Those of a gated layer (LSTM, GRU) begin with
///
///     recurrent panels  [H/16][I + H][S][16]   S sums fed, 4 (LSTM) or 3 (GRU); inputs before state
///     biases            [H/16][4][16]          of the four sums, see ``ForecasterCell``
///
/// those of a simple recurrent network with weights `[I + H][H]`, inputs before state, and biases `[H]`, those of a
/// convolution as ``ConvolutionStack`` says. All go on with
///
///     head weights      [H][N]                 N = 2 · channels · horizon, rounded up to 16
///     head biases       [N]
///
/// The head's outputs are `[h][2][d]`: for each number of samples ahead the locations, then the logarithms of the scales.
public struct ForecasterShape: Equatable, Sendable {
    /// Which forecaster.
    public let variant: ForecasterVariant
    /// `I`: numbers that the network sees at a step.
    public let inputSize: Int
    /// `H`: hidden units, a multiple of 16.
    public let hiddenSize: Int
    /// `d`: channels forecast; the network gives a location and the logarithm of a scale for each.
    public let channels: Int

    /// Creates a shape.
    ///
    /// - Precondition: all above 0, `hiddenSize` a multiple of 16.
    public init(
        variant: ForecasterVariant = ForecasterVariant(), inputSize: Int, hiddenSize: Int = 32, channels: Int
    ) {
        precondition(inputSize > 0 && channels > 0, "a forecaster of \(inputSize) inputs and \(channels) channels")
        precondition(hiddenSize > 0 && hiddenSize % 16 == 0, "\(hiddenSize) hidden units are no multiple of 16")
        self.variant = variant
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.channels = channels
    }

    /// Creates the shape of a forecaster one sample ahead with a Student-t head.
    ///
    /// - Precondition: as of the other.
    public init(cell: ForecasterCell, inputSize: Int, hiddenSize: Int = 32, channels: Int) {
        self.init(
            variant: ForecasterVariant(cell: cell), inputSize: inputSize, hiddenSize: hiddenSize, channels: channels)
    }

    /// The part below the head.
    public var cell: ForecasterCell { variant.cell }
    /// `h`: samples ahead that are forecast.
    public var horizon: Int { variant.horizon }
    /// Numbers that the head gives at a step: `2 d h`.
    public var outputCount: Int { 2 * channels * horizon }

    var outputWidth: Int { roundedUp(outputCount) }
    var stepWidth: Int { inputSize + hiddenSize }
    var stack: ConvolutionStack { ConvolutionStack(inputSize: inputSize, hiddenSize: hiddenSize) }
    var panelCount: Int { hiddenSize / 16 * stepWidth * cell.columns }
    var biasOffset: Int { panelCount }
    var headOffset: Int { cell == .cnn ? stack.parameterCount : biasOffset + cell.biases * hiddenSize }
    var headBiasOffset: Int { headOffset + hiddenSize * outputWidth }

    /// Number of parameters in the flat buffer, padding of the head included.
    public var parameterCount: Int { headBiasOffset + outputWidth }

    /// Numbers that a series carries from step to step.
    public var stateCount: Int {
        switch cell {
        case .lstm: 2 * hiddenSize
        case .gru, .rnn: hiddenSize
        case .cnn: stack.stateCount
        }
    }

    /// The sums of a unit that an input (`0 ..< I`) or number of the state (`I ..< I + H`) feeds.
    func sums(fedBy input: Int) -> Range<Int> { cell.sums(fedByState: input >= inputSize) }

    /// Place of a recurrent weight: hidden unit, input (`0 ..< I`) or state (`I ..< I + H`) number, and one of the sums
    /// that it feeds.
    func panelIndex(sum: Int, unit: Int, input: Int) -> Int {
        if cell == .rnn { return input * hiddenSize + unit }
        return (unit / 16 * stepWidth + input) * cell.columns + (sum - sums(fedBy: input).lowerBound) * 16 + unit % 16
    }

    /// Place of a sum's bias.
    func biasIndex(sum: Int, unit: Int) -> Int {
        biasOffset + (unit / 16 * cell.biases + sum) * 16 + unit % 16
    }

    /// Place among the outputs of the location of one of the `h · d` targets of a step; the logarithm of its scale stands `d`
    /// behind it.
    func outputIndex(of target: Int) -> Int { target + target / channels * channels }

    /// Smallest and largest logarithm of a scale that the network can state.
    static let logSigmaRange: ClosedRange<Float> = -4...3
}

/// Parameters of a forecaster as scoring reads them.
public typealias ForecasterWeights = NetworkWeights<ForecasterShape>

extension ForecasterShape: NetworkShape {
    /// Initial weights: normal, inputs scaled by 1/√I, state by 0.7/√H, a convolution's by one over the root of their number,
    /// head 0.01; the bias of the gate that keeps is 1.
    ///
    /// With the small head the first forecasts are those of persistence.
    public func initialParameters(seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: parameterCount)
        var random = InitialWeights(seed: seed)
        if cell == .cnn {
            fillStack(&values, &random)
        } else {
            fillRecurrence(&values, &random)
        }
        for unit in 0..<hiddenSize {
            for output in 0..<outputCount { values[headOffset + unit * outputWidth + output] = random.normal() * 0.01 }
        }
        return values
    }

    private func fillRecurrence(_ values: inout [Float], _ random: inout InitialWeights) {
        let inputScale = 1 / Float(inputSize).squareRoot()
        let stateScale = 0.7 / Float(hiddenSize).squareRoot()
        for sum in 0..<cell.biases {
            for unit in 0..<hiddenSize {
                for input in 0..<stepWidth where sums(fedBy: input).contains(sum) {
                    let scale = input < inputSize ? inputScale : stateScale
                    values[panelIndex(sum: sum, unit: unit, input: input)] = random.normal() * scale
                }
                if sum == cell.keepingSum { values[biasIndex(sum: sum, unit: unit)] = 1 }
            }
        }
    }

    private func fillStack(_ values: inout [Float], _ random: inout InitialWeights) {
        for layer in 0..<ConvolutionStack.layers {
            let scale = 1 / Float(stack.rowWidth(layer)).squareRoot()
            for index in stack.weightOffset(layer)..<stack.biasOffset(layer) { values[index] = random.normal() * scale }
        }
    }
}
