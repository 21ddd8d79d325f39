import TimeSeries

/// A ``TailCalibrator`` in 0.4 KB: counts in 128 bins that fade, instead of the scores themselves.
///
/// The same rank and the same exponential tail by mean excess. A score weighs 32,768 / length; whenever the counts reach
/// 32,768 in all, each loses an eighth, so that what they hold amounts to between 7/8 length and length scores, the older
/// the less (exponential forgetting in steps). The eighth is rounded by a dither that goes around with the bins and the
/// fadings and so comes out right on average: always rounded down, the few scores of the tail would stay for ever, always
/// up, they would go three times too early.
///
/// Bins of x = ln(1 + raw): 1/40 wide below 2 (raw 6.4), 1/12 below 4, ½ up to 16. A rank counts the whole bin, so that
/// scores that repeat exactly are ordinary.
///
/// Edge cases as ``TailCalibrator``: below 8 scores the answer is 0, below 40 the rank, at most 2; never above 14.
struct FadingCalibrator: ScoreCalibrator {
    /// Bins; they cover 0 ≤ x < 16.
    static let binCount = 128
    /// Last scores that a re-baseline takes in; each weighs as two.
    static let recentScores = 128
    private static let recentWeight = 2
    /// Weight of all scores at which they fade.
    private static let capacity = 32_768
    private static let fineBins = 80
    private static let middleBins = 104

    /// In the calibrator itself: of thousands of series each array of its own would be a head and a place more to wait for.
    private var counts: InlineArray<128, UInt16>
    /// Bins of the first scores, as long as they may have to be dropped.
    private var first: [UInt8] = []
    private var keepsFirst: Bool
    private var isFitted = false
    /// Weight of a score.
    private let weight: Int32
    private var total: Int32 = 0
    private var pushed: UInt32 = 0
    private var fadings: UInt32 = 0
    // The prior in single precision: there is one in each of thousands of series.
    private let smallestScale: Float
    private let priorScale: Float
    private let priorWeight: Float
    private var tailStart: Float = 0
    private var tailStartEvidence: Float = 0
    private var inverseTailScale: Float = 0

    /// Creates an empty calibrator.
    ///
    /// - Parameters:
    ///   - length: scores that what it remembers amounts to.
    ///   - prior: what is believed of the mean excess, in units of x.
    ///   - dropsFirst: whether the first 60 scores are kept apart until they are dropped.
    /// - Precondition: `length` is 8 to 32,768.
    init(length: Int, prior: TailPrior = TailPrior(), dropsFirst: Bool = false) {
        precondition((TailCalibrator.fewestScores...Self.capacity).contains(length), "a calibrator of \(length) scores")
        counts = InlineArray(repeating: 0)
        keepsFirst = dropsFirst
        weight = Int32(Self.capacity / length)
        smallestScale = Float(prior.smallestScale)
        priorScale = Float(prior.scale)
        priorWeight = Float(prior.weight)
    }

    /// Scores that what is remembered amounts to.
    var count: Int { Int(total / weight) }

    /// The bin of a transformed score.
    static func bin(of transformed: Double) -> Int {
        guard transformed > 0 else { return 0 }
        if transformed < 2 { return Int(transformed * 40) }
        if transformed < 4 { return fineBins + Int((transformed - 2) * 12) }
        return transformed < 16 ? middleBins + Int((transformed - 4) * 2) : binCount - 1
    }

    /// The transformed score at a bin's lower edge.
    static func lowerEdge(of bin: Int) -> Double {
        if bin < fineBins { return Double(bin) / 40 }
        return bin < middleBins ? 2 + Double(bin - fineBins) / 12 : 4 + Double(bin - middleBins) / 2
    }

    func evidence(_ transformed: Double) -> Double {
        var copy = self
        return copy.evidenceInPlace(transformed)
    }

    /// ``evidence(_:)``, which changes nothing; mutating, because a calibrator that is only read is copied with all its bins.
    mutating func evidenceInPlace(_ transformed: Double) -> Double {
        guard count >= TailCalibrator.fewestScores else { return 0 }
        if isFitted, transformed > Double(tailStart) {
            let excess = (transformed - Double(tailStart)) * Double(inverseTailScale)
            return min(Double(tailStartEvidence) + excess, TailCalibrator.tailCap)
        }
        let above = Self.sum(counts.span.extracting(Self.bin(of: transformed)...))
        let rank = max(0, rankEvidence(above: above))
        return isFitted ? rank : min(rank, TailCalibrator.rankCap)
    }

    private static func sum(_ counts: Span<UInt16>) -> Int32 {
        var sum: Int32 = 0
        for place in counts.indices { sum += Int32(counts[place]) }
        return sum
    }

