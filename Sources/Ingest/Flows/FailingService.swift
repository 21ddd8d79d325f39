import TimeSeries

/// The service that a host has failed at lately, and how much that weighs.
struct FailingService: Equatable, Sendable {
    private static let memory = 600.0

    private var hash: UInt64 = 0
    private var decades = 0.0
    private var last = Timestamp(nanoseconds: .min)

    init() {}

    /// Notes a failure; the heaviest of several services is kept.
    mutating func noteFailure(of hash: UInt64, weighing decades: Double, at time: Timestamp) {
        guard hash == self.hash || decades >= weight(at: time) else { return }
        (self.hash, self.decades) = (hash, decades)
        last = max(last, time)
    }

    /// Notes that a service answered.
    mutating func noteAnswer(of hash: UInt64) {
        if hash == self.hash { decades = 0 }
    }

    /// What the failures weigh, in powers of ten; 0 when the last is ten minutes ago.
    func weight(at time: Timestamp) -> Double {
        decades > 0 && time.seconds(since: last) <= Self.memory ? decades : 0
    }

    /// Writes the service.
    func encode(to writer: inout StateWriter) {
        writer.write(hash)
        writer.write(decades)
        writer.write(last.nanoseconds)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        hash = try reader.read()
        decades = try reader.readDouble()
        last = Timestamp(nanoseconds: try reader.read())
        guard decades >= 0, decades < 1e9 else { throw .invalid("failures that weigh \(decades)") }
    }
}
