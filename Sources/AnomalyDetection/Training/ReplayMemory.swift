import TimeSeries

/// The rows that training can go back to: the last of each series of a group, in rings.
///
/// Replay is the one thing that online training of the forecaster cannot do without: without it the network follows
/// the last minutes and forgets the day. A series alone keeps 8,192 rows; in a group the total stays at 65,536 rows, but
/// each series keeps at least 64, so that the bound is max(65,536, 64 · series) rows of 8d + 9 bytes. When newcomers make
/// the share of each smaller, the oldest rows go.
struct ReplayMemory: Sendable {
    /// Most rows of one series.
    static let mostRows = 8_192
    /// Rows of all series, while each keeps ``fewestRows``.
    static let totalRows = 65_536
    /// Fewest rows of a series.
    static let fewestRows = 64
    /// Rows in one part of a checkpoint.
    static let segmentRows = 512

    /// One series' ring.
    struct Ring: Sendable {
        /// `[capacity, width]`, row n at n mod capacity.
        var rows: [Float] = []
        var marks: [TrainingLog.Marks] = []
        /// Rows ever appended.
        var appended: UInt64 = 0
        /// First row that is still there.
        var first: UInt64 = 0
        /// Segments changed since they were last stored.
        private(set) var changed: Set<Int> = []
        /// The one that was written to last, which is among them; −1 for none.
        private var lastChanged = -1

        /// Rows that are there.
        var count: Int { Int(appended - first) }

        init(appended: UInt64 = 0, first: UInt64 = 0) {
            self.appended = appended
            self.first = first
        }

        /// A segment was written to.
        mutating func markChanged(segment: Int) {
            guard segment != lastChanged else { return }
            changed.insert(segment)
            lastChanged = segment
        }

        /// Everything is stored.
        mutating func markStored() {
            changed.removeAll(keepingCapacity: true)
            lastChanged = -1
        }
    }

    /// Floats in a row.
    let width: Int
    private(set) var rings: [Ring] = []
    private(set) var capacity = ReplayMemory.mostRows

    init(width: Int) { self.width = width }

    /// Rows that each of so many series keeps: a power of two.
    static func capacity(seriesCount: Int) -> Int {
        var capacity = mostRows
        while capacity > fewestRows, capacity * seriesCount > totalRows { capacity /= 2 }
        return capacity
    }

    /// Appends a row of a series; series are numbered from 0 without gaps in the long run.
    mutating func append(_ row: Span<Float>, marks: TrainingLog.Marks, series: Int) {
        if series >= rings.count { makeRoom(for: series + 1) }
        let slot = slot(of: rings[series].appended)
        if slot * width == rings[series].rows.count {
            // Doubled by hand: the array's own growth would overshoot the capacity.
            if rings[series].rows.count + width > rings[series].rows.capacity {
                rings[series].rows.reserveCapacity(min(capacity, max(64, 2 * slot)) * width)
            }
            for index in 0..<width { rings[series].rows.append(row[index]) }
            rings[series].marks.append(marks)
        } else {
            for index in 0..<width { rings[series].rows[slot * width + index] = row[index] }
            rings[series].marks[slot] = marks
        }
        rings[series].appended += 1
        if rings[series].count > capacity { rings[series].first = rings[series].appended - UInt64(capacity) }
        rings[series].markChanged(segment: slot / Self.segmentRows)
    }

    private mutating func makeRoom(for count: Int) {
        while rings.count < count { rings.append(Ring()) }
        let wanted = Self.capacity(seriesCount: count)
        guard wanted < capacity else { return }
        for series in rings.indices { rings[series] = shrunk(rings[series], to: wanted) }
        capacity = wanted
    }

    /// A ring of the last rows. Numbers stay, so that row n is at n mod the new capacity.
    private func shrunk(_ ring: Ring, to capacity: Int) -> Ring {
        var small = Ring(appended: ring.appended, first: ring.first)
        if small.count > capacity { small.first = small.appended - UInt64(capacity) }
        let slots = min(capacity, Int(small.appended))
        small.rows = Array(repeating: 0, count: slots * width)
        small.marks = Array(repeating: [], count: slots)
        for number in small.first..<small.appended {
            let from = Int(number % UInt64(self.capacity))
            let into = Int(number % UInt64(capacity))
            for index in 0..<width { small.rows[into * width + index] = ring.rows[from * width + index] }
            small.marks[into] = ring.marks[from]
            small.markChanged(segment: into / Self.segmentRows)
        }
        return small
    }

