import TimeSeries

/// The rhythm in which a host talks to one peer and port.
///
/// The mean distance between starts and its mean absolute deviation are tracked with a fading weight (1/n, at least 1/16). Starts
/// within a second are one.
struct ContactTiming: Equatable, Sendable {
    private static let longestMemory = 16.0

    let hash: UInt64
    /// The first start that was noted, and the last.
    let first: Timestamp
    private(set) var last: Timestamp
    /// Seconds between starts.
    private(set) var mean = 0.0
    private var deviation = 0.0
    /// Distances so far.
    private(set) var count: UInt32 = 0

    init(hash: UInt64, at time: Timestamp) {
        self.hash = hash
        first = time
        last = time
    }

    /// Notes a start.
    mutating func note(_ time: Timestamp) {
        let distance = time.seconds(since: last)
        guard distance >= 1 else { return }
        last = time
        let weight = 1 / min(Double(count) + 1, Self.longestMemory)
        if count < .max { count += 1 }
        guard count > 1 else {
            mean = distance
            deviation = distance / 2
            return
        }
        let error = (distance - mean).magnitude
        mean += weight * (distance - mean)
        deviation += weight * (error - deviation)
    }

    /// 1 − 2 · deviation / mean: 1 of a clockwork, .26 of starts at random (exponential distances, deviation 2/e of the mean), .8 of
    /// a uniform jitter of ± 20 %; 0 without a distance.
    var regularity: Double { mean > 0 ? 1 - 2 * deviation / mean : 0 }

    /// Writes the contact.
    func encode(to writer: inout StateWriter) {
        writer.write(hash)
        writer.write(first.nanoseconds)
        writer.write(last.nanoseconds)
        writer.write(mean)
        writer.write(deviation)
        writer.write(count)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        hash = try reader.read()
        first = Timestamp(nanoseconds: try reader.read())
        last = Timestamp(nanoseconds: try reader.read())
        mean = try reader.readDouble()
        deviation = try reader.readDouble()
        count = try reader.read()
        guard mean >= 0, deviation >= 0 else { throw .invalid("the rhythm of a contact") }
    }
}