    /// −log10 of (above + ½) / (n + 1).
    private func rankEvidence(above: Int32) -> Double {
        let one = Double(weight)
        return Transcendental.log10((Double(total) + one) / (Double(above) + 0.5 * one))
    }

    mutating func push(_ transformed: Double) {
        let bin = Self.bin(of: transformed)
        if keepsFirst, first.count < DetectionRecipe.droppedSlowScores {
            if first.isEmpty { first.reserveCapacity(DetectionRecipe.droppedSlowScores) }
            first.append(UInt8(bin))
        }
        add(bin: bin, weight: weight)
        pushed &+= 1
        if UInt64(pushed) % TailCalibrator.fitPeriod == 0 || count == TailCalibrator.fewestFittedScores { fit() }
    }

    private mutating func add(bin: Int, weight: Int32) {
        counts[bin] += UInt16(weight)
        total += weight
        if total >= Int32(Self.capacity) { fade(shift: 3, from: fadings &* 3) }
    }

    /// Takes 1 / 2^shift of each count away, rounded by a dither.
    private mutating func fade(shift: UInt16, from start: UInt32) {
        total = 0
        let mask = UInt16(1) << shift - 1
        for bin in counts.indices {
            let dither = UInt16(truncatingIfNeeded: start &+ 5 &* UInt32(bin)) & mask
            counts[bin] -= (counts[bin] + dither) >> shift
            total += Int32(counts[bin])
        }
        fadings &+= 1
    }

    /// Fits the tail: walks down from the last bin while the scores above are at most a twentieth of all.
    private mutating func fit() {
        guard count >= TailCalibrator.fewestFittedScores else { return }
        let most = max(Int32(TailCalibrator.fewestTailScores) * weight, Int32(TailCalibrator.tailShare * Double(total)))
        var above: Int32 = 0
        var sum = 0.0
        var bin = Self.binCount - 1
        while bin > 0, above + Int32(counts[bin]) <= most {
            above += Int32(counts[bin])
            sum += Double(counts[bin]) * 0.5 * (Self.lowerEdge(of: bin) + Self.lowerEdge(of: bin + 1))
            bin -= 1
        }
        let start = Self.lowerEdge(of: bin + 1)
        tailStart = Float(start)
        tailStartEvidence = Float(rankEvidence(above: above))
        let belief = Double(priorWeight) * Double(weight)
        let support = Double(above) + belief
        let mean = support > 0 ? (sum - Double(above) * start + belief * Double(priorScale)) / support : 0
        let least = max(Double(smallestScale), TailCalibrator.smallestTail * start + 1e-6)
        inverseTailScale = Float(0.4342944819032518 / max(mean, least))
        isFitted = true
    }

    /// Halves the counts, and adds the last scores with the weight of two each.
    mutating func rebaseline(recent: [UInt16], seed: UInt64) {
        fade(shift: 1, from: UInt32(truncatingIfNeeded: seed))
        for bin in recent { add(bin: Int(bin), weight: weight * Int32(Self.recentWeight)) }
        isFitted = false
        fit()
    }

    mutating func dropFirstScores() {
        for bin in first {
            let known = min(UInt16(weight), counts[Int(bin)])
            counts[Int(bin)] -= known
            total -= Int32(known)
        }
        first = []
        keepsFirst = false
        isFitted = false
        fit()
    }

    var memoryBytes: Int { MemoryLayout<Self>.stride + first.capacity }

    func encode(to writer: inout StateWriter) {
        writer.write(counts.indices.map { counts[$0] })
        writer.write(first)
        writer.write(keepsFirst)
        writer.write(pushed)
        writer.write(fadings)
        writer.write(isFitted)
        writer.write(tailStart)
        writer.write(tailStartEvidence)
        writer.write(inverseTailScale)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, length: Int, prior: TailPrior = TailPrior()) throws(StateCodingError) {
        self.init(length: length, prior: prior)
        let stored = try reader.readIntegers(UInt16.self)
        first = try reader.readIntegers(UInt8.self)
        keepsFirst = try reader.readBool()
        let sum = stored.reduce(0) { $0 + Int($1) }
        guard stored.count == Self.binCount, sum < Self.capacity, first.count <= DetectionRecipe.droppedSlowScores,
            first.allSatisfy({ Int($0) < Self.binCount })
        else { throw .invalid("\(stored.count) counts of \(sum) in a calibrator") }
        for bin in counts.indices { counts[bin] = stored[bin] }
        total = Int32(sum)
        pushed = try reader.read()
        fadings = try reader.read()
        isFitted = try reader.readBool()
        tailStart = try reader.readFloat()
        tailStartEvidence = try reader.readFloat()
        inverseTailScale = try reader.readFloat()
    }
}
