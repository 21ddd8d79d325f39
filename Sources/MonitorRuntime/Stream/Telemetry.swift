import Alerting
import AnomalyDetection
import Ingest
import Logging
import TimeSeries

/// What became of a stream's data lines.
public struct LineCounts: Equatable, Sendable {
    /// Data lines.
    public var lines: UInt64
    /// Those that were scored and learned from.
    public var samples: UInt64
    /// Those that came too late.
    public var late: UInt64
    /// Those with the time of the line before.
    public var duplicates: UInt64
    /// Those of keys that are no series yet, or for which there was no room.
    public var counted: UInt64
    /// Rounds that were scored and not learned from, because the source could not wait.
    public var roundsWithoutTraining: UInt64
    /// Of a stream of flow records, what became of these; its lines are then samples and unusable lines.
    public var flows: FlowCounts?

    /// Lines of the input: of flow records the records, where ``lines`` are what these were put together to.
    public var inputLines: UInt64 { flows.map { $0.records.records + unusable } ?? lines }

    /// Those that could not be used.
    public var unusable: UInt64 { lines - samples - late - duplicates - counted }
}

extension Logger {
    /// Says what came of a stream, with what its source counted.
    func ended(
        _ stream: String, _ counts: LineCounts, _ training: TrainingCounts, _ source: SourceTelemetry.Counters
    ) {
        var facts: Logger.Metadata = [
            "stream.name": "\(stream)", "stream.lines": "\(counts.inputLines)", "stream.samples": "\(counts.samples)",
        ]
        let odd: [(String, UInt64)] = [
            ("stream.unusable", counts.unusable), ("stream.late", counts.late),
            ("stream.duplicates", counts.duplicates), ("stream.counted", counts.counted),
            ("training.skipped", counts.roundsWithoutTraining), ("training.steps", training.made),
            ("training.learned", training.learned), ("training.not_finite", training.notFinite),
            ("file.lost_parts", source.lostParts), ("file.lost_bytes", source.lostBytes),
            ("udp.cut", source.cutDatagrams),
            ("udp.dropped_rows", source.droppedRows),
            ("netflow.exporters", source.exports.exporters), ("netflow.flows", source.exports.flows),
            ("netflow.lost_flows", source.exports.lostFlows),
            ("netflow.lost_datagrams", source.exports.lostDatagrams), ("netflow.late", source.exports.late),
            ("netflow.restarts", source.exports.restarts), ("netflow.sets_dropped", source.exports.setsDropped),
            ("netflow.templates_evicted", source.exports.templatesEvicted),
            ("netflow.exporters_evicted", source.exports.exportersEvicted),
        ]
        for (key, count) in odd where count > 0 { facts[key] = "\(count)" }
        if let flows = counts.flows {
            facts["flows.records"] = "\(flows.records.records)"
            facts["flows.series"] = "\(flows.series.admitted)"
            facts["flows.counted"] = "\(flows.records.counted)"
            for (name, count) in flows.odd where count > 0 { facts["flows.\(name)"] = "\(count)" }
        }
        if source.receiveBuffer > 0 {
            facts["udp.datagrams"] = "\(source.datagrams)"
            facts["udp.dropped"] = "\(source.droppedDatagrams)"
            facts["udp.buffer"] = "\(source.receiveBuffer)"
        }
        info("stopped watching", metadata: facts)
    }

    /// Says at the stop what waited for a template that never came; a source may have had nothing else.
    func waitedInVain(_ exports: ExportCounters, number: Int) {
        let waiting = exports.setsHeld - min(exports.setsHeld, exports.setsRead + exports.setsDropped)
        guard waiting > 0 else { return }
        warning(
            "flow records were dropped: their template had not come (have the exporter send its templates every minute)",
            metadata: ["source.number": "\(number + 1)", "netflow.sets": "\(waiting)"])
    }
}

/// Says what is odd about the times of a stream: the first time, and then each time the count has grown tenfold.
struct StreamNotices: Sendable {
    private let logger: Logger?
    private var nextLate: UInt64 = 1
    private var nextDuplicate: UInt64 = 1
    private var nextStep: UInt64 = 1

