import Ingest
import Persistence

/// The samples of a shard on their way to the history.
extension Shard {
    /// Chunks that may wait: while the disk takes none, the rest is dropped and counted.
    private static let mostChunks = 4_096

    /// Keeps a chunk until it is taken.
    func keep(_ chunk: HistoryChunk?) {
        guard let chunk else { return }
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

extension Pipeline {
    /// Hands over what its series have for the history.
    ///
    /// - Parameter all: whether chunks that are not full go too.
    func takeHistory(all: Bool) async -> (chunks: [HistoryChunk], dropped: Int) {
        var taken = (chunks: [HistoryChunk](), dropped: 0)
        for shard in groups.flatMap(\.shards) {
            let (chunks, dropped) = await shard.takeHistory(all: all ? reading.decoding.seriesNames : nil)
            taken.chunks += chunks
            taken.dropped += dropped
        }
        for index in taken.chunks.indices { taken.chunks[index].stream = name }
        return taken
    }
}

extension StreamTable {
    /// Hands over what all series have for the history.
    func takeHistory(all: Bool = false) async -> (chunks: [HistoryChunk], dropped: Int) {
        var taken = (chunks: [HistoryChunk](), dropped: 0)
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            let (chunks, dropped) = await pipeline.takeHistory(all: all)
            taken.chunks += chunks
            taken.dropped += dropped
        }
        return taken
    }
}
