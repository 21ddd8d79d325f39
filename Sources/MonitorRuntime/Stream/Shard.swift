import Alerting
import AnomalyDetection
import Ingest
import NeuralNet
import TimeSeries

/// What came of one line, in the order of the input.
struct LineOutcome: Sendable {
    /// The line's place.
    var step: StreamSequencer.Step
    /// The verdict; that of the last sample when the line is late or a duplicate, `nil` when it is not usable.
    var verdict: Verdict?
    /// What the sample did to the incident of its series.
    var change: IncidentChange?
    /// Why, for a sample that changed an incident.
    var explanation: Explanation?
}

/// Owns some of the series of a group: their scaling, calibration, hidden state and incidents.
///
/// Weights are not its own: every call brings the snapshot that the round is scored with. Nothing is suspended between
/// a sample's score and what its series learns from it.
actor Shard {
    /// One series.
    private struct Member {
        var monitor: SeriesMonitor
        var tracker: IncidentTracker
    }

    /// What the series of a name are told.
    typealias SeriesSettings = @Sendable (_ series: String) -> (detection: DetectionConfiguration, rule: IncidentRule)

    private let channelCount: Int
    private var settings: SeriesSettings
    private var members: [Int: Int] = [:]
    private var series: [Member] = []
    private var scratch: ScoringScratch
    private var log = TrainingLog()

    /// Creates a shard without series.
    init(
        channelCount: Int, configuration: DetectionConfiguration, kernels: Kernels, settings: @escaping SeriesSettings
    ) {
        self.channelCount = channelCount
        self.settings = settings
        scratch = ScoringScratch(channelCount: channelCount, configuration: configuration, kernels: kernels)
    }

    /// Scores and learns the lines of one round's part, in order.
    ///
    /// - Parameter places: by number of the series in its stream.
    func process(
        _ steps: [StreamSequencer.Step], of batch: RecordBatch, places: [SeriesPlace], models: GroupModels
    ) -> [LineOutcome] {
        var outcomes: [LineOutcome] = []
        outcomes.reserveCapacity(steps.count)
        let zone = batch.schema?.zone ?? .utc
        for step in steps {
            switch step.kind {
            case .malformed, .counted: outcomes.append(LineOutcome(step: step))
            case .repeated:
                outcomes.append(LineOutcome(step: step, verdict: series[member(of: step, in: batch)].monitor.last))
            case .sample(let missed):
                let member = places[step.series].member
                outcomes.append(observe(step, number: member, missed: missed, of: batch, in: zone, models: models))
            }
        }
        return outcomes
    }

    private func observe(
        _ step: StreamSequencer.Step, number: Int, missed: Int, of batch: RecordBatch,
        in zone: TimeZoneRules, models: GroupModels
    ) -> LineOutcome {
        let index = member(of: step, in: batch)
        let first = Int(batch.rows[step.row].firstValue)
        let input = SampleInput(
            time: step.time, missedTicks: missed, windowRestarts: step.restarts, interval: step.interval,
            phaseOfDay: PhaseOfDay.turns(at: step.time, interval: step.interval, in: zone))
        let values = batch.values.span.extracting(first..<(first + channelCount))
        let verdict = series[index].monitor.observe(
            input, values: values, models: models, scratch: &scratch, log: &log, series: number)
        guard let change = series[index].tracker.observe(verdict) else {
            return LineOutcome(step: step, verdict: verdict)
        }
        return LineOutcome(
            step: step, verdict: verdict, change: change, explanation: series[index].monitor.explain())
    }

    /// Position of a line's series among this shard's, made at its first sample.
    private func member(of step: StreamSequencer.Step, in batch: RecordBatch) -> Int {
        if let index = members[step.series] { return index }
        let told = settings(batch.seriesNames[step.series])
        let monitor = SeriesMonitor(
            channelCount: channelCount, configuration: told.detection, seriesSeed: splitMix(UInt64(step.series)))
        series.append(Member(monitor: monitor, tracker: IncidentTracker(rule: told.rule)))
        members[step.series] = series.count - 1
        return series.count - 1
    }

    /// Applies what the series are told from the next sample on; open incidents stay.
    ///
    /// - Parameter names: by number of the series in its stream.
    func reconfigure(names: [String], settings: @escaping SeriesSettings) {
        self.settings = settings
        for (number, index) in members where names.indices.contains(number) {
            let told = settings(names[number])
            series[index].monitor.reconfigure(falseAlarmsPerSecond: told.detection.falseAlarmsPerSecond)
            series[index].tracker.reconfigure(told.rule)
        }
    }

    /// How many series are here, and how many of them are still learning.
    var standing: (series: Int, learning: Int) {
        (series.count, series.count { $0.monitor.last?.learning.isLearning ?? true })
    }

    /// Hands over what this round's samples leave for training, and goes on with an empty log.
    func takeLog(leaving empty: TrainingLog) -> TrainingLog {
        let taken = log
        log = empty
        return taken
    }

    // MARK: State

    /// Sums of the networks' errors over the shard's series.
    var learningReport: LearningReport {
        series.reduce(into: LearningReport()) { $0.add($1.monitor.learningReport) }
    }

    /// The series as they stand, each as one piece, and the part of the round's log that is here.
    func state() -> (series: [(number: Int, bytes: [UInt8])], log: TrainingLog) {
        let pieces = members.sorted { $0.key < $1.key }.map { number, index in
            var writer = StateWriter()
            writer.write(UInt8(1))
            series[index].monitor.encode(to: &writer)
            series[index].tracker.encode(to: &writer)
            return (number: number, bytes: writer.bytes)
        }
        return (pieces, log)
    }

    /// Takes over a series from its stored piece.
    ///
    /// - Throws: `StateCodingError`; then the series begins anew.
    func restore(series number: Int, name: String, from bytes: [UInt8]) throws {
        var reader = StateReader(bytes)
        guard try reader.read(UInt8.self) == 1 else { throw StateCodingError.invalid("unknown version of a series") }
        let told = settings(name)
        let monitor = try SeriesMonitor(from: &reader, configuration: told.detection)
        guard monitor.channelCount == channelCount else {
            throw StateCodingError.invalid("\(monitor.channelCount) channels, not \(channelCount)")
        }
        let tracker = try IncidentTracker(rule: told.rule, from: &reader)
        series.append(Member(monitor: monitor, tracker: tracker))
        members[number] = series.count - 1
    }

    /// Takes over the part of an unfinished round's log.
    func restore(log: TrainingLog) { self.log = log }
}

/// An emptied log that waits for its next round, so that its memory is used again.
struct SpareLog: Sendable {
    private var log = TrainingLog()

    /// The log, which is then nobody else's.
    mutating func take() -> TrainingLog {
        defer { log = TrainingLog() }
        return log
    }

    /// Takes over a log whose rows are done with.
    mutating func keep(_ used: inout TrainingLog) {
        used.removeAll()
        swap(&log, &used)
    }
}
