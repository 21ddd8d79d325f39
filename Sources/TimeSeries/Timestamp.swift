/// An instant in event time: whole nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Event time comes out of the data. Nothing below the sources reads a wall clock, so the same input gives the same
/// instants whenever it is read. The range is 1677-09-21 to 2262-04-11.
public struct Timestamp: Comparable, Hashable, Sendable {
    /// Nanoseconds since the Unix epoch; negative before 1970.
    public var nanoseconds: Int64

    /// Creates an instant from nanoseconds since the epoch.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Creates an instant from seconds since the epoch, rounded to the nearest nanosecond.
    ///
    /// - Returns: `nil` when `seconds` is not finite or out of range.
    public init?(seconds: Double) {
        let scaled = (seconds * 1e9).rounded()
        guard scaled.magnitude < 9.2e18 else { return nil }
        nanoseconds = Int64(scaled)
    }

    /// Seconds since the epoch; exact to about 0.2 µs for present dates.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// Seconds from `earlier` to this instant; negative when this one is the earlier.
    public func seconds(since earlier: Timestamp) -> Double {
        let (distance, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        // The ends of the range are further apart than a count of nanoseconds can say.
        return overflow ? seconds - earlier.seconds : Double(distance) / 1e9
    }

    /// The instant `seconds` later, saturating at the ends of the range.
    public func advanced(bySeconds seconds: Double) -> Timestamp {
        let step = Self.rounded(seconds * 1e9)
        guard step.magnitude < 9.2e18 else {
            return Timestamp(nanoseconds: step > 0 ? .max : .min)
        }
        let (sum, overflow) = nanoseconds.addingReportingOverflow(Int64(step))
        return Timestamp(nanoseconds: overflow ? (step > 0 ? .max : .min) : sum)
    }

    /// To the nearest whole number, halves away from 0, as `rounded()` does: which is a call of the C library on processors of the
    /// oldest kind, and so in this program on all.
    @inline(__always)
    private static func rounded(_ number: Double) -> Double {
        guard number.magnitude < 0x1p52 else { return number.rounded() }
        let whole = Double(Int64(number))
        // Exact: both are multiples of the number's last place.
        let rest = number - whole
        return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole
    }

    /// Whether the left instant is the earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// A date and time of day in the proleptic Gregorian calendar, without a zone.
public struct CivilTime: Equatable, Sendable {
    /// Astronomical year number.
    public var year: Int
    /// 1 to 12.
    public var month: Int
    /// 1 to 31.
    public var day: Int
    /// 0 to 23.
    public var hour: Int
    /// 0 to 59.
    public var minute: Int
    /// 0 to 59, or 60 in a leap second.
    public var second: Int
    /// 0 to 999,999,999.
    public var nanosecond: Int

    /// Creates a civil time; the parts are not checked here, see ``isValid``.
    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The civil time of an instant at UTC.
    public init(utc instant: Timestamp) {
        let billion: Int64 = 1_000_000_000
        let wholeSeconds = floorDivide(instant.nanoseconds, billion)
        let days = floorDivide(wholeSeconds, 86_400)
        let secondOfDay = Int(wholeSeconds - days * 86_400)
        (year, month, day) = Self.date(daysSinceEpoch: Int(days))
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        nanosecond = Int(instant.nanoseconds - wholeSeconds * billion)
    }

    /// Whether the parts name an existing date and time. Second 60 exists at the end of each quarter of an hour: of an hour of UTC,
    /// which zones show at 14, 29 or 44 minutes too; which years have one is not known here.
    public var isValid: Bool {
        guard (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute),
            (0...59).contains(second) || second == 60 && minute % 15 == 14,
            (0...999_999_999).contains(nanosecond), (1678...2261).contains(year), day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return day <= (isLeap ? 29 : 28)
        case 4, 6, 9, 11: return day <= 30
        default: return day <= 31
        }
    }

    /// The instant when these are read as UTC.
    ///
    /// Instants have no leap seconds: one is put into the last millisecond of the second before it, in order, so that its
    /// samples are neither lost nor doubled.
    /// - Precondition: ``isValid``.
    public var utc: Timestamp {
        precondition(isValid, "no such date or time: \(self)")
        let isLeap = second == 60
        let seconds = Int64(daysSinceEpoch) * 86_400 + Int64(hour * 3_600 + minute * 60 + (isLeap ? 59 : second))
        return Timestamp(
            nanoseconds: seconds * 1_000_000_000 + Int64(isLeap ? 999_000_000 + nanosecond / 1_000 : nanosecond))
    }

    /// Days from 1970-01-01 to this date; the method of Howard Hinnant's `days_from_civil`
    /// (https://howardhinnant.github.io/date_algorithms.html).
    public var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

/// Integer division that rounds towards minus infinity.
///
/// - Precondition: `divisor > 0`.
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with `Z`, with as many decimals (0, 3, 6 or 9) as the instant needs: `2026-11-21T02:14:10Z`.
    public var description: String {
        let civil = CivilTime(utc: self)
        var text = "\(civil.year)-\(twoDigits(civil.month))-\(twoDigits(civil.day))T"
        text += "\(twoDigits(civil.hour)):\(twoDigits(civil.minute)):\(twoDigits(civil.second))"
        if civil.nanosecond != 0 {
            var digits = 9
            var fraction = civil.nanosecond
            while fraction % 1_000 == 0 {
                fraction /= 1_000
                digits -= 3
            }
            let decimals = String(fraction)
            text += "." + String(repeating: "0", count: digits - decimals.count) + decimals
        }
        return text + "Z"
    }

    private func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
