import Ingest
import Persistence

/// The samples of a shard on their way to the history.
extension Shard {
    /// Chunks that may wait: while the disk takes none, the rest is dropped and counted.
    private static let mostChunks = 16_384

    /// Keeps a chunk until it is taken.
    func keep(_ chunk: HistoryChunk?) {
        guard historyCapacity > 0, let chunk else { return }
        if chunks.count < Self.mostChunks { chunks.append(chunk) } else { droppedChunks += 1 }
    }

    /// Hands over the chunks that are full, and how many were dropped.
    ///
    /// - Parameter names: of all series by number, when chunks that are not full are to go too; else `nil`.
    func takeHistory(all names: [String]? = nil) -> (chunks: [HistoryChunk], dropped: Int) {
        if let names {
            for (number, index) in members where names.indices.contains(number) {
                keep(series[index].history?.takeChunk(series: names[number]))
            }
        }
        defer {
            chunks.removeAll()
            droppedChunks = 0
        }
        return (chunks, droppedChunks)
    }
}

/// What the series of a stream have for the history.
struct CollectedHistory: Sendable {
    var stream: String
    var chunks: [HistoryChunk] = []
    /// Chunks that were dropped, because nobody took them.
    var dropped = 0
}

extension Pipeline {
    /// Hands over what its series have for the history.
    ///
    /// - Parameter all: whether chunks that are not full go too.
    func takeHistory(all: Bool) async -> CollectedHistory {
        var taken = CollectedHistory(stream: name)
        for shard in groups.flatMap(\.shards) {
            let (chunks, dropped) = await shard.takeHistory(all: all ? reading.decoding.seriesNames : nil)
            taken.chunks += chunks
            taken.dropped += dropped
        }
        return taken
    }
}

extension StreamTable {
    /// Hands over what all series have for the history, stream by stream.
    func takeHistory(all: Bool = false) async -> [CollectedHistory] {
        var taken: [CollectedHistory] = []
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            taken.append(await pipeline.takeHistory(all: all))
        }
        return taken
    }
}
