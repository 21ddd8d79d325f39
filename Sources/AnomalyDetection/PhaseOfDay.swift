public import TimeSeries

/// The time of day as a point on a circle, so that midnight lies beside midnight.
public enum PhaseOfDay {
    /// Share of the civil day gone by in a zone, 0 ..< 1; `nil` for series that tick faster than every 30 s, which learn
    /// nothing from it.
    ///
    /// It is what clocks show, not what has passed since midnight: people and machines go by it, so on the day of a change
    /// an hour comes twice or not at all.
    public static func turns(at time: Timestamp, interval: Double?, in zone: TimeZoneRules) -> Double? {
        guard let interval, interval >= 30 else { return nil }
        let day: Int64 = 86_400_000_000_000
        let rest = zone.civil(atUTC: time).nanoseconds % day
        return Double(rest < 0 ? rest + day : rest) / Double(day)
    }

    /// Share of the civil week gone by in a zone since Monday 00:00, 0 ..< 1, by what clocks and calendars show.
    ///
    /// On a week with a change it does not run evenly, as ``turns(at:interval:in:)`` does not on the day.
    public static func turnsOfWeek(at time: Timestamp, in zone: TimeZoneRules) -> Double {
        let day: Int64 = 86_400_000_000_000
        let week = 7 * day
        // The epoch was a Thursday: three days into its week.
        let rest = (zone.civil(atUTC: time).nanoseconds % week + 3 * day) % week
        return Double(rest < 0 ? rest + week : rest) / Double(week)
    }

    /// Sine and cosine of 2π · turns.
    ///
    /// Reduced to an eighth of a turn, then the Taylor series to the 13th power (remainder below 1e-13): no libm.
    static func point(_ turns: Double) -> (sine: Float, cosine: Float) {
        let quarter = (turns * 4).rounded()
        let angle = (turns - quarter / 4) * 6.283185307179586
        let square = angle * angle
        // Nested as 1 − a²/(2·3) (1 − a²/(4·5) (…)).
        var sine = 1 - square / 156
        sine = 1 - square / 110 * sine
        sine = 1 - square / 72 * sine
        sine = 1 - square / 42 * sine
        sine = 1 - square / 20 * sine
        sine = angle * (1 - square / 6 * sine)
        var cosine = 1 - square / 132
        cosine = 1 - square / 90 * cosine
        cosine = 1 - square / 56 * cosine
        cosine = 1 - square / 30 * cosine
        cosine = 1 - square / 12 * cosine
        cosine = 1 - square / 2 * cosine
        switch Int(quarter) & 3 {
        case 0: return (Float(sine), Float(cosine))
        case 1: return (Float(cosine), Float(-sine))
        case 2: return (Float(-sine), Float(-cosine))
        default: return (Float(-cosine), Float(sine))
        }
    }
}
