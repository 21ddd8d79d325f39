/// What a forecaster remembers of one series.
public struct ForecasterState: Equatable, Sendable {
    /// The hidden state, `H` numbers, and behind it an LSTM's cell state; of a convolution the rings of its layers.
    public var values: [Float]
    /// Of a convolution, steps so far modulo the period of its rings, 0 to 7; else 0.
    public internal(set) var position = 0

    /// Creates a zero state.
    public init(shape: ForecasterShape) { values = [Float](repeating: 0, count: shape.stateCount) }

    /// Goes on from a stored state; `nil` when it is not one of the shape.
    public init?(shape: ForecasterShape, values: [Float], position: Int) {
        let places = shape.cell == .cnn ? 0..<ConvolutionStack.period : 0..<1
        guard values.count == shape.stateCount, places.contains(position) else { return nil }
        self.values = values
        self.position = position
    }

    /// Goes back to zero.
    public mutating func reset() {
        for index in values.indices { values[index] = 0 }
        position = 0
    }
}
