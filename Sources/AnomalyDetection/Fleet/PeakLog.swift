public import TimeSeries

/// The blocks of a group's series that ended in a round: the largest excess of each extent over the series' own peak, and
/// the largest score of its detectors; how high the peak then was, and that of a newcomer at the end of its first samples.
public struct PeakLog: Sendable, Equatable {
    /// In place of an excess: the series was not among those compared by the extent.
    static let notCompared: Float = -1

    /// `[blocks, extents + 1]`, in grains and nats.
    private(set) var maxima: [Float] = []
    /// `[blocks, extents]`, in grains; 0 where there never was anything.
    private(set) var peaks: [Float] = []
    /// `[newcomers, extents]`, likewise.
    private(set) var firsts: [Float] = []

    /// Whether no block ended.
    public var isEmpty: Bool { maxima.isEmpty }

    /// Creates an empty log.
    public init() {}

    mutating func append(_ block: [Float]) { maxima.append(contentsOf: block) }

    mutating func append(peaksOfBlock peaks: [Double]) {
        for peak in peaks { self.peaks.append(Self.stored(peak)) }
    }

    mutating func append(peaksOfNewcomer peaks: [Double]) {
        for peak in peaks { firsts.append(Self.stored(peak)) }
    }

    private static func stored(_ peak: Double) -> Float { Float(min(1e5, max(0, peak))) }

    /// Adds the blocks of another shard.
    public mutating func append(contentsOf other: PeakLog) {
        maxima.append(contentsOf: other.maxima)
        peaks.append(contentsOf: other.peaks)
        firsts.append(contentsOf: other.firsts)
    }

    /// Empties the log and keeps its memory.
    public mutating func removeAll() {
        maxima.removeAll(keepingCapacity: true)
        peaks.removeAll(keepingCapacity: true)
        firsts.removeAll(keepingCapacity: true)
    }

    /// Writes the blocks.
    public func encode(to writer: inout StateWriter) {
        writer.write(maxima)
        writer.write(peaks)
        writer.write(firsts)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter hasPeaks: whether there is more than the excesses, as there was not at first.
    public init(from reader: inout StateReader, extentCount: Int, hasPeaks: Bool = true) throws(StateCodingError) {
        maxima = try reader.readFloats()
        guard extentCount >= 0, maxima.count % (extentCount + 1) == 0,
            maxima.allSatisfy({ ($0 >= 0 && $0 < 1e6) || $0 == Self.notCompared })
        else { throw .invalid("\(maxima.count) maxima of \(extentCount) extents") }
        guard hasPeaks else { return }
        peaks = try reader.readFloats()
        firsts = try reader.readFloats()
        guard peaks.count % max(1, extentCount) == 0, firsts.count % max(1, extentCount) == 0,
            (peaks + firsts).allSatisfy({ $0 >= 0 && $0 < 1e6 })
        else { throw .invalid("\(peaks.count) and \(firsts.count) peaks of \(extentCount) extents") }
    }
}
