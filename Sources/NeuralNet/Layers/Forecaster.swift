import CKernels

/// Sizes of a recurrent forecaster with a linear head.
///
/// Parameters lie in one flat buffer, in this order:
///
///     recurrent panels  [H/16][I + H][S][16]   S sums fed, 4 (LSTM) or 3 (GRU); inputs before state
///     biases            [H/16][4][16]          of the four sums, see ``RecurrentCell``
///     head weights      [H][N]                 N = 2 · channels, rounded up to 16
///     head biases       [N]
public struct ForecasterShape: Equatable, Sendable {
    /// The recurrent layer.
    public let cell: RecurrentCell
    /// `I`: numbers that the network sees at a step.
    public let inputSize: Int
    /// `H`: hidden units, a multiple of 16.
    public let hiddenSize: Int
    /// `d`: channels forecast; the network gives a mean and a log sigma for each.
    public let channels: Int

    /// Creates a shape.
    ///
    /// - Precondition: all above 0, `hiddenSize` a multiple of 16.
    public init(cell: RecurrentCell = .lstm, inputSize: Int, hiddenSize: Int = 32, channels: Int) {
        precondition(inputSize > 0 && channels > 0, "a forecaster of \(inputSize) inputs and \(channels) channels")
        precondition(hiddenSize > 0 && hiddenSize % 16 == 0, "\(hiddenSize) hidden units are no multiple of 16")
        self.cell = cell
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.channels = channels
    }

    var outputWidth: Int { roundedUp(2 * channels) }
    var stepWidth: Int { inputSize + hiddenSize }
    var panelCount: Int { hiddenSize / 16 * stepWidth * cell.columns }
    var biasOffset: Int { panelCount }
    var headOffset: Int { biasOffset + 4 * hiddenSize }
    var headBiasOffset: Int { headOffset + hiddenSize * outputWidth }

    /// Number of parameters in the flat buffer, padding of the head included.
    public var parameterCount: Int { headBiasOffset + outputWidth }

    /// Numbers that a series carries from step to step.
    public var stateCount: Int { cell.stateCount(hiddenSize: hiddenSize) }

    /// The sums of a unit that an input (`0 ..< I`) or number of the state (`I ..< I + H`) feeds.
    func sums(fedBy input: Int) -> Range<Int> { cell.sums(fedByState: input >= inputSize) }

    /// Place of a recurrent weight: hidden unit, input (`0 ..< I`) or state (`I ..< I + H`) number, and one of the sums
    /// that it feeds.
    func panelIndex(sum: Int, unit: Int, input: Int) -> Int {
        (unit / 16 * stepWidth + input) * cell.columns + (sum - sums(fedBy: input).lowerBound) * 16 + unit % 16
    }

    /// Place of a sum's bias.
    func biasIndex(sum: Int, unit: Int) -> Int { biasOffset + (unit / 16 * 4 + sum) * 16 + unit % 16 }

    /// Smallest and largest log sigma that the network can state.
    static let logSigmaRange: ClosedRange<Float> = -4...3
}

/// Parameters of a forecaster as scoring reads them.
public typealias ForecasterWeights = NetworkWeights<ForecasterShape>

extension ForecasterShape: NetworkShape {
    /// Initial weights: normal, inputs scaled by 1/√I, state by 0.7/√H, head 0.01; the bias of the gate that keeps is 1.
    ///
    /// With the small head the first forecasts are those of persistence.
    public func initialParameters(seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: parameterCount)
        var random = InitialWeights(seed: seed)
        let inputScale = 1 / Float(inputSize).squareRoot()
        let stateScale = 0.7 / Float(hiddenSize).squareRoot()
        for sum in 0..<4 {
            for unit in 0..<hiddenSize {
                for input in 0..<stepWidth where sums(fedBy: input).contains(sum) {
                    let scale = input < inputSize ? inputScale : stateScale
                    values[panelIndex(sum: sum, unit: unit, input: input)] = random.normal() * scale
                }
                if sum == cell.keepingSum { values[biasIndex(sum: sum, unit: unit)] = 1 }
            }
        }
        for unit in 0..<hiddenSize {
            for output in 0..<(2 * channels) {
                values[headOffset + unit * outputWidth + output] = random.normal() * 0.01
            }
        }
        return values
    }
}

