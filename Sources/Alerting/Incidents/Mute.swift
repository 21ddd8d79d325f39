public import TimeSeries

/// Series of a stream whose incidents are not told for a time, because somebody said so: `monitord silence`.
public struct Mute: Equatable, Sendable {
    /// The stream's name.
    public var stream: String
    /// Which of its series.
    public var pattern: NamePattern
    /// Event time from which it holds.
    public var from: Timestamp
    /// Event time from which it does not hold any more.
    public var until: Timestamp
    /// Incidents that began in it.
    public var heldIncidents: UInt64 = 0

    /// Creates one that has held nothing yet.
    public init(stream: String, pattern: NamePattern, from: Timestamp, until: Timestamp) {
        self.stream = stream
        self.pattern = pattern
        self.from = from
        self.until = until
    }

    /// Whether it holds for a series at a time.
    func covers(stream: String, series: String, at time: Timestamp) -> Bool {
        stream == self.stream && time >= from && time < until && pattern.matches(series)
    }

    func encode(to writer: inout StateWriter) {
        writer.write(stream)
        writer.write(pattern.text)
        writer.write(from.nanoseconds)
        writer.write(until.nanoseconds)
        writer.write(heldIncidents)
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        stream = try reader.readString()
        pattern = NamePattern(try reader.readString())
        from = Timestamp(nanoseconds: try reader.read())
        until = Timestamp(nanoseconds: try reader.read())
        heldIncidents = try reader.read()
        guard until > from else { throw .invalid("a silence that ends before it begins") }
    }
}
