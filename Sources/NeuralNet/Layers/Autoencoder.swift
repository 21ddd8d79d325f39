import CKernels

/// Sizes of a dense autoencoder: D → hidden (tanh) → latent (linear) → hidden (tanh) → D.
///
/// Parameters lie in one flat buffer, layer by layer: weights `[inputs][outputs]`, then biases, outputs rounded up to 16
/// (the padding stays zero, its gradient being zero).
public struct AutoencoderShape: Equatable, Sendable {
    /// `D`: numbers of a window.
    public let inputSize: Int
    /// Units of the two hidden layers, a multiple of 16.
    public let hiddenSize: Int
    /// Units of the narrow layer.
    public let latentSize: Int

    /// Creates a shape.
    ///
    /// - Precondition: all above 0, `hiddenSize` a multiple of 16.
    public init(inputSize: Int, hiddenSize: Int = 32, latentSize: Int = 6) {
        precondition(
            inputSize > 0 && latentSize > 0, "an autoencoder of \(inputSize) inputs and \(latentSize) latent units")
        precondition(hiddenSize > 0 && hiddenSize % 16 == 0, "\(hiddenSize) hidden units are no multiple of 16")
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.latentSize = latentSize
    }

    /// One layer's place in the flat buffer.
    struct Layer: Equatable {
        var inputs: Int
        var outputs: Int
        var weights: Int
        var isSquashed: Bool
        var width: Int { roundedUp(outputs) }
        var biases: Int { weights + inputs * width }
        var end: Int { biases + width }
    }

    /// The four layers in order.
    var layers: (Layer, Layer, Layer, Layer) {
        let first = Layer(inputs: inputSize, outputs: hiddenSize, weights: 0, isSquashed: true)
        let second = Layer(inputs: hiddenSize, outputs: latentSize, weights: first.end, isSquashed: false)
        let third = Layer(inputs: latentSize, outputs: hiddenSize, weights: second.end, isSquashed: true)
        let fourth = Layer(inputs: hiddenSize, outputs: inputSize, weights: third.end, isSquashed: false)
        return (first, second, third, fourth)
    }

    /// Number of parameters in the flat buffer, padding included.
    public var parameterCount: Int { layers.3.end }
}

/// Parameters of an autoencoder as scoring reads them.
public typealias AutoencoderWeights = NetworkWeights<AutoencoderShape>

extension AutoencoderShape: NetworkShape {
    /// Initial weights: normal, scaled by 1/√inputs, half of that in the last layer; biases zero.
    public func initialParameters(seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: parameterCount)
        var random = InitialWeights(seed: seed)
        let layers = layers
        for (layer, scale) in [(layers.0, 1), (layers.1, 1), (layers.2, 1), (layers.3, 0.5)]
            as [(Layer, Float)]
        {
            let spread = scale / Float(layer.inputs).squareRoot()
            for input in 0..<layer.inputs {
                for output in 0..<layer.outputs {
                    values[layer.weights + input * layer.width + output] = random.normal() * spread
                }
            }
        }
        return values
    }
}

/// The scoring face of the autoencoder: windows in, their reconstructions out.
///
/// Hinton and Salakhutdinov 2006, doi 10.1126/science.1127647. Owns scratch memory and no state.
public struct DenseAutoencoder: Sendable {
    /// The sizes.
    public let shape: AutoencoderShape
    private let kernels: Kernels
    private var first: [Float]
    private var latent: [Float]
    private var third: [Float]
    private var padded: [Float]

    /// Creates the scratch.
    public init(kernels: Kernels, shape: AutoencoderShape) {
        self.kernels = kernels
        self.shape = shape
        first = [Float](repeating: 0, count: shape.hiddenSize)
        latent = [Float](repeating: 0, count: roundedUp(shape.latentSize))
        third = first
        padded = [Float](repeating: 0, count: roundedUp(shape.inputSize))
    }

    /// Reconstructs one window.
    ///
    /// - Parameters:
    ///   - window: `[D]`. A NaN makes the output NaN; it is the caller who lets none in.
    ///   - output: `[D]`.
    /// - Precondition: the sizes are those of the shape.
    /// - Complexity: 2 · hidden · (D + latent) multiply-adds; allocates nothing.
    public mutating func reconstruct(
        weights: AutoencoderWeights, window: Span<Float>, output: inout MutableSpan<Float>
    ) {
        precondition(weights.shape == shape, "weights of \(weights.shape) for \(shape)")
        precondition(window.count == shape.inputSize, "a window of \(window.count), not \(shape.inputSize)")
        precondition(output.count == shape.inputSize, "room for \(output.count), not \(shape.inputSize)")
        let layers = shape.layers
        let kernels = kernels
        // All lengths were checked above or are those of our own scratch; no pointer leaves its closure.
        unsafe window.withUnsafeBufferPointer { window in
            unsafe first.withUnsafeMutableBufferPointer { first in
                unsafe latent.withUnsafeMutableBufferPointer { latent in
                    unsafe third.withUnsafeMutableBufferPointer { third in
                        unsafe padded.withUnsafeMutableBufferPointer { padded in
                            unsafe Self.apply(layers.0, weights, kernels, window.baseAddress, first.baseAddress)
                            unsafe Self.apply(
                                layers.1, weights, kernels, UnsafePointer(first.baseAddress), latent.baseAddress)
                            unsafe Self.apply(
                                layers.2, weights, kernels, UnsafePointer(latent.baseAddress), third.baseAddress)
                            unsafe Self.apply(
                                layers.3, weights, kernels, UnsafePointer(third.baseAddress), padded.baseAddress)
                        }
                    }
                }
            }
        }
        for index in 0..<shape.inputSize { output[index] = padded[index] }
    }

    @unsafe
    private static func apply(
        _ layer: AutoencoderShape.Layer, _ weights: AutoencoderWeights, _ kernels: Kernels,
        _ input: UnsafePointer<Float>?,
        _ output: UnsafeMutablePointer<Float>?
    ) {
        let parameters = unsafe weights.buffer.base
        unsafe kernels.table.pointee.dense(
            1, layer.inputs, layer.width, input, layer.inputs, parameters + layer.weights, parameters + layer.biases,
            layer.isSquashed ? 1 : 0, output, layer.width)
    }
}
