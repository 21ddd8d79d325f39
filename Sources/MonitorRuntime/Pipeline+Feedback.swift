import Alerting
import AnomalyDetection
import Ingest
import TimeSeries

/// Somebody has said what an incident was.
extension Pipeline {
    /// Takes an answer about an incident, which counts from the border of the round in progress on, and is part of the state.
    ///
    /// - Returns: the series that remember the incident.
    func answer(_ isReal: Bool, series wanted: [String], since: Timestamp) async -> [String] {
        var known: [String] = []
        for (number, name) in seriesNames.enumerated() where wanted.contains(name) {
            guard places.indices.contains(number) else { continue }
            let place = places[number]
            let shard = groups[place.group].shards[place.member % shardCount]
            guard let answer = await shard.answer(isReal, series: number, since: since) else { continue }
            groups[place.group].feedback.note(answer)
            known.append(name)
            hasAcceptances = true
        }
        return known
    }
}

extension StreamTable {
    /// Takes an answer about an incident.
    ///
    /// - Returns: the series that learn from it; none under the profile `lean`, when it was too long ago, or of a kind that no score
    ///   is behind.
    func answer(_ isReal: Bool, series: [String], since: Timestamp) async -> [String] {
        var known: [String] = []
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            known += await pipeline.answer(isReal, series: series, since: since)
        }
        return known
    }
}
