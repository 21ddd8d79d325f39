public import TimeSeries

/// Outside the region where the last samples usually lie: a one-class support vector machine, learned on the stream.
///
/// Of all half-spaces in the kernel's space that hold a share 1 − ν of the windows, the one farthest from the origin
/// (Schölkopf, Platt, Shawe-Taylor, Smola and Williamson 2001, doi 10.1162/089976601750264965):
///
///     min ½|w|² − ρ + E[max(0, ρ − w·φ(x))] / ν
///
/// with φ the ``RandomFeatures`` of a Gaussian kernel, so that w is 128 numbers instead of a growing set of support
/// vectors. Stochastic gradient descent with rate η = max(1/n, 1/1000) (Pegasos, Shalev-Shwartz et al. 2011, doi
/// 10.1007/s10107-010-0420-4): w ← (1 − η) w + (η/ν) φ when the window lies outside, else w ← (1 − η) w.
///
/// We differ in three things. ρ moves by the same gradient but in units of the usual spread of w·φ, which it is a
/// quantile of, so that one rate suits wide and narrow data. The first 64 windows all count as outside with weight 1,
/// which starts w at the mean of φ (the kernel density of Parzen) instead of at 0. The score is (ρ − w·φ) in usual
/// spreads plus 4, and 0 below: its rank is kept also well inside, where the machine itself says nothing.
///
/// σ² is `D`/2, a quarter of the mean squared distance of two windows of independent values. Windows are max(1, ⌊24/d⌋)
/// samples, `D` = that times d numbers. State 524 D + 2,048 + d bytes: 14.6 KB at d = 1. A sample costs 128 · D
/// multiplications and 128 cosines. Scores 0 before 128 windows and while the window is not full. A missing channel is
/// put at its usual window and adds nothing; behind a closed gate nothing is learned.
public struct OneClassDetector: Detector {
    /// Share of usual windows that lie outside.
    static let outsideShare = 0.1
    private static let horizon = 1_000.0
    private static let initialWindows = 64.0
    private static let leastWindows = 128.0
    private static let offset = 4.0

    private let seed: UInt64
    private var window: DelayWindow
    private var features: RandomFeatures
    private var weights: [Float]
    private var mean: [Float]
    private var point: [Float]
    /// Channels that had to do with the last score.
    private var isScored: [Bool]
    private var margin = 0.0
    private var projection = 0.0
    private var usualProjection = 0.0
    private var spread = RunningDeviation()
    private var learned = 0.0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "one-class".
    public var name: String { "one-class" }
    /// Until the window is full and 128 are learned.
    public var minimumSamples: Int { window.lags - 1 + Int(Self.leastWindows) }

    /// Creates a detector that has seen nothing.
    ///
    /// - Parameter seed: decides the random features.
    public init(channelCount: Int, seed: UInt64) {
        self.seed = seed
        window = DelayWindow(channelCount: channelCount, lags: max(1, 24 / channelCount))
        features = RandomFeatures(
            width: window.width, deviation: (0.5 * Double(window.width)).squareRoot(), seed: seed)
        weights = Array(repeating: 0, count: RandomFeatures.count)
        mean = Array(repeating: 0, count: window.width)
        point = mean
        isScored = Array(repeating: false, count: channelCount)
    }

    /// How far the window lies outside, in usual spreads, plus 4; 0 deep inside.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in isScored.indices { isScored[channel] = false }
        guard window.isFull, frame.presentCount > 0 else { return 0 }
        project(frame)
        guard learned >= Self.leastWindows else { return 0 }
        for channel in isScored.indices { isScored[channel] = frame.isPresent[channel] }
        return Float(max(0, Self.offset + (margin - projection) / spread.scale))
    }

    /// Scores the window with some channels at their usual place in all of its samples but the newest.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float {
        window.putAside(isAside)
        return score(frame)
    }

    /// w·φ of the window, with the missing channels at their usual place.
    private mutating func project(_ frame: Frame) {
        for index in 0..<window.width {
            point[index] = frame.isPresent[index % window.channelCount] ? window.vector[index] : mean[index]
        }
        features.map(point)
        var sum = 0.0
        for feature in 0..<RandomFeatures.count { sum += Double(weights[feature] * features.values[feature]) }
        projection = sum
    }

    /// Moves the window on and, behind an open gate, the half-space, by the features that `score` left.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull, frame.presentCount > 0 else { return }
        learned += weight
        let rate = weight * max(1 / learned, 1 / Self.horizon)
        for index in 0..<window.width { mean[index] += Float(rate) * (point[index] - mean[index]) }
        learnHalfSpace(rate: rate, weight: weight)
    }

    private mutating func learnHalfSpace(rate: Double, weight: Double) {
        let isInitial = learned <= Self.initialWindows
        let isOutside = projection < margin
        let pull = isInitial ? 1 : isOutside ? 1 / Self.outsideShare : 0
        for feature in 0..<RandomFeatures.count {
            weights[feature] += Float(rate) * (Float(pull) * features.values[feature] - weights[feature])
        }
        guard !isInitial else {
            // The projections on a w that is still growing are too small: only the last of them is a start.
            margin = projection
            usualProjection = projection
            return
        }
        spread.update(projection - usualProjection, gain: weight)
        usualProjection += rate * (projection - usualProjection)
        // A quantile moves by its share: up by ν for each window inside, down by 1 − ν for each outside. At ten times
        // the rate of w, since it has to follow what a change of w does to all projections.
        margin += 10 * rate * spread.scale * (isOutside ? Self.outsideShare - 1 : Self.outsideShare)
    }

    /// Squares of the slope of w·φ along each channel's samples: the way back to where the windows usually lie. The kernel
    /// depends on the distance alone and has no terms by channel. Costs 128 cosines a coordinate, asked for seldom.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = 0 }
        for index in 0..<window.width where isScored[index % window.channelCount] {
            let slope = features.slope(of: weights, coordinate: index)
            parts[index % window.channelCount] += slope * slope
        }
    }

    /// Empties the window; the half-space stays.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        window.memoryBytes + features.memoryBytes + (weights.count + mean.count + point.count) * 4 + isScored.count
    }

    /// Writes what later scores depend on; the features come again from the seed.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(seed)
        writer.write(learned)
        writer.write(margin)
        writer.write(usualProjection)
        spread.encode(to: &writer)
        window.encode(to: &writer)
        writer.write(weights)
        writer.write(mean)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.readCount()
        self.init(channelCount: channelCount, seed: try reader.read())
        self.samples = samples
        learned = try reader.readDouble()
        margin = try reader.readDouble()
        usualProjection = try reader.readDouble()
        guard learned >= 0, learned.isFinite, margin.magnitude <= 1e6, usualProjection.magnitude <= 1e6 else {
            throw .invalid("a half-space at \(margin) after \(learned) windows")
        }
        spread = try RunningDeviation(from: &reader)
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        weights = try reader.readFinite(count: weights.count, within: 1e6)
        mean = try reader.readFinite(count: mean.count, within: DelayWindow.limit)
    }
}
