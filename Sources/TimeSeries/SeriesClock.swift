/// The time grid of one series: says for each row whether it is on time and how many ticks were missed before it.
///
/// A row is scored when it arrives; the grid only counts what is missing between two rows. The interval is learned as
/// the median of the last distances between rows, unless it is declared. A row at or before the last one is late or a
/// duplicate: it is counted and not learned. After three consecutive late rows that are in order among themselves the
/// clock is taken to have stepped, and the grid starts anew (PRODUCT.md section 7). So is it at once when a row is decades
/// ahead: a machine without a battery for its clock starts in 1970 or in the year of its firmware, and is set when the
/// network is there. What was learned of the interval is kept.
public struct SeriesClock: Sendable, Equatable {
    /// What a row is to the grid.
    public enum Admission: Equatable, Sendable {
        /// In order; `missed` ticks lie empty between the last row and this one.
        case onTime(missed: Int)
        /// The same time as the last row.
        case duplicate
        /// Before the last row.
        case late
        /// The clock was set, back (the third late row in order) or forward by years: the grid begins again at this row.
        case stepped
    }

    /// Late rows in order after which the clock is taken to have stepped.
    public static let lateRowsUntilStep = 3
    private static let remembered = 64
    /// Seconds ahead of the last row from which the clock was set: no input is silent for ten years.
    private static let farAhead = 10 * 31_557_600.0
    /// Clocks that were never set are before 2000-01-01T00:00:00Z, true times of live input are not; nor is a year of
    /// silence on its eve what a recording of that time would have.
    private static let neverSet = (before: Timestamp(nanoseconds: 946_684_800_000_000_000), farAhead: 31_557_600.0)
    /// Seconds behind the last row from which a run of late rows in a repeated hour is its second pass: clocks that are
    /// put right step by less.
    private static let smallestHiddenReturn = 300.0

    /// The interval as declared, in seconds.
    public let declaredInterval: Double?
    /// The interval in force, in seconds; `nil` before it is known.
    public private(set) var interval: Double?
    /// Whether rows keep to a grid: at least 4 of 5 distances lie within half an interval of a whole number of ticks
    /// and most are one tick. Off the grid nothing counts as missed.
    public private(set) var isRegular = true
    /// Rows refused as late so far.
    public private(set) var lateRows: UInt64 = 0
    /// Rows refused as duplicates so far.
    public private(set) var duplicateRows: UInt64 = 0
    /// Times that the clock was set.
    public private(set) var steps: UInt64 = 0
    /// The last row taken.
    public private(set) var last: Timestamp?

    private var distances: [Double] = []
    private var nextDistance = 0
    private var sinceMedian = 0
    /// Late rows in order up to now, and the last of them.
    private var lateRun: UInt8 = 0
    private var lastLate: Timestamp?

    /// Creates a clock.
    ///
    /// - Parameter interval: the declared interval in seconds, above 0; `nil` to learn it.
    public init(interval: Double? = nil) {
        declaredInterval = interval
        self.interval = interval
        distances.reserveCapacity(Self.remembered)
    }

    /// Which of two instants a row means whose local time clocks show twice, because they are set back.
    ///
    /// The one nearer to when the next row is due: while the clocks run on, the first; when they have gone back from
    /// 02:59:59 to 02:00:00, the second. A row that is a little late or doubled is so in either pass, and is not taken
    /// for the other one. When rows in order go on to be behind by more than clocks are ever put right by, an outage has
    /// hidden the end of the first pass, and the third of them is the second pass rather than a step.
    ///
    /// All that decides is part of the clock's state, so that a restart within the hour changes nothing. It changes
    /// nothing here: give the instant to ``admit(_:)``.
    /// - Parameters:
    ///   - first: the earlier instant.
    ///   - seconds: how much later the other one is; 0 when there is none.
    public func reading(_ first: Timestamp, repeatedAfter seconds: Int) -> Timestamp {
        guard seconds > 0, let last else { return first }
        let second = first.advanced(bySeconds: Double(seconds))
        let due = last.advanced(bySeconds: isRegular ? interval ?? 0 : 0)
        if second.seconds(since: due).magnitude <= first.seconds(since: due).magnitude { return second }
        if lateRun == Self.lateRowsUntilStep - 1, let lastLate, first > lastLate, second > last,
            last.seconds(since: first) > Self.smallestHiddenReturn
        {
            return second
        }
        return first
    }

