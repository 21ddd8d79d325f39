import Alerting

/// Which partitions this daemon has, and what came of the group's rebalances.
struct PartitionStatus: Sendable {
    var held: [PartitionBoard.Entry]
    var past: [PartitionBoard.Entry]
    var counts: PartitionBoard.Counts
    var problem: String?
    var isReachable: Bool

    /// What a board says; `nil` when no partition was ever this daemon's.
    init?(_ board: PartitionBoard) {
        (held, past) = board.entries
        counts = board.counts
        problem = board.problem
        isReachable = board.isReachable
        if held.isEmpty, past.isEmpty, problem == nil { return nil }
    }

    /// Messages that wait to be read, of all partitions of which that is known.
    var lag: Int64 { held.reduce(0) { $0 + ($1.lag ?? 0) } }

    var json: JSONWriter.Value {
        .object([
            ("held", .list(held.map(\.json))), ("past", .list(past.map(\.json))), ("lag", .integer(Int(lag))),
            ("taken_over", .integer(Int(clamping: counts.takenOver))),
            ("given_up", .integer(Int(clamping: counts.givenUp))), ("lost", .integer(Int(clamping: counts.lost))),
            ("begun_anew", .integer(Int(clamping: counts.begunAnew))),
            ("late_batches", .integer(Int(clamping: counts.lateBatches))),
            ("snapshots", .integer(Int(clamping: counts.snapshots))),
            ("snapshot_bytes", .integer(Int(clamping: counts.snapshotBytes))),
            ("taking_over_seconds", .finite(counts.takingOverSeconds)),
            ("giving_up_seconds", .finite(counts.givingUpSeconds)), ("reachable", .boolean(isReachable)),
            ("problem", problem.map { .text($0) }),
        ])
    }
}

extension PartitionBoard.Entry {
    /// Times are of the machine's monotonic clock, so that those of two daemons on one machine can be compared.
    fileprivate var json: JSONWriter.Value {
        .object([
            ("partition", .text(stream)), ("epoch", .integer(Int(clamping: epoch))), ("since", .finite(since)),
            ("scored_from", .finite(scoredFrom)), ("scored_until", .finite(scoredUntil)), ("until", .finite(until)),
            ("next_offset", .integer(Int(next))), ("lag", lag.map { .integer(Int($0)) }),
        ])
    }
}
