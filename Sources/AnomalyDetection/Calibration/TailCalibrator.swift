public import TimeSeries

/// Turns a detector's raw score into −log10 of the probability that a normal sample scores so high.
///
/// The last N scores are kept as bins of x = ln(1 + raw): the empirical distribution in fixed memory. Up to the
/// 95 % quantile u the answer is the rank, (count ≥ x + ½) / (n + 1). Above it an exponential tail in x, that is a Pareto
/// tail in raw: −log10 p(u) + (x − u) / (β ln 10), with β the mean excess over u. A generalised Pareto tail with a free
/// shape (Siffer et al. 2017, "Anomaly Detection in Streams with Extreme Value Theory", doi 10.1145/3097983.3098144)
/// gave the same quality and a worse worst case. A rank counts the whole bin, without interpolation in it: scores that
/// repeat exactly must come out as ordinary, not as rare.
///
/// Edge cases: below 8 scores the answer is 0, below 40 the plain rank, at most 2; never above 14.
/// Memory: 4.2 KB of counts and 2 bytes for each remembered score; the ring grows as it fills.
public struct TailCalibrator: Sendable, Equatable {
    /// Bins; they cover 0 ≤ x < 16, raw scores below 8.9 million.
    static let binCount = 2_048
    /// Bins below x = ``fineEnd``.
    static let fineBins = 1_536
    /// Where the fine bins end: raw scores above 53.6 need no resolution.
    static let fineEnd = 4.0
    /// Width of a fine bin, 1/384: less than the spread of a quiet member's scores.
    static let fineWidth = 1.0 / 384
    /// Width of a bin above.
    static let coarseWidth = 12.0 / 512
    /// Scores before anything is said.
    static let fewestScores = 8
    /// Scores before the tail is fitted.
    static let fewestFittedScores = 40
    /// The answer's cap without a tail.
    static let rankCap = 2.0
    /// The answer's cap.
    static let tailCap = 14.0
    /// Share of the scores above u.
    static let tailShare = 0.05
    /// Fewest scores above u.
    static let fewestTailScores = 10
    /// Scores between two fits.
    static let fitPeriod: UInt64 = 32
    /// β is at least this share of u.
    static let smallestTail = 0.02

    /// How many scores are remembered.
    public let length: Int
    /// What is believed of β, and what that is worth.
    public let prior: TailPrior
    private var ring: [UInt16] = []
    private var oldest = 0
    private var counts = BinnedCounts(binCount: TailCalibrator.binCount)
    private var pushed: UInt64 = 0
    private var isFitted = false
    private var tailStart = 0.0
    private var tailStartEvidence = 0.0
    private var inverseTailScale = 0.0
    /// log10(n + 1), the part of the rank that changes with the count alone.
    private var logTotal = 0.0

    /// Creates an empty calibrator.
    ///
    /// - Parameters:
    ///   - length: how many scores are remembered.
    ///   - prior: what is believed of β, in units of x.
    /// - Precondition: 8 ≤ `length` < 65,536.
    public init(length: Int, prior: TailPrior = TailPrior()) {
        precondition((Self.fewestScores..<65_536).contains(length), "a calibrator of \(length) scores")
        self.length = length
        self.prior = prior
    }

    /// Scores remembered now.
    public var count: Int { ring.count }

    /// ln(1 + raw), what all calibration works on; 0 for NaN and below 0.
    public static func transformed(_ raw: Float) -> Double {
        raw > 0 ? Transcendental.log1p(Double(min(raw, 1e30))) : 0
    }

    /// The bin of a transformed score.
    static func bin(of transformed: Double) -> UInt16 {
        if transformed < fineEnd { return transformed > 0 ? UInt16(transformed * 384) : 0 }
        let position = (transformed - fineEnd) * (512.0 / 12)
        return position < Double(binCount - fineBins) ? UInt16(fineBins) + UInt16(position) : UInt16(binCount - 1)
    }

    /// The transformed score at a bin's lower edge.
    static func lowerEdge(of bin: Int) -> Double {
        bin <= fineBins ? Double(bin) * fineWidth : fineEnd + Double(bin - fineBins) * coarseWidth
    }

    /// The transformed score in a bin's middle.
    static func centre(of bin: Int) -> Double { 0.5 * (lowerEdge(of: bin) + lowerEdge(of: bin + 1)) }

    /// −log10 of the probability that a normal sample scores this high, 0 to 14.
    ///
    /// Inlined: a call would copy the calibrator, with its arrays' reference counts, for each member of each sample.
    ///
    /// - Parameter transformed: ln(1 + raw), see ``transformed(_:)``.
    @inline(__always)
    public func evidence(_ transformed: Double) -> Double {
        guard count >= Self.fewestScores else { return 0 }
        if isFitted, transformed > tailStart {
            return min(tailStartEvidence + (transformed - tailStart) * inverseTailScale, Self.tailCap)
        }
        let above = counts.count(from: Int(Self.bin(of: transformed)))
        let rank = max(0, logTotal - Transcendental.log10(Double(above) + 0.5))
        return isFitted ? rank : min(rank, Self.rankCap)
    }

