import TimeSeries

/// How the time of a line is written.
enum TimeFormat: Equatable, Sendable {
    /// A number since 1970; `nanosecondDigits` is 9 for seconds, 6 for milliseconds, 3 for microseconds, 0 for nanoseconds.
    case epoch(nanosecondDigits: Int)
    /// A date, with or without a time of day and a zone.
    case calendar

    /// The unit of epoch numbers of this size: seconds below 10^11, then milliseconds, microseconds, nanoseconds.
    static func epoch(largest magnitude: Double) -> TimeFormat {
        if magnitude < 1e11 { return .epoch(nanosecondDigits: 9) }
        if magnitude < 1e14 { return .epoch(nanosecondDigits: 6) }
        return .epoch(nanosecondDigits: magnitude < 1e17 ? 3 : 0)
    }

    /// In words, for the summary.
    var summary: String {
        switch self {
        case .epoch(9): "epoch seconds"
        case .epoch(6): "epoch milliseconds"
        case .epoch(3): "epoch microseconds"
        case .epoch: "epoch nanoseconds"
        case .calendar: "ISO 8601"
        }
    }
}

/// Reads times out of bytes.
///
/// Calendar forms: `2026-11-21T02:15:40.123Z` with `T` or a space, `/` for `-`, without seconds, without a time of day,
/// decimals after `.` or `,` (digits past the ninth are dropped), a zone as `Z`, `UTC`, `+01:00`, `+0100` or `+01`; and
/// the European `21.11.2026 02:15:40`. A time without a zone is read in the zone that the caller gives.
enum TimeParser {
    /// A time that was read: the instant when a zone stands beside it, else what clocks show, as if they were at UTC.
    struct Reading: Equatable, Sendable {
        var time: Timestamp
        var hasZone: Bool

        /// The instant, when clocks keep the time of a zone. In an hour that clocks skip it is that of the clocks
        /// before.
        func instant(in zone: TimeZoneRules) -> Instant {
            if hasZone { return Instant(time: time) }
            switch zone.utc(ofLocal: time) {
            case .unique(let time), .skipped(let time): return Instant(time: time)
            case .ambiguous(let first, let second):
                return Instant(time: first, repeatedAfter: Int32(clamping: Int(second.seconds(since: first))))
            }
        }
    }

    /// An instant, or the first of two between which the rows before must decide.
    struct Instant: Equatable, Sendable {
        var time: Timestamp
        /// Seconds to the second one; 0 when there is none.
        var repeatedAfter: Int32 = 0
    }

    /// What stands after the time of day.
    private enum Zone: Equatable {
        case unnamed
        /// Seconds east of UTC.
        case offset(Int)
    }

    /// Reads a field; spaces around it do not count.
    static func parse(
        _ bytes: Span<UInt8>, _ field: Range<Int>, as format: TimeFormat, in zone: TimeZoneRules
    ) -> Instant? {
        let range = trimmed(bytes, field)
        switch format {
        case .epoch(let digits):
            let time = epoch(bytes, range, nanosecondDigits: digits) ?? (digits == 9 ? epochBySize(bytes, range) : nil)
            return time.map { Instant(time: $0) }
        case .calendar: return calendar(bytes, range)?.instant(in: zone)
        }
    }

    /// A number that is too large for seconds, in the unit that its size tells: the clock of a machine that counts
    /// milliseconds stood near 1970, where they look like seconds, when the first lines were written.
    private static func epochBySize(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Timestamp? {
        guard case .number(let value) = NumberParser().parse(bytes, range),
            case .epoch(let digits) = TimeFormat.epoch(largest: value.magnitude), digits < 9
        else { return nil }
        return epoch(bytes, range, nanosecondDigits: digits)
    }

    /// A number since 1970, exact to the nanosecond; an exponent is read through a Double.
    static func epoch(_ bytes: Span<UInt8>, _ range: Range<Int>, nanosecondDigits: Int) -> Timestamp? {
        var index = range.lowerBound
        guard index < range.upperBound else { return nil }
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var whole: Int64 = 0
        var digits = 0
        while digits <= 8, range.upperBound - index >= 8, let eight = bytes.digits(index..<(index + 8)) {
            whole = whole * 100_000_000 + Int64(eight)
            digits += 8
            index += 8
        }
        while index < range.upperBound, bytes[index] &- 48 <= 9 {
            guard digits < 18 || whole <= 922_337_203_685_477_579 else { return nil }
            whole = whole * 10 + Int64(bytes[index] &- 48)
            digits += 1
            index += 1
        }
        guard digits > 0 else { return nil }
        var left = nanosecondDigits
        if index < range.upperBound, bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ",") {
            index += 1
            // As a rule all decimals at once; eleven digits before them leave room for eight.
            if range.upperBound - index <= left, whole < 92_233_720_368,
                let decimals = bytes.digits(index..<range.upperBound)
            {
                for _ in index..<range.upperBound { whole *= 10 }
                whole += Int64(decimals)
                left -= range.upperBound - index
                index = range.upperBound
            }
            while index < range.upperBound, bytes[index] &- 48 <= 9 {
                if left > 0 {
                    guard whole <= 922_337_203_685_477_579 else { return nil }
                    whole = whole * 10 + Int64(bytes[index] &- 48)
                    left -= 1
                }
                index += 1
            }
        }
        guard index == range.upperBound else { return exponent(bytes, range, nanosecondDigits) }
        for _ in 0..<left {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            whole = product
        }
        return Timestamp(nanoseconds: isNegative ? -whole : whole)
    }

