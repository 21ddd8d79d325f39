public import TimeSeries

/// The blocks of a group's series that ended in a round: the largest excess of each extent over the series' own peak, and
/// the largest score of its detectors.
public struct PeakLog: Sendable, Equatable {
    /// In place of an excess: the series was not among those compared by the extent.
    static let notCompared: Float = -1

    /// `[blocks, extents + 1]`, in grains and nats.
    private(set) var maxima: [Float] = []

    /// Whether no block ended.
    public var isEmpty: Bool { maxima.isEmpty }

    /// Creates an empty log.
    public init() {}

    mutating func append(_ block: [Float]) { maxima.append(contentsOf: block) }

    /// Adds the blocks of another shard.
    public mutating func append(contentsOf other: PeakLog) { maxima.append(contentsOf: other.maxima) }

    /// Empties the log and keeps its memory.
    public mutating func removeAll() { maxima.removeAll(keepingCapacity: true) }

    /// Writes the blocks.
    public func encode(to writer: inout StateWriter) { writer.write(maxima) }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, extentCount: Int) throws(StateCodingError) {
        maxima = try reader.readFloats()
        guard extentCount >= 0, maxima.count % (extentCount + 1) == 0,
            maxima.allSatisfy({ ($0 >= 0 && $0 < 1e6) || $0 == Self.notCompared })
        else { throw .invalid("\(maxima.count) maxima of \(extentCount) extents") }
    }
}
