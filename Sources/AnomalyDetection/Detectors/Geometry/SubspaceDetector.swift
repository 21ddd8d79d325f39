public import TimeSeries

/// Shapes that the usual directions of variation do not explain: principal components of the last samples.
///
/// Two questions are put to a delay window x with mean µ and covariance C (Jackson and Mudholkar 1979, doi
/// 10.1080/00401706.1979.10489779). `.hotelling`: how far is its projection y onto the first eigenvectors from the
/// middle, T² = Σ yⱼ²/λⱼ; a known shape, too large. `.residual`: how much is left outside them, Q = |x − µ − ŷ|²; a
/// shape that was not there before. The score is √(T²/rank), respectively √(Q/E[Q]), so that 1 is usual for both; the
/// limits of the paper, which ask for normal variables, are left to the calibration.
///
/// We differ in that mean and covariance run along the stream (1/n at first, then memory of 20,000 samples, residuals
/// cut at ±6), that the eigenvectors follow by ``PrincipalSubspace`` (renewed at 64 learned windows, then every 64
/// below 512, then every 512), that the subspace holds 90 % of the variance but at most 16 directions, and that 1 % of
/// the mean eigenvalue is added to each λ.
///
/// Windows are 32 samples for one channel, else max(1, ⌊48/d⌋); `D` = that times d numbers. A channel that is missing
/// is filled in with what the others say of it through the subspace (projection onto the model, Nelson, Taylor and
/// MacGregor 1996, doi 10.1016/S0169-7439(96)00007-X, iterated eight times), adds nothing, and its moments stay.
///
/// State 4 D² + 144 D + 5,120 + 8d bytes: 13.8 KB at d = 1, 21 KB at d = 8. A sample costs D² multiplications twice and
/// 32 D for the projections, a renewal 32 · D² twice. Scores 0 before 64 windows and while the window is not full;
/// behind a closed gate nothing is learned.
public struct SubspaceDetector: Detector {
    /// Which part of the window it looks at.
    public enum View: UInt8, Sendable, CaseIterable {
        /// Distance within the subspace, Hotelling's T².
        case hotelling
        /// Squared prediction error outside it, Q.
        case residual
    }

    private static let horizon = 20_000.0
    private static let firstRenewal = 64.0
    private static let clip: Float = 6
    private static let fillSteps = 8

    /// Which part of the window it looks at.
    public let view: View
    private var window: DelayWindow
    private var mean: [Float]
    private var deviation: [Float]
    private var clipped: [Float]
    /// `[D, D]`, symmetric. Float: a mean that forgets does not gather rounding, which stays near 1e-5 of an element.
    private var covariance: [Float]
    private var subspace: PrincipalSubspace
    private var parts: [Double]
    private var learned = 0.0
    private var sinceRenewal = 0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "pca-t2" or "pca-q".
    public var name: String { view == .hotelling ? "pca-t2" : "pca-q" }
    /// Until the window is full and 64 are learned.
    public var minimumSamples: Int { window.lags - 1 + Int(Self.firstRenewal) }

    /// Creates a detector that has seen nothing.
    public init(channelCount: Int, view: View) {
        self.view = view
        window = DelayWindow(channelCount: channelCount, lags: Self.lags(channelCount: channelCount))
        mean = Array(repeating: 0, count: window.width)
        deviation = mean
        clipped = mean
        covariance = Array(repeating: 0, count: window.width * window.width)
        subspace = PrincipalSubspace(width: window.width)
        parts = Array(repeating: 0, count: channelCount)
    }

    private static func lags(channelCount: Int) -> Int { channelCount == 1 ? 32 : max(1, 48 / channelCount) }

