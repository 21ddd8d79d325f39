import TimeSeries

/// How high the series of a fleet go, by extent: what a newcomer is held against before it has peaks of its own.
///
/// A series that is hours old has been compared with nothing yet (``OwnPeaks/fewestSamples``), and what it does in its first hour is
/// news to itself. But a fleet knows what its series come to. Two things are counted: the peak of each series, once a block
/// (``OwnPeaks/blockLength``), which fades as the tails do, so that each series counts for as long as it is there; and the peak of each
/// newcomer at the end of its first ``OwnPeaks/fewestSamples`` samples, because some of what it does then it never does again: whoever it
/// talks to is new. Of newcomers the last few hundred count, however long ago they came.
///
/// What a newcomer has to exceed is what 1 in 100 of either exceeds, whichever is higher (``usual(extent:)``): of fewer than a
/// hundred the highest. One in 100, for there may be a machine among them that scans the others by day and by night. By how much
/// is too much is for the tails to say (``FleetTails``), as of a series that has gone as high before.
///
/// Both are histograms over grains, so that the order of what they take in makes no difference.
struct FleetPeaks: Sendable, Equatable {
    static let binCount = 240
    /// Grains.
    static let binWidth = 0.5
    /// Share of the peaks that a newcomer may not be held against.
    static let highestShare = 0.01
    /// Newcomers before anything is known of the next.
    static let fewestNewcomers = 20.0
    /// Newcomers that are remembered: the weight of each falls by e while so many others come.
    static let newcomersOfMemory = 512.0

    private let extentCount: Int
    /// Blocks by the peak that their series had, `[extentCount, binCount]`.
    private var blocks: [Double]
    /// Newcomers by the peak of their first samples, likewise.
    private var firsts: [Double]
    /// Newcomers that are remembered.
    private(set) var newcomers = 0.0
    private var highest: [Double]

    init(extentCount: Int) {
        self.extentCount = extentCount
        blocks = Array(repeating: 0, count: extentCount * Self.binCount)
        firsts = blocks
        highest = Array(repeating: .infinity, count: extentCount)
    }

    /// Whether enough is known of how series begin.
    var knowsNewcomers: Bool { newcomers >= Self.fewestNewcomers }

    /// What nearly all series stay below, in grains; infinite while too few are known.
    func usual(extent: Int) -> Double { highest[extent] }

    /// What blocks count fades by a factor.
    mutating func fade(by share: Double) {
        for index in blocks.indices { blocks[index] *= share }
    }

    /// Takes in the peaks that a round brought.
    mutating func absorb(_ log: PeakLog) {
        guard extentCount > 0, !log.peaks.isEmpty || !log.firsts.isEmpty else { return }
        count(log.peaks, into: &blocks)
        let arrived = Double(log.firsts.count / extentCount)
        if arrived > 0 {
            let share = Transcendental.exp(-arrived / Self.newcomersOfMemory)
            for index in firsts.indices { firsts[index] *= share }
            newcomers = newcomers * share + arrived
            count(log.firsts, into: &firsts)
        }
        fit()
    }

    private func count(_ peaks: [Float], into counts: inout [Double]) {
        for (place, peak) in peaks.enumerated() {
            let bin = Int(min(Double(Self.binCount - 1), max(0, Double(peak) / Self.binWidth)))
            counts[place % extentCount * Self.binCount + bin] += 1
        }
    }

    private mutating func fit() {
        for extent in 0..<extentCount {
            highest[extent] =
                knowsNewcomers ? max(Self.limit(of: blocks, extent), Self.limit(of: firsts, extent)) : .infinity
        }
    }

    /// The end of the bin above which there is no more than ``highestShare`` of all, in grains.
    private static func limit(of counts: [Double], _ extent: Int) -> Double {
        let bins = (extent * binCount)..<((extent + 1) * binCount)
        let allowed = highestShare * counts[bins].reduce(0, +)
        var sum = 0.0
        for bin in bins.reversed() {
            sum += counts[bin]
            if sum > allowed { return Double(bin - bins.lowerBound + 1) * binWidth }
        }
        return 0
    }

    // MARK: State

    func encode(to writer: inout StateWriter) {
        writer.write(newcomers)
        for counts in [blocks, firsts] {
            for extent in 0..<extentCount {
                // Most bins are empty.
                let bins = counts[(extent * Self.binCount)..<((extent + 1) * Self.binCount)]
                let last = bins.lastIndex { $0 > 0 }.map { $0 - bins.startIndex + 1 } ?? 0
                writer.write(UInt32(last))
                for count in bins.prefix(last) { writer.write(count) }
            }
        }
    }

    init(from reader: inout StateReader, extentCount: Int) throws(StateCodingError) {
        self.init(extentCount: extentCount)
        newcomers = try reader.readDouble()
        guard newcomers >= 0, newcomers < 1e6 else { throw .invalid("\(newcomers) newcomers") }
        blocks = try Self.histograms(from: &reader, extentCount: extentCount)
        firsts = try Self.histograms(from: &reader, extentCount: extentCount)
        fit()
    }

    private static func histograms(
        from reader: inout StateReader, extentCount: Int
    ) throws(StateCodingError) -> [Double] {
        var counts = [Double](repeating: 0, count: extentCount * binCount)
        for extent in 0..<extentCount {
            let last = try reader.read(UInt32.self)
            guard last <= binCount else { throw .invalid("\(last) bins of peaks") }
            for bin in 0..<Int(last) {
                let count = try reader.readDouble()
                guard count >= 0, count < 1e18 else { throw .invalid("\(count) peaks in a bin") }
                counts[extent * binCount + bin] = count
            }
        }
        return counts
    }
}
