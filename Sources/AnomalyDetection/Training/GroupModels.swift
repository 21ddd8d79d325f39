public import NeuralNet
public import TimeSeries

/// The weights that a round is scored with: both networks of a group, never changed.
///
/// Round r is scored with what was trained on rounds up to r − 2, so that training has a whole round's time.
public struct GroupModels: Sendable {
    /// The forecaster's.
    public let forecaster: ForecasterWeights
    /// The autoencoder's.
    public let autoencoder: AutoencoderWeights

    init(forecaster: ForecasterWeights, autoencoder: AutoencoderWeights) {
        self.forecaster = forecaster
        self.autoencoder = autoencoder
    }

    /// Creates the weights that a group starts with; the same for the same seed.
    public init(channelCount: Int, configuration: DetectionConfiguration) {
        forecaster = ForecasterWeights(
            shape: NetworkShapes.forecaster(channelCount: channelCount, variant: configuration.forecasterVariant),
            seed: splitMix(configuration.seed))
        autoencoder = AutoencoderWeights(
            shape: NetworkShapes.autoencoder(channelCount: channelCount, architecture: configuration.autoencoder),
            seed: splitMix(configuration.seed &+ 1))
    }

    /// Writes the weights.
    public func encode(to writer: inout StateWriter) {
        autoencoder.shape.architecture.encodeMark(to: &writer)
        forecaster.shape.variant.encode(to: &writer)
        writer.write(forecaster.parameters)
        writer.write(autoencoder.parameters)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// Another forecaster than the configured one begins anew, and so does another autoencoder; the other network goes on.
    ///
    /// - Throws: ``StateCodingError`` when the bytes are cut short or of networks of another shape.
    public init(
        from reader: inout StateReader, channelCount: Int, configuration: DetectionConfiguration
    ) throws(StateCodingError) {
        let stored = try GroupModels(storedIn: &reader, channelCount: channelCount)
        let fresh = GroupModels(channelCount: channelCount, configuration: configuration)
        let isSame = stored.forecaster.shape.variant == configuration.forecasterVariant
        let isSameAutoencoder = stored.autoencoder.shape.architecture == configuration.autoencoder
        self.init(
            forecaster: isSame ? stored.forecaster : fresh.forecaster,
            autoencoder: isSameAutoencoder ? stored.autoencoder : fresh.autoencoder)
    }

    /// Reads what ``encode(to:)`` wrote, whichever networks they are of.
    ///
    /// - Throws: ``StateCodingError`` when the bytes are cut short or of networks of another shape.
    public init(storedIn reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let architecture = try AutoencoderArchitecture(markIn: &reader)
        let variant = try ForecasterVariant(from: &reader, of: "a group's weights")
        let shapes = NetworkShapes.self
        guard
            let forecaster = ForecasterWeights(
                shape: shapes.forecaster(channelCount: channelCount, variant: variant),
                parameters: try reader.readFloats()),
            let autoencoder = AutoencoderWeights(
                shape: shapes.autoencoder(channelCount: channelCount, architecture: architecture),
                parameters: try reader.readFloats())
        else { throw .invalid("weights of another shape than \(channelCount) channels give") }
        self.init(forecaster: forecaster, autoencoder: autoencoder)
    }
}

/// The sizes of both networks for so many channels.
enum NetworkShapes {
    /// Scaled values, their changes, and the time of day as a point on a circle.
    static func inputSize(channelCount: Int) -> Int { 2 * channelCount + 2 }

    static func forecaster(channelCount: Int, variant: ForecasterVariant) -> ForecasterShape {
        ForecasterShape(
            variant: variant, inputSize: inputSize(channelCount: channelCount),
            hiddenSize: DetectionRecipe.hiddenSize, channels: channelCount)
    }

    static func autoencoder(channelCount: Int, architecture: AutoencoderArchitecture) -> AutoencoderShape {
        AutoencoderShape(
            architecture, rows: DetectionRecipe.windowLength(channelCount: channelCount), channels: channelCount)
    }
}
