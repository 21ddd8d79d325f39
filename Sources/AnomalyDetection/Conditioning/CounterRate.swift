import TimeSeries

/// Turns the readings of a counter into a rate a second.
///
/// The rate is the difference of two readings over the difference of their event times, however many were missing
/// between; it is never negative. A reading below the one before is either
///
/// - a *wrap*, when the counter stood in the last quarter of 2^32 or 2^64 and what it went through since is plausible: the
///   rate is at most four times the largest seen lately; or else
/// - a *restart*: nobody knows how far it had come, so the rate is missing and counting begins anew.
///
/// Above 2^53 a reading is rounded to a multiple of up to 2,048: so is the difference. State 33 bytes.
struct CounterRate: Equatable, Sendable {
    private static let wraps = [0x1p32, 0x1p64]
    private static let lastQuarter = 0.75
    private static let plausibleFactor = 4.0
    /// The largest rate fades to half in about 7,000 readings.
    private static let fading = 0.9999

    private var last = Double.nan
    private var lastTime = Timestamp(nanoseconds: 0)
    private var largest = 0.0

    /// The last reading; NaN before any.
    var lastReading: Double { last }

    /// Takes a reading.
    ///
    /// - Parameters:
    ///   - reading: finite.
    ///   - time: its event time; at or before the last one's nothing can be said.
    ///   - restarts: whether the clock stepped, so that the time since the last reading is not known.
    /// - Returns: units a second; NaN for the first reading, behind a restart and behind a step of the clock.
    mutating func rate(_ reading: Double, at time: Timestamp, restarts: Bool) -> Double {
        let seconds = time.seconds(since: lastTime)
        let before = last
        last = reading
        lastTime = time
        guard before == before, !restarts, seconds > 0 else { return .nan }
        let rate =
            reading >= before ? (reading - before) / seconds : wrapped(from: before, to: reading, seconds: seconds)
        guard rate < .infinity else { return .nan }
        largest = max(largest * Self.fading, rate)
        return rate
    }

    private func wrapped(from before: Double, to reading: Double, seconds: Double) -> Double {
        guard reading >= 0 else { return .nan }
        for modulus in Self.wraps where before < modulus && before >= Self.lastQuarter * modulus {
            let rate = (modulus - before + reading) / seconds
            return largest > 0 && rate <= Self.plausibleFactor * largest ? rate : .nan
        }
        return .nan
    }

    /// Writes the counter.
    func encode(to writer: inout StateWriter) {
        writer.write(last)
        writer.write(lastTime.nanoseconds)
        writer.write(largest)
    }

    /// Creates a counter without a reading.
    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        last = try reader.readDouble()
        lastTime = Timestamp(nanoseconds: try reader.read())
        largest = try reader.readDouble()
        guard largest >= 0, largest < .infinity, last.magnitude != .infinity else {
            throw .invalid("a counter that grows by \(largest) a second")
        }
    }
}
