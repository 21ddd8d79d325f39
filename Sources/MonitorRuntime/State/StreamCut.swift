import AnomalyDetection
import Ingest
import Persistence
import TimeSeries

/// A stream at one moment: what is small as it was, and the shards, which save their series as they were.
struct StreamCut: Sendable {
    /// A group at that moment.
    struct Group: Sendable {
        var shards: [Shard]
        var trainer: Trainer
        /// The pieces of the training that have changed.
        var training: [(name: String, bytes: [UInt8])]
        /// Of a fleet.
        var peaks: (tails: FleetTails, log: PeakLog)?
        /// What people have answered.
        var feedback: FeedbackHead
    }

    var scope: String
    var header: StoredStream.Header
    var flows: FlowGatherer?
    var metrics: MetricGatherer?
    var groups: [Group] = []
    /// The policy, of a partition: it has one of its own.
    var policy: [UInt8]?
    /// Numbers of the series that have ended.
    var gone: [Int] = []

    /// The pieces of all but the series.
    func parts() -> [StatePart] {
        var parts = [StatePart(scope: scope, name: "stream", bytes: header.encoded())]
        func add(_ name: String, _ encode: (inout StateWriter) -> Void) {
            var writer = StateWriter()
            encode(&writer)
            parts.append(StatePart(scope: scope, name: name, bytes: writer.bytes))
        }
        if let policy { parts.append(StatePart(scope: scope, name: "policy", bytes: policy)) }
        if let flows { add("flows", flows.encode) }
        if let metrics { add("metrics", metrics.encode) }
        for (index, group) in groups.enumerated() {
            if let peaks = group.peaks {
                add("peaks/\(index)") { writer in
                    peaks.tails.encode(to: &writer)
                    peaks.log.encode(to: &writer)
                }
            }
            if !group.feedback.isEmpty { add("feedback/\(index)", group.feedback.encode) }
            parts += group.training.map {
                StatePart(scope: scope, name: "training/\(index)/\($0.name)", bytes: $0.bytes)
            }
        }
        return parts + gone.map { StatePart(scope: scope, name: "series/\($0)", content: .removed) }
    }

    /// Hands the pieces of all series to `store`, some at a time.
    func saveSeries(_ store: ([StatePart]) async throws -> Void) async throws {
        for shard in groups.flatMap(\.shards) {
            while let saved = await shard.saveSome() {
                guard !saved.isEmpty else { continue }
                try await store(
                    saved.map { StatePart(scope: scope, name: "series/\($0.number)", content: $0.content) })
            }
        }
    }

    /// The commit is over.
    func end(isStored: Bool) async {
        for group in groups {
            for shard in group.shards { await shard.endSaving(isStored: isStored) }
            if !isStored { await group.trainer.forgetStored() }
        }
    }
}