    private static func exponent(_ bytes: Span<UInt8>, _ range: Range<Int>, _ nanosecondDigits: Int) -> Timestamp? {
        guard case .number(let value) = NumberParser().parse(bytes, range) else { return nil }
        var scale = 1.0
        for _ in 0..<(9 - nanosecondDigits) { scale *= 10 }
        return Timestamp(seconds: value / scale)
    }

    /// A date with a time of day and a zone if they are there.
    static func calendar(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Reading? {
        var index = range.lowerBound
        guard var civil = date(bytes, range, &index) else { return nil }
        guard index < range.upperBound else { return reading(civil, zone: .unnamed) }
        guard bytes[index] | 0x20 == UInt8(ascii: "t") || bytes[index] == 32 else { return nil }
        index += 1
        guard clock(bytes, range, &index, &civil), let zone = zone(bytes, range, &index) else { return nil }
        return reading(civil, zone: zone)
    }

    /// A date in one field and a time of day in another.
    static func dateAndClock(_ bytes: Span<UInt8>, date dateField: Range<Int>, clock clockField: Range<Int>) -> Reading?
    {
        let dateRange = trimmed(bytes, dateField)
        let clockRange = trimmed(bytes, clockField)
        var index = dateRange.lowerBound
        guard var civil = date(bytes, dateRange, &index), index == dateRange.upperBound else { return nil }
        index = clockRange.lowerBound
        guard clock(bytes, clockRange, &index, &civil), let zone = zone(bytes, clockRange, &index) else { return nil }
        return reading(civil, zone: zone)
    }

    private static func reading(_ civil: CivilTime, zone: Zone) -> Reading? {
        guard civil.isValid else { return nil }
        let utc = civil.utc
        guard case .offset(let seconds) = zone else { return Reading(time: utc, hasZone: false) }
        return Reading(
            time: Timestamp(nanoseconds: utc.nanoseconds - Int64(seconds) * 1_000_000_000), hasZone: true)
    }

    private static func date(_ bytes: Span<UInt8>, _ range: Range<Int>, _ index: inout Int) -> CivilTime? {
        guard range.count >= 10 else { return nil }
        let start = range.lowerBound
        let separator = bytes[start + 4]
        if separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") {
            guard bytes[start + 7] == separator, let year = number(bytes, start, 4),
                let month = number(bytes, start + 5, 2),
                let day = number(bytes, start + 8, 2)
            else { return nil }
            index = start + 10
            return CivilTime(year: year, month: month, day: day)
        }
        guard bytes[start + 2] == UInt8(ascii: "."), bytes[start + 5] == UInt8(ascii: "."),
            let day = number(bytes, start, 2), let month = number(bytes, start + 3, 2),
            let year = number(bytes, start + 6, 4)
        else { return nil }
        index = start + 10
        return CivilTime(year: year, month: month, day: day)
    }

    /// `HH:MM[:SS[.decimals]]`.
    private static func clock(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ index: inout Int, _ civil: inout CivilTime
    ) -> Bool {
        guard range.upperBound - index >= 5, let hour = number(bytes, index, 2), bytes[index + 2] == UInt8(ascii: ":"),
            let minute = number(bytes, index + 3, 2)
        else { return false }
        civil.hour = hour
        civil.minute = minute
        index += 5
        guard index < range.upperBound, bytes[index] == UInt8(ascii: ":") else { return true }
        guard range.upperBound - index >= 3, let second = number(bytes, index + 1, 2) else { return false }
        civil.second = second
        index += 3
        guard index < range.upperBound, bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ",") else {
            return true
        }
        index += 1
        var unit = 100_000_000
        let first = index
        while index < range.upperBound, bytes[index] &- 48 <= 9 {
            civil.nanosecond += Int(bytes[index] &- 48) * unit
            unit /= 10
            index += 1
        }
        return index > first
    }

    /// What stands after the time of day: nothing, or a zone; `nil` when it is something else.
    private static func zone(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ index: inout Int
    ) -> Zone? {
        guard index < range.upperBound else { return .unnamed }
        if bytes[index] == 32 { index += 1 }
        let left = range.upperBound - index
        guard left > 0 else { return nil }
        let first = bytes[index]
        if left == 1, first | 0x20 == UInt8(ascii: "z") { return .offset(0) }
        if left == 3, matches(bytes, index..<range.upperBound, Array("UTC".utf8)) { return .offset(0) }
        guard first == UInt8(ascii: "+") || first == UInt8(ascii: "-"), left >= 3,
            let hours = number(bytes, index + 1, 2), hours <= 18
        else { return nil }
        var minutes = 0
        switch left {
        case 3: break
        case 5:
            guard let number = number(bytes, index + 3, 2) else { return nil }
            minutes = number
        case 6:
            guard bytes[index + 3] == UInt8(ascii: ":"), let number = number(bytes, index + 4, 2) else { return nil }
            minutes = number
        default: return nil
        }
        guard minutes < 60 else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return .offset(first == UInt8(ascii: "-") ? -seconds : seconds)
    }

    private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
        var value = 0
        for index in start..<(start + count) {
            let digit = bytes[index] &- 48
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
