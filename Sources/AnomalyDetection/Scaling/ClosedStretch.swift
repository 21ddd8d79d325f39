import TimeSeries

/// What the channels did while nothing was learned: the latest part of it, from which a re-baseline takes the new level.
///
/// Every k-th sample is kept, 256 of them (24 in a short memory), with k so that they span at least the second half of the time that the gate may
/// stay closed: long enough for a daily wave at five minutes to weigh out, and behind the change itself. 2 KB (192 bytes) a channel, taken
/// when the gate closes for the first time.
struct ClosedStretch: Equatable, Sendable {
    /// Values of a channel before a median is taken of them.
    static let fewestValues = 16

    private let channelCount: Int
    /// Samples kept.
    private let capacity: Int
    /// `[rows, d]`, NaN where a value was missing; a ring when full.
    private var rows: [Double] = []
    private var next = 0
    private var stride = 1
    private var skipped = 0

    init(channelCount: Int, memory: ScoreMemory) {
        self.channelCount = channelCount
        capacity = memory == .long ? 256 : 24
    }

    /// The gate has closed.
    ///
    /// - Parameter patience: samples that it may stay closed.
    mutating func begin(patience: Int) {
        rows.removeAll(keepingCapacity: true)
        rows.reserveCapacity(capacity * channelCount)
        stride = 1 + max(0, patience) / (2 * capacity)
        (next, skipped) = (0, 0)
    }

    /// Takes a sample behind the closed gate.
    mutating func note(_ frame: Frame) {
        skipped += 1
        guard skipped >= stride else { return }
        skipped = 0
        if rows.count < capacity * channelCount {
            for index in 0..<channelCount { rows.append(frame.isPresent[index] ? frame.values[index] : .nan) }
        } else {
            for index in 0..<channelCount {
                rows[next * channelCount + index] = frame.isPresent[index] ? frame.values[index] : .nan
            }
            next = next + 1 == capacity ? 0 : next + 1
        }
    }

    /// Median of a channel's values; `nil` when there are too few.
    ///
    /// - Complexity: sorts; called at a re-baseline only.
    func median(channel: Int) -> Double? {
        var values: [Double] = []
        for row in 0..<(rows.count / channelCount) {
            let value = rows[row * channelCount + channel]
            if value == value { values.append(value) }
        }
        guard values.count >= Self.fewestValues else { return nil }
        values.sort()
        return values[values.count / 2]
    }

    /// Bytes that its values take.
    var memoryBytes: Int { rows.capacity * 8 }

    /// Writes the stretch.
    func encode(to writer: inout StateWriter) {
        writer.write(rows)
        writer.write(UInt32(next))
        writer.write(UInt32(stride))
        writer.write(UInt32(skipped))
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int, memory: ScoreMemory) throws(StateCodingError) {
        self.init(channelCount: channelCount, memory: memory)
        rows = try reader.readDoubles()
        next = Int(try reader.read(UInt32.self))
        stride = Int(try reader.read(UInt32.self))
        skipped = Int(try reader.read(UInt32.self))
        guard rows.count % channelCount == 0, rows.count <= capacity * channelCount, next < capacity,
            stride > 0, skipped < stride
        else { throw .invalid("\(rows.count) values of a closed gate, every \(stride)") }
    }
}
