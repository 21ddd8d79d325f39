public import TimeSeries

/// Channels that no longer go together: Mahalanobis distance of the smoothed channels.
///
/// The multivariate EWMA chart (Lowry, Woodall, Champ and Rigdon 1992, doi 10.1080/00401706.1992.10485232):
/// y = EW mean (0.1) of z, cut at ±10; √((y − µ)ᵀ (C + λI)⁻¹ (y − µ) / d). We differ in that µ and the covariance C are
/// learned on the stream (memory 20,000 samples, residuals cut at ±6) and a ridge λ of 1 % of the mean eigenvalue keeps
/// directions without variance from dividing by 0. One channel gives the chart of its smoothed level.
///
/// The Cholesky factor is renewed at 40 learned samples, then every 64 while there are fewer than 512, then every 256:
/// d³/6 operations, spread thin; a sample costs d² twice. State d² · 16 bytes. Scores 0 before the first factor.
/// A missing channel keeps its smoothed value, adds nothing to the distance and is not learned.
public struct CorrelationDetector: Detector {
    private static let smoothing: Float = 0.1
    private static let horizon = 20_000.0
    private static let ridge = 0.01
    private static let firstFactor = 40.0
    private let channelCount: Int
    private var smoothed: [Float]
    private var next: [Float]
    private var mean: [Double]
    private var covariance: [Double]
    private var factor: [Double]
    private var residual: [Double]
    private var whitened: [Double]
    private var learned = 0.0
    private var sinceFactor = 0
    private var hasFactor = false
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String { DetectorKind.correlation.name }
    /// Forty, for the first covariance.
    public var minimumSamples: Int { Int(Self.firstFactor) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        smoothed = Array(repeating: 0, count: channelCount)
        next = smoothed
        mean = Array(repeating: 0, count: channelCount)
        residual = mean
        whitened = mean
        covariance = Array(repeating: 0, count: channelCount * channelCount)
        factor = covariance
    }

    /// Mahalanobis distance of the smoothed channels, per channel; 0 before the first factor.
    public mutating func score(_ frame: Frame) -> Float {
        for index in 0..<channelCount {
            let value = max(-10, min(10, frame.scaled[index]))
            next[index] =
                frame.isPresent[index] ? smoothed[index] + Self.smoothing * (value - smoothed[index]) : smoothed[index]
            residual[index] = frame.isPresent[index] ? Double(next[index]) - mean[index] : 0
        }
        guard hasFactor, frame.presentCount > 0 else { return 0 }
        return Float((forwardSubstitution() / Double(frame.presentCount)).squareRoot())
    }

    /// Solves L y = residual into `whitened`; returns |y|², which is the squared Mahalanobis distance.
    private mutating func forwardSubstitution() -> Double {
        var square = 0.0
        for row in 0..<channelCount {
            var rest = residual[row]
            let start = row * channelCount
            for column in 0..<row { rest -= factor[start + column] * whitened[column] }
            whitened[row] = rest / factor[start + row]
            square += whitened[row] * whitened[row]
        }
        return square
    }

    /// Moves the smoothed values; mean, covariance and factor only behind an open gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        for index in 0..<channelCount { smoothed[index] = next[index] }
        samples += 1
        learned += weight
        if weight > 0 { learnMoments(frame, weight: weight) }
        let period = learned < 512 ? 64 : 256
        guard hasFactor ? sinceFactor >= period : learned >= Self.firstFactor else { return }
        factorise()
    }

    private mutating func learnMoments(_ frame: Frame, weight: Double) {
        let rate = weight * max(1 / (learned + 1), 1 / Self.horizon)
        for index in 0..<channelCount {
            residual[index] =
                frame.isPresent[index] ? max(-6, min(6, Double(next[index]) - mean[index])) : 0
            mean[index] += rate * residual[index]
        }
        for row in 0..<channelCount where frame.isPresent[row] {
            let start = row * channelCount
            let left = residual[row]
            for column in 0..<channelCount where frame.isPresent[column] {
                covariance[start + column] += rate * (left * residual[column] - covariance[start + column])
            }
        }
        sinceFactor += 1
    }

    /// Cholesky of C + λI, lower triangle.
    private mutating func factorise() {
        sinceFactor = 0
        hasFactor = true
        var trace = 0.0
        for index in 0..<channelCount { trace += covariance[index * channelCount + index] }
        let ridge = Self.ridge * trace / Double(channelCount) + 1e-9
        for row in 0..<channelCount {
            for column in 0...row {
                var rest = covariance[row * channelCount + column] + (row == column ? ridge : 0)
                for inner in 0..<column {
                    rest -= factor[row * channelCount + inner] * factor[column * channelCount + inner]
                }
                // Missing channels can leave C not quite positive; a tiny pivot then stands in.
                factor[row * channelCount + column] =
                    row == column ? max(rest, 1e-12).squareRoot() : rest / factor[column * channelCount + column]
            }
        }
    }

    /// Moves the smoothed values along; what is usual of them stays.
    public mutating func recentre(by moves: [Float]) {
        for index in smoothed.indices { smoothed[index] -= moves[index] }
    }

    /// Makes the moments quick to learn again: an eighth of their count, at least 100.
    public mutating func rebaseline() { learned = min(learned, max(100, learned / 8)) }

    /// Each channel's term of the distance: δᵢ · (K⁻¹ δ)ᵢ, which add up to it; negative terms count as 0.
    public func contributions(into parts: inout [Double]) {
        guard hasFactor else {
            for index in parts.indices { parts[index] = 0 }
            return
        }
        for row in stride(from: channelCount - 1, through: 0, by: -1) {
            var rest = whitened[row]
            for below in (row + 1)..<max(row + 1, channelCount) {
                rest -= factor[below * channelCount + row] * parts[below]
            }
            parts[row] = rest / factor[row * channelCount + row]
        }
        for index in 0..<channelCount {
            parts[index] = max(0, parts[index] * (Double(next[index]) - meanAtScore(index)))
        }
    }

    /// L y, recovered from `whitened`: the residual itself may have been overwritten by learning.
    private func meanAtScore(_ row: Int) -> Double {
        var sum = 0.0
        for column in 0...row { sum += factor[row * channelCount + column] * whitened[column] }
        return Double(next[row]) - sum
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { channelCount * (2 * 4 + 3 * 8) + 2 * channelCount * channelCount * 8 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(learned)
        writer.write(UInt32(sinceFactor))
        writer.write(hasFactor)
        writer.write(smoothed)
        writer.write(mean)
        writer.write(covariance)
        writer.write(factor)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        learned = try reader.readDouble()
        sinceFactor = Int(try reader.read(UInt32.self))
        hasFactor = try reader.readBool()
        smoothed = try reader.readFloats(count: channelCount)
        next = smoothed
        mean = try reader.readDoubles(count: channelCount)
        covariance = try reader.readDoubles(count: channelCount * channelCount)
        factor = try reader.readDoubles(count: channelCount * channelCount)
    }
}
