import TimeSeries

/// What the channels did while nothing was learned: the latest part of it, from which a re-baseline takes the new level.
///
/// Every k-th sample is kept, 256 of them (24 in a short memory), with k so that they span at least the second half of the time that the gate may
/// stay closed: long enough for a daily wave at five minutes to weigh out, and behind the change itself. 2 KB (192 bytes) a channel, taken
/// when the gate closes for the first time.
struct ClosedStretch: Equatable, Sendable {
    /// Values of a channel before a median is taken of them.
    static let fewestValues = 16
    /// Median distances from the median beyond which the latest values are at another level. A wave reaches 1.4 of its own,
    /// and noise of 16 values less than 2.
    static let farInScatters = 3.0
    /// Scales from the usual place beyond which the median of the latest values is at another level.
    static let farInScales = 2.0
    /// Scales beyond which their median distance from it is another scatter: 2.4 times the usual one of normal values.
    static let wideInScales = 1.6
    /// Share of these limits below which a series has returned; the usual scatter is 0.42 of its limit.
    static let returning = 0.6

    private let channelCount: Int
    /// Samples kept.
    private let capacity: Int
    /// `[rows, d]`, NaN where a value was missing; a ring when full.
    private var rows: [Double] = []
    private var next = 0
    private var stride = 1
    private var skipped = 0
    /// Whether any channel's latest values are at another level, or scatter more widely, than is usual of it.
    private(set) var isElsewhere = false
    /// The latest values of a channel; working memory.
    private var latest: [Double]

    init(channelCount: Int, memory: ScoreMemory) {
        self.channelCount = channelCount
        capacity = memory == .long ? 256 : 24
        latest = Array(repeating: 0, count: Self.fewestValues)
    }

    /// The gate has closed.
    ///
    /// - Parameter patience: samples that it may stay closed.
    mutating func begin(patience: Int) {
        rows.removeAll(keepingCapacity: true)
        rows.reserveCapacity(capacity * channelCount)
        stride = 1 + max(0, patience) / (2 * capacity)
        (next, skipped, isElsewhere) = (0, 0, false)
    }

    /// Takes a sample behind the closed gate.
    ///
    /// - Parameter scalers: know the usual place and scatter of each channel.
    mutating func note(_ frame: Frame, scalers: [ChannelScaler]) {
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
        guard hasLevel else { return }
        let factor = isElsewhere ? Self.returning : 1
        isElsewhere = (0..<channelCount).contains {
            isElsewhere(channel: $0, location: scalers[$0].location, scale: factor * scalers[$0].ownScale)
        }
    }

    private mutating func isElsewhere(channel: Int, location: Double, scale: Double) -> Bool {
        let count = rows.count / channelCount
        for index in latest.indices {
            // The newest row stands before `next`, in a ring that is not full at the end.
            let row = (next + count - 1 - index) % count
            let value = rows[row * channelCount + channel]
            // What is missing is where it usually is.
            latest[index] = value == value ? value : location
        }
        latest.sort()
        let level = latest[latest.count / 2]
        if (level - location).magnitude > Self.farInScales * scale { return true }
        for index in latest.indices { latest[index] = (latest[index] - level).magnitude }
        latest.sort()
        return latest[latest.count / 2] > Self.wideInScales * scale
    }

    /// Whether there are enough values for a level.
    var hasLevel: Bool { rows.count >= Self.fewestValues * channelCount }

    /// Where a channel is: the median of its values. `nil` when there are too few.
    ///
    /// - Parameter isLatest: takes the median of the latest values instead when the channel has moved on meanwhile, further
    ///   than it scatters.
    /// - Complexity: sorts; called at a re-baseline only.
    func level(channel: Int, isLatest: Bool) -> Double? {
        let count = rows.count / channelCount
        // In order of time: a full ring begins behind its newest row.
        let values = (0..<count).map { rows[(($0 + next) % count) * channelCount + channel] }.filter { $0 == $0 }
        guard values.count >= Self.fewestValues else { return nil }
        let median = Self.median(values)
        guard isLatest else { return median }
        let scatter = Self.median(values.map { ($0 - median).magnitude })
        let latest = Self.median(Array(values.suffix(Self.fewestValues)))
        return (latest - median).magnitude > Self.farInScatters * scatter ? latest : median
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// Bytes that its values take.
    var memoryBytes: Int { (rows.capacity + latest.count) * 8 }

    /// Writes the stretch.
    func encode(to writer: inout StateWriter) {
        writer.write(rows)
        writer.write(UInt32(next))
        writer.write(UInt32(stride))
        writer.write(UInt32(skipped))
        writer.write(isElsewhere)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int, memory: ScoreMemory) throws(StateCodingError) {
        self.init(channelCount: channelCount, memory: memory)
        rows = try reader.readDoubles()
        next = Int(try reader.read(UInt32.self))
        stride = Int(try reader.read(UInt32.self))
        skipped = Int(try reader.read(UInt32.self))
        isElsewhere = try reader.readBool()
        guard rows.count % channelCount == 0, rows.count <= capacity * channelCount, next < capacity,
            stride > 0, skipped < stride
        else { throw .invalid("\(rows.count) values of a closed gate, every \(stride)") }
    }
}
