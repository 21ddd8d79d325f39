import TimeSeries

/// Where rows are missing in one series: planned a day of the stream at a time from hashes of the seed.
struct GapSchedule {
    private let seed: UInt64
    private let perDay: Double
    private let longestRows: Int
    private let rowsPerDay: Int
    private var day = -1
    private var gaps: [Range<Int>] = []

    /// - Parameters:
    ///   - perDay: how many, on average.
    ///   - longest: of a gap, in nanoseconds; short ones are more frequent than long ones.
    init(seed: UInt64, perDay: Double, longest: Int64, interval: Int64) {
        self.seed = seed
        self.perDay = perDay
        longestRows = max(1, Int(longest / interval))
        rowsPerDay = StreamDay.rows(interval: interval)
    }

    /// Whether the row is missing.
    mutating func contains(_ row: Int) -> Bool {
        plan(row / rowsPerDay)
        for gap in gaps where gap.contains(row) { return true }
        return false
    }

    /// Whether a gap touches a span within the day of its first row.
    mutating func overlaps(_ rows: Range<Int>) -> Bool {
        plan(rows.lowerBound / rowsPerDay)
        return gaps.contains { $0.overlaps(rows) }
    }

    private mutating func plan(_ now: Int) {
        guard now != day else { return }
        day = now
        gaps.removeAll(keepingCapacity: true)
        guard perDay > 0 else { return }
        var generator = SeededGenerator(seed: splitMix(seed ^ UInt64(now)))
        let whole = Int(perDay)
        for _ in 0..<(whole + (generator.uniform() < perDay - Double(whole) ? 1 : 0)) {
            let stretch = Transcendental.exp(generator.uniform() * Transcendental.log(Double(longestRows)))
            let length = min(rowsPerDay, max(1, Int(stretch.rounded())))
            let first = now * rowsPerDay + Int(generator.uniform() * Double(rowsPerDay - length + 1))
            gaps.append(first..<(first + length))
        }
    }
}
