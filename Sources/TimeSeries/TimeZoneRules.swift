/// The civil time of one zone: how far it is from UTC at every instant.
///
/// A list of the instants at which the offset changes, searched by halves. Rules for the years behind the list (the footer
/// of a TZif file, a POSIX `TZ` text) are written out once, to the end of what a ``Timestamp`` can say, so that a lookup
/// is the same at all times and allocates nothing. Civil time is what clocks on the wall show; summer time is no matter of
/// its own here, only another offset.
///
/// Sources: RFC 9636 (TZif), POSIX.1-2024 section 8.3 (`TZ`).
public struct TimeZoneRules: Equatable, Sendable {
    /// What a civil time means at UTC.
    public enum LocalReading: Equatable, Sendable {
        /// The one instant at which clocks show it.
        case unique(Timestamp)
        /// Clocks show it twice, because they are set back.
        case ambiguous(first: Timestamp, second: Timestamp)
        /// Clocks never show it, because they are set forward: the instant by the offset before the change.
        case skipped(Timestamp)

        /// The only, the first or the nearest instant.
        public var first: Timestamp {
            switch self {
            case .unique(let time), .ambiguous(first: let time, second: _), .skipped(let time): time
            }
        }
    }

    /// Universal time, which needs no file.
    public static let utc = TimeZoneRules(name: "UTC", changes: [], firstOffset: 0)

    /// The zone's name: `Europe/Berlin`.
    public let name: String
    /// What was left aside when the rules were read; `nil` for nothing.
    public let note: String?
    /// The offset before the first change, in seconds east of UTC.
    private let firstOffset: Int
    /// Seconds since 1970 at which the offset changes, rising.
    private let instants: [Int64]
    /// The offset from each of them on.
    private let offsets: [Int32]
    private let lowest: Int
    private let highest: Int

    /// A change of the offset.
    struct Change: Equatable {
        /// Seconds since 1970.
        var instant: Int64
        /// Seconds east of UTC from then on.
        var offset: Int
    }

    /// Creates rules.
    ///
    /// - Precondition: the instants rise.
    init(name: String, changes: [Change], firstOffset: Int, note: String? = nil) {
        self.name = name
        self.note = note
        self.firstOffset = firstOffset
        instants = changes.map(\.instant)
        offsets = changes.map { Int32($0.offset) }
        lowest = changes.reduce(firstOffset) { min($0, $1.offset) }
        highest = changes.reduce(firstOffset) { max($0, $1.offset) }
    }

    /// Whether clocks always show UTC.
    public var isUTC: Bool { lowest == 0 && highest == 0 }

    /// Seconds by which clocks are ahead of UTC (east is positive) at an instant.
    ///
    /// - Complexity: O(log n) in the changes of the zone, at most about 800.
    public func offset(atUTC instant: Timestamp) -> Int {
        offset(ofSpan: changesUpTo(floorDivide(instant.nanoseconds, 1_000_000_000)))
    }

    /// What clocks show at an instant, as the instant at which clocks at UTC show the same; saturating.
    public func civil(atUTC instant: Timestamp) -> Timestamp { Self.shift(instant, by: offset(atUTC: instant)) }

    /// The instants at which clocks show a civil time.
    ///
    /// - Parameter civil: the civil time read as if it were UTC, see ``CivilTime/utc``.
    public func utc(ofLocal civil: Timestamp) -> LocalReading {
        if instants.isEmpty { return .unique(Self.shift(civil, by: -firstOffset)) }
        let local = floorDivide(civil.nanoseconds, 1_000_000_000)
        // No span that begins later, and none that ends earlier, can hold it.
        let last = changesUpTo(local - Int64(lowest))
        var span = changesUpTo(local - Int64(highest))
        var found: Int?
        var gap = span
        while span <= last {
            let offset = offset(ofSpan: span)
            let utc = local - Int64(offset)
            let begins = span == 0 || instants[span - 1] <= utc
            let ends = span < instants.count && utc >= instants[span]
            if begins && !ends {
                let instant = Self.shift(civil, by: -offset)
                guard let first = found else {
                    found = offset
                    span += 1
                    continue
                }
                return .ambiguous(first: Self.shift(civil, by: -first), second: instant)
            }
            if ends { gap = span }
            span += 1
        }
        if let found { return .unique(Self.shift(civil, by: -found)) }
        return .skipped(Self.shift(civil, by: -offset(ofSpan: gap)))
    }

    /// Number of changes at or before an instant: the number of the span that it lies in.
    private func changesUpTo(_ seconds: Int64) -> Int {
        var low = 0
        var high = instants.count
        while low < high {
            let middle = (low + high) / 2
            if instants[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func offset(ofSpan span: Int) -> Int { span == 0 ? firstOffset : Int(offsets[span - 1]) }

    private static func shift(_ instant: Timestamp, by seconds: Int) -> Timestamp {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(Int64(seconds) * 1_000_000_000)
        return Timestamp(nanoseconds: overflow ? (seconds > 0 ? .max : .min) : sum)
    }
}

/// Why the rules of a zone could not be read.
public enum TimeZoneError: Error, Equatable, CustomStringConvertible {
    /// The bytes are no TZif file.
    case notTZif
    /// The file ends within something.
    case truncated(reading: String)
    /// Something in it cannot be.
    case damaged(String)

    /// What is wrong, in one line.
    public var description: String {
        switch self {
        case .notTZif: "it is no time zone file (TZif)"
        case .truncated(let what): "it ends within \(what)"
        case .damaged(let what): "it is damaged: \(what)"
        }
    }
}
