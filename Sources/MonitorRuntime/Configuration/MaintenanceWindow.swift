public import TimeSeries

/// When maintenance is planned: one or several times a week, by what clocks show.
public struct MaintenanceWindow: Equatable, Sendable {
    /// As it was written: `"Sat 22:00-Sun 04:00"`, `"Mon-Fri 12:00-12:30"`, `"23:30-00:30"` for every day.
    public let text: String
    /// Beginnings in minutes since Monday 00:00, 0 ..< 10,080, and lengths, 1 ... 10,080.
    private let spans: [(begin: Int, length: Int)]

    private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let day = 1_440
    private static let week = 7 * day

    /// Reads a window; letter case of the days does not count.
    ///
    /// - Returns: `nil` when the text is none, or begins and ends at one instant.
    public init?(_ text: String) {
        self.text = text
        let words = text.lowercased().split(separator: " ")
        switch words.count {
        case 1:
            // 22:00-04:00, every day.
            guard let hours = Self.hours(words[0]) else { return nil }
            spans = (0..<7).map { Self.span($0, hours) }
        case 2:
            // Sat 22:00-04:00, or Mon-Fri 12:00-12:30.
            guard let days = Self.dayRange(words[0]), let hours = Self.hours(words[1]) else { return nil }
            spans = days.map { Self.span($0, hours) }
        case 3:
            // Sat 22:00-Sun 04:00.
            let middle = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard let first = Self.dayRange(words[0]), first.count == 1, middle.count == 2,
                let begin = Self.minutes(middle[0]), let last = Self.dayRange(middle[1]), last.count == 1,
                let end = Self.minutes(words[2])
            else { return nil }
            let start = first[0] * Self.day + begin
            let length = (last[0] * Self.day + end - start + Self.week) % Self.week
            guard length > 0 else { return nil }
            spans = [(start % Self.week, length)]
        default: return nil
        }
        guard spans.allSatisfy({ $0.length > 0 }) else { return nil }
    }

    /// When the window ends that a time lies in; `nil` when it lies in none.
    ///
    /// On a day on which clocks are set, the end is off by as much.
    public func end(at time: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        let week = Int64(Self.week) * 60_000_000_000
        let day = Int64(Self.day) * 60_000_000_000
        // The epoch was a Thursday: three days into its week.
        let rest = (zone.civil(atUTC: time).nanoseconds % week + 3 * day) % week
        let phase = rest < 0 ? rest + week : rest
        let minute = Int(phase / 60_000_000_000)
        let ends = spans.compactMap { span in
            let since = (minute - span.begin + Self.week) % Self.week
            return since < span.length ? span.length - since : nil
        }
        guard let longest = ends.max() else { return nil }
        let intoMinute = phase % 60_000_000_000
        return Timestamp(nanoseconds: time.nanoseconds - intoMinute + Int64(longest) * 60_000_000_000)
    }

    private static func span(_ day: Int, _ hours: (begin: Int, end: Int)) -> (begin: Int, length: Int) {
        let length = (hours.end - hours.begin + Self.day) % Self.day
        return ((day * Self.day + hours.begin) % week, length)
    }

    private static func hours(_ text: Substring) -> (begin: Int, end: Int)? {
        let sides = text.split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, let begin = minutes(sides[0]), let end = minutes(sides[1]) else { return nil }
        return (begin, end)
    }

    /// Minutes since midnight, 0 ... 1,440.
    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) }), parts[1].utf8.count == 2,
            let hour = Int(parts[0]), let minute = Int(parts[1]), (0...59).contains(minute),
            (0...23).contains(hour) || hour == 24 && minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    /// The days of `mon`, `mon-fri` or `sat-mon`, in order.
    private static func dayRange(_ text: Substring) -> [Int]? {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { name in
            days.firstIndex { name.utf8.count >= 3 && $0 == name.prefix(3) }
        }
        guard numbers.count <= 2, let first = numbers.first, let first, let last = numbers.last, let last else {
            return nil
        }
        return (0...((last - first + 7) % 7)).map { (first + $0) % 7 }
    }

    /// Windows are what they were written as.
    public static func == (left: Self, right: Self) -> Bool { left.text == right.text }
}
