public import TimeSeries

/// A shape that did not come before: distance of the last 32 samples to the most similar stretch of the last 2,048.
///
/// The left matrix profile (Yeh et al. 2016, "Matrix Profile I", doi 10.1109/ICDM.2016.0179; Lu et al. 2022, "Matrix
/// Profile XXIV: DAMP", doi 10.1145/3534678.3539271): each window is compared with all earlier ones, both brought to
/// mean 0 and deviation 1, so that only the shape counts. The last 64 samples are left out, since a window is always
/// similar to itself a moment ago. For several channels it looks at the sum of the scaled values over √d.
///
///     score² = min over lags ℓ of  2 − 2 cov(x, x_ℓ) / ((σ + 0.1)(σ_ℓ + 0.1)) + |ln((σ + 0.1) / (σ_ℓ + 0.1))|
///
/// We differ in the 0.1, without which the noise of a quiet stretch would count as a shape, in the last term, by which
/// a shape ten times as large is another one, and in the bound of 2,048 samples: a day of one sample a minute. The
/// windows that hold a sample from behind a closed gate, or from both sides of a restart, are never matched.
///
/// The product of the last window with the one ℓ earlier is a running sum, QT_ℓ += x[t] x[t − ℓ] − x[t − L] x[t − L −
/// ℓ], so that a sample costs 1,984 such steps and as many distances, in two loops that vectorise, whatever the
/// window's length. Values are rounded to 1/32 scale within ±32: the sums are integers and have no drift, for ever.
///
///     points   …|t − 2,047 − 31 …                … t|      Int16 each; sums of windows that end there alike
///     inverse  1/(σ + 0.1), and ln(σ + 0.1), of the window that ends there; 0 and 10,000 when it must not be matched
///     products QT_ℓ for ℓ = 2,047 … 64
///
/// State 34,420 bytes and 45 a channel. Scores 0 before 128 samples and for 31 after a restart. A missing channel keeps
/// its last scaled value, as if it stood still; a sample with no channel at all counts as behind a closed gate.
public struct MatrixProfileDetector: Detector {
    /// Samples in a window, `L`.
    static let length = 32
    /// Longest and shortest distance in time of two windows that are compared, in samples.
    static let longestLag = 2_047
    static let shortestLag = 2 * length
    /// Steps in one scale.
    static let resolution: Float = 32
    /// Added to each standard deviation, in scales.
    static let floor = 0.1
    private static let compared = longestLag - shortestLag + 1
    /// Room behind the newest point; when it is used up everything moves to the front.
    private static let slack = 128
    private static let history = longestLag + length
    private static let unmatched: Float = 10_000

    private var points = [Int16](repeating: 0, count: history + slack)
    private var sums = [Int16](repeating: 0, count: history + slack)
    private var inverse = [Float](repeating: 0, count: history + slack)
    private var logarithm = [Float](repeating: unmatched, count: history + slack)
    private var products = [Int32](repeating: 0, count: compared)
    /// Place of the newest point.
    private var end = history - 1
    private var sum: Int32 = 0
    private var squares: Int32 = 0
    private var currentInverse: Float = 0
    private var currentLogarithm: Float = 0
    private var lastScore: Float = 0
    private var isStaged = false
    /// Samples since the last restart, and since the gate was last closed, both at most 32.
    private var unbroken = 0
    private var admitted = 0
    private var motion: ChannelMotion
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "matrix-profile".
    public var name: String { "matrix-profile" }
    /// Until 31 windows can be compared.
    public var minimumSamples: Int { 4 * Self.length }

    /// Creates a detector that has seen nothing.
    public init(channelCount: Int) { motion = ChannelMotion(channelCount: channelCount) }

    /// The distance to the most similar window; called again before `learn` it says the same.
    public mutating func score(_ frame: Frame) -> Float {
        guard !isStaged else { return lastScore }
        motion.observe(frame)
        advance(frame)
        lastScore = 0
        guard unbroken == Self.length, samples >= UInt64(4 * Self.length), frame.presentCount > 0 else { return 0 }
        let distance = nearest()
        // Without a window that may be matched there is nothing to say.
        if distance < Self.unmatched / 2 { lastScore = max(0, distance).squareRoot() }
        return lastScore
    }

    /// Appends a sample and brings the running sums up to it.
    private mutating func advance(_ frame: Frame) {
        isStaged = true
        unbroken = min(unbroken + 1, Self.length)
        if end + 1 == points.count { moveToFront() }
        end += 1
        points[end] = Self.point(frame)
        let first = Int32(points[end])
        let last = Int32(points[end - Self.length])
        // 32 products of ±1,023 each stay below 2²⁶.
        let start = end - Self.longestLag
        VectorLoops.slideProducts(
            &products, points, entering: start, by: first, leaving: start - Self.length, by: last)
        sum += first - last
        squares += first * first - last * last
        sums[end] = Int16(truncatingIfNeeded: sum)
        let deviation = Self.deviation(sum: sum, squares: squares)
        currentInverse = Float(1 / (deviation + Self.floor))
        currentLogarithm = Float(Transcendental.log(deviation + Self.floor))
    }

