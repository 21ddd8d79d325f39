public import TimeSeries

/// A window that the autoencoder squeezes into an unusual place: Mahalanobis distance of its narrow layer.
///
/// The reconstruction error tells what the network cannot rebuild; a window that it rebuilds well may still be one that it
/// hardly ever saw (Lee, Lee, Lee, Shin 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples and
/// Adversarial Attacks", https://arxiv.org/abs/1807.03888, for classifiers; Denouden et al. 2018,
/// https://arxiv.org/abs/1812.02765, for autoencoders). √((h − µ)ᵀ (C + λI)⁻¹ (h − µ) / n) over the n numbers of the narrow
/// layer; µ and C are running moments of memory 2,000 samples (the weights beneath them move, so that older ones are of
/// another network), residuals cut at six deviations, the ridge λ 1 % of the mean eigenvalue as ``CorrelationDetector``'s.
///
/// Scores 0 without a full window, and before 40 windows were learned. A network of another narrow layer begins anew. State
/// n² · 16 bytes.
public struct LatentDetector: Detector {
    private static let horizon = 2_000.0
    private static let ridge = 0.01
    private static let firstFactor = 40.0
    private let channelCount: Int
    /// n, known from the first window on.
    private var size = 0
    // Of capacity n or n · n; matrices row by row, n apart.
    private var mean: [Double]
    private var covariance: [Double]
    private var factor: [Double]
    private var residual: [Double]
    private var whitened: [Double]
    private var learned = 0.0
    private var sinceFactor = 0
    private var hasFactor = false
    /// Distance of each channel when it was scored last.
    private var scaled: [Float]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "latent".
    public var name: String { "latent" }
    /// The first covariance, behind the first full window.
    public var minimumSamples: Int { Int(Self.firstFactor) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        mean = Array(repeating: 0, count: Frame.latentCapacity)
        residual = mean
        whitened = mean
        covariance = Array(repeating: 0, count: Frame.latentCapacity * Frame.latentCapacity)
        factor = covariance
        scaled = Array(repeating: 0, count: channelCount)
    }

    /// Mahalanobis distance of the narrow layer, per number of it; 0 without a full window and before the first factor.
    public mutating func score(_ frame: Frame) -> Float {
        let isSeen = frame.hasReconstruction && frame.presentCount > 0
        for index in 0..<channelCount { scaled[index] = isSeen && frame.isPresent[index] ? frame.scaled[index] : 0 }
        guard isSeen, hasFactor, frame.latentCount == size, size > 0 else { return 0 }
        var square = 0.0
        for row in 0..<size {
            var rest = Double(frame.latent[row]) - mean[row]
            for column in 0..<row { rest -= factor[row * size + column] * whitened[column] }
            whitened[row] = rest / factor[row * size + row]
            square += whitened[row] * whitened[row]
        }
        let distance = Float((square / Double(size)).squareRoot())
        // A narrow layer that overflowed is as far away as can be said.
        return distance.isFinite ? distance : Float.greatestFiniteMagnitude.squareRoot()
    }

    /// Learns mean and covariance behind an open gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        guard frame.hasReconstruction, weight > 0, frame.presentCount > 0 else { return }
        for index in 0..<frame.latentCount where !frame.latent[index].isFinite { return }
        if frame.latentCount != size { begin(size: frame.latentCount) }
        learned += weight
        learnMoments(frame, weight: weight)
        let period = learned < 512 ? 64 : 256
        guard hasFactor ? sinceFactor >= period : learned >= Self.firstFactor else { return }
        factorise()
    }

    private mutating func begin(size: Int) {
        self.size = size
        (learned, sinceFactor, hasFactor) = (0, 0, false)
        for index in mean.indices { mean[index] = 0 }
        for index in covariance.indices { covariance[index] = 0 }
    }

    private mutating func learnMoments(_ frame: Frame, weight: Double) {
        let rate = weight * max(1 / learned, 1 / Self.horizon)
        for index in 0..<size {
            residual[index] = Double(frame.latent[index]) - mean[index]
            if hasFactor {
                let most = 6 * covariance[index * size + index].squareRoot()
                residual[index] = max(-most, min(most, residual[index]))
            }
            mean[index] += rate * residual[index]
        }
        for row in 0..<size {
            for column in 0..<size {
                let product = residual[row] * residual[column]
                covariance[row * size + column] += rate * (product - covariance[row * size + column])
            }
        }
        sinceFactor += 1
    }

    /// Cholesky of C + λI, lower triangle.
    private mutating func factorise() {
        sinceFactor = 0
        hasFactor = true
        var trace = 0.0
        for index in 0..<size { trace += covariance[index * size + index] }
        let ridge = Self.ridge * trace / Double(size) + 1e-9
        for row in 0..<size {
            for column in 0...row {
                var rest = covariance[row * size + column] + (row == column ? ridge : 0)
                for inner in 0..<column { rest -= factor[row * size + inner] * factor[column * size + inner] }
                factor[row * size + column] =
                    row == column ? max(rest, 1e-12).squareRoot() : rest / factor[column * size + column]
            }
        }
    }

    /// Squares of the channels' distances from their usual place: the narrow layer itself belongs to no channel.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(scaled, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        8 * (3 * mean.count + 2 * covariance.count) + 4 * channelCount
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(learned)
        writer.write(UInt32(sinceFactor))
        writer.write(hasFactor)
        writer.write(UInt32(size))
        writer.write(Array(mean[..<size]))
        writer.write(Array(covariance[..<(size * size)]))
        writer.write(Array(factor[..<(size * size)]))
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        learned = try reader.readDouble()
        sinceFactor = Int(try reader.read(UInt32.self))
        hasFactor = try reader.readBool()
        size = Int(try reader.read(UInt32.self))
        guard size <= Frame.latentCapacity else { throw .invalid("a narrow layer of \(size) numbers") }
        let stored = (
            try reader.readDoubles(count: size), try reader.readDoubles(count: size * size),
            try reader.readDoubles(count: size * size)
        )
        for index in 0..<size { mean[index] = stored.0[index] }
        for index in 0..<(size * size) {
            covariance[index] = stored.1[index]
            factor[index] = stored.2[index]
        }
    }
}