    /// Whether so many rows from a number on are there, follow one another, and were all learned with an open gate.
    func isUsable(series: Int, from start: UInt64, count: Int) -> Bool {
        guard start >= rings[series].first, start + UInt64(count) <= rings[series].appended else { return false }
        // Held for the span's life; a reference count, no copy.
        let held = rings[series].marks
        let marks = held.span
        for number in start..<(start + UInt64(count)) {
            let mark = marks[slot(of: number)]
            guard mark.contains(.isOpen), number == start || !mark.contains(.begins) else { return false }
        }
        return true
    }

    /// Where a row lies in its ring's `rows`.
    func offset(of number: UInt64) -> Int { slot(of: number) * width }

    /// Its place among the ring's rows, of which there is a power of two.
    private func slot(of number: UInt64) -> Int { Int(truncatingIfNeeded: number) & (capacity - 1) }

    /// Bytes that the rings take.
    var memoryBytes: Int { rings.reduce(0) { $0 + $1.rows.capacity * 4 + $1.marks.capacity } }

    // MARK: State

    /// Writes everything but the rows.
    func encodeIndex() -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(1))
        writer.write(UInt32(width))
        writer.write(UInt32(capacity))
        writer.write(UInt32(rings.count))
        for ring in rings {
            writer.write(ring.appended)
            writer.write(ring.first)
        }
        return writer.bytes
    }

    /// The stored segments of a ring: its number and the rows in it.
    func segments(of series: Int) -> Range<Int> {
        0..<((rings[series].marks.count + Self.segmentRows - 1) / Self.segmentRows)
    }

    /// Writes one segment of a ring.
    func encodeSegment(_ segment: Int, of series: Int) -> [UInt8] {
        let ring = rings[series]
        let rows = (segment * Self.segmentRows)..<min(ring.marks.count, (segment + 1) * Self.segmentRows)
        var writer = StateWriter()
        writer.write(Array(ring.rows[(rows.lowerBound * width)..<(rows.upperBound * width)]))
        writer.write(ring.marks[rows].map(\.rawValue))
        return writer.bytes
    }

    /// Forgets which segments have changed.
    mutating func markStored() {
        for series in rings.indices { rings[series].markStored() }
    }

    /// Takes all segments for changed.
    mutating func markChanged() {
        for series in rings.indices {
            for segment in segments(of: series) { rings[series].markChanged(segment: segment) }
        }
    }

    /// Reads the index, with rings still empty.
    init(index bytes: [UInt8], width: Int) throws(StateCodingError) {
        self.init(width: width)
        var reader = StateReader(bytes)
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a replay memory") }
        guard Int(try reader.read(UInt32.self)) == width else { throw .invalid("a replay memory of other rows") }
        capacity = Int(try reader.read(UInt32.self))
        let count = Int(try reader.read(UInt32.self))
        guard count * 16 <= reader.remaining, capacity == Self.capacity(seriesCount: count) else {
            throw .invalid("\(count) series with \(capacity) rows each in a replay memory")
        }
        for _ in 0..<count {
            let ring = Ring(appended: try reader.read(), first: try reader.read())
            guard ring.first <= ring.appended, ring.appended - ring.first <= UInt64(capacity) else {
                throw .invalid("rows \(ring.first) to \(ring.appended) in a ring of \(capacity)")
            }
            rings.append(ring)
        }
    }

    /// Reads the next segment of a ring; segments come in their order.
    mutating func restoreSegment(_ bytes: [UInt8], of series: Int) throws(StateCodingError) {
        guard rings.indices.contains(series) else { throw .invalid("replay rows of an unknown series \(series)") }
        var reader = StateReader(bytes)
        let rows = try reader.readFloats()
        let marks = try reader.readIntegers(UInt8.self)
        guard rows.count == marks.count * width else { throw .invalid("\(rows.count) numbers in replay rows") }
        rings[series].rows += rows
        rings[series].marks += marks.map { TrainingLog.Marks(rawValue: $0) }
    }

    /// Whether all rows that the index promises are there.
    var isComplete: Bool {
        rings.allSatisfy { $0.marks.count == Int(min($0.appended, UInt64(capacity))) }
    }
}
