import Ingest

/// Sources at brokers; without any there is no line of them.
extension MetricsText {
    mutating func write(brokers sources: [SourceStatus]) {
        func each(_ value: (BrokerCounters) -> UInt64) -> [([String: String], Double)] {
            sources.compactMap { source in source.counters.broker.map { (["source": source.name], Double(value($0))) } }
        }
        family(
            "monitord_broker_connected", "gauge", "Whether the broker can be reached and the topics are subscribed to.",
            each { $0.isConnected ? 1 : 0 })
        family("monitord_broker_messages_total", "counter", "Messages received.", each(\.messages))
        family("monitord_broker_losses_total", "counter", "Times that the connection was lost.", each(\.losses))
        family(
            "monitord_broker_duplicates_total", "counter", "Messages that came again after a loss and were left out.",
            each(\.duplicates))
        family(
            "monitord_broker_retained_skipped_total", "counter", "Retained messages that were left out as old.",
            each(\.retainedSkipped))
        func sparkplug(_ value: (SparkplugCounters) -> UInt64) -> [([String: String], Double)] {
            sources.compactMap { source in
                source.counters.broker?.sparkplug.map { (["source": source.name], Double(value($0))) }
            }
        }
        family("monitord_sparkplug_births_total", "counter", "Births of nodes and devices.", sparkplug(\.births))
        family(
            "monitord_sparkplug_lost_messages_total", "counter", "Messages that the gaps in seq show to be lost.",
            sparkplug(\.lost))
        family(
            "monitord_sparkplug_unknown_total", "counter", "Messages and values whose birth is not known.",
            sparkplug(\.unknown))
        family(
            "monitord_sparkplug_rebirths_asked_total", "counter", "Births that nodes were asked for.",
            sparkplug(\.rebirthsAsked))
        family("monitord_sparkplug_deaths_total", "counter", "Deaths of nodes and devices.", sparkplug(\.deaths))
    }
}
