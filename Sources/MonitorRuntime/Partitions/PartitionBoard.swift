import Synchronization

/// Which partitions this worker has and has had, for status and metrics.
final class PartitionBoard: Sendable {
    /// One taking over of a partition.
    struct Entry: Equatable, Sendable {
        /// The partition's stream.
        var stream: String
        /// Which taking over it was.
        var epoch: UInt64
        /// Seconds of the monotonic clock: when it was taken over, and when its last message was scored.
        var since: Double
        var scoredFrom: Double?
        var scoredUntil: Double?
        /// When it was given up; `nil` while it is this worker's.
        var until: Double?
        /// The offset of the next message, and one past the last that the broker has.
        var next: Int64
        var end: Int64?

        /// Messages that wait to be read; `nil` when that is not known.
        var lag: Int64? { end.map { max(0, $0 - next) } }
    }

    /// What has happened since the start.
    struct Counts: Equatable, Sendable {
        /// Partitions taken over, given up in order, and lost.
        var takenOver: UInt64 = 0
        var givenUp: UInt64 = 0
        var lost: UInt64 = 0
        /// Snapshots written for other workers, and their bytes.
        var snapshots: UInt64 = 0
        var snapshotBytes: UInt64 = 0
        /// Partitions of which no snapshot was there, so that learning began anew.
        var begunAnew: UInt64 = 0
        /// Batches that were in hand when the lease ran out.
        var lateBatches: UInt64 = 0
        /// Seconds that the last taking over took, and the last giving up.
        var takingOverSeconds: Double?
        var givingUpSeconds: Double?
    }

    private struct State {
        var held: [String: Entry] = [:]
        var past: [Entry] = []
        var counts = Counts()
        var problem: String?
        /// Sources whose brokers cannot be reached, by number.
        var unreachable: Set<Int> = []
    }

    private let state = Mutex(State())
    /// Entries of partitions that were given up, kept at most.
    private static let mostPast = 256

    /// Those that are held, by name, and behind them those that were, oldest first.
    var entries: (held: [Entry], past: [Entry]) {
        state.withLock { ($0.held.values.sorted { $0.stream < $1.stream }, $0.past) }
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// What the group's library last complained of.
    var problem: String? { state.withLock { $0.problem } }

    /// Whether the brokers of all sources can be reached, as far as that is known.
    var isReachable: Bool { state.withLock { $0.unreachable.isEmpty } }

    func note(source number: Int, isReachable: Bool) {
        state.withLock { if isReachable { $0.unreachable.remove(number) } else { $0.unreachable.insert(number) } }
    }

    func note(problem: String?) { state.withLock { $0.problem = problem } }

    func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0.counts) } }

    func takeOver(_ stream: String, epoch: UInt64, next: Int64, at time: Double) {
        state.withLock { $0.held[stream] = Entry(stream: stream, epoch: epoch, since: time, next: next) }
    }

    func note(_ stream: String, scoredFrom begin: Double, to end: Double, next: Int64, of last: Int64?) {
        state.withLock { state in
            guard var entry = state.held[stream] else { return }
            entry.scoredFrom = entry.scoredFrom ?? begin
            entry.scoredUntil = end
            entry.next = next
            entry.end = last ?? entry.end
            state.held[stream] = entry
        }
    }

    func giveUp(_ stream: String, at time: Double) {
        state.withLock { state in
            guard var entry = state.held.removeValue(forKey: stream) else { return }
            entry.until = time
            state.past.append(entry)
            if state.past.count > Self.mostPast { state.past.removeFirst() }
        }
    }
}