    /// The sum of the scaled values over √d, in 1/32 scale, within ±1,023.
    private static func point(_ frame: Frame) -> Int16 {
        var sum: Float = 0
        for channel in 0..<frame.channelCount { sum += max(-10, min(10, frame.scaled[channel])) }
        let steps = sum / Float(frame.channelCount).squareRoot() * resolution
        return Int16(max(-1_023, min(1_023, steps + (steps < 0 ? -0.5 : 0.5))))
    }

    /// Standard deviation in scales; 32 · squares and sum² stay below 2³¹.
    private static func deviation(sum: Int32, squares: Int32) -> Double {
        Double(Int32(length) * squares - sum * sum).squareRoot() / (Double(length) * Double(resolution))
    }

    /// The smallest squared distance.
    ///
    /// All are above 0, and then the bits of a Float are in the order of its values: the minimum of integers
    /// vectorises.
    private func nearest() -> Float {
        let start = end - Self.longestLag
        let range = start..<(start + Self.compared)
        let sums = sums.span.extracting(range)
        let inverse = inverse.span.extracting(range)
        let logarithm = logarithm.span.extracting(range)
        let products = products.span
        precondition(products.count == Self.compared)
        let factor = -2 * currentInverse / (Float(Self.length * Self.length) * Self.resolution * Self.resolution)
        var best = Int32.max
        for index in 0..<Self.compared {
            let covariance = Int32(Self.length) &* products[index] &- sum &* Int32(sums[index])
            let distance =
                2 + Float(covariance) * factor * inverse[index] + (currentLogarithm - logarithm[index]).magnitude
            best = min(best, Int32(bitPattern: distance.bitPattern))
        }
        return Float(bitPattern: UInt32(bitPattern: best))
    }

    private mutating func moveToFront() {
        for index in 0..<Self.history {
            points[index] = points[index + Self.slack]
            sums[index] = sums[index + Self.slack]
            inverse[index] = inverse[index + Self.slack]
            logarithm[index] = logarithm[index + Self.slack]
        }
        end -= Self.slack
    }

    /// Lets the window be matched later, when the gate was open for all of it.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if !isStaged { _ = score(frame) }
        isStaged = false
        samples += 1
        admitted = weight > 0 && frame.presentCount > 0 ? min(admitted + 1, Self.length) : 0
        let mayMatch = admitted == Self.length
        inverse[end] = mayMatch ? currentInverse : 0
        logarithm[end] = mayMatch ? currentLogarithm : Self.unmatched
        motion.learn(frame, weight: weight)
    }

    /// The sum over the channels has no terms by channel: how far each channel's spread and step size of about one
    /// window are from what they usually are, squared.
    public func contributions(into parts: inout [Double]) { motion.contributions(into: &parts) }

    /// No window may lie on both sides of a gap; what came before can still be matched.
    public mutating func restart() {
        unbroken = 0
        admitted = 0
        motion.restart()
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        (points.count + sums.count) * 2 + (inverse.count + logarithm.count + products.count) * 4 + motion.memoryBytes
    }

    /// Writes the points and which windows may be matched; all else follows from them, exactly.
    public func encode(to writer: inout StateWriter) {
        let start = end - Self.history + 1
        writer.write(samples)
        writer.write(UInt8(unbroken))
        writer.write(UInt8(admitted))
        writer.write(Array(points[start...end]))
        for index in start...end { writer.write(logarithm[index] < Self.unmatched) }
        motion.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.readCount()
        unbroken = Int(try reader.read(UInt8.self))
        admitted = Int(try reader.read(UInt8.self))
        let stored = try reader.readIntegers(Int16.self)
        guard stored.count == Self.history, stored.allSatisfy({ $0.magnitude <= 1_023 }), unbroken <= Self.length,
            admitted <= unbroken
        else { throw .invalid("\(stored.count) points of a profile") }
        for index in stored.indices { points[index] = stored[index] }
        for index in stored.indices {
            let mayMatch = try reader.readBool()
            restoreWindow(endingAt: index, mayMatch: mayMatch)
        }
        for lag in Self.shortestLag...Self.longestLag {
            var product: Int32 = 0
            for back in 0..<Self.length { product += Int32(points[end - back]) * Int32(points[end - back - lag]) }
            products[Self.longestLag - lag] = product
        }
        motion = try ChannelMotion(from: &reader, channelCount: channelCount)
    }

    /// Computes the sums of a window anew; points before the first are 0 and belong to no window that may be matched.
    private mutating func restoreWindow(endingAt index: Int, mayMatch: Bool) {
        sum = 0
        squares = 0
        for place in max(0, index - Self.length + 1)...index {
            sum += Int32(points[place])
            squares += Int32(points[place]) * Int32(points[place])
        }
        sums[index] = Int16(truncatingIfNeeded: sum)
        guard mayMatch, index >= Self.length - 1 else { return }
        let deviation = Self.deviation(sum: sum, squares: squares)
        inverse[index] = Float(1 / (deviation + Self.floor))
        logarithm[index] = Float(Transcendental.log(deviation + Self.floor))
    }
}
