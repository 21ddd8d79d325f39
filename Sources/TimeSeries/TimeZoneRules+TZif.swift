extension TimeZoneRules {
    /// Changes that a file may list; the zone with the most has about 240.
    static let mostChanges = 4_096
    /// Offsets that can be, in seconds: more than a day either way is none (RFC 9636 section 3.2).
    static let offsetRange = -89_999...93_599
    /// A little more than what a ``Timestamp`` can say, in seconds since 1970.
    private static let sayable: ClosedRange<Int64> = -9_300_000_000...9_300_000_000

    /// Reads a TZif file of any version: the 64-bit block, and the footer for the times behind it.
    ///
    /// Leap seconds are left aside, and ``note`` says so: event time has none. Names and the marks of summer time are
    /// not kept.
    ///
    /// - Parameters:
    ///   - name: the zone's name.
    ///   - bytes: the file.
    /// - Throws: ``TimeZoneError``; any bytes at all are either rules or an error.
    public init(name: String, tzif bytes: [UInt8]) throws(TimeZoneError) {
        var reader = TZifReader(bytes: bytes)
        var header = try TZifHeader(from: &reader)
        var footer: [UInt8] = []
        var wide = false
        if header.version >= UInt8(ascii: "2") {
            try reader.skip(header.blockBytes(timeBytes: 4), "the 32-bit data")
            header = try TZifHeader(from: &reader)
            wide = true
        }
        let block = try TZifBlock(header, wide: wide, from: &reader)
        if wide { footer = try reader.footer() }

        var changes = ChangeList(before: block.firstOffset)
        // Changes before the first instant that can be said set what holds at it.
        for change in block.changes where change.instant <= Self.sayable.upperBound {
            if change.instant < Self.sayable.lowerBound {
                changes.firstOffset = change.offset
            } else {
                changes.append(change)
            }
        }
        if !footer.isEmpty {
            guard let rule = PosixTimeZone(footer) else {
                throw .damaged("its rule `\(String(decoding: footer.prefix(60), as: UTF8.self))` cannot be read")
            }
            if block.changes.isEmpty { changes.firstOffset = rule.standardOffset }
            changes.append(rule, after: block.changes.last?.instant)
        }
        let note =
            header.leapSeconds == 0
            ? nil : "its \(header.leapSeconds) leap seconds are ignored: times are counted without them"
        self.init(name: name, changes: changes.all, firstOffset: changes.firstOffset, note: note)
    }

    /// Reads a POSIX `TZ` text such as `CET-1CEST,M3.5.0,M10.5.0/3`; `nil` when it is none.
    public init?(name: String, posix text: String) {
        guard let rule = PosixTimeZone(Array(text.utf8)) else { return nil }
        var changes = ChangeList(before: rule.standardOffset)
        changes.append(rule, after: nil)
        self.init(name: name, changes: changes.all, firstOffset: changes.firstOffset)
    }
}

/// Changes in rising order, without those that change nothing.
private struct ChangeList {
    var firstOffset: Int
    private(set) var all: [TimeZoneRules.Change] = []

    init(before offset: Int) { firstOffset = offset }

    mutating func append(_ change: TimeZoneRules.Change) {
        if let last = all.last {
            if change.instant < last.instant { return }
            // Summer time all the year round is written as an end and a beginning at one instant: the later rule holds.
            if change.instant == last.instant { all.removeLast() }
        }
        if change.offset != all.last?.offset ?? firstOffset { all.append(change) }
    }

    /// Writes a rule out for the years behind an instant, or for all years.
    mutating func append(_ rule: PosixTimeZone, after instant: Int64?) {
        let years = 1_677...2_263
        let begin = instant.map { CivilTime(utc: Timestamp(nanoseconds: clamped($0))).year } ?? years.lowerBound
        guard begin <= years.upperBound else { return }
        if rule.summer == nil, let instant {
            return append(TimeZoneRules.Change(instant: instant, offset: rule.standardOffset))
        }
        for year in max(years.lowerBound, begin - 1)...years.upperBound {
            for change in rule.changes(in: year) where instant.map({ change.instant > $0 }) ?? true { append(change) }
        }
    }

