/// The texts of the configuration that carry a unit: durations, rates and sizes, read and written.
enum ConfigurationUnits {
    /// Names of spans of time, shortest first; the first name of each span is the one that is written.
    private static let spans: [(names: [String], seconds: Double)] = [
        (["ms", "millisecond", "milliseconds"], 0.001),
        (["s", "sec", "second", "seconds"], 1),
        (["min", "minute", "minutes"], 60),
        (["h", "hour", "hours"], 3_600),
        (["d", "day", "days"], 86_400),
        (["week", "weeks", "w"], 604_800),
        (["month", "months"], 2_592_000),
        (["year", "years"], 31_536_000),
    ]
    /// What a rate calls the same spans.
    private static let rateNames = ["s", "s", "min", "hour", "day", "week", "month", "year"]

    private static let sizes: [(name: String, bytes: Int)] = [
        ("B", 1), ("kB", 1_000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20), ("GB", 1_000_000_000),
        ("GiB", 1 << 30),
    ]

    /// Seconds from "250ms", "1s", "5min", "1.5 h", "2d"; a month is 30 days, a year 365.
    ///
    /// - Returns: `nil` for anything else, negative and non-finite values among it.
    static func duration(_ text: String) -> Double? {
        guard let (value, unit) = split(text), let span = spans.first(where: { $0.names.contains(unit) }) else {
            return nil
        }
        // A thousandth has no exact Double: dividing by a thousand gives the nearest one, multiplying might not.
        return span.seconds < 1 ? value / 1_000 : value * span.seconds
    }

    /// Times a second from "1/week", "3/day", "0.5/h", or "0" for never.
    ///
    /// - Returns: `nil` for anything else, negative and non-finite values among it.
    static func rate(_ text: String) -> Double? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let (value, unit) = split(String(first)), unit.isEmpty else { return nil }
        if parts.count == 1 { return value == 0 ? 0 : nil }
        guard parts.count == 2 else { return nil }
        let name = trimmed(parts[1])
        guard let span = spans.first(where: { $0.names.contains(name) }), span.seconds >= 1 else { return nil }
        return value / span.seconds
    }

    /// Bytes from "10MiB", "500 kB", "4096B".
    ///
    /// - Returns: `nil` for anything else, what is no whole number of bytes or beyond 2^53 among it.
    static func size(_ text: String) -> Int? {
        guard let (value, unit) = split(text), let size = sizes.first(where: { $0.name == unit }) else { return nil }
        let bytes = value * Double(size.bytes)
        guard bytes == bytes.rounded(.towardZero), bytes <= 0x1p53 else { return nil }
        return Int(bytes)
    }

    /// The text of a duration, in the largest unit that keeps it whole: 60 is "1min". It reads back as the same value.
    static func text(duration seconds: Double) -> String {
        for span in spans.reversed() {
            let value = (span.seconds < 1 ? seconds * 1_000 : seconds / span.seconds).rounded()
            let text = whole(value) + span.names[0]
            if value >= 1, duration(text) == seconds { return text }
        }
        return "\(seconds)s"
    }

    /// The text of a rate, in the shortest unit that keeps it whole: 1/604,800 is "1/week". It reads back as the same value.
    static func text(rate perSecond: Double) -> String {
        if perSecond == 0 { return "0" }
        for (number, span) in spans.enumerated() where span.seconds >= 1 {
            let value = (perSecond * span.seconds).rounded()
            let text = whole(value) + "/" + rateNames[number]
            if value >= 1, rate(text) == perSecond { return text }
        }
        let perDay = "\(perSecond * 86_400)/day"
        if rate(perDay) == perSecond { return perDay }
        return "\(perSecond)/s"
    }

    /// The text of a size, in the largest binary unit that keeps it whole: 10,485,760 is "10MiB".
    static func text(size bytes: Int) -> String {
        for size in sizes.reversed() where size.name.hasSuffix("iB") && bytes >= size.bytes && bytes % size.bytes == 0 {
            return "\(bytes / size.bytes)\(size.name)"
        }
        return "\(bytes)B"
    }

    /// Splits "1.5 h" into 1.5 and "h". The number is decimal, without a sign; an exponent ("2.5e-06") may follow.
    private static func split(_ text: String) -> (value: Double, unit: String)? {
        let text = trimmed(text[...])
        var number = text.prefix { $0 == "." || isDigit($0) }
        // No unit begins with an e that a digit or a sign follows.
        var rest = text[number.endIndex...].dropFirst()
        if text[number.endIndex...].first == "e" {
            if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
            let digits = rest.prefix(while: isDigit)
            if !digits.isEmpty { number = text[..<digits.endIndex] }
        }
        guard let value = Double(number), value.isFinite else { return nil }
        return (value, trimmed(text[number.endIndex...]))
    }

    private static func isDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character) && character.isASCII
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static func whole(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? String(value)
    }
}
