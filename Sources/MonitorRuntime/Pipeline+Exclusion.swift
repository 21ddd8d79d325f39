import Ingest
import Persistence
import TimeSeries

/// What came of an exclusion.
enum ExclusionOutcome: Equatable, Sendable {
    /// Of a series: samples that were learned from again, and the snapshot that it began with; `nil` where it began anew.
    struct Series: Equatable, Sendable {
        var stream: String
        var series: String
        var learned: Int
        var snapshot: String?
        /// Whether some of the span is past, and was learned from.
        var isPast: Bool
    }

    case excluded([Series])
    /// No series has such a name.
    case unknown
}

extension Pipeline {
    /// Does not learn from a span of a series; see `Shard.exclude`. Nothing may be in hand.
    ///
    /// - Parameters:
    ///   - older: pieces of the stream out of a snapshot from before the span, by its name.
    ///   - stored: the samples of the history.
    func exclude(
        _ exclusion: Exclusion, series wanted: String, older: (name: String, stream: StoredStream)?,
        stored: [HistorySample]
    ) async -> ExclusionOutcome.Series? {
        guard let number = seriesNames.firstIndex(of: wanted), places.indices.contains(number) else {
            return nil
        }
        let place = places[number]
        let group = groups[place.group]
        let shard = group.shards[place.member % shardCount]
        // The snapshot's series has that number if it has that name there.
        let known = older?.stream.header.place.decoding.seriesNames
        let piece = known.flatMap { names in
            names.indices.contains(number) && names[number] == wanted
                ? older?.stream.series.first { $0.number == number }?.bytes : nil
        }
        let begin = piece.flatMap { bytes in older.map { (piece: bytes, time: $0.stream.header.lastTime) } }
        guard
            let learned = await shard.exclude(
                exclusion, series: number, named: wanted, since: begin, samples: stored, models: group.models,
                zone: zone,
                latest: lastTime)
        else { return nil }
        return ExclusionOutcome.Series(
            stream: name, series: wanted, learned: learned, snapshot: learned > 0 && begin != nil ? older?.name : nil,
            isPast: exclusion.from <= lastTime)
    }

    /// Whether the stream has a series of that name.
    func hasSeries(_ wanted: String) -> Bool { seriesNames.contains(wanted) }
}

extension StreamTable {
    /// Does not learn from a span of a series, in every stream that has it. Batches wait meanwhile: a day of samples a second
    /// takes about a second.
    ///
    /// - Throws: `DatabaseError`, `PersistenceError`.
    func exclude(
        _ exclusion: Exclusion, series wanted: String, stream only: String?, store: StateStore,
        snapshots: SnapshotFolder?, history: HistoryWriter?
    ) async throws -> ExclusionOutcome {
        var excluded: [ExclusionOutcome.Series] = []
        await gate.close()
        defer { gate.open() }
        // What is on its way to the history is part of what is learned from again.
        await history?.write(await takeHistory(all: true))
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) where only.map({ $0 == name }) ?? true {
            guard await pipeline.hasSeries(wanted) else { continue }
            let older = snapshots.flatMap { Self.newest(before: exclusion.from, of: name, in: $0) }
            let begin = older?.stream.header.lastTime ?? Timestamp(nanoseconds: .min)
            let stored = try await store.samples(of: name, series: wanted, from: begin)
            guard let one = await pipeline.exclude(exclusion, series: wanted, older: older, stored: stored) else {
                continue
            }
            excluded.append(one)
        }
        return excluded.isEmpty ? .unknown : .excluded(excluded)
    }

    /// The newest snapshot whose samples of a stream all come before an instant; those that cannot be read are passed over.
    private static func newest(
        before time: Timestamp, of stream: String, in folder: SnapshotFolder
    ) -> (name: String, stream: StoredStream)? {
        var best: (name: String, stream: StoredStream)?
        for snapshot in folder.list() {
            guard let parts = try? folder.pieces(of: StoredStream.scope(of: stream), in: snapshot.name),
                let found = try? StoredStream(parts), found.header.lastTime < time
            else { continue }
            if best.map({ $0.stream.header.lastTime < found.header.lastTime }) ?? true { best = (snapshot.name, found) }
        }
        return best
    }
}
