import TimeSeries

/// A span of event time that a series is not to learn from.
struct Exclusion: Equatable, Sendable {
    /// The first instant of it.
    var from: Timestamp
    /// The first instant behind it.
    var until: Timestamp

    func encode(to writer: inout StateWriter) {
        writer.write(from.nanoseconds)
        writer.write(until.nanoseconds)
    }

    init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        from = Timestamp(nanoseconds: try reader.read())
        until = Timestamp(nanoseconds: try reader.read())
        guard until > from else { throw .invalid("an exclusion that ends before it begins") }
    }
}

extension SeriesMember {
    /// Exclusions that are remembered; the oldest leaves.
    static let mostExclusions = 16

    /// Whether a sample of that time is not to be learned from.
    func isExcluded(at time: Timestamp) -> Bool { exclusions.contains { $0.from <= time && time < $0.until } }
}
