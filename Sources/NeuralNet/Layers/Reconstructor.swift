/// The scoring face of an autoencoder of any architecture: windows in, what it makes of them out.
///
/// Owns scratch memory and no state.
public struct Reconstructor: Sendable {
    /// The sizes.
    public let shape: AutoencoderShape
    // One of the two: the dense network has passes of its own, older than the interface, whose bits are recorded.
    private var dense: DenseAutoencoder?
    private var other: (any AutoencoderNetwork)?

    /// Creates the scratch.
    public init(kernels: Kernels, shape: AutoencoderShape) {
        self.shape = shape
        if let kind = shape.architecture.network {
            other = kind.init(kernels: kernels, shape: shape, batch: 1, trains: false)
        } else {
            dense = DenseAutoencoder(kernels: kernels, shape: shape)
        }
    }

    /// Rebuilds one window.
    ///
    /// - Parameters:
    ///   - weights: of the shape.
    ///   - window: `[D]`, row by row. A NaN makes the result NaN; it is the caller who lets none in.
    ///   - result: filled.
    /// - Precondition: the sizes are those of the shape.
    /// - Complexity: allocates nothing.
    public mutating func reconstruct(
        weights: AutoencoderWeights, window: Span<Float>, into result: inout Reconstruction
    ) {
        precondition(weights.shape == shape, "weights of \(weights.shape) for \(shape)")
        precondition(window.count == shape.inputSize, "a window of \(window.count), not \(shape.inputSize)")
        precondition(result.error.count == shape.inputSize, "room for \(result.error.count), not \(shape.inputSize)")
        precondition(result.latent.count == shape.latentSize, "a latent of \(result.latent.count)")
        if other != nil {
            weights.withSpan { other?.reconstruct(window, with: $0, into: &result) }
            return
        }
        var span = result.rebuilt.mutableSpan
        dense?.reconstruct(weights: weights, window: window, output: &span)
        result.subtract(from: window)
        dense?.copyLatent(into: &result.latent)
    }
}

extension AutoencoderArchitecture {
    /// The passes; `nil` for the dense one, whose faces are ``DenseAutoencoder`` and ``AutoencoderTrainer``.
    var network: (any AutoencoderNetwork.Type)? {
        switch self {
        case .dense: nil
        case .convolutional: ConvolutionalAutoencoder.self
        case .lstm: LSTMAutoencoder.self
        case .variational: VariationalAutoencoder.self
        case .adversarial: AdversarialAutoencoder.self
        }
    }
}
