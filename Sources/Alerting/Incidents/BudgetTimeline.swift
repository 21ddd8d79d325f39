import TimeSeries

/// Streams whose event times run together, and what is left of the daemon's budget there.
///
/// A budget counts in event time. Streams that are watched as they happen share one timeline, and one budget; a file of
/// last year that is read beside them has its own days, in which its incidents count, until it has caught up.
struct BudgetTimeline: Equatable, Sendable {
    /// Seconds by which the times of streams that run together may differ.
    static let mostSecondsApart = 86_400.0
    /// Timelines that are kept; streams of further times are counted to the nearest.
    static let mostTimelines = 16

    /// Names of the streams, in order.
    private(set) var streams: [String] = []
    /// Event time of the stream that is furthest on.
    private(set) var latest: Timestamp
    /// The daemon's tokens.
    var budget: OpeningBudget
    /// How far above their thresholds openings must be.
    var fleet = FleetBar()
    /// The `budget` incident while it is open.
    var heldBack: AlertPolicy.HeldBack?

    /// Creates a timeline without streams.
    init(latest: Timestamp, budget: OpeningBudget) {
        self.latest = latest
        self.budget = budget
    }

    /// Seconds from here to an instant, positive when the instant is behind.
    func secondsAhead(of time: Timestamp) -> Double { latest.seconds(since: time) }

    /// Whether a stream of that time runs together with those here.
    func isNear(_ time: Timestamp) -> Bool { abs(secondsAhead(of: time)) <= Self.mostSecondsApart }

    /// Takes a stream in, with the openings that its series may have by chance.
    mutating func join(_ stream: String, rate: Double) {
        guard !streams.contains(stream) else { return }
        streams.append(stream)
        streams.sort()
        fleet.declare(rate, of: stream)
    }

    /// Lets a stream go.
    ///
    /// - Returns: what was declared of it.
    mutating func leave(_ stream: String) -> Double {
        let rate = fleet.rates[stream] ?? 0
        streams.removeAll { $0 == stream }
        fleet.declare(0, of: stream)
        return rate
    }

    /// Goes on to the time of one of its streams: forward always, back only when that stream is alone, whose clock was set.
    mutating func advance(to time: Timestamp) {
        guard time > latest || streams.count <= 1 && !isNear(time) else { return }
        latest = time
    }

    /// Takes over the streams of a timeline that has been caught up with. Nobody gains by it: the fewer tokens are left.
    mutating func absorb(_ other: BudgetTimeline) {
        for stream in other.streams { join(stream, rate: other.fleet.rates[stream] ?? 0) }
        latest = max(latest, other.latest)
        budget.share(with: other.budget)
    }

    // MARK: State

    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(streams.count))
        for stream in streams { writer.write(stream) }
        writer.write(latest.nanoseconds)
        budget.encode(to: &writer)
        writer.write(heldBack != nil)
        heldBack?.encode(to: &writer)
        fleet.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter budget: as the configuration has it.
    init(budget: OpeningBudget, from reader: inout StateReader) throws(StateCodingError) {
        self.init(latest: Timestamp(nanoseconds: 0), budget: budget)
        let count = try reader.read(UInt32.self)
        for _ in 0..<count { streams.append(try reader.readString()) }
        latest = Timestamp(nanoseconds: try reader.read())
        try self.budget.restore(from: &reader, largestDebt: AlertPolicy.largestDebtOfAnomalies)
        if try reader.readBool() { heldBack = try .init(from: &reader, version: AlertPolicy.codingVersion) }
        fleet = try FleetBar(from: &reader)
    }
}
