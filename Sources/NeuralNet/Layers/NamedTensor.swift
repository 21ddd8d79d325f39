/// Some of a network's numbers under a name, in the order that other tools keep them in and without padding.
public struct NamedTensor: Equatable, Sendable {
    /// The name, as `head.weight`.
    public let name: String
    /// Its dimensions.
    public let shape: [Int]
    /// The numbers, row-major.
    public let values: [Float]

    /// Creates a tensor.
    ///
    /// - Precondition: as many values as the shape says.
    public init(_ name: String, _ shape: [Int], _ values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) numbers for \(name) of \(shape)")
        self.name = name
        self.shape = shape
        self.values = values
    }

    /// Creates a matrix from what stands in each place of it.
    init(_ name: String, rows: Int, columns: Int, _ value: (_ row: Int, _ column: Int) -> Float) {
        self.init(name, [rows, columns], (0..<rows).flatMap { row in (0..<columns).map { value(row, $0) } })
    }
}

extension DenseLayer {
    /// Weights `[outputs, inputs]` and biases `[outputs]`, as PyTorch's `Linear` has them.
    func tensors(_ name: String, of parameters: [Float]) -> [NamedTensor] {
        [
            NamedTensor("\(name).weight", rows: outputs, columns: inputs) { output, input in
                parameters[weights + input * width + output]
            },
            biasTensor(name, of: parameters),
        ]
    }

    /// The first `count` biases, all outputs' when it is left out.
    func biasTensor(_ name: String, of parameters: [Float], count: Int? = nil) -> NamedTensor {
        let count = count ?? outputs
        return NamedTensor("\(name).bias", [count], Array(parameters[biases..<(biases + count)]))
    }
}
