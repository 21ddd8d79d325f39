import TimeSeries

/// An argument of `simulate` that cannot be used.
struct ArgumentProblem: Error, CustomStringConvertible {
    /// As on the command line: `--anomaly stpe:8`.
    let argument: String
    /// What is wrong, and what is accepted.
    let reason: String

    var description: String { "\(argument): \(reason)" }
}

/// Reads the durations and times of the command line.
enum ArgumentText {
    /// What ``duration(_:)`` accepts, for messages.
    static let durationForms = "a number with ms, s, min (or m), h, d or w, such as 30s, 15min or 1.5h"
    /// What ``instant(_:zone:)`` accepts, for messages.
    static let instantForms = "2026-03-15, 2026-03-15T06:30:00, or with Z or an offset such as +02:00 behind"

    /// The longest duration: 100 years.
    private static let longest = 3_155_760_000.0

    /// Nanoseconds, in whole milliseconds, of "250ms", "1s", "15min", "1.5h", "30d", "2w"; above 0 and at most 100 years.
    static func duration(_ text: some StringProtocol) -> Int64? {
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        guard let value = Double(number), value > 0 else { return nil }
        let milliseconds: Double
        switch String(text[number.endIndex...]) {
        case "ms": milliseconds = 1
        case "s", "sec": milliseconds = 1_000
        case "m", "min": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        case "d": milliseconds = 86_400_000
        case "w": milliseconds = 604_800_000
        default: return nil
        }
        let whole = (value * milliseconds).rounded()
        guard whole >= 1, whole <= longest * 1_000 else { return nil }
        return Int64(whole) * 1_000_000
    }

    /// An instant from a date, or date and time, to the millisecond; without a zone it is the local time of `zone`.
    static func instant(_ text: some StringProtocol, zone: CivilZone) -> Timestamp? {
        var rest = Substring(text)
        func number(_ digits: Int) -> Int? {
            let part = rest.prefix(digits)
            guard part.utf8.count == digits, part.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
            rest = rest.dropFirst(digits)
            return Int(part)
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else { return nil }
        var civil = CivilTime(year: year, month: month, day: day)
        if take("T t") {
            guard let hour = number(2), take(":"), let minute = number(2) else { return nil }
            civil.hour = hour
            civil.minute = minute
            if take(":") {
                guard let second = number(2) else { return nil }
                civil.second = second
                if take(".") {
                    let fraction = rest.prefix { ("0"..."9").contains($0) }
                    guard !fraction.isEmpty, let value = Int((fraction + "00").prefix(3)) else { return nil }
                    civil.nanosecond = value * 1_000_000
                    rest = rest.dropFirst(fraction.count)
                }
            }
        }
        // A margin on both sides of the range, so that an offset cannot leave it.
        guard civil.isValid, (1900...2200).contains(year) else { return nil }
        if rest.isEmpty { return zone.instant(civil) }
        guard let offset = CivilZone.fixedOffset(String(rest)) else { return nil }
        return civil.utc.advanced(bySeconds: -Double(offset))
    }
}
