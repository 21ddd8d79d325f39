import AnomalyDetection
import Ingest
import TimeSeries

/// How one series stands, for a person who looks.
struct SeriesStatus: Equatable, Sendable {
    /// Name of its stream.
    var stream: String
    /// Its key.
    var series: String
    /// What was said of its last sample; `nil` before the first.
    var verdict: Verdict?
    /// Whether an incident of it is open that was told.
    var isAlerting: Bool
    /// Seconds between samples; `nil` while that is not known.
    var interval: Double?

    /// How much of its alarm is reached: severity where it is known, which says how far from normal it is now.
    var rank: Double { verdict?.severity ?? -1 }

    var isLearning: Bool { verdict?.learning.isLearning ?? true }

    /// In the order in which a person wants to see them: open incidents, then how far from normal, then by name.
    static func comesFirst(_ one: SeriesStatus, _ other: SeriesStatus) -> Bool {
        if one.isAlerting != other.isAlerting { return one.isAlerting }
        let (a, b) = (one.verdict?.isAbnormal ?? false, other.verdict?.isAbnormal ?? false)
        if a != b { return a }
        if one.rank != other.rank { return one.rank > other.rank }
        return (one.stream, one.series) < (other.stream, other.series)
    }
}

extension Shard {
    /// What was said last of each series here, by number.
    var verdicts: [(number: Int, verdict: Verdict?)] {
        series.indices.map { (numbers[$0], series[$0].monitor.last) }
    }
}

extension Pipeline {
    /// How the series of the stream stand, in the order in which they were met.
    func seriesStatuses() async -> [SeriesStatus] {
        let names = seriesNames
        var statuses: [SeriesStatus] = []
        for group in groups {
            for shard in group.shards {
                for (number, verdict) in await shard.verdicts where names.indices.contains(number) {
                    statuses.append(
                        SeriesStatus(
                            stream: name, series: names[number], verdict: verdict, isAlerting: level(of: number) == 1,
                            interval: sequencer.interval(of: number)))
                }
            }
        }
        return statuses
    }

    /// The channels of a series; `nil` when there is none of that name.
    func channels(of series: String) -> [Channel]? {
        guard let number = seriesNames.firstIndex(of: series), places.indices.contains(number) else {
            return nil
        }
        return groups[places[number].group].channels
    }
}

extension StreamTable {
    /// How the series of all streams stand.
    func seriesStatuses() async -> [SeriesStatus] {
        var statuses: [SeriesStatus] = []
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            statuses += await pipeline.seriesStatuses()
        }
        return statuses
    }

    /// What each source has counted and each stream has come to, in order.
    func sourceStatuses() async -> (sources: [SourceStatus], streams: [StreamStatus]) {
        var sources: [SourceStatus] = []
        for (number, telemetry) in telemetry.sorted(by: { $0.key < $1.key }) {
            sources.append(
                SourceStatus(name: sourceNames[number] ?? "source \(number + 1)", counters: telemetry.counters))
        }
        var streams: [StreamStatus] = []
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            streams.append(
                StreamStatus(
                    name: name, counts: await pipeline.counts, standing: await pipeline.standing(),
                    training: await pipeline.trainingCounts(), lastTime: await pipeline.lastTime))
        }
        return (sources, streams)
    }
}
