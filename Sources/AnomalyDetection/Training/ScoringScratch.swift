public import NeuralNet

/// Working memory for scoring: the networks' faces and their buffers, one for each shard and nothing of any series.
public struct ScoringScratch: Sendable {
    let kernels: Kernels
    var forecaster: StreamingForecaster
    var autoencoder: Reconstructor
    /// `[2d + 2]`
    var input: [Float]
    /// `[h, 2, d]`: changes and logarithms of scales, one sample ahead first.
    var output: [Float]
    /// What the autoencoder made of the window: errors `[W · d]`, and its narrow layer.
    var reconstruction: Reconstruction
    /// Window minus reconstruction, `[W · d]`.
    var miss: [Float]
    /// Root mean square of each channel's z in the window, `[d]`.
    var usual: [Float]
    /// What the members say of the sample in hand.
    var evidence = Evidence()

    /// Creates the buffers for a group.
    public init(channelCount: Int, configuration: DetectionConfiguration, kernels: Kernels) {
        self.kernels = kernels
        usual = Array(repeating: 0, count: channelCount)
        let forecast = NetworkShapes.forecaster(
            channelCount: channelCount, variant: configuration.forecasterVariant)
        forecaster = StreamingForecaster(kernels: kernels, shape: forecast)
        let shape = NetworkShapes.autoencoder(
            channelCount: channelCount, architecture: configuration.autoencoder)
        autoencoder = Reconstructor(kernels: kernels, shape: shape)
        input = Array(repeating: 0, count: NetworkShapes.inputSize(channelCount: channelCount))
        output = Array(repeating: 0, count: forecast.outputCount)
        reconstruction = Reconstruction(shape: shape)
        miss = Array(repeating: 0, count: shape.inputSize)
    }

    /// Advances a series by the row in `input`; leaves the mean changes and log scales of the next in `output`.
    mutating func forecast(weights: ForecasterWeights, state: inout ForecasterState) {
        Self.step(&forecaster, weights: weights, input: input, state: &state, output: &output)
    }

    /// Leaves the reconstruction of a window in `reconstruction`.
    mutating func reconstruct(weights: AutoencoderWeights, window: Span<Float>) {
        autoencoder.reconstruct(weights: weights, window: window, into: &reconstruction)
    }

    /// Leaves window minus reconstruction in `miss`.
    mutating func missWindow(_ window: Span<Float>) {
        for index in miss.indices { miss[index] = window[index] - reconstruction.rebuilt[index] }
    }

    // Static, so that the face and its buffers are separate accesses and not two to `self`.
    private static func step(
        _ face: inout StreamingForecaster, weights: ForecasterWeights, input: [Float], state: inout ForecasterState,
        output: inout [Float]
    ) {
        var span = output.mutableSpan
        face.step(weights: weights, input: input.span, state: &state, output: &span)
    }
}
