import Alerting
import AnomalyDetection
import Ingest
import NeuralNet
import Persistence
import TimeSeries

/// Owns some of the series of a group: their scaling, calibration, hidden state and incidents.
///
/// Weights are not its own: every call brings the snapshot that the round is scored with. Nothing is suspended between
/// a sample's score and what its series learns from it.
actor Shard {
    /// What the series of a name are told.
    typealias SeriesSettings = @Sendable (_ series: String) -> (detection: DetectionConfiguration, rule: IncidentRule)

    let channels: [Channel]
    /// By what the group's series are compared; empty where they are not.
    let extents: [Extent]
    let conditions: SampleConditions
    let isScaled: Bool
    private let watchesSensors: Bool
    var channelCount: Int { channels.count }
    var settings: SeriesSettings
    /// The place in `series` of each number.
    var members: [Int: Int] = [:]
    var series: [SeriesMember] = []
    /// The series that ``fresh(_:)`` made last.
    private var freshMember: (told: (detection: DetectionConfiguration, rule: IncidentRule), member: SeriesMember)?
    /// The number of each of those.
    var numbers: [Int] = []
    var saving = ShardSaving()
    /// Samples of a chunk of history; 0 for none.
    let historyCapacity: Int
    /// Chunks on their way to the history.
    var chunks: [HistoryChunk] = []
    /// Chunks for which there was no room.
    var droppedChunks = 0
    /// Of the series that somebody looks at, by number: the last whole chunk, beside the one that is collected.
    var looks: [Int: HistoryChunk?] = [:]
    var scratch: ScoringScratch
    /// What was answered about incidents of the group, as of this round; `nil` for nothing.
    var feedback: FeedbackHead?
    /// Openings that were not told because of such answers, since the start.
    var heldByFeedback: UInt64 = 0
    var log = TrainingLog()
    var peakLog = PeakLog()
    /// The sample in hand: what the detectors see of it, and what came with the line.
    var values: [Double]
    private var measured: [Double]
    /// The same with its measures, where series are compared.
    private var compared: [Double]

    /// Creates a shard without series.
    ///
    /// - Parameter watchesSensors: whether a value that stays the same, or is missing, is a fault of a sensor.
    init(
        channels: [Channel], extents: [Extent] = [], conditions: SampleConditions, watchesSensors: Bool = true,
        configuration: DetectionConfiguration, kernels: Kernels, historyCapacity: Int = 0,
        settings: @escaping SeriesSettings
    ) {
        self.channels = channels
        self.extents = extents
        self.conditions = conditions
        isScaled = channels.contains(where: \.isScaled)
        self.watchesSensors = watchesSensors
        values = Array(repeating: .nan, count: channels.count)
        measured = values
        let measures = extents.compactMap(\.measure).max() ?? -1
        compared = Array(repeating: .nan, count: extents.isEmpty ? 0 : max(channels.count, measures + 1))
        self.settings = settings
        self.historyCapacity = historyCapacity
        scratch = ScoringScratch(channelCount: channels.count, configuration: configuration, kernels: kernels)
    }

    /// Scores and learns the lines of one round's part, in order.
    ///
    /// - Parameter places: by number of the series in its stream.
    func process(
        _ steps: [StreamSequencer.Step], of batch: RecordBatch, places: [SeriesPlace], models: GroupModels,
        tails: FleetTails? = nil, feedback: FeedbackHead? = nil
    ) -> [LineOutcome] {
        self.feedback = feedback
        var outcomes: [LineOutcome] = []
        outcomes.reserveCapacity(steps.count)
        let zone = batch.schema?.zone ?? .utc
        for step in steps {
            switch step.kind {
            case .ended: outcomes.append(end(step, of: batch))
            case .malformed, .counted, .stopped: outcomes.append(LineOutcome(step: step))
            case .repeated:
                outcomes.append(LineOutcome(step: step, verdict: series[member(of: step, in: batch)].monitor.last))
            case .sample(let missed):
                let member = places[step.series].member
                outcomes.append(
                    observe(step, number: member, missed: missed, of: batch, in: zone, models: models, tails: tails))
            }
        }
        return outcomes
    }

    private func observe(
        _ step: StreamSequencer.Step, number: Int, missed: Int, of batch: RecordBatch,
        in zone: TimeZoneRules, models: GroupModels, tails: FleetTails?
    ) -> LineOutcome {
        if batch.rows[step.row].beginsSeries { begin(step, in: batch) }
        let index = member(of: step, in: batch)
        touch(index)
        var outcome = LineOutcome(step: step)
        var input = SampleInput(
            time: step.time, missedTicks: missed, windowRestarts: step.restarts, interval: step.interval,
            phaseOfDay: PhaseOfDay.turns(at: step.time, interval: step.interval, in: zone),
            phaseOfWeek: PhaseOfDay.turnsOfWeek(at: step.time, in: zone))
        let filled = series[index].conditioner.filledTicks(missed: missed)
        for tick in 0..<filled {
            // A tick without a line is a sample of its own where the source means something by it.
            let time = step.time.advanced(bySeconds: -(step.interval ?? 1) * Double(filled - tick))
            series[index].conditioner.fill(into: &values, at: time)
            let place = SampleInput(
                time: time, interval: step.interval,
                phaseOfDay: PhaseOfDay.turns(at: time, interval: step.interval, in: zone),
                phaseOfWeek: PhaseOfDay.turnsOfWeek(at: time, in: zone))
            observe(place, index, number: number, models: models, tails: nil, into: &outcome, isLine: false)
        }
        if filled > 0 { input.missedTicks = 0 }
        let first = Int(batch.rows[step.row].firstValue)
        series[index].conditioner.condition(
            batch.values.span.extracting(first..<(first + channelCount)), at: step.time, restarts: step.restarts,
            into: &values, measured: &measured)
        if tails != nil {
            for place in compared.indices { compared[place] = batch.values[first + place] }
        }
        observe(input, index, number: number, models: models, tails: tails, into: &outcome, isLine: true)
        if historyCapacity > 0 || !looks.isEmpty && looks[step.series] != nil, let verdict = outcome.verdict {
            record(verdict, of: index, named: batch.seriesNames[step.series])
        }
        return outcome
    }

    /// Keeps the sample in hand for the history.
    private func record(_ verdict: Verdict, of index: Int, named name: String) {
        // Taken out, so that it is nobody else's while it changes.
        var history =
            series[index].history.take()
            ?? SeriesHistory(
                channelCount: channelCount, capacity: historyCapacity > 0 ? historyCapacity : Self.lookedAtSamples,
                number: historyCapacity > 0 ? numbers[index] : 0)
        history.append(verdict, values: measured.span) { channel in
            series[index].monitor.expectedBand(of: channel).map { band in
                isScaled
                    ? SeriesHistory.ChannelBand(
                        expected: Float(max(0, channels[channel].unscaled(band.expected))),
                        low: Float(max(0, channels[channel].unscaled(band.low))),
                        high: Float(channels[channel].unscaled(band.high)))
                    : SeriesHistory.ChannelBand(
                        expected: Float(band.expected), low: Float(band.low), high: Float(band.high))
            }
        }
        if history.isFull {
            let chunk = history.takeChunk(series: name)
            keep(chunk)
            if !looks.isEmpty, looks[numbers[index]] != nil { looks[numbers[index]] = .some(chunk) }
        }
        series[index].history = history
    }

    /// Scores the sample in hand and judges what its verdict and its channels mean for the series' incidents.
    private func observe(
        _ input: SampleInput, _ index: Int, number: Int, models: GroupModels, tails: FleetTails?,
        into outcome: inout LineOutcome, isLine: Bool
    ) {
        scale(at: input.time, number: number)
        let tracker = series[index].tracker
        let isAway = tracker.isAway(measured.span)
        if !series[index].exclusions.isEmpty {
            series[index].monitor.isExcluded = series[index].isExcluded(at: input.time)
        }
        var verdict = series[index].monitor.observe(
            input, values: values.span, models: models, scratch: &scratch, log: &log, series: number
        ) { verdict in
            var next = tracker
            return next.observe(verdict, isAway: isAway) != nil
        }
        if let tails { compare(index, input, &verdict, with: tails) }
        outcome.verdict = verdict
        if isLine, watchesSensors {
            series[index].sensors.observe(
                measured.span, input, verdict, isTold: series[index].tracker.isOpen, into: &outcome.findings)
        }
        if let change = series[index].monitor.driftChange {
            // Taken out: two parts of one element cannot be changed in one call.
            var drifts = series[index].drifts
            // Of a channel on another scale it would be told in numbers that nobody knows.
            let isTold =
                !isScaled
                && drifts.observe(
                    change, verdict, interval: input.interval ?? 1, budget: &series[index].tracker,
                    into: &outcome.findings)
            series[index].drifts = drifts
            if !isTold, case .begins = change { series[index].monitor.dismissDrift() }
        }
        let before = series[index].tracker
        guard var change = series[index].tracker.observe(verdict, isAway: isAway) else { return }
        var explanation = explained(index)
        if let peaks = series[index].peaks, verdict.isEvent {
            explanation.rest(on: peaks.evidence, of: extents)
            explanation.raritySeconds = (input.interval ?? 1) * Transcendental.exp10(verdict.score ?? 0)
        }
        if change.event == .open {
            if series[index].sensors.isOnTheWayBack {
                // To the tracker nothing unusual has happened yet; what stays unusual opens when the way back is over.
                series[index].tracker = before
                _ = series[index].tracker.observe(verdict.calm)
                return
            }
            if watchesSensors,
                series[index].sensors.covers(
                    verdict, explanation, isStuckEvidence: series[index].monitor.isStuckEvidence,
                    into: &outcome.findings)
            {
                // One incident for one thing.
                series[index].tracker.yieldOpening()
                return
            }
        }
        if change.event == .open, !follow(index, verdict, &change, &explanation) { return }
        switch change.event {
        case .open:
            series[index].tracker.note(Departure(explanation))
            explanation.similar = series[index].monitor.noteOpening(explanation, since: change.since)
        case .update: break
        case .close:
            let lasted = (change.until ?? change.time).seconds(since: change.since)
            series[index].monitor.noteClosing(lasted: lasted, becameUsual: verdict.isNewNormal)
        }
        outcome.change = outcome.change.map { change.following($0) } ?? change
        outcome.explanation = explanation
    }

    /// Puts the values in hand on the scale that their channels are judged on.
    func scale(at time: Timestamp, number: Int) {
        guard isScaled else { return }
        for channel in values.indices {
            let seed = UInt64(bitPattern: time.nanoseconds) &+ UInt64(number) << 12 &+ UInt64(channel)
            values[channel] = channels[channel].scaled(values[channel], seed: splitMix(seed))
        }
    }

    /// Judges the sample in hand beside the series' own peaks and by what the fleet knows.
    private func compare(_ index: Int, _ input: SampleInput, _ verdict: inout Verdict, with tails: FleetTails) {
        // Taken out: a part of an element cannot be changed beside others of the actor without a copy.
        guard var peaks = series[index].peaks.take() else { return }
        defer { series[index].peaks = peaks }
        let excess = peaks.observe(
            extents, values: compared.span, score: verdict.score, interval: input.interval ?? 1,
            falseAlarmsPerSecond: series[index].falseAlarmsPerSecond, tails: tails, log: &peakLog)
        guard let excess else { return }
        verdict.score = max(0, verdict.threshold + excess)
        if peaks.isNewcomer { verdict.learning.borrowedSamples = tails.sampleCount }
    }

    /// Why the last sample was judged as it was, in the channels' own units.
    private func explained(_ index: Int) -> Explanation {
        var explanation = series[index].monitor.explain()
        guard isScaled else { return explanation }
        for part in explanation.channels.indices {
            let channel = channels[explanation.channels[part].channel]
            // As it came, without the grain.
            let value = measured[explanation.channels[part].channel]
            explanation.channels[part].value = value == value ? value : nil
            explanation.channels[part].expected = explanation.channels[part].expected.map {
                Self.told(channel.unscaled($0))
            }
            // What is counted or a share is never below 0, whatever a band around it says.
            explanation.channels[part].low = explanation.channels[part].low.map { Self.told(channel.unscaled($0)) }
            explanation.channels[part].high = explanation.channels[part].high.map { Self.told(channel.unscaled($0)) }
        }
        return explanation
    }

    /// What is counted or a share, as people are told it: nothing below 0, and next to nothing is nothing.
    private static func told(_ number: Double) -> Double { number < 1e-9 ? 0 : number }

    /// Position of a line's series among this shard's, made at its first sample.
    private func member(of step: StreamSequencer.Step, in batch: RecordBatch) -> Int {
        if let index = members[step.series] { return index }
        append(newcomer(step, in: batch), number: step.series)
        return series.count - 1
    }

    func append(_ member: SeriesMember, number: Int) {
        series.append(member)
        numbers.append(number)
        members[number] = series.count - 1
    }

    /// A series is gone: its incident closes, and its memory is free. If it comes back it begins anew.
    private func end(_ step: StreamSequencer.Step, of batch: RecordBatch) -> LineOutcome {
        var outcome = LineOutcome(step: step)
        guard let index = members[step.series] else { return outcome }
        touch(index)
        keep(series[index].history?.takeChunk(series: batch.endings[Int(batch.rows[step.row].firstValue)].name))
        saving.gone.append(step.series)
        looks[step.series] = nil
        members[step.series] = nil
        let ending = batch.endings[Int(batch.rows[step.row].firstValue)]
        outcome.change = series[index].tracker.end(
            after: series[index].monitor.last, at: step.time, lastSeen: ending.lastSeen, isReplaced: ending.isEvicted)
        // The last one takes its place among the members.
        series.swapAt(index, series.count - 1)
        numbers.swapAt(index, numbers.count - 1)
        series.removeLast()
        numbers.removeLast()
        if index < series.count { members[numbers[index]] = index }
        return outcome
    }

    /// Another series takes the place of one that is gone.
    private func begin(_ step: StreamSequencer.Step, in batch: RecordBatch) {
        guard let index = members[step.series] else { return }
        touch(index)
        looks[step.series] = nil
        let (image, next) = (series[index].image, series[index].nextImage)
        series[index] = newcomer(step, in: batch)
        // What is stored under its number is still the other's.
        series[index].image = image
        series[index].nextImage = next
    }

    private func newcomer(_ step: StreamSequencer.Step, in batch: RecordBatch) -> SeriesMember {
        newcomer(step.series, named: batch.seriesNames[step.series])
    }

    /// A series that nothing is known of.
    func newcomer(_ number: Int, named name: String) -> SeriesMember {
        var member = fresh(settings(name))
        member.monitor.begin(seriesSeed: splitMix(UInt64(number)))
        member.image = PieceImage(number: number)
        return member
    }

    /// What every series of these settings begins as: made once, so that what they do not change is in memory once for all.
    func fresh(_ told: (detection: DetectionConfiguration, rule: IncidentRule)) -> SeriesMember {
        if let (known, member) = freshMember, known.detection == told.detection, known.rule == told.rule {
            return member
        }
        let member = SeriesMember(
            monitor: SeriesMonitor(channelCount: channelCount, configuration: told.detection, seriesSeed: 0),
            tracker: IncidentTracker(rule: told.rule),
            conditioner: SampleConditioner(channels: channels, conditions: conditions),
            sensors: SensorIncidents(
                channelCount: channelCount, falseAlarmsPerSecond: told.detection.falseAlarmsPerSecond,
                missing: conditions.missing),
            peaks: extents.isEmpty ? nil : OwnPeaks(extentCount: extents.count),
            falseAlarmsPerSecond: told.detection.falseAlarmsPerSecond,
            openings: told.detection.profile == .full ? RecentOpenings() : nil, image: PieceImage())
        freshMember = (told, member)
        return member
    }

    /// Applies what the series are told from the next sample on; open incidents stay.
    ///
    /// - Parameter names: by number of the series in its stream.
    func reconfigure(names: [String], settings: @escaping SeriesSettings) {
        self.settings = settings
        for (number, index) in members where names.indices.contains(number) {
            let told = settings(names[number])
            touch(index)
            series[index].monitor.reconfigure(
                falseAlarmsPerSecond: told.detection.falseAlarmsPerSecond, adaptation: told.detection.adaptation,
                explanation: told.detection.explanation)
            series[index].tracker.reconfigure(told.rule)
            series[index].falseAlarmsPerSecond = told.detection.falseAlarmsPerSecond
        }
    }

    /// Remembers that what a series does now was accepted; ``applyAcceptances()`` makes it so.
    ///
    /// - Parameter number: of the series in its stream.
    /// - Returns: whether there is something to accept.
    func accept(series number: Int) -> Bool {
        guard let index = members[number], series[index].monitor.hasSomethingToAccept else { return false }
        touch(index)
        series[index].isAccepted = true
        return true
    }

    /// At a round's border: what was accepted since the last one is usual from the next sample on.
    func applyAcceptances() {
        for index in series.indices where series[index].isAccepted {
            touch(index)
            series[index].isAccepted = false
            _ = series[index].monitor.accept()
        }
        for index in series.indices where !series[index].falseAlarmScores.isEmpty {
            touch(index)
            for score in series[index].falseAlarmScores { series[index].monitor.learnFalseAlarm(score: score) }
            series[index].falseAlarmScores = []
        }
    }

    /// How many series are here, how many of them are still learning, and how many wait for what they do to be accepted.
    var standing: StreamStanding {
        StreamStanding(
            series: series.count, learning: series.count { $0.monitor.last?.learning.isLearning ?? true },
            awaiting: series.count { $0.monitor.last?.learning.awaitsAcceptance ?? false },
            heldByFeedback: heldByFeedback)
    }

    /// Hands over what this round's samples leave for training, and goes on with an empty log.
    func takeLog(leaving empty: TrainingLog) -> TrainingLog {
        let taken = log
        log = empty
        return taken
    }

    /// Hands over the blocks of peaks that ended in this round.
    func takePeaks() -> PeakLog {
        defer { peakLog.removeAll() }
        return peakLog
    }
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
