import Alerting
import AnomalyDetection
import Ingest

/// Another configuration while it runs, and what is told of the stream meanwhile.
extension Pipeline {
    /// Takes over other budgets and labels at the border of the round in progress: decided by counting samples, so that
    /// the same lines and the same reload between the same two of them give the same alerts.
    func reconfigure(_ configuration: MonitorConfiguration) { reloaded = configuration }

    /// How its series stand.
    func standing() async -> StreamStanding {
        var all = StreamStanding()
        for group in groups {
            for shard in group.shards { all.add(await shard.standing) }
        }
        return all
    }

    func takeOver(_ next: MonitorConfiguration, names: [String]) async {
        reloaded = nil
        configuration = next
        expected = ChanceOpenings()
        let settings = Self.settings(next)
        for group in groups {
            for shard in group.shards { await shard.reconfigure(names: names, settings: settings) }
        }
        await desk.reconfigure(next.alerting)
        notices.tellReload(round: sequencer.round, stream: name)
    }

    static func settings(_ configuration: MonitorConfiguration) -> Shard.SeriesSettings {
        { series in
            let own = configuration.detection(forSeries: series)
            let rule = IncidentRule(
                falseAlarmsPerSecond: own.falseAlarmsPerSecond,
                criticalMargin: configuration.alerting(forSeries: series).criticalMargin)
            return (own, rule)
        }
    }
}
