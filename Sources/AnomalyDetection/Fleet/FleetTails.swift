public import TimeSeries

/// How far the series of a fleet exceed their own peaks, all of them taken together.
///
/// A series alone knows what happens to it once in a few days. Whether something happens once a day to *one of five hundred*
/// it cannot know: that is once in 500 days of its own. But the fleet sees 500 days in one, and what is compared, by how much a
/// series exceeds its own peak (``OwnPeaks``), means the same for a quiet series and a busy one. So the tail is estimated
/// from all: peaks over threshold (Pickands 1975, doi 10.1214/aos/1176343003) on the maxima of blocks of
/// ``OwnPeaks/blockLength`` samples, pooled over sites as in regional frequency analysis (Hosking and Wallis 1997,
/// doi 10.1017/CBO9780511529443), one tail for each ``Extent``:
///
///     P(maximum of a block ≥ x) = (k + 1) / (n + 2) · (1 + ξ (x − u) / β)^(−1/ξ)      for x ≥ u
///
/// n blocks, k of them from u on, β the mean excess over u, drawn towards ``Extent/usualExcess`` with the weight of five blocks. ξ is not
/// estimated but 0.05, a tail a little heavier than the exponential: on a simulated network of 500 hosts over ten days 0 tells .9 to
/// 1.7 of what is owed, 0.05 .3 to 1.0 of it, and what is planted in another stands far above either.
/// Below u the share of the blocks themselves counts.
///
/// The detectors' own score has a tail likewise (``evidence(ofScore:)``): a member's score is calibrated on its own series, and
/// what five hundred of them take for rare on a Monday morning the fleet has seen fifty times. While the fleet is small or young
/// the score is believed as it is.
///
/// Of a series that has no peaks yet it is known how high the others go (``FleetPeaks``).
///
/// Counts fade by half in three days of event time. It is the same for all series of a group, changes only at a round's
/// border, and what a block adds is a whole number in one of ``binCount`` bins, so that it does not depend on the order.
public struct FleetTails: Sendable, Equatable {
    /// Where a tail begins and how it falls.
    struct Tail: Sendable, Equatable {
        /// Grains.
        var start = 0.0
        /// Blocks from there on.
        var count = 0.0
        /// Mean excess over it, in grains.
        var scale: Double
        /// What the scale is drawn towards.
        var usual: Double
    }

    static let binCount = 480
    /// Grains.
    static let binWidth = 0.25
    /// Blocks that a tail is estimated from, at the least, and the share of all that it is at the most.
    static let fewestOfTail = 40.0
    static let shareOfTail = 0.002
    static let priorWeight = 5.0
    /// ξ.
    static let shape = 0.05
    /// Blocks that the belief in the detectors' own scores is worth: a week of one series.
    static let blocksOfBelief = 1_000.0
    static let halfLife = 3 * 86_400.0
    private static let ln2 = 0.693_147_180_559_945_3

    /// Extents of the group's series.
    public let extentCount: Int
    /// Blocks seen, faded, by extent and last of the scores: of series that were compared by it.
    private(set) var blocks: [Double]
    /// Of them those whose maximum is in a bin, `[extentCount + 1, binCount]`, the last of the scores; the first bin, next to nothing, stays empty.
    private var counts: [Double]
    /// Those that are in a bin or above it, likewise.
    private var above: [Double]
    private var tails: [Tail]
    /// How high the series go.
    private(set) var peaks: FleetPeaks
    /// Event time up to which it has faded.
    private var faded: Timestamp?

    /// Creates the tails of a fleet that nothing is known of.
    public init(extents: [Extent]) {
        extentCount = extents.count
        peaks = FleetPeaks(extentCount: extents.count)
        counts = Array(repeating: 0, count: (extentCount + 1) * Self.binCount)
        above = counts
        blocks = Array(repeating: 0, count: extentCount + 1)
        // A score that is calibrated falls by e with each nat.
        tails = (extents.map(\.usualExcess) + [1]).map { Tail(scale: $0, usual: $0) }
    }

    /// Samples that it rests on, faded.
    public var sampleCount: UInt64 { UInt64(min(1e15, blocks[extentCount] * Double(OwnPeaks.blockLength))) }

    /// −log10 of the probability that the maximum of a block is as large; 0 when nothing is known.
    ///
    /// - Parameter excess: of an extent over the series' own peak, in grains.
    func evidence(_ excess: Double, extent: Int) -> Double {
        guard blocks[extent] > 0, excess >= Self.binWidth else { return 0 }
        let tail = tails[extent]
        guard excess >= tail.start else {
            let bin = min(Self.binCount - 1, Int(excess / Self.binWidth))
            return -Transcendental.log10((above[extent * Self.binCount + bin] + 1) / (blocks[extent] + 2))
        }
        return evidenceAtStart(extent)
            + Transcendental.log10(1 + Self.shape * (excess - tail.start) / tail.scale) / Self.shape
    }

    /// −log10 of the probability that the largest score of a block is as large.
    ///
    /// - Parameter score: of the detectors, 0 or more.
    func evidence(ofScore score: Double) -> Double {
        let declared = min(1, Double(OwnPeaks.blockLength) * Transcendental.exp10(-score))
        let seen = Transcendental.exp10(-evidence(Self.nats(score), extent: extentCount))
        let known = blocks[extentCount]
        let both = (known * seen + Self.blocksOfBelief * declared) / (known + Self.blocksOfBelief)
        return both > 0 ? -Transcendental.log10(both) : 300
    }