    /// ``evidence(_:)`` of a calibrator among others: nothing is copied to be asked.
    mutating func evidenceInPlace(_ transformed: Double) -> Double { evidence(transformed) }

    /// Remembers a score and forgets the oldest beyond ``length``.
    public mutating func push(_ transformed: Double) {
        push(bin: Self.bin(of: transformed))
        pushed += 1
        if pushed % Self.fitPeriod == 0 || ring.count == Self.fewestFittedScores { fit() }
    }

    private mutating func push(bin: UInt16) {
        if ring.count < length {
            // Doubled by hand: the array's own growth would overshoot the length.
            if ring.count == ring.capacity { ring.reserveCapacity(min(length, max(64, 2 * ring.count))) }
            ring.append(bin)
            logTotal = Transcendental.log10(Double(ring.count + 1))
        } else {
            counts.remove(bin: Int(ring[oldest]))
            ring[oldest] = bin
            oldest = oldest + 1 == length ? 0 : oldest + 1
        }
        counts.add(bin: Int(bin))
    }

    /// Fits the tail: walks down from the last bin while the scores above are at most a twentieth of all.
    private mutating func fit() {
        guard ring.count >= Self.fewestFittedScores else { return }
        let most = max(Self.fewestTailScores, Int(Self.tailShare * Double(ring.count)))
        var above = 0
        var sum = 0.0
        var bin = Self.binCount - 1
        while bin > 0, above + counts[bin] <= most {
            let here = counts[bin]
            above += here
            if here > 0 {
                sum += Double(here) * Self.centre(of: bin)
            } else {
                bin = max(1, counts.emptyBlockStart(of: bin))
            }
            bin -= 1
        }
        tailStart = Self.lowerEdge(of: bin + 1)
        tailStartEvidence = logTotal - Transcendental.log10(Double(above) + 0.5)
        let excesses = sum - Double(above) * tailStart + prior.weight * prior.scale
        let support = Double(above) + prior.weight
        let mean = support > 0 ? excesses / support : 0
        inverseTailScale = 0.4342944819032518 / max(mean, prior.smallestScale, Self.smallestTail * tailStart + 1e-6)
        isFitted = true
    }

    /// Forgets about half of the scores, picked by hash, and takes in what the series does now.
    ///
    /// - Parameters:
    ///   - recent: bins of the last scores, oldest first, gate open or not.
    ///   - seed: what the picks depend on besides a score's place.
    mutating func rebaseline(recent: [UInt16], seed: UInt64) {
        let all = takeAll()
        for (index, bin) in all.enumerated() where splitMix(seed &+ UInt64(index)) & 1 == 0 { push(bin: bin) }
        for bin in recent { push(bin: bin) }
        pushed = UInt64(ring.count)
        fit()
    }

    /// Forgets the oldest scores: the first ones come from detectors that had not settled.
    mutating func dropOldest(_ number: Int) {
        let all = takeAll()
        for bin in all.dropFirst(number) { push(bin: bin) }
        pushed = UInt64(ring.count)
        fit()
    }

    /// Empties the ring and returns its bins, oldest first.
    private mutating func takeAll() -> [UInt16] {
        let all = Array(ring[oldest...]) + Array(ring[..<oldest])
        ring.removeAll(keepingCapacity: true)
        counts.removeAll()
        oldest = 0
        isFitted = false
        return all
    }

    /// Bytes that it takes of its own: counts in which there is nothing are in memory once for all series that begin alike.
    public var memoryBytes: Int { (ring.isEmpty ? 0 : counts.memoryBytes) + ring.capacity * 2 }

    /// Writes the calibrator: the ring and the fit; the counts follow from the ring.
    public func encode(to writer: inout StateWriter) {
        writer.write(ring)
        writer.write(UInt32(oldest))
        writer.write(pushed)
        writer.write(isFitted)
        writer.write(tailStart)
        writer.write(tailStartEvidence)
        writer.write(inverseTailScale)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, length: Int, prior: TailPrior = TailPrior()) throws(StateCodingError) {
        self.init(length: length, prior: prior)
        ring = try reader.readIntegers(UInt16.self)
        oldest = Int(try reader.read(UInt32.self))
        guard ring.count <= length, oldest < max(1, ring.count) else {
            throw .invalid("\(ring.count) scores from \(oldest) on in a calibrator of \(length)")
        }
        for bin in ring {
            guard Int(bin) < Self.binCount else { throw .invalid("a score in bin \(bin)") }
            counts.add(bin: Int(bin))
        }
        logTotal = Transcendental.log10(Double(ring.count + 1))
        pushed = try reader.read()
        isFitted = try reader.readBool()
        tailStart = try reader.readDouble()
        tailStartEvidence = try reader.readDouble()
        inverseTailScale = try reader.readDouble()
    }
}
