/// Lengths of time for people: one unit, whole numbers, rounded down.
public enum HumanDuration {
    private static let units: [(seconds: Double, name: String, from: Double)] = [
        (31_557_600, "year", 730 * 86_400), (86_400, "day", 48 * 3_600), (3_600, "hour", 120 * 60), (60, "minute", 120),
        (1, "second", 0),
    ]

    /// `40 days`: seconds up to 2 minutes, minutes up to 2 hours, hours up to 2 days, days up to 2 years (of 365 days),
    /// then years; below a second `less than a second`.
    public static func text(seconds: Double) -> String {
        guard seconds >= 1 else { return "less than a second" }
        guard seconds < 1e15 else { return "millions of years" }
        for unit in units where seconds >= unit.from {
            let count = Int64(seconds / unit.seconds)
            return count == 1 ? "1 \(unit.name)" : "\(count) \(unit.name)s"
        }
        return "less than a second"
    }
}
