import Alerting
import Ingest

extension BrokerCounters {
    /// What `status` shows of a source at a broker.
    var json: JSONWriter.Value {
        func count(_ number: UInt64) -> JSONWriter.Value { .integer(Int(clamping: number)) }
        return .object([
            ("connected", .boolean(isConnected)), ("away_since", awaySince.map { .text("\($0)") }),
            ("away_because", awayReason.map { .text($0) }), ("silent_since", silentSince.map { .text("\($0)") }),
            ("messages", count(messages)), ("losses", count(losses)),
            ("duplicates", count(duplicates)), ("retained_skipped", count(retainedSkipped)),
            ("unusable_topics", count(unusable)), ("sparkplug", sparkplug?.json),
        ])
    }
}

extension SparkplugCounters {
    fileprivate var json: JSONWriter.Value {
        func count(_ number: UInt64) -> JSONWriter.Value { .integer(Int(clamping: number)) }
        return .object([
            ("births", count(births)), ("deaths", count(deaths)), ("stale_deaths", count(staleDeaths)),
            ("lost", count(lost)), ("unknown", count(unknown)), ("rebirths_asked", count(rebirthsAsked)),
            ("too_old", count(tooOld)), ("nodes_evicted", count(nodesEvicted)),
        ])
    }
}
