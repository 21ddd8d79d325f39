public import Ingest
import Logging

/// What became of the flow records of a stream, and of those they are put together by.
public struct FlowCounts: Equatable, Sendable {
    /// The records.
    public var records: FlowGatherer.Counts
    /// The series: hosts, unless the configuration says otherwise.
    public var series: FlowSeriesTable.Counts
    /// Keys that were seen lately and are no series; exact up to 4,096.
    public var candidates: Int
    /// Bins so far, those that are open included.
    public var bins: UInt64

    /// Counts of what is worth telling, each by the name it has among a message's facts and in `replay --json`.
    var odd: [(name: String, count: UInt64)] {
        [
            ("late", records.late), ("misdated", records.misdated), ("steps", records.steps), ("idle", series.idle),
            ("evicted", series.evicted), ("refused", series.refused),
        ]
    }
}

/// Says what is odd about flow records: the first time, and then each time the count has grown tenfold.
struct FlowNotices: Sendable {
    private let logger: Logger?
    /// By the places of ``FlowCounts/odd``: the count from which on it is told next.
    private var next: [UInt64] = []

    private static let messages: [Logger.Message] = [
        "flow records came after their sample was complete: they count in the one that is open (lateness lets samples wait)",
        "flow records are more than an hour behind the others, or a day ahead: counted, not used",
        "the clock of the flow records was set: samples begin anew",
        "had no flow for a day and are dropped: who comes back begins anew",
        "gave their place to newcomers: there is no room for more (raise max_series or max_memory)",
        "newcomers were turned away: there is no room for more (raise max_series or max_memory)",
    ]
    /// The place of what is as it should be.
    private static let idle = 3

    init(logger: Logger?) { self.logger = logger }

    /// Looks at what was counted so far.
    mutating func look(at counts: FlowCounts, stream: String) {
        guard let logger else { return }
        let odd = counts.odd
        if next.isEmpty { next = odd.map { _ in 1 } }
        for (place, (name, count)) in odd.enumerated() where count >= next[place] {
            raise(place, above: count)
            logger.log(
                level: place == Self.idle ? .info : .warning, Self.messages[place],
                metadata: ["stream.name": "\(stream)", "flows.\(name)": "\(count)"])
        }
    }

    /// Goes on behind what was told before a restart.
    mutating func goOn(from counts: FlowCounts) {
        next = counts.odd.map { _ in 1 }
        for (place, (_, count)) in counts.odd.enumerated() { raise(place, above: count) }
    }

    private mutating func raise(_ place: Int, above count: UInt64) {
        while next[place] <= count {
            let (larger, overflows) = next[place].multipliedReportingOverflow(by: 10)
            next[place] = overflows ? .max : larger
            if overflows { return }
        }
    }
}
