import Alerting
import AnomalyDetection
import Ingest
import TimeSeries

/// `/metrics`: the state of the daemon in Prometheus' text format 0.0.4.
///
/// Labels name sources, streams and sinks, of which the configuration and the files have few, and never series: a network of
/// ten thousand hosts has as many lines here as one pump.
struct MetricsText {
    /// The media type of ``text``.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Writes the metrics of a daemon.
    init(_ status: DaemonStatus) {
        family("monitord_build_info", "gauge", "Always 1; the version is its label.", [(["version": Version.text], 1)])
        single(
            "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.",
            Double(status.now.nanoseconds) / 1e9 - status.uptime)
        single("process_cpu_seconds_total", "counter", "Processor time used, user and system.", status.cpuSeconds)
        single("process_resident_memory_bytes", "gauge", "Resident memory.", Double(status.residentBytes))
        write(sources: status.sources)
        write(streams: status.streams, now: status)
        if let partitions = status.partitions { write(partitions) }
        write(sinks: status.sinks)
        single(
            "monitord_incidents_open", "gauge", "Incidents that were told and are open.",
            Double(status.openIncidents.count))
        single(
            "monitord_incidents_held_back_total", "counter",
            "Incidents held back by the budget of the daemon since its state began.", Double(status.heldBack))
        single(
            "monitord_alerts_waiting", "gauge", "Alerts that could not be stored yet.",
            Double(status.waitingAlerts))
    }

    private mutating func write(sources: [SourceStatus]) {
        func each(_ value: (SourceTelemetry.Counters) -> UInt64) -> [([String: String], Double)] {
            sources.map { (["source": $0.name], Double(value($0.counters))) }
        }
        family("monitord_source_bytes_total", "counter", "Bytes read.", each(\.bytes))
        family("monitord_source_lines_total", "counter", "Lines met, of every kind.", each(\.decoded.lines))
        family("monitord_source_records_total", "counter", "Usable records.", each(\.decoded.records))
        family(
            "monitord_source_unusable_lines_total", "counter", "Lines that could not be used, by reason.",
            sources.flatMap { source in
                MalformedReason.allCases.filter { source.counters.decoded[$0] > 0 }.map {
                    (["source": source.name, "reason": "\($0)"], Double(source.counters.decoded[$0]))
                }
            })
        family(
            "monitord_source_rotations_total", "counter", "Files that took a followed file's name.",
            each(\.rotations))
        family(
            "monitord_source_truncations_total", "counter", "Followed files that were cut or rewritten.",
            each(\.truncations))
        family(
            "monitord_source_lost_bytes_total", "counter",
            "Bytes of followed files that were gone before they could be read.", each(\.lostBytes))
        family("monitord_source_datagrams_total", "counter", "Datagrams received.", each(\.datagrams))
        family(
            "monitord_source_dropped_datagrams_total", "counter", "Datagrams that the socket dropped.",
            each(\.droppedDatagrams))
        family(
            "monitord_source_dropped_records_total", "counter",
            "Records that were received and dropped because the work was too far behind.", each(\.droppedRows))
        write(brokers: sources)
    }

    private mutating func write(streams: [StreamStatus], now status: DaemonStatus) {
        func each(_ value: (StreamStatus) -> Double) -> [([String: String], Double)] {
            streams.map { (["stream": $0.name], value($0)) }
        }
        family(
            "monitord_stream_samples_total", "counter", "Samples scored and learned from.",
            each { Double($0.counts.samples) })
        family(
            "monitord_stream_late_lines_total", "counter", "Lines that came too late.",
            each { Double($0.counts.late) })
        family(
            "monitord_stream_duplicate_lines_total", "counter", "Lines with the time of the line before.",
            each { Double($0.counts.duplicates) })
        family("monitord_stream_series", "gauge", "Series.", each { Double($0.standing.series) })
        family(
            "monitord_stream_series_learning", "gauge", "Series whose networks do not vote yet.",
            each { Double($0.standing.learning) })
        family(
            "monitord_stream_series_awaiting_acceptance", "gauge",
            "Series at a new level that somebody may accept.", each { Double($0.standing.awaiting) })
        family(
            "monitord_stream_training_steps_total", "counter", "Training steps made.",
            each { Double($0.training.made) })
        family(
            "monitord_stream_rounds_without_training_total", "counter",
            "Rounds that were not learned from because the input came too fast.",
            each { Double($0.counts.roundsWithoutTraining) })
        family(
            "monitord_stream_lag_seconds", "gauge", "From the event time of the last sample to now.",
            streams.filter { $0.lastTime.nanoseconds != 0 }.map {
                (["stream": $0.name], status.now.seconds(since: $0.lastTime))
            })
    }

    private mutating func write(_ partitions: PartitionStatus) {
        single(
            "monitord_partitions", "gauge", "Partitions of topics that are this worker's.",
            Double(partitions.held.count))
        family(
            "monitord_partition_lag_messages", "gauge", "Messages of a partition that wait to be read.",
            partitions.held.compactMap { entry in entry.lag.map { (["partition": entry.stream], Double($0)) } })
        family(
            "monitord_partition_epoch", "gauge", "How often a partition was taken over, by any worker.",
            partitions.held.map { (["partition": $0.stream], Double($0.epoch)) })
        let counts = partitions.counts
        for (name, help, value) in [
            ("taken_over", "Partitions taken over.", counts.takenOver),
            ("given_up", "Partitions given up in order.", counts.givenUp),
            ("lost", "Partitions lost because the group heard nothing of this worker.", counts.lost),
            ("begun_anew", "Partitions taken over without a snapshot: learning began anew.", counts.begunAnew),
            ("late_batches", "Batches that were in hand when this worker's lease ran out.", counts.lateBatches),
            ("snapshots", "Snapshots written for other workers.", counts.snapshots),
            ("snapshot_bytes", "Bytes of them.", counts.snapshotBytes),
        ] {
            single("monitord_partitions_\(name)_total", "counter", help, Double(value))
        }
    }

    private mutating func write(sinks: [SinkStatus]) {
        func each(_ value: (SinkStatus) -> Double) -> [([String: String], Double)] {
            sinks.map { (["sink": $0.name], value($0)) }
        }
        family("monitord_sink_messages_total", "counter", "Alert messages written.", each { Double($0.delivered) })
        family("monitord_sink_failures_total", "counter", "Failed tries to write.", each { Double($0.failures) })
        family(
            "monitord_sink_waiting_messages", "gauge", "Stored alert messages that it has not had yet.",
            each { Double($0.waiting) })
        family(
            "monitord_sink_dead_letters_total", "counter",
            "Messages that it will never take, and that were passed over.",
            each { Double($0.deadLetters) })
        family(
            "monitord_sink_lost_messages_total", "counter",
            "Messages that it never had, because more were waiting than are kept.", each { Double($0.dropped) })
    }

    private mutating func single(_ name: String, _ type: String, _ help: String, _ value: Double) {
        family(name, type, help, [([:], value)])
    }

    /// A metric without values is left out.
    mutating func family(
        _ name: String, _ type: String, _ help: String, _ values: [([String: String], Double)]
    ) {
        guard !values.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (labels, value) in values {
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            text += "\(name)\(pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") \(Self.number(value))\n"
        }
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