    private func clamped(_ seconds: Int64) -> Int64 { max(-9_223_372_036, min(9_223_372_036, seconds)) * 1_000_000_000 }
}

/// The counts at the head of a data block.
private struct TZifHeader {
    var version: UInt8
    var leapSeconds: Int
    private var utcMarks: Int
    private var standardMarks: Int
    var changes: Int
    var types: Int
    private var nameBytes: Int

    init(from reader: inout TZifReader) throws(TimeZoneError) {
        guard try reader.number(4, "its header") == 0x545a_6966 else { throw .notTZif }
        version = UInt8(truncatingIfNeeded: try reader.number(1, "its header"))
        try reader.skip(15, "its header")
        utcMarks = Int(try reader.number(4, "its header"))
        standardMarks = Int(try reader.number(4, "its header"))
        leapSeconds = Int(try reader.number(4, "its header"))
        changes = Int(try reader.number(4, "its header"))
        types = Int(try reader.number(4, "its header"))
        nameBytes = Int(try reader.number(4, "its header"))
    }

    /// Bytes behind the types: names, leap seconds, marks.
    func restBytes(timeBytes: Int) -> Int {
        nameBytes + leapSeconds * (timeBytes + 4) + standardMarks + utcMarks
    }

    /// Bytes of the whole block; six counts of 32 bits cannot overflow it.
    func blockBytes(timeBytes: Int) -> Int { changes * (timeBytes + 1) + types * 6 + restBytes(timeBytes: timeBytes) }
}

/// A data block: when the offset changes, and to what.
private struct TZifBlock {
    var firstOffset: Int
    var changes: [TimeZoneRules.Change] = []

    init(_ header: TZifHeader, wide: Bool, from reader: inout TZifReader) throws(TimeZoneError) {
        let timeBytes = wide ? 8 : 4
        guard header.blockBytes(timeBytes: timeBytes) <= reader.remaining else {
            throw .truncated(reading: "its data")
        }
        guard header.changes <= TimeZoneRules.mostChanges else { throw .damaged("\(header.changes) changes") }
        guard (1...256).contains(header.types) else { throw .damaged("\(header.types) kinds of local time") }
        var instants: [Int64] = []
        for _ in 0..<header.changes {
            let bits = try reader.number(timeBytes, "its changes")
            let instant = wide ? Int64(bitPattern: bits) : Int64(Int32(truncatingIfNeeded: bits))
            if let last = instants.last, instant <= last { throw .damaged("its changes are not in order") }
            instants.append(instant)
        }
        var kinds: [Int] = []
        for _ in 0..<header.changes { kinds.append(Int(try reader.number(1, "its changes"))) }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            let offset = Int(Int32(truncatingIfNeeded: try reader.number(4, "its offsets")))
            guard TimeZoneRules.offsetRange.contains(offset) else { throw .damaged("an offset of \(offset) s") }
            offsets.append(offset)
            try reader.skip(2, "its offsets")
        }
        firstOffset = offsets[0]
        for (instant, kind) in zip(instants, kinds) {
            guard offsets.indices.contains(kind) else { throw .damaged("an unknown kind of local time") }
            changes.append(TimeZoneRules.Change(instant: instant, offset: offsets[kind]))
        }
        try reader.skip(header.restBytes(timeBytes: timeBytes), "its names")
    }
}

/// Reads big-endian numbers; every read is bounded by the bytes that are left.
private struct TZifReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func number(_ count: Int, _ what: String) throws(TimeZoneError) -> UInt64 {
        guard remaining >= count else { throw .truncated(reading: what) }
        var value: UInt64 = 0
        for index in position..<(position + count) { value = value << 8 | UInt64(bytes[index]) }
        position += count
        return value
    }

    mutating func skip(_ count: Int, _ what: String) throws(TimeZoneError) {
        guard remaining >= count else { throw .truncated(reading: what) }
        position += count
    }

    /// The line between the last two line ends; empty when there is none.
    mutating func footer() throws(TimeZoneError) -> [UInt8] {
        guard remaining > 0 else { return [] }
        guard bytes[position] == UInt8(ascii: "\n") else { throw .damaged("no rule behind its data") }
        let rest = bytes[(position + 1)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw .truncated(reading: "its rule") }
        return Array(rest[..<end])
    }
}
