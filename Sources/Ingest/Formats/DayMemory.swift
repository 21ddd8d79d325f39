import TimeSeries

/// Reads times, and of the day of the one before only what stands behind the date.
///
///     2026-11-21 | T02:15:40.123 | Z         21.11.2026 |  02:15:40 |
///     the same     read            the same
///
/// The instant is the one that ``TimeParser`` gives: seconds count evenly from midnight on where the text names its zone or the
/// zone in force is UTC; elsewhere nothing is remembered.
struct DayMemory: Sendable {
    private static let dateLength = 10
    private static let longestZone = 8

    /// What stands behind a date.
    private struct Clock {
        /// Since midnight.
        var nanoseconds: Int64
        /// What is left behind the time of day: the zone.
        var zone: Range<Int>
    }

    private var date: [UInt8] = []
    private var zoneText: [UInt8] = []
    /// The day's first instant.
    private var midnight: Int64 = 0

    /// As ``TimeParser/parse(_:_:as:in:)``.
    mutating func parse(
        _ bytes: Span<UInt8>, _ field: Range<Int>, as format: TimeFormat, in zone: TimeZoneRules
    ) -> TimeParser.Instant? {
        guard case .calendar = format else { return TimeParser.parse(bytes, field, as: format, in: zone) }
        let range = trimmed(bytes, field)
        let clock = Self.clock(bytes, range)
        if let clock, !date.isEmpty, bytes.has(date.span, at: range.lowerBound), clock.zone.count == zoneText.count,
            bytes.has(zoneText.span, at: clock.zone.lowerBound)
        {
            let (time, overflow) = midnight.addingReportingOverflow(clock.nanoseconds)
            if !overflow { return TimeParser.Instant(time: Timestamp(nanoseconds: time)) }
        }
        let instant = TimeParser.parse(bytes, range, as: format, in: zone)
        if let clock, let instant { remember(bytes, range, clock, instant, isEven: zone.isUTC) }
        return instant
    }

    private mutating func remember(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ clock: Clock, _ instant: TimeParser.Instant, isEven: Bool
    ) {
        date.removeAll(keepingCapacity: true)
        guard isEven || !clock.zone.isEmpty, clock.zone.count <= Self.longestZone, instant.repeatedAfter == 0 else {
            return
        }
        let (first, overflow) = instant.time.nanoseconds.subtractingReportingOverflow(clock.nanoseconds)
        guard !overflow else { return }
        date.append(bytes.extracting(range.lowerBound..<(range.lowerBound + Self.dateLength)))
        zoneText.removeAll(keepingCapacity: true)
        zoneText.append(bytes.extracting(clock.zone))
        midnight = first
    }

    /// `THH:MM:SS` with decimals if there are any; `nil` for what is written otherwise, a leap second among it.
    @inline(__always)
    private static func clock(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Clock? {
        var index = range.lowerBound + dateLength
        guard index + 9 <= range.upperBound, bytes[index] | 0x20 == UInt8(ascii: "t") || bytes[index] == 32,
            bytes[index + 3] == UInt8(ascii: ":"), bytes[index + 6] == UInt8(ascii: ":"),
            let hour = number(bytes, index + 1, below: 24), let minute = number(bytes, index + 4, below: 60),
            let second = number(bytes, index + 7, below: 60)
        else { return nil }
        var nanoseconds = (hour * 3_600 + minute * 60 + second) * 1_000_000_000
        index += 9
        if index < range.upperBound, bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ",") {
            index += 1
            let first = index
            var unit: Int64 = 100_000_000
            while index < range.upperBound, bytes[index] &- 48 <= 9 {
                nanoseconds += Int64(bytes[index] &- 48) * unit
                unit /= 10
                index += 1
            }
            guard index > first else { return nil }
        }
        return Clock(nanoseconds: nanoseconds, zone: index..<range.upperBound)
    }

    /// Two digits.
    @inline(__always)
    private static func number(_ bytes: Span<UInt8>, _ index: Int, below end: Int64) -> Int64? {
        let (tens, ones) = (bytes[index] &- 48, bytes[index + 1] &- 48)
        guard tens <= 9, ones <= 9 else { return nil }
        let number = Int64(tens) * 10 + Int64(ones)
        return number < end ? number : nil
    }
}
