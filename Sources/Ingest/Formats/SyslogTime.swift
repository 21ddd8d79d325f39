import TimeSeries

/// The time of a syslog line of old (RFC 3164): `Nov 21 02:15:40`, without a year and without a zone.
///
/// *Which year.* When the arrival of the line is known, it is the newest one in which the time is not more than a day behind
/// it: lines are written before they arrive, but for a clock that is a little ahead. Without an arrival it is the year in
/// which the time is nearest to the line before; so the turn of a year is followed in either case. The first line of a
/// recording takes the year of the first lines that name one, and if none does, 2000.
///
/// Some devices write the year (`Nov 21 2026 02:15:40`) or decimals of the second; both are read. Source: RFC 3164, 4.1.2.
struct SyslogTime: Equatable {
    /// The year of recordings that name none: a leap year, so that every day is in it.
    static let assumedYear = 2_000
    /// Seconds by which a clock may be ahead of ours before its time is taken to be of the year before.
    static let aheadAtMost = 86_400.0

    private var civil: CivilTime
    /// Whether the year is written.
    private(set) var hasYear = false
    /// Where it ends.
    private(set) var end: Int

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ].map { Array($0.utf8) }

    /// Reads a time at a place; `nil` when none stands there.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard bytes.count - start >= 15, bytes[start + 3] == 32,
            let month = Self.months.firstIndex(where: { name in
                name.indices.allSatisfy { bytes[start + $0] | 0x20 == name[$0] }
            })
        else { return nil }
        var index = start + 4
        if bytes[index] == 32 { index += 1 }
        guard let day = Self.number(bytes, &index, most: 2), index < bytes.count, bytes[index] == 32 else { return nil }
        index += 1
        civil = CivilTime(year: Self.assumedYear, month: month + 1, day: day)
        end = index
        var place = index
        if let year = Self.number(bytes, &place, most: 4), place - index == 4, place < bytes.count, bytes[place] == 32 {
            civil.year = year
            hasYear = true
            index = place + 1
        }
        guard let hour = Self.part(bytes, &index, isLast: false), let minute = Self.part(bytes, &index, isLast: false),
            let second = Self.part(bytes, &index, isLast: true)
        else { return nil }
        (civil.hour, civil.minute, civil.second) = (hour, minute, second)
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), bytes[index + 1] &- 48 <= 9 {
            index += 1
            var unit = 100_000_000
            while index < bytes.count, bytes[index] &- 48 <= 9 {
                civil.nanosecond += Int(bytes[index] &- 48) * unit
                unit /= 10
                index += 1
            }
        }
        // Without a year this is checked in a leap year, which has every date that exists.
        guard civil.isValid else { return nil }
        end = index
    }

    /// Two digits, and the colon behind them.
    private static func part(_ bytes: Span<UInt8>, _ index: inout Int, isLast: Bool) -> Int? {
        let first = index
        guard let value = number(bytes, &index, most: 2), index - first == 2 else { return nil }
        if isLast { return value }
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        return value
    }

    private static func number(_ bytes: Span<UInt8>, _ index: inout Int, most: Int) -> Int? {
        var value = 0
        let first = index
        while index < bytes.count, index - first < most, bytes[index] &- 48 <= 9 {
            value = value * 10 + Int(bytes[index] &- 48)
            index += 1
        }
        return index > first ? value : nil
    }

    /// The instant.
    ///
    /// - Parameters:
    ///   - arrival: of the line; `nil` in a replay.
    ///   - last: the time of the line before.
    /// - Returns: `nil` when no year near them has that day.
    func instant(in zone: TimeZoneRules, arrival: Timestamp?, near last: Timestamp?) -> TimeParser.Instant? {
        if hasYear { return instant(year: civil.year, zone) }
        if let arrival {
            let latest = arrival.advanced(bySeconds: Self.aheadAtMost)
            let newest = CivilTime(utc: latest).year + 1
            // Between two 29ths of February lie eight years at most.
            for year in (newest - 9...newest).reversed() {
                if let found = instant(year: year, zone), found.time <= latest { return found }
            }
            return nil
        }
        guard let last else { return instant(year: Self.assumedYear, zone) }
        let year = CivilTime(utc: last).year
        let found = nearest(year - 1...year + 1, to: last) ?? nearest(year - 8...year + 8, to: last)
        return found.flatMap { instant(year: $0, zone) }
    }

    /// The year in which the clock time is nearest to an instant; the offset of the zone does not matter here.
    private func nearest(_ years: ClosedRange<Int>, to last: Timestamp) -> Int? {
        var best: (year: Int, distance: Double)?
        for year in years {
            var civil = civil
            civil.year = year
            guard civil.isValid else { continue }
            let distance = civil.utc.seconds(since: last).magnitude
            if distance < best?.distance ?? .infinity { best = (year, distance) }
        }
        return best?.year
    }

    private func instant(year: Int, _ zone: TimeZoneRules) -> TimeParser.Instant? {
        var civil = civil
        civil.year = year
        return civil.isValid ? TimeParser.Reading(time: civil.utc, hasZone: false).instant(in: zone) : nil
    }
}
