public import TimeSeries

/// The highest that a series has been, by extent, and by how much it is exceeded.
///
/// A peak falls by a grain a day: it holds over a weekend, and what was once is forgotten in weeks. It rises to what exceeds it
/// at once, but by a quarter of a grain a sample to what was alarmed on: a scan of ten minutes does not hide the next one, and
/// what stays is usual within half an hour or so.
///
/// What grows while it lasts (``Extent/Course/run``) is held against the peak before it, or each step of it would exceed the last by
/// little. Its peak is the longest run that was over, or rises by a hundredth of a grain or two a sample while it is alarmed on: what
/// has stopped answering is news for a day, not for half an hour.
///
/// A newcomer has no peaks: in its first samples it is held against what nearly all series of the fleet stay below (``FleetPeaks``), or
/// its own peak when that is higher. That goes for what each sample has of its own; a run needs to be known from before it began.
///
/// The detectors' score is judged beside them, by the fleet's tail of scores.
///
/// What was alarmed on counts to the tail as what was just no alarm: the tail must not learn from it, but if it left it out
/// altogether it would become lighter with each.
public struct OwnPeaks: Sendable, Equatable {
    /// Samples in a block: ten minutes of flows.
    public static let blockLength = 30
    /// Samples before an excess over its own peak says anything.
    static let fewestSamples: UInt32 = 200
    /// Grains that a peak falls in a day.
    static let fallOfDay = 1.0
    /// Grains that a peak rises by in a sample that was alarmed on.
    static let riseOfEvent = 0.25
    /// The same of a run.
    static let riseOfRun = 0.02

    /// In place of the highest of a run that was alarmed on.
    private static let wasEvent = -1.0

    private var peaks: [Double]
    /// Of the sample in hand, by extent.
    private var grains: [Double]
    /// Of the runs under way, by extent: the highest that was no alarm, and the largest excess.
    private var highest: [Double]
    private var runs: [Double]
    private var maxima: [Float]
    private var samples: UInt32 = 0
    private var samplesOfBlock: UInt32 = 0
    /// Of the last sample: of each extent, −log10 of its probability, 0 for those below the peak; then of the detectors' score.
    /// `[extents + 1]`
    public private(set) var evidence: [Double]
    /// Whether the last sample was held against the fleet, for want of peaks of its own.
    public private(set) var isNewcomer = false

    /// Creates the peaks of a series that nothing is known of.
    public init(extentCount: Int) {
        peaks = Array(repeating: -.infinity, count: extentCount)
        grains = peaks
        highest = Array(repeating: 0, count: extentCount)
        runs = highest
        maxima = Array(repeating: 0, count: extentCount + 1)
        evidence = Array(repeating: 0, count: extentCount + 1)
    }

    /// Judges a sample, and learns from it.
    ///
    /// - Parameters:
    ///   - extents: of the group, as many as the peaks were created for.
    ///   - values: of the sample: by channel, as they were measured, then its measures.
    ///   - interval: seconds of a sample.
    ///   - falseAlarmsPerSecond: the series' budget.
    ///   - score: of the detectors; `nil` while they have none.
    ///   - log: takes the block that ends here.
    /// - Returns: how much rarer than the series' budget allows the sample is, in powers of ten: from 0 on it is an event; `nil`
    ///   while nothing is known.
    /// - Complexity: linear in the extents; allocates nothing.
    public mutating func observe(
        _ extents: [Extent], values: Span<Double>, score: Double?, interval: Double, falseAlarmsPerSecond: Double,
        tails: FleetTails, log: inout PeakLog
    ) -> Double? {
        let isKnown = samples >= Self.fewestSamples
        isNewcomer = !isKnown && tails.peaks.knowsNewcomers
        let age = Double(samples) * interval
        for index in extents.indices {
            peaks[index] -= Self.fallOfDay * interval / 86_400
            if extents[index].course == .run { peaks[index] = max(0, peaks[index]) }
            grains[index] = extents[index].grains(of: values)
            let isJudged =
                isNewcomer ? extents[index].course == .level : isKnown && isComparable(extents[index], index, age: age)
            let excess = grains[index] - limit(index, tails)
            evidence[index] = isJudged && excess > 0 ? tails.evidence(excess, extent: index) : 0
        }
        let scores = extents.count
        evidence[scores] = score.map(tails.evidence(ofScore:)) ?? 0
        // Half of what the budget allows in a block is the detectors', the other half is divided among the extents: what is
        // above has been found by so many tests (Bonferroni).
        let allowed = max(1e-300, falseAlarmsPerSecond * interval * Double(Self.blockLength) / 2)
        let neededOfScore = -Transcendental.log10(allowed)
        let needed = -Transcendental.log10(allowed / Double(max(1, extents.count)))
        for index in extents.indices {
            let isRun = extents[index].course == .run
            guard grains[index] > peaks[index] else {
                if isRun { endRun(index) }
                continue
            }
            let isEvent = evidence[index] >= needed
            if isKnown, isComparable(extents[index], index, age: age) {
                let excess = grains[index] - peaks[index]
                let counted = isEvent ? tails.excess(ofEvidence: needed, extent: index) : excess
                if isRun { runs[index] = max(runs[index], counted) } else { note(counted, of: index) }
            }
            if isRun {
                learnRun(index, isEvent: isEvent, staysNews: extents[index].calm != nil)
            } else {
                peaks[index] = isEvent ? min(grains[index], limit(index, tails) + Self.riseOfEvent) : grains[index]
            }
        }
        if isKnown, let score {
            let nats = FleetTails.nats(score)
            let isEvent = evidence[scores] >= neededOfScore
            note(isEvent ? min(nats, tails.excess(ofEvidence: neededOfScore, extent: scores)) : nats, of: scores)
        }
        count(into: &log, extents, age: age)
        guard isKnown || isNewcomer || score != nil else { return nil }
        return max(evidence[scores] - neededOfScore, (evidence[..<scores].max() ?? 0) - needed)
    }

