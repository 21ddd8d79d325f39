import TimeSeries

/// Bins of the last scores of some members, a row for each sample: what a re-baseline takes in.
///
/// A ring of 256 rows (128 of a short memory, whose bins are bytes: half of the memory where there are thousands of series).
struct RecentBins: Sendable {
    private let columns: Int
    private let memory: ScoreMemory
    // One of the two, by the series' memory; `[rows, columns]`.
    private var wide: [UInt16] = []
    private var narrow: [UInt8] = []
    /// The next row of a full ring to go: of one that has just filled the second, whose bins then stand first.
    private var start = 0

    /// Creates an empty ring.
    ///
    /// - Parameter columns: how many members there are.
    init(columns: Int, memory: ScoreMemory) {
        self.columns = columns
        self.memory = memory
    }

    private var count: Int { memory == .long ? wide.count : narrow.count }
    private var capacity: Int { memory.recentScores * columns }

    /// Notes a member's bin of the sample in hand; called for each member in turn, and then ``endRow()``.
    mutating func note(_ bin: UInt16, column: Int) {
        switch memory {
        case .long:
            if wide.count < capacity { wide.append(bin) } else { wide[start * columns + column] = bin }
        case .short:
            // All at once: its own growth would overshoot.
            if narrow.isEmpty { narrow.reserveCapacity(capacity) }
            let byte = UInt8(truncatingIfNeeded: bin)
            if narrow.count < capacity { narrow.append(byte) } else { narrow[start * columns + column] = byte }
        }
    }

    /// The bins of a sample are noted.
    mutating func endRow() {
        guard count == capacity else { return }
        start = start + 1 == memory.recentScores ? 0 : start + 1
    }

    /// A member's bins, from the next one to go on.
    func column(_ column: Int) -> [UInt16] {
        let rows = columns == 0 ? 0 : count / columns
        return (0..<rows).map { row in
            let place = (row + start) % rows * columns + column
            return memory == .long ? wide[place] : UInt16(narrow[place])
        }
    }

    /// Bytes that the ring takes.
    var memoryBytes: Int { wide.capacity * 2 + narrow.capacity }

    /// Writes the ring.
    func encode(to writer: inout StateWriter) {
        writer.write(memory == .long ? wide : narrow.map(UInt16.init))
        writer.write(UInt32(start))
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - stored: how many members there were.
    ///   - columns: of each member that there is now its place among those, `nil` for one that is new: it scored 0.
    init(
        from reader: inout StateReader, stored: Int, columns: [Int?], memory: ScoreMemory
    ) throws(StateCodingError) {
        self.init(columns: columns.count, memory: memory)
        let bins = try reader.readIntegers(UInt16.self)
        start = Int(try reader.read(UInt32.self))
        guard bins.count <= memory.recentScores * stored, stored == 0 ? bins.isEmpty : bins.count % stored == 0,
            start < max(1, memory.recentScores), bins.allSatisfy({ Int($0) < memory.binCount })
        else { throw .invalid("\(bins.count) recent scores from \(start) on") }
        for row in 0..<(stored == 0 ? 0 : bins.count / stored) {
            for (index, column) in columns.enumerated() {
                note(column.map { bins[row * stored + $0] } ?? 0, column: index)
            }
        }
    }
}
