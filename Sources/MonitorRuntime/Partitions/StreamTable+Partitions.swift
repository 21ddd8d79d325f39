import AnomalyDetection
import Ingest

/// Streams that come and go: partitions that a group shares.
extension StreamTable {
    /// A partition is this worker's from now on.
    ///
    /// - Parameters:
    ///   - pieces: its state; empty when it begins anew.
    ///   - share: its part of the daemon's budget.
    ///   - isHeld: whether it is this worker's still.
    /// - Throws: `StateCodingError` when the state cannot be used.
    func adopt(
        _ stream: String, source number: Int, pieces: [String: [UInt8]], share: Double,
        isHeld: @escaping @Sendable () -> Bool
    ) async throws {
        partitions.insert(stream)
        laggingPartitions.insert(stream)
        owners[stream] = number
        let restored = pieces["stream"] == nil ? nil : try StoredStream(pieces)
        try await desk.open(
            branch: stream, stored: pieces["policy"], configuration: configuration.alerting, share: share,
            isHeld: isHeld)
        stored[stream] = restored
    }

    /// A partition is not this worker's any more: what is known of it here is dropped.
    func release(_ stream: String) async {
        if let pipeline = pipelines.removeValue(forKey: stream) { await pipeline.giveBackRoom() }
        stored[stream] = nil
        partitions.remove(stream)
        laggingPartitions.remove(stream)
        owners[stream] = nil
        await desk.close(branch: stream)
    }

    /// Whether a partition has more to be read.
    func note(_ stream: String, isLagging: Bool) {
        if isLagging { laggingPartitions.insert(stream) } else { laggingPartitions.remove(stream) }
    }

    /// Some partitions as they are between two batches.
    fileprivate func cut(of streams: [String]) async -> [StreamCut] {
        await gate.close()
        defer { gate.open() }
        var cuts: [StreamCut] = []
        for stream in streams {
            if let cut = await pipelines[stream]?.cut() { cuts.append(cut) }
        }
        return cuts
    }
}

/// Partitions whose state is to be stored now.
struct PartitionCommit: CommittedState {
    let streams: StreamTable
    let names: [String]

    func cut() async -> (streams: [StreamCut], policy: [UInt8]?)? { (await streams.cut(of: names), nil) }
}

extension Pipeline {
    /// Gives back what the stream has taken of the allowance.
    func giveBackRoom() {
        admission.allowance.reserve(bytes: -reservedBytes)
        reservedBytes = 0
        for place in places { admission.allowance.giveBack(channels: groups[place.group].channels.count) }
    }
}