    /// What an extent is held against, in grains.
    private func limit(_ index: Int, _ tails: FleetTails) -> Double {
        isNewcomer ? max(peaks[index], tails.peaks.usual(extent: index)) : peaks[index]
    }

    /// Whether the series is one of those that are compared by an extent.
    private func isComparable(_ extent: Extent, _ index: Int, age: Double) -> Bool {
        age >= extent.age && (extent.calm.map { peaks[index] <= $0 } ?? true)
    }

    private mutating func learnRun(_ index: Int, isEvent: Bool, staysNews: Bool) {
        guard isEvent else {
            if highest[index] >= 0 { highest[index] = max(highest[index], grains[index]) }
            return
        }
        highest[index] = Self.wasEvent
        if !staysNews { peaks[index] = min(grains[index], peaks[index] + Self.riseOfRun) }
    }

    private mutating func endRun(_ index: Int) {
        note(runs[index], of: index)
        runs[index] = 0
        peaks[index] = max(peaks[index], highest[index])
        highest[index] = 0
    }

    private mutating func note(_ excess: Double, of index: Int) {
        maxima[index] = max(maxima[index], Float(min(excess, 1e5)))
    }

    private mutating func count(into log: inout PeakLog, _ extents: [Extent], age: Double) {
        let isYoung = samples < Self.fewestSamples
        if samples < .max { samples += 1 }
        if isYoung, samples == Self.fewestSamples { log.append(peaksOfNewcomer: peaks) }
        guard !isYoung else { return }
        samplesOfBlock += 1
        guard samplesOfBlock == UInt32(Self.blockLength) else { return }
        for index in extents.indices where maxima[index] == 0 && !isComparable(extents[index], index, age: age) {
            maxima[index] = PeakLog.notCompared
        }
        log.append(maxima)
        log.append(peaksOfBlock: peaks)
        samplesOfBlock = 0
        for index in maxima.indices { maxima[index] = 0 }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { peaks.capacity * 40 + maxima.capacity * 4 }

    /// Writes peaks and the block in progress.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(UInt32(peaks.count))
        for values in [peaks, highest, runs] {
            for value in values { writer.write(value) }
        }
        writer.write(maxima)
        writer.write(samples)
        writer.write(samplesOfBlock)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, extentCount: Int) throws(StateCodingError) {
        self.init(extentCount: extentCount)
        guard try reader.read(UInt8.self) == 2, try reader.read(UInt32.self) == UInt32(extentCount) else {
            throw .invalid("peaks of other extents")
        }
        for index in peaks.indices {
            peaks[index] = try reader.readDouble()
            guard peaks[index] < 1e6 else { throw .invalid("a peak of \(peaks[index]) grains") }
        }
        for index in peaks.indices { highest[index] = try reader.readDouble() }
        for index in peaks.indices { runs[index] = try reader.readDouble() }
        guard (highest + runs).allSatisfy({ $0 >= Self.wasEvent && $0 < 1e6 }) else { throw .invalid("runs under way") }
        maxima = try reader.readFloats()
        samples = try reader.read()
        samplesOfBlock = try reader.read()
        guard maxima.count == extentCount + 1, maxima.allSatisfy({ $0 >= 0 && $0 < 1e6 }),
            samplesOfBlock < UInt32(Self.blockLength)
        else { throw .invalid("a block of \(samplesOfBlock) samples and \(maxima.count) maxima") }
    }
}
