import Ingest
import TimeSeries

/// Where local civil time stands against UTC: a zone of the system by name, UTC, or a fixed offset such as `+02:00`.
struct CivilZone {
    private let rules: TimeZoneRules

    /// Finds a zone.
    ///
    /// - Throws: `TimeZoneLoadingError` when the system knows no such zone.
    init(named name: String, _ zones: SystemTimeZones) throws(TimeZoneLoadingError) {
        guard let seconds = Self.fixedOffset(name) else {
            rules = try zones.rules(named: name)
            return
        }
        // A zone without changes, in the words of POSIX, whose offsets count westwards.
        let minutes = abs(seconds) / 60
        let offset = "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
        let posix = seconds == 0 ? "UTC0" : "<\(seconds > 0 ? "+" : "-")\(minutes)>\(seconds > 0 ? "-" : "")\(offset)"
        guard let fixed = TimeZoneRules(name: name, posix: posix) else { throw .invalidName(name) }
        rules = fixed
    }

    /// A zone whose rules are known.
    init(rules: TimeZoneRules) { self.rules = rules }

    /// Seconds east of UTC at an instant.
    func offset(_ instant: Timestamp) -> Int { rules.offset(atUTC: instant) }

    /// The instant at which clocks in the zone show `civil`; the first of two.
    ///
    /// - Precondition: `civil.isValid`.
    func instant(_ civil: CivilTime) -> Timestamp { rules.utc(ofLocal: civil.utc).first }

    /// Seconds of `UTC`, `Z`, `+HH:MM`, `-HHMM` or `+HH`.
    static func fixedOffset(_ text: String) -> Int? {
        if ["utc", "z", "gmt", "etc/utc"].contains(text.lowercased()) { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let hours = Int(digits.prefix(2)), hours <= 18, let minutes = Int("0" + digits.dropFirst(2)), minutes < 60
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}

/// A moment as clocks on the wall show it.
struct LocalMoment {
    /// Civil days since 1970-01-01.
    var day: Int
    /// 0 up to 86,400.
    var secondOfDay: Double

    /// 0 for Monday to 6 for Sunday.
    var weekday: Int { (day + 3) - 7 * (day + 3 >= 0 ? (day + 3) / 7 : (day - 3) / 7) }

    /// The moment some hours later on the same clock; less than a day either way.
    func advanced(byHours hours: Double) -> LocalMoment {
        let second = secondOfDay + hours * 3_600
        if second < 0 { return LocalMoment(day: day - 1, secondOfDay: second + 86_400) }
        if second >= 86_400 { return LocalMoment(day: day + 1, secondOfDay: second - 86_400) }
        return LocalMoment(day: day, secondOfDay: second)
    }
}

/// A zone's clock, read once for every row.
///
/// The offset is asked for once in a quarter of an hour: zones change theirs on such a border.
struct LocalClock {
    private let zone: CivilZone
    private var quarter = Int64.min
    private var offset: Int64 = 0

    init(_ zone: CivilZone) { self.zone = zone }

    /// Nanoseconds since 1970 as if the local time were UTC.
    mutating func localNanoseconds(_ instant: Timestamp) -> Int64 {
        let now = instant.nanoseconds / 900_000_000_000
        if now != quarter {
            quarter = now
            offset = Int64(zone.offset(instant)) * 1_000_000_000
        }
        return instant.nanoseconds &+ offset
    }

    /// The day and the time of day at an instant.
    mutating func moment(_ instant: Timestamp) -> LocalMoment {
        let local = localNanoseconds(instant)
        let dayLength: Int64 = 86_400_000_000_000
        var day = local / dayLength
        if local % dayLength < 0 { day -= 1 }
        return LocalMoment(day: Int(day), secondOfDay: Double(local - day * dayLength) / 1e9)
    }
}