    /// Takes a row's time.
    ///
    /// - Complexity: constant but for a sort of at most 64 numbers every 16th row; allocates nothing after the first
    ///   64 rows.
    public mutating func admit(_ time: Timestamp) -> Admission {
        guard let previous = last else {
            last = time
            return .onTime(missed: 0)
        }
        if time <= previous { return refuse(time, previous: previous) }
        endLateRun()
        let distance = time.seconds(since: previous)
        last = time
        if Self.isSet(from: previous, to: time, distance) {
            steps += 1
            return .stepped
        }
        let missed = missedTicks(in: distance)
        learn(distance)
        return .onTime(missed: missed)
    }

    /// Takes a row's time when it is known that the clock it is dated by was set since the last row: the grid begins again
    /// here, and the interval is kept.
    public mutating func admit(_ time: Timestamp, isSet: Bool) -> Admission {
        guard isSet, last != nil else { return admit(time) }
        endLateRun()
        last = time
        steps += 1
        return .stepped
    }

    private static func isSet(from previous: Timestamp, to time: Timestamp, _ distance: Double) -> Bool {
        if distance > farAhead { return true }
        return previous < neverSet.before && time >= neverSet.before && distance > neverSet.farAhead
    }

    private mutating func refuse(_ time: Timestamp, previous: Timestamp) -> Admission {
        if let lastLate, time <= lastLate { endLateRun() }
        if time == previous && lateRun == 0 {
            duplicateRows += 1
            return .duplicate
        }
        lateRun += 1
        lastLate = time
        if lateRun >= Self.lateRowsUntilStep {
            endLateRun()
            last = time
            steps += 1
            return .stepped
        }
        lateRows += 1
        return .late
    }

    private mutating func endLateRun() {
        lateRun = 0
        lastLate = nil
    }

    private func missedTicks(in distance: Double) -> Int {
        guard isRegular, let interval, interval > 0 else { return 0 }
        let ticks = (distance / interval).rounded()
        return ticks >= 2 ? Int(min(ticks - 1, 1e9)) : 0
    }

    private mutating func learn(_ distance: Double) {
        guard declaredInterval == nil else { return }
        if distances.count < Self.remembered {
            distances.append(distance)
        } else {
            distances[nextDistance] = distance
            nextDistance = (nextDistance + 1) % Self.remembered
        }
        sinceMedian += 1
        guard distances.count <= 8 || sinceMedian >= 16 else { return }
        sinceMedian = 0
        updateInterval()
    }

    private mutating func updateInterval() {
        let sorted = distances.sorted()
        let median = sorted[sorted.count / 2]
        interval = median
        var onGrid = 0
        var oneTick = 0
        for distance in distances {
            let ticks = (distance / median).rounded()
            if ticks >= 1 && (distance - ticks * median).magnitude <= 0.2 * median { onGrid += 1 }
            if ticks == 1 { oneTick += 1 }
        }
        isRegular = onGrid * 5 >= distances.count * 4 && oneTick * 2 >= distances.count
    }

    /// Writes the clock.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(declaredInterval ?? -1)
        writer.write(interval ?? -1)
        writer.write(isRegular)
        writer.write(lateRows)
        writer.write(duplicateRows)
        writer.write(steps)
        writer.write(last != nil)
        writer.write(last?.nanoseconds ?? 0)
        writer.write(distances)
        writer.write(UInt32(nextDistance))
        writer.write(UInt32(sinceMedian))
        // Room for each of them, of which only the last counts.
        writer.write(Array(repeating: lastLate?.nanoseconds ?? 0, count: Int(lateRun)))
    }

    /// Reads a clock.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a series clock") }
        let declared = try reader.readDouble()
        let learned = try reader.readDouble()
        self.init(interval: declared > 0 ? declared : nil)
        interval = learned > 0 ? learned : nil
        isRegular = try reader.readBool()
        lateRows = try reader.read()
        duplicateRows = try reader.read()
        steps = try reader.read()
        let hasLast = try reader.readBool()
        let nanoseconds: Int64 = try reader.read()
        last = hasLast ? Timestamp(nanoseconds: nanoseconds) : nil
        distances = try reader.readDoubles()
        nextDistance = Int(try reader.read(UInt32.self))
        sinceMedian = Int(try reader.read(UInt32.self))
        let lateRows = try reader.readIntegers(Int64.self)
        guard distances.count <= Self.remembered, nextDistance < Self.remembered,
            lateRows.count < Self.lateRowsUntilStep
        else { throw .invalid("a series clock with impossible counts") }
        lateRun = UInt8(lateRows.count)
        lastLate = lateRows.last.map(Timestamp.init(nanoseconds:))
    }
}
