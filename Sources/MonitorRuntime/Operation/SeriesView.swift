import AnomalyDetection
import Ingest
import Persistence
import TimeSeries

/// One series for who looks at it: how it stands, and its last samples as far as they are in memory.
struct SeriesView: Sendable {
    var status: SeriesStatus
    var channels: [Channel]
    /// Oldest first.
    var samples: [HistorySample]
}

extension Shard {
    /// Samples that are kept of a series that is looked at, where there is no history: so many to twice as many.
    static let lookedAtSamples = 256

    /// What is in memory of a series' samples, oldest first: the chunk before where somebody has looked, chunks that wait to
    /// be written, and those that are collected.
    ///
    /// - Parameter keeps: whether somebody looks at the series, so that the last whole chunk stays in memory from now on.
    func recent(_ number: Int, named name: String, keeps: Bool) -> (verdict: Verdict?, samples: [HistorySample])? {
        guard let index = members[number] else { return nil }
        if keeps, looks[number] == nil { looks[number] = .some(nil) }
        var waiting = chunks.filter { $0.series == name }
        if let last = looks[number] ?? nil, !waiting.contains(where: { $0.first == last.first }) {
            waiting.insert(last, at: 0)
        }
        var samples: [HistorySample] = []
        for chunk in waiting { samples += (try? SeriesHistory.samples(of: chunk.bytes)) ?? [] }
        return (series[index].monitor.last, samples + (series[index].history?.samples ?? []))
    }

    /// Nobody looks at a series any more.
    func endLook(_ number: Int) {
        looks[number] = nil
        if historyCapacity == 0, let index = members[number] { series[index].history = nil }
    }
}

extension Pipeline {
    /// One series for who looks at it; `nil` when there is none of that name.
    ///
    /// - Parameter keeps: see ``Shard/recent(_:named:keeps:)``.
    func view(of series: String, keeps: Bool) async -> SeriesView? {
        guard let number = seriesNames.firstIndex(of: series), places.indices.contains(number) else {
            return nil
        }
        let group = groups[places[number].group]
        let shard = group.shards[places[number].member % shardCount]
        guard let (verdict, samples) = await shard.recent(number, named: series, keeps: keeps) else { return nil }
        return SeriesView(
            status: SeriesStatus(
                stream: name, series: series, verdict: verdict, isAlerting: level(of: number) == 1,
                interval: sequencer.interval(of: number)),
            channels: group.channels, samples: samples)
    }

    func endLook(at series: String) async {
        guard let number = seriesNames.firstIndex(of: series), places.indices.contains(number) else {
            return
        }
        await groups[places[number].group].shards[places[number].member % shardCount].endLook(number)
    }
}

extension StreamTable {
    /// The streams that have a series of this name, in order.
    func streams(having series: String) async -> [String] {
        var found: [String] = []
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key })
        where await pipeline.channels(of: series) != nil {
            found.append(name)
        }
        return found
    }

    /// One series for who looks at it, now and again; `nil` when there is none.
    ///
    /// - Parameter seconds: the monotonic clock; `nil` when nobody looks at this one for longer.
    func view(of name: SeriesName, lookingAt seconds: Double?) async -> SeriesView? {
        guard let pipeline = pipelines[name.stream],
            let view = await pipeline.view(of: name.series, keeps: seconds != nil)
        else { return nil }
        if let seconds, let left = looks.note(name, at: seconds) {
            await pipelines[left.stream]?.endLook(at: left.series)
        }
        return view
    }

    /// Forgets the series that nobody looks at any more.
    func endOldLooks(at seconds: Double) async {
        for name in looks.expire(at: seconds) { await pipelines[name.stream]?.endLook(at: name.series) }
    }
}