    init(logger: Logger?) { self.logger = logger }

    /// Looks at what a line did to the sequencer.
    mutating func look(at step: StreamSequencer.Step, of sequencer: StreamSequencer, stream: String) {
        if step.isOrdinary { return }
        tell(
            "lines are earlier than the one before: counted, not learned", sequencer.lateLines, &nextLate, step, stream)
        tell(
            "lines have the time of the one before: counted, not learned (if they are of several machines, name the column that tells which: `series` below [[source]] in a file that --config names)",
            sequencer.duplicateLines, &nextDuplicate,
            step, stream)
        tell(
            "the clock of the input was set: the time grid starts anew", sequencer.clockSteps, &nextStep, step,
            stream)
    }

    /// Says how the learning of a stream's first series goes: when it has begun, half way, and when alerts can come.
    func look(atLearning verdict: Verdict, of series: String, interval: Double?, stream: String) {
        let needed = verdict.learning.neededSamples
        let samples = verdict.sampleNumber + 1
        guard let logger, [10, needed / 2, needed].contains(samples) else { return }
        var facts: Logger.Metadata = ["stream.name": "\(stream)", "series.key": "\(series)"]
        guard samples < needed else {
            logger.info("learned enough: alerts can come from now on, and learning goes on", metadata: facts)
            return
        }
        facts["learning.progress"] = "\(Int((verdict.learning.progress * 100).rounded())) %"
        if let interval {
            facts["learning.remaining"] =
                "about \(HumanDuration.text(seconds: Double(needed - samples) * interval)) of the input's time"
        }
        logger.info("learning what is usual: alerts come after \(needed) samples", metadata: facts)
    }

    /// Says that the clock was set that lines without a time are dated by.
    func tellClockSet(by seconds: Double, stream: String) {
        let step = (seconds < 0 ? "-" : "+") + HumanDuration.text(seconds: seconds.magnitude.rounded())
        logger?.warning(
            "this machine's clock was set: lines without a time are dated by it, and the time grid starts anew",
            metadata: ["stream.name": "\(stream)", "clock.step": "\(step)"])
    }

    /// Says from which round on a reload is in force.
    func tellReload(round: UInt64, stream: String) {
        logger?.info("the reload is in force", metadata: ["stream.name": "\(stream)", "stream.round": "\(round)"])
    }

    /// Says that training is skipped because the input comes faster than it is learned from, and when that is over.
    func tell(_ told: SkippedTraining.Telling, of skipped: SkippedTraining, stream: String) {
        switch told {
        case .begins:
            logger?.warning(
                "the input comes faster than it is learned from: training is skipped, scoring goes on",
                metadata: [
                    "stream.name": "\(stream)", "training.round": "\(skipped.episodes.last?.first ?? 0)",
                    "training.skipped": "\(skipped.rounds)",
                ])
        case .ended(let episode):
            logger?.notice(
                "the input is learned from again",
                metadata: [
                    "stream.name": "\(stream)", "training.rounds": "\(episode.rounds)",
                    "training.first": "\(episode.first)", "training.last": "\(episode.last)",
                ])
        }
    }

    /// Says which counters of the configuration no channel of a stream is called by.
    func tellUnknownCounters(_ conditions: SampleConditions, in schema: StreamSchema, stream: String) {
        let known = Set(schema.groups.flatMap { $0.map(\.name) })
        for counter in conditions.counters where !known.contains(counter) {
            logger?.warning(
                "no channel has the name of this counter",
                metadata: ["stream.name": "\(stream)", "counter.name": "\(counter)"])
        }
    }

    private func tell(
        _ message: Logger.Message, _ count: UInt64, _ next: inout UInt64, _ step: StreamSequencer.Step, _ stream: String
    ) {
        guard count >= next else { return }
        next *= 10
        logger?.warning(
            message,
            metadata: ["stream.name": "\(stream)", "line.time": "\(step.time)", "line.count": "\(count)"])
    }
}
