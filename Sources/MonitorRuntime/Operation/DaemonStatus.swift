import Alerting
import AnomalyDetection
import Ingest
import TimeSeries

/// What a source has counted.
struct SourceStatus: Sendable {
    /// As the configuration names it.
    var name: String
    /// Since the start.
    var counters: SourceTelemetry.Counters
    /// Lines a second over the last minute; `nil` in the first seconds.
    var rate: Double?
}

/// What has become of a stream.
struct StreamStatus: Sendable {
    /// Its name.
    var name: String
    /// Since the state began.
    var counts: LineCounts
    /// Its series.
    var standing: StreamStanding
    /// Steps of its networks.
    var training: TrainingCounts
    /// Event time of its last sample; 1970 before the first.
    var lastTime: Timestamp
}

/// How the daemon stands: what `monitord status` shows, and `/api/v1/status` gives.
struct DaemonStatus: Sendable {
    /// Process.
    var pid: Int
    /// Seconds since the start.
    var uptime: Double
    /// Wall clock.
    var now: Timestamp
    /// Seconds of processor time.
    var cpuSeconds: Double
    /// Resident bytes now.
    var residentBytes: Int
    var sources: [SourceStatus]
    var streams: [StreamStatus]
    /// Of sources that are topics; `nil` without any.
    var partitions: PartitionStatus?
    var sinks: [SinkStatus]
    /// Open incidents that were told: ids, oldest first.
    var openIncidents: [String]
    /// Since the state began.
    var heldBack: UInt64
    /// Alerts that wait to be stored.
    var waitingAlerts: Int
    /// The first of them in order of ``SeriesStatus/comesFirst(_:_:)``.
    var series: [SeriesStatus]
    /// All of them.
    var seriesCount: Int

    /// The JSON object; numbers that are not known are left out.
    var json: JSONWriter.Value {
        .object([
            ("version", .text(Version.text)), ("pid", .integer(pid)), ("now", .text("\(now)")),
            ("uptime_seconds", .finite((uptime * 10).rounded() / 10)),
            ("cpu_seconds", .finite((cpuSeconds * 100).rounded() / 100)),
            ("resident_bytes", .integer(residentBytes)),
            ("sources", .list(sources.map(\.json))), ("streams", .list(streams.map { $0.json(now: now) })),
            ("partitions", partitions?.json),
            ("sinks", .list(sinks.map(\.json))), ("open_incidents", .list(openIncidents.map { .text($0) })),
            ("held_back", .integer(Int(clamping: heldBack))), ("waiting_alerts", .integer(waitingAlerts)),
            ("series_count", .integer(seriesCount)), ("series", .list(series.map(\.json))),
        ])
    }
}

extension SourceStatus {
    var json: JSONWriter.Value {
        func count(_ number: UInt64) -> JSONWriter.Value { .integer(Int(clamping: number)) }
        return .object([
            ("name", .text(name)), ("lines", count(counters.decoded.lines)),
            ("lines_per_second", .finite(rate.map { ($0 * 10).rounded() / 10 })),
            ("records", count(counters.decoded.records)), ("unusable", count(counters.decoded.malformed)),
            ("bytes", count(counters.bytes)), ("rotations", count(counters.rotations)),
            ("truncations", count(counters.truncations)), ("lost_parts", count(counters.lostParts)),
            ("datagrams", counters.datagrams == 0 ? nil : count(counters.datagrams)),
            ("dropped_datagrams", counters.receiveBuffer == 0 ? nil : count(counters.droppedDatagrams)),
            ("dropped_rows", count(counters.droppedRows)),
            ("broker", counters.broker?.json),
        ])
    }
}

extension StreamStatus {
    func json(now: Timestamp) -> JSONWriter.Value {
        func count(_ number: UInt64) -> JSONWriter.Value { .integer(Int(clamping: number)) }
        let hasSamples = lastTime.nanoseconds != 0
        return .object([
            ("name", .text(name)), ("lines", count(counts.lines)), ("samples", count(counts.samples)),
            ("late", count(counts.late)), ("duplicates", count(counts.duplicates)),
            ("unusable", count(counts.unusable)), ("not_yet_series", count(counts.counted)),
            ("series", .integer(standing.series)), ("learning", .integer(standing.learning)),
            ("awaiting_acceptance", .integer(standing.awaiting)),
            ("held_by_feedback", count(standing.heldByFeedback)),
            ("training_steps", count(training.made)),
            ("rounds_without_training", count(counts.roundsWithoutTraining)),
            ("last_sample", hasSamples ? .text("\(lastTime)") : nil),
            ("lag_seconds", hasSamples ? .finite((now.seconds(since: lastTime) * 10).rounded() / 10) : nil),
        ])
    }
}

extension SinkStatus {
    fileprivate var json: JSONWriter.Value {
        .object([
            ("name", .text(name)), ("written", .integer(Int(clamping: delivered))),
            ("failures", .integer(Int(clamping: failures))), ("lost", .integer(Int(clamping: dropped))),
            ("waiting", .integer(Int(clamping: waiting))),
            ("dead_letters", .integer(Int(clamping: deadLetters))),
            ("last_dead_letter", lastDeadLetter.map { .text($0) }),
            ("caught_up", .boolean(isCaughtUp)), ("last_error", lastError.map { .text($0) }),
        ])
    }
}

extension SeriesStatus {
    var json: JSONWriter.Value { json(with: []) }

    /// The object, with more members.
    func json(with more: [(String, JSONWriter.Value?)]) -> JSONWriter.Value {
        let learning = verdict?.learning
        let members: [(String, JSONWriter.Value?)] = [
            ("stream", .text(stream)), ("series", .text(series)),
            ("time", verdict.map { .text("\($0.time)") }),
            ("score", .finite(verdict?.score)), ("threshold", .finite(verdict?.threshold)),
            ("severity", .finite(verdict?.severity)),
            ("abnormal", .boolean(verdict?.isAbnormal ?? false)), ("alerting", .boolean(isAlerting)),
            ("interval_seconds", .finite(interval)),
            ("learning", .boolean(isLearning)), ("learning_progress", .finite(learning?.progress ?? 0)),
            ("seconds_until_vote", isLearning ? .finite(learning?.secondsUntilVote) : nil),
            ("threshold_progress", .finite(learning?.thresholdProgress)),
            ("seconds_until_own_threshold", .finite(learning?.secondsUntilOwnThreshold)),
            ("awaits_acceptance", .boolean(learning?.awaitsAcceptance ?? false)),
        ]
        return .object(members + more)
    }
}
