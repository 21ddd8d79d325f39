import CKernels

/// Sizes of an autoencoder of any architecture.
///
/// Parameters lie in one flat buffer, layer by layer. Of the dense one, D → hidden (tanh) → latent (linear) → hidden
/// (tanh) → D: weights `[inputs][outputs]`, then biases, outputs rounded up to 16 (the padding stays zero, its gradient
/// being zero). The others say how theirs lie: ``ConvolutionalAutoencoder``, ``LSTMAutoencoder``,
/// ``VariationalAutoencoder``, ``AdversarialAutoencoder``.
public struct AutoencoderShape: Equatable, Sendable {
    /// How the window is encoded and rebuilt.
    public let architecture: AutoencoderArchitecture
    /// Rows of a window, each a sample.
    public let rows: Int
    /// Channels of a row.
    public let channels: Int
    /// Units of the hidden layers, a multiple of 16.
    public let hiddenSize: Int
    /// Units of the narrow layer.
    public let latentSize: Int
    /// `D`: numbers of a window.
    public var inputSize: Int { rows * channels }

    /// Creates the shape of a dense autoencoder.
    ///
    /// - Precondition: all above 0, `hiddenSize` a multiple of 16.
    public init(inputSize: Int, hiddenSize: Int = 32, latentSize: Int = 6) {
        precondition(
            inputSize > 0 && latentSize > 0, "an autoencoder of \(inputSize) inputs and \(latentSize) latent units")
        precondition(hiddenSize > 0 && hiddenSize % 16 == 0, "\(hiddenSize) hidden units are no multiple of 16")
        architecture = .dense
        rows = inputSize
        channels = 1
        self.hiddenSize = hiddenSize
        self.latentSize = latentSize
    }

    /// Creates the shape of an architecture for windows of `rows` samples of `channels` numbers.
    ///
    /// - Precondition: both above 0.
    public init(_ architecture: AutoencoderArchitecture, rows: Int, channels: Int) {
        precondition(rows > 0 && channels > 0, "windows of \(rows) rows and \(channels) channels")
        self.architecture = architecture
        self.rows = rows
        self.channels = channels
        hiddenSize = architecture.hiddenSize
        latentSize = architecture.latentSize
    }

    /// The four layers of a dense autoencoder in order.
    var layers: (DenseLayer, DenseLayer, DenseLayer, DenseLayer) {
        let first = DenseLayer(inputs: inputSize, outputs: hiddenSize, weights: 0, isSquashed: true)
        let second = DenseLayer(inputs: hiddenSize, outputs: latentSize, weights: first.end, isSquashed: false)
        let third = DenseLayer(inputs: latentSize, outputs: hiddenSize, weights: second.end, isSquashed: true)
        let fourth = DenseLayer(inputs: hiddenSize, outputs: inputSize, weights: third.end, isSquashed: false)
        return (first, second, third, fourth)
    }

    /// Number of parameters in the flat buffer, padding included.
    public var parameterCount: Int {
        switch architecture {
        case .dense: layers.3.end
        case .convolutional: ConvolutionalAutoencoder.Layout(self).parameterCount
        case .lstm: LSTMAutoencoder.Layout(self).parameterCount
        case .variational: VariationalAutoencoder.Layout(self).parameterCount
        case .adversarial: AdversarialAutoencoder.Layout(self).parameterCount
        }
    }
}

/// Parameters of an autoencoder as scoring reads them.
public typealias AutoencoderWeights = NetworkWeights<AutoencoderShape>

extension AutoencoderShape: NetworkShape {
    /// Initial weights: normal, scaled by 1/√inputs, half of that in the last layer; biases zero. An LSTM's are those of
    /// a forecaster's.
    public func initialParameters(seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: parameterCount)
        var random = InitialWeights(seed: seed)
        switch architecture {
        case .dense:
            let layers = layers
            for layer in [layers.0, layers.1, layers.2] { layer.initialise(&values, random: &random) }
            layers.3.initialise(&values, random: &random, scale: 0.5)
        case .convolutional: ConvolutionalAutoencoder.Layout(self).initialise(&values, random: &random)
        case .lstm: LSTMAutoencoder.Layout(self).initialise(&values, random: &random)
        case .variational: VariationalAutoencoder.Layout(self).initialise(&values, random: &random)
        case .adversarial: AdversarialAutoencoder.Layout(self).initialise(&values, random: &random)
        }
        return values
    }
}

/// The scoring face of the dense autoencoder: windows in, their reconstructions out.
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
        precondition(shape.architecture == .dense, "a dense autoencoder of an \(shape.architecture.rawValue) shape")
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

    /// The narrow layer of the window reconstructed last, `[latent]`.
    func copyLatent(into target: inout [Float]) {
        for index in 0..<shape.latentSize { target[index] = latent[index] }
    }

    @unsafe
    private static func apply(
        _ layer: DenseLayer, _ weights: AutoencoderWeights, _ kernels: Kernels,
        _ input: UnsafePointer<Float>?,
        _ output: UnsafeMutablePointer<Float>?
    ) {
        let parameters = unsafe weights.buffer.base
        unsafe kernels.table.pointee.dense(
            1, layer.inputs, layer.width, input, layer.inputs, parameters + layer.weights, parameters + layer.biases,
            layer.isSquashed ? 1 : 0, output, layer.width)
    }
}