    /// √(T²/rank) or √(Q/E[Q]) of the window; 0 before there is a subspace.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in parts.indices { parts[channel] = 0 }
        guard window.isFull, subspace.rank > 0, frame.presentCount > 0 else { return 0 }
        for index in 0..<window.width {
            deviation[index] = isPresent(index, frame) ? window.vector[index] - mean[index] : 0
        }
        let mask = subspace.mask
        if frame.presentCount < frame.channelCount { fillMissing(frame, mask: mask) }
        let projection = subspace.project(deviation) * mask
        switch view {
        case .hotelling: return hotelling(projection, mask: mask, frame)
        case .residual: return residual(projection, frame)
        }
    }

    /// Scores the window with some channels at their usual place in all of its samples but the newest.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float {
        window.putAside(isAside)
        return score(frame)
    }

    @inline(__always)
    private func isPresent(_ index: Int, _ frame: Frame) -> Bool { frame.isPresent[index % window.channelCount] }

    /// Puts what the subspace says of them in place of the missing channels' deviations.
    private mutating func fillMissing(_ frame: Frame, mask: SIMD16<Float>) {
        for _ in 0..<Self.fillSteps {
            let projection = subspace.project(deviation) * mask
            for index in 0..<window.width where !isPresent(index, frame) {
                deviation[index] = (subspace.basis[index] * projection).sum()
            }
        }
    }

    private mutating func hotelling(_ projection: SIMD16<Float>, mask: SIMD16<Float>, _ frame: Frame) -> Float {
        let whitened = projection / (subspace.eigenvalues + Float(subspace.ridge))
        let rank = Double(subspace.rank)
        for index in 0..<window.width where isPresent(index, frame) {
            parts[index % window.channelCount] +=
                Double(deviation[index] * (subspace.basis[index] * whitened).sum()) / rank
        }
        for channel in parts.indices { parts[channel] = max(0, parts[channel]) }
        return Float((Double((projection * whitened).sum()) / rank).squareRoot())
    }

    private mutating func residual(_ projection: SIMD16<Float>, _ frame: Frame) -> Float {
        var inside = 0.0
        for direction in 0..<subspace.rank { inside += Double(subspace.eigenvalues[direction]) }
        let share = Double(frame.presentCount) / Double(frame.channelCount)
        let expected = (max(0, subspace.trace - inside) + Double(window.width) * subspace.ridge) * share
        var sum = 0.0
        for index in 0..<window.width where isPresent(index, frame) {
            let rest = Double(deviation[index] - (subspace.basis[index] * projection).sum())
            parts[index % window.channelCount] += rest * rest / expected
            sum += rest * rest
        }
        return Float((sum / expected).squareRoot())
    }

    /// Moves the window on and, behind an open gate, mean and covariance; renews the subspace now and then.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull, frame.presentCount > 0 else { return }
        learned += weight
        learnMoments(frame, rate: Float(weight * max(1 / (learned + 1), 1 / Self.horizon)))
        sinceRenewal += 1
        let isFirst = subspace.rank == 0
        guard isFirst ? learned >= Self.firstRenewal : sinceRenewal >= (learned < 512 ? 64 : 512) else { return }
        sinceRenewal = 0
        subspace.renew(covariance, steps: isFirst ? 8 : 1)
    }

    private mutating func learnMoments(_ frame: Frame, rate: Float) {
        for index in 0..<window.width {
            let isThere = isPresent(index, frame)
            clipped[index] = isThere ? max(-Self.clip, min(Self.clip, window.vector[index] - mean[index])) : 0
            mean[index] += rate * clipped[index]
        }
        for row in 0..<window.width where isPresent(row, frame) {
            let start = row * window.width
            if frame.presentCount == frame.channelCount {
                VectorLoops.averageProducts(&covariance, row: start, left: clipped[row], clipped, rate: rate)
                continue
            }
            for column in 0..<window.width where isPresent(column, frame) {
                covariance[start + column] += rate * (clipped[row] * clipped[column] - covariance[start + column])
            }
        }
    }

    /// Makes the moments quick to learn again: an eighth of their count, at least 100.
    public mutating func rebaseline() { learned = min(learned, max(100, learned / 8)) }

    /// Q: squared residuals over their expected sum, which add up to the square of the score. T²: each channel's term
    /// δᵢ · (V Λ⁻¹ Vᵀ δ)ᵢ over the rank; the terms add up to the square of the score, negative ones count as 0.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = self.parts[channel] }
    }

    /// Empties the window; the moments stay.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        window.memoryBytes + (mean.count + deviation.count + clipped.count + covariance.count) * 4
            + subspace.memoryBytes + parts.count * 8
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(view.rawValue)
        writer.write(learned)
        writer.write(UInt32(sinceRenewal))
        window.encode(to: &writer)
        writer.write(mean)
        writer.write(covariance)
        subspace.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.readCount()
        guard let view = View(rawValue: try reader.read()) else { throw .invalid("unknown view of a subspace") }
        self.init(channelCount: channelCount, view: view)
        self.samples = samples
        learned = try reader.readDouble()
        sinceRenewal = Int(try reader.read(UInt32.self))
        guard learned >= 0, learned.isFinite else { throw .invalid("\(learned) samples learned") }
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        mean = try reader.readFinite(count: mean.count, within: DelayWindow.limit)
        covariance = try reader.readFinite(count: covariance.count, within: Self.clip * Self.clip)
        subspace = try PrincipalSubspace(from: &reader, width: window.width)
    }
}
