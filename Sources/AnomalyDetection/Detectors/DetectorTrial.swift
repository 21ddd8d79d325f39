public import NeuralNet
import TimeSeries

/// One detector over seeded synthetic samples, to see what it costs.
///
/// The samples are an autoregressive process in each channel, in scales, with a tick of five minutes and a civil day; the
/// frame also holds forecasts and reconstructions that miss by noise, so that the networks' detectors work as they do
/// behind networks. What the networks themselves cost is not in it.
public struct DetectorTrial: Sendable {
    private var detector: any Detector
    private var frame: Frame
    private var generator: SeededGenerator

    /// Prepares a detector and its samples.
    ///
    /// - Precondition: `channelCount` above 0.
    public init(_ kind: DetectorKind, channelCount: Int, seed: UInt64 = 1) {
        precondition(channelCount > 0, "a series of \(channelCount) channels")
        detector = kind.makeDetector(channelCount: channelCount, seed: seed)
        frame = Frame(channelCount: channelCount)
        generator = SeededGenerator(seed: seed)
    }

    /// Bytes that the detector takes, without its calibration.
    public var memoryBytes: Int { detector.memoryBytes }

    /// Makes the next sample, and scores and learns it.
    ///
    /// - Returns: the raw score.
    @discardableResult
    public mutating func step() -> Float {
        makeSample()
        let score = detector.score(frame)
        detector.learn(frame, weight: 1)
        return score
    }

    /// Makes the next sample alone: what ``step()`` takes beside the detector.
    public mutating func makeSample() {
        frame.number += 1
        frame.presentCount = frame.channelCount
        frame.phaseOfDay = Double(frame.number % 288) / 288
        frame.phaseOfWeek = Double(frame.number % 2_016) / 2_016
        frame.hasForecast = true
        frame.hasReconstruction = true
        frame.latentCount = 6
        for index in 0..<frame.latentCount { frame.latent[index] = noise() }
        for index in 0..<frame.channelCount {
            frame.previousScaled[index] = frame.scaled[index]
            frame.hasChange[index] = frame.isPresent[index]
            frame.isPresent[index] = true
            frame.isScaled[index] = true
            frame.scaled[index] = 0.7 * frame.scaled[index] + 0.7 * noise()
            frame.values[index] = 20 + Double(frame.scaled[index])
            frame.forecastMean[index] = 0.7 * frame.previousScaled[index]
            frame.forecastScale[index] = 0.7
            frame.reconstructionResidual[index] = 0.3 * noise()
            frame.windowError[index] = 0.3 + 0.05 * noise()
            frame.windowMiss[index] = frame.windowError[index]
        }
    }

    /// Nearly normal, of mean 0 and variance 1: four uniform numbers.
    private mutating func noise() -> Float {
        let sum = generator.uniform() + generator.uniform() + generator.uniform() + generator.uniform()
        return Float((sum - 2) * 1.732_050_8)
    }
}

/// What a network of a group takes, in bytes of `Float`.
public struct NetworkSize: Equatable, Sendable {
    /// The weights, which all series of a group share.
    public let weightBytes: Int
    /// What a series carries.
    public let stateBytes: Int

    /// The size of a forecaster.
    public static func forecaster(_ variant: ForecasterVariant, channelCount: Int) -> NetworkSize {
        let shape = NetworkShapes.forecaster(channelCount: channelCount, variant: variant)
        let ahead =
            variant.horizon > 1 ? AheadForecasts(channelCount: channelCount, horizon: variant.horizon).memoryBytes : 0
        return NetworkSize(weightBytes: 4 * shape.parameterCount, stateBytes: 4 * shape.stateCount + ahead)
    }

    /// The size of an autoencoder; what a series carries is the window, with room for as many rows again.
    public static func autoencoder(_ architecture: AutoencoderArchitecture, channelCount: Int) -> NetworkSize {
        let shape = NetworkShapes.autoencoder(channelCount: channelCount, architecture: architecture)
        return NetworkSize(weightBytes: 4 * shape.parameterCount, stateBytes: 8 * shape.inputSize)
    }
}