    /// A score on the scale of its tail: one that is calibrated falls by e with each.
    static func nats(_ score: Double) -> Double { score * 2.302_585_092_994_045_7 }

    /// The excess that has so much evidence, not below where the tail begins; in grains.
    func excess(ofEvidence evidence: Double, extent: Int) -> Double {
        let tail = tails[extent]
        let rest = max(0, evidence - evidenceAtStart(extent))
        return tail.start + (Transcendental.exp10(rest * Self.shape) - 1) / Self.shape * tail.scale
    }

    private func evidenceAtStart(_ extent: Int) -> Double {
        -Transcendental.log10((tails[extent].count + 1) / (blocks[extent] + 2))
    }

    /// Takes in the blocks that ended in a round.
    ///
    /// - Parameter time: event time of the round's end. What fades does so by the time since the last call; a clock that was
    ///   set back fades nothing.
    public mutating func absorb(_ log: PeakLog, at time: Timestamp) {
        fade(to: time)
        peaks.absorb(log)
        guard !log.isEmpty || blocks[extentCount] > 0 else { return }
        var index = 0
        while index < log.maxima.count {
            for extent in 0...extentCount {
                let maximum = log.maxima[index]
                index += 1
                guard maximum >= 0 else { continue }
                blocks[extent] += 1
                let bin = min(Self.binCount - 1, Int(Double(maximum) / Self.binWidth))
                if bin > 0 { counts[extent * Self.binCount + bin] += 1 }
            }
        }
        for extent in 0...extentCount { fit(extent) }
    }

    private mutating func fade(to time: Timestamp) {
        let passed = faded.map { max(0, time.seconds(since: $0)) } ?? 0
        faded = max(faded ?? time, time)
        guard passed > 0, blocks[extentCount] > 0 else { return }
        let share = Transcendental.exp(-Self.ln2 * passed / Self.halfLife)
        for extent in blocks.indices { blocks[extent] *= share }
        for index in counts.indices { counts[index] *= share }
        peaks.fade(by: share)
    }

    private mutating func fit(_ extent: Int) {
        let first = extent * Self.binCount
        var sum = 0.0
        for bin in stride(from: Self.binCount - 1, through: 0, by: -1) {
            sum += counts[first + bin]
            above[first + bin] = sum
        }
        let wanted = max(Self.fewestOfTail, blocks[extent] * Self.shareOfTail)
        var start = Self.binCount - 1
        while start > 1, above[first + start] < wanted { start -= 1 }
        var excess = 0.0
        for bin in start..<Self.binCount {
            excess += counts[first + bin] * (Double(bin - start) + 0.5) * Self.binWidth
        }
        let count = above[first + start]
        let usual = tails[extent].usual
        tails[extent] = Tail(
            start: Double(start) * Self.binWidth, count: count,
            scale: (excess + Self.priorWeight * usual) / (count + Self.priorWeight), usual: usual)
    }

    /// Writes what was counted.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(3))
        writer.write(UInt32(extentCount))
        for count in blocks { writer.write(count) }
        writer.write(faded != nil)
        writer.write(faded?.nanoseconds ?? 0)
        // Most bins are empty.
        for extent in 0...extentCount {
            let bins = counts[(extent * Self.binCount)..<((extent + 1) * Self.binCount)]
            let last = bins.lastIndex { $0 > 0 }.map { $0 - bins.startIndex + 1 } ?? 0
            writer.write(UInt32(last))
            for count in bins.prefix(last) { writer.write(count) }
        }
        peaks.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote, with the round in progress.
    ///
    /// Version 2 knew nothing of newcomers: of them it begins anew.
    /// - Throws: ``StateCodingError`` when it is of another number of extents, or counts what cannot be counted.
    public static func restored(
        from reader: inout StateReader, extents: [Extent]
    ) throws(StateCodingError) -> (tails: FleetTails, log: PeakLog) {
        var version: UInt8 = 0
        let tails = try FleetTails(from: &reader, extents: extents, version: &version)
        return (tails, try PeakLog(from: &reader, extentCount: extents.count, hasPeaks: version > 2))
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, extents: [Extent], version: inout UInt8) throws(StateCodingError) {
        self.init(extents: extents)
        version = try reader.read()
        guard (2...3).contains(version) else { throw .unknownVersion(of: "what is usual of the fleet") }
        guard try reader.read(UInt32.self) == extentCount else {
            throw .invalid("the tails of another fleet")
        }
        for extent in blocks.indices { blocks[extent] = try reader.readDouble() }
        let hasFaded = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        faded = hasFaded ? time : nil
        guard blocks.allSatisfy({ $0 >= 0 && $0 < 1e18 }) else { throw .invalid("\(blocks) blocks") }
        for extent in 0...extentCount {
            let last = try reader.read(UInt32.self)
            guard last <= Self.binCount else { throw .invalid("\(last) bins") }
            for bin in 0..<Int(last) {
                let count = try reader.readDouble()
                guard count >= 0, count < 1e18 else { throw .invalid("\(count) blocks in a bin") }
                counts[extent * Self.binCount + bin] = count
            }
            fit(extent)
        }
        if version > 2 { peaks = try FleetPeaks(from: &reader, extentCount: extentCount) }
    }
}
