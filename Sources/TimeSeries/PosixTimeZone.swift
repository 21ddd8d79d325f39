/// The rule of a POSIX `TZ` text: one offset, or two with the days on which clocks are changed every year.
///
/// `std offset [dst [offset] [,start[/time],end[/time]]]`, offsets west-positive: `CET-1CEST,M3.5.0,M10.5.0/3`,
/// `<+0330>-3:30`, `IST-1GMT0,M10.5.0,M3.5.0/1` (summer time that is behind). Days are `Mm.w.d`, `Jn` and `n`; times of
/// day reach from −167 to 167 hours (RFC 9636 section 3.3.2). Without days those of the United States hold, as in glibc.
struct PosixTimeZone: Equatable {
    /// A day of every year.
    enum Day: Equatable {
        /// `Jn`: 1 to 365, 29 February is not counted.
        case withoutLeapDay(Int)
        /// `n`: 0 to 365, 29 February is counted.
        case ofYear(Int)
        /// `Mm.w.d`: weekday `d` (0 is Sunday) in week `w` of month `m`; week 5 is the last.
        case weekday(month: Int, week: Int, day: Int)
    }

    /// A day with a time of day, by the clocks before the change.
    struct Moment: Equatable {
        var day: Day
        var secondOfDay = 7_200
    }

    /// The other offset and when it holds.
    struct Summer: Equatable {
        var offset: Int
        var begins: Moment
        var ends: Moment
    }

    /// Seconds east of UTC.
    var standardOffset: Int
    /// The other offset, when there is one.
    var summer: Summer?

    /// Reads a text; `nil` when it is none or when something follows.
    init?(_ bytes: [UInt8]) {
        var scanner = Scanner(bytes: bytes)
        guard scanner.skipName(), let west = scanner.clock(hours: 0...24) else { return nil }
        standardOffset = -west
        if scanner.isAtEnd { return }
        guard scanner.skipName() else { return nil }
        var offset = standardOffset + 3_600
        if !scanner.isAtEnd, scanner.next != UInt8(ascii: ",") {
            guard let west = scanner.clock(hours: 0...24) else { return nil }
            offset = -west
        }
        var begins = Moment(day: .weekday(month: 3, week: 2, day: 0))
        var ends = Moment(day: .weekday(month: 11, week: 1, day: 0))
        if !scanner.isAtEnd {
            guard let first = scanner.moment(), let second = scanner.moment(), scanner.isAtEnd else { return nil }
            (begins, ends) = (first, second)
        }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    /// The two changes that belong to a year, in order.
    func changes(in year: Int) -> [TimeZoneRules.Change] {
        guard let summer else { return [] }
        let begin = TimeZoneRules.Change(
            instant: summer.begins.localSeconds(in: year) - Int64(standardOffset), offset: summer.offset)
        let end = TimeZoneRules.Change(
            instant: summer.ends.localSeconds(in: year) - Int64(summer.offset), offset: standardOffset)
        return begin.instant <= end.instant ? [begin, end] : [end, begin]
    }
}

extension PosixTimeZone.Moment {
    /// Seconds from 1970 by the clocks before the change.
    func localSeconds(in year: Int) -> Int64 {
        let newYear = CivilTime(year: year, month: 1, day: 1).daysSinceEpoch
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let day: Int
        switch self.day {
        case .withoutLeapDay(let number): day = newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .ofYear(let number): day = newYear + number
        case .weekday(let month, let week, let weekday):
            let first = CivilTime(year: year, month: month, day: 1).daysSinceEpoch
            let next =
                month == 12
                ? CivilTime(year: year + 1, month: 1, day: 1).daysSinceEpoch
                : CivilTime(year: year, month: month + 1, day: 1).daysSinceEpoch
            // 1970-01-01 was a Thursday, day 4.
            let weekdayOfFirst = ((first + 4) % 7 + 7) % 7
            var found = first + (weekday - weekdayOfFirst + 7) % 7 + 7 * (week - 1)
            while found >= next { found -= 7 }
            day = found
        }
        return Int64(day) * 86_400 + Int64(secondOfDay)
    }
}

/// Walks over the bytes of a `TZ` text.
private struct Scanner {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { isAtEnd ? nil : bytes[position] }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Three letters or more, or anything of letters, digits and signs between `<` and `>`.
    mutating func skipName() -> Bool {
        let isQuoted = take(UInt8(ascii: "<"))
        let start = position
        while let byte = next {
            let isLetter = (65...90).contains(byte & 0xdf)
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            guard isLetter || isQuoted && ((48...57).contains(byte) || isSign) else { break }
            position += 1
        }
        let length = position - start
        return isQuoted ? length > 0 && take(UInt8(ascii: ">")) : length >= 3
    }

    /// A number of at most three digits.
    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        var value = 0
        var digits = 0
        while let byte = next, (48...57).contains(byte) {
            digits += 1
            guard digits <= 3 else { return nil }
            value = value * 10 + Int(byte) - 48
            position += 1
        }
        return digits > 0 && range.contains(value) ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func clock(hours range: ClosedRange<Int>) -> Int? {
        let isNegative = take(UInt8(ascii: "-"))
        if !isNegative { _ = take(UInt8(ascii: "+")) }
        guard let hours = number(range) else { return nil }
        var seconds = hours * 3_600
        if take(UInt8(ascii: ":")) {
            guard let minutes = number(0...59) else { return nil }
            seconds += minutes * 60
            if take(UInt8(ascii: ":")) {
                guard let rest = number(0...59) else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// `,day[/time]`.
    mutating func moment() -> PosixTimeZone.Moment? {
        guard take(UInt8(ascii: ",")), let day = day() else { return nil }
        guard take(UInt8(ascii: "/")) else { return PosixTimeZone.Moment(day: day) }
        guard let time = clock(hours: 0...167) else { return nil }
        return PosixTimeZone.Moment(day: day, secondOfDay: time)
    }

    private mutating func day() -> PosixTimeZone.Day? {
        if take(UInt8(ascii: "J")) { return number(1...365).map { .withoutLeapDay($0) } }
        guard take(UInt8(ascii: "M")) else { return number(0...365).map { .ofYear($0) } }
        guard let month = number(1...12), take(UInt8(ascii: ".")), let week = number(1...5),
            take(UInt8(ascii: ".")), let day = number(0...6)
        else { return nil }
        return .weekday(month: month, week: week, day: day)
    }
}