/// What a forecaster remembers of one series.
public struct RecurrentState: Equatable, Sendable {
    /// Hidden state and, of an LSTM, cell state, `H` numbers each.
    public var values: [Float]

    /// Creates a zero state.
    public init(shape: ForecasterShape) { values = [Float](repeating: 0, count: shape.stateCount) }

    /// Goes back to zero.
    public mutating func reset() {
        for index in values.indices { values[index] = 0 }
    }
}

/// The scoring face of a forecaster: one step of one series.
///
/// Owns scratch memory and no state: any number of series and weights can take turns.
public struct RecurrentForecaster: Sendable {
    /// The sizes.
    public let shape: ForecasterShape
    private let kernels: Kernels
    // Scratch: a state to write while the old one is read, and a padded output row.
    private var hidden: [Float]
    private var cell: [Float]
    private var row: [Float]

    /// Creates the scratch.
    public init(kernels: Kernels, shape: ForecasterShape) {
        self.kernels = kernels
        self.shape = shape
        hidden = [Float](repeating: 0, count: shape.hiddenSize)
        cell = hidden
        row = [Float](repeating: 0, count: shape.outputWidth)
    }

    /// Advances a series by one step.
    ///
    /// - Parameters:
    ///   - input: `[I]`. A NaN makes state and output NaN; it is the caller who lets none in.
    ///   - state: of the series; advanced.
    ///   - output: `[2 d]`: the mean of each channel's next change, then log sigma, clamped to −4 … 3.
    /// - Precondition: the sizes are those of the shape.
    /// - Complexity: 4 H (I + H) + 2 H d multiply-adds, of a GRU 3 H (I + H) + 2 H d; allocates nothing.
    public mutating func step(
        weights: ForecasterWeights, input: Span<Float>, state: inout RecurrentState, output: inout MutableSpan<Float>
    ) {
        let size = shape.hiddenSize
        precondition(weights.shape == shape, "weights of \(weights.shape) for \(shape)")
        precondition(input.count == shape.inputSize, "\(input.count) inputs, not \(shape.inputSize)")
        precondition(output.count == 2 * shape.channels, "room for \(output.count) outputs, not \(2 * shape.channels)")
        let stateCount = shape.stateCount
        precondition(state.values.count == stateCount, "a state of \(state.values.count) numbers, not \(stateCount)")
        let width = shape.outputWidth
        let parameters = unsafe weights.buffer.base
        // All lengths were checked above; no pointer leaves its closure.
        unsafe input.withUnsafeBufferPointer { input in
            unsafe state.values.withUnsafeMutableBufferPointer { state in
                unsafe hidden.withUnsafeMutableBufferPointer { hidden in
                    unsafe cell.withUnsafeMutableBufferPointer { cell in
                        guard let old = state.baseAddress, let new = hidden.baseAddress, let c = cell.baseAddress
                        else { return }
                        switch shape.cell {
                        case .lstm:
                            unsafe kernels.table.pointee.lstm_step(
                                1, shape.inputSize, size, parameters, parameters + shape.biasOffset, input.baseAddress,
                                shape.inputSize, old, size, old + size, c, new, size, nil, nil)
                            unsafe (old + size).update(from: c, count: size)
                        case .gru:
                            unsafe kernels.table.pointee.gru_step(
                                1, shape.inputSize, size, parameters, parameters + shape.biasOffset, input.baseAddress,
                                shape.inputSize, old, size, new, size, nil)
                        }
                        unsafe old.update(from: new, count: size)
                        unsafe row.withUnsafeMutableBufferPointer { row in
                            unsafe kernels.table.pointee.dense(
                                1, size, width, old, size, parameters + shape.headOffset,
                                parameters + shape.headBiasOffset, 0, row.baseAddress, width)
                        }
                    }
                }
            }
        }
        let range = ForecasterShape.logSigmaRange
        for index in 0..<shape.channels {
            output[index] = row[index]
            let logSigma = row[shape.channels + index]
            // Written so that NaN passes through.
            output[shape.channels + index] =
                logSigma < range.lowerBound
                ? range.lowerBound : logSigma > range.upperBound ? range.upperBound : logSigma
        }
    }
}
