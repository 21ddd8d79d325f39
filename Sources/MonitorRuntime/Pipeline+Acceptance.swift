import Alerting
import AnomalyDetection
import Ingest

/// What came of accepting an incident.
enum AcceptanceOutcome: Equatable, Sendable {
    /// What these series do is usual from the next round on.
    case accepted(id: String, series: [String])
    /// No open incident has such an id.
    case unknown
    /// Several open incidents have ids that begin so.
    case ambiguous([String])
    /// The series are as usual, or all of it is of a kind that nothing is learned from (a silence, a stuck value).
    case nothingToAccept
}

/// A new level or behaviour is right: somebody has said so.
extension Pipeline {
    /// Accepts what series do now, at the border of the round in progress: decided by counting samples, as a reload is. It is
    /// part of the state, so that a restart before the border loses nothing.
    ///
    /// - Returns: the series of these that are not as usual; the others are left alone.
    func accept(series wanted: [String]) async -> [String] {
        var accepted: [String] = []
        for (number, name) in seriesNames.enumerated() where wanted.contains(name) {
            guard places.indices.contains(number) else { continue }
            let place = places[number]
            guard await groups[place.group].shards[place.member % shardCount].accept(series: number) else { continue }
            accepted.append(name)
            hasAcceptances = true
        }
        return accepted
    }

    func applyAcceptances() async {
        hasAcceptances = false
        for index in groups.indices {
            groups[index].feedback.apply()
            for shard in groups[index].shards { await shard.applyAcceptances() }
        }
    }
}

extension StreamTable {
    /// Accepts what the series of an open incident do now for usual: the incident closes, and says so.
    ///
    /// - Parameter prefix: the incident's id, or as much of it as names one open incident.
    func accept(incident prefix: String) async -> AcceptanceOutcome {
        let found = await desk.openIncidents(prefix: prefix)
        guard let incident = found.first else { return .unknown }
        guard found.count == 1 else { return .ambiguous(found.map(\.id)) }
        guard let pipeline = pipelines[incident.stream] else { return .nothingToAccept }
        let series = await pipeline.accept(series: incident.series)
        return series.isEmpty ? .nothingToAccept : .accepted(id: incident.id, series: series)
    }
}
