//  The path of a sample. ⇒ is an `await` between batches; → is a plain call.
//
//    source ⇒ Pipeline ───────────────────────────────────────────────────────────────┐
//    (thread)    │ TickGatherer.gather(lines)            long form: a sample a tick    │
//                │ FlowGatherer.gather(flows)            flows: a sample a bin         │
//                │ MetricGatherer.gather(lines)          StatsD: a sample an interval  │
//                │ StreamSequencer.take(line): series, tick, number, round             │
//                │ SilenceWatch.observe(sample): who has been silent for too long?     │
//                │                                                                     │
//                ⇒ Shard.process(lines, models)          of a group, one for each core │
//                │     → SampleConditioner               sentinels, counters, missing  │
//                │     → SeriesMonitor.observe(sample)   scale, score, calibrate, fuse │
//                │     → OwnPeaks.observe(sample)        flows: beside all the hosts   │
//                │     → SensorIncidents.observe(sample) stuck values, missing channels│
//                │     → IncidentTracker.observe(verdict)  open, update, close         │
//                │                                                                     │
//                │ (the tick is complete)                                              │
//                ⇒ AlertDesk.admit(changes)              group, budget, write, outbox  │
//                │     ⇒ AlertRouter ⇒ sinks             console, rolling log, journal │
//                │                                                                     │
//                │ (the round is complete)                                             │
//                │ FleetTails.absorb(peaks)              flows: for round r + 1        │
//                ⇒ Trainer.train(rows of round r)        → a group's weights for r + 2 │
//                │ (between two batches, when a commit is due)                         │
//                ⇒ Committer: Pipeline.cut(), Shard.saveSome() ⇒ StateStore            │
//                └─────────────────────────────────────────────────────────────────────┘
//
//  What makes the output the same with any read size and any number of cores: lines are numbered here, before work is
//  spread; every sample of round r is scored with the weights trained on rounds up to r − 2; the training task gets a
//  round's rows in the order of (series, number); and the desk sees changes in the order of the input, a tick at a time.
//
//  Beside the path: Pipeline+Silence.swift (who has not spoken), +State.swift (what a restart needs), +Reload.swift,
//  +Acceptance.swift (a new level is right), +Feedback.swift (an alarm was false),
//  +Maintenance.swift (what is not told for a time).

import Alerting
import AnomalyDetection
import Ingest
import Logging
import NeuralNet
import Persistence
import TimeSeries

/// One stream, from decoded lines to verdicts, incidents and stored state.
///
/// The series of a stream that have the same channels are a group: they share the networks' weights. Most streams have
/// one group; rounds are counted over all of them.
actor Pipeline {
    /// Sees every data line with its verdict and alert level (1 while an incident of its series is open), in order.
    typealias LineObserver =
        @Sendable (_ outcome: borrowing LineOutcome, _ level: Int, _ batch: RecordBatch) throws -> Void

    /// The series of the stream with the same channels.
    struct Group {
        var channels: [Channel]
        var shards: [Shard]
        var trainer: Trainer
        /// The snapshot that the round in progress is scored with: trained on rounds up to r − 2.
        var models: GroupModels
        /// The snapshot for the next round: trained on rounds up to r − 1.
        var trained: GroupModels
        /// How far its series exceed their own peaks; `nil` where they are not compared.
        var tails: FleetTails?
        /// What people have answered about its incidents.
        var feedback: FeedbackHead
        /// Series met so far.
        var seriesCount = 0

        /// The answers where there are any: to a shard nothing is handed that it has no use for.
        var activeFeedback: FeedbackHead? { feedback.count == 0 ? nil : feedback }
    }

    /// Lines of a tick that is not complete yet: their alert level is known when the desk has seen the whole tick.
    struct OpenTick {
        var time: Timestamp?
        var samples = 0
        var lines: [(outcome: LineOutcome, batch: RecordBatch)] = []
    }

    /// The name of the stream, part of every incident's id.
    nonisolated let name: String
    var configuration: MonitorConfiguration
    /// Another configuration that waits for the next round.
    var reloaded: MonitorConfiguration?
    /// Whether something was accepted that waits for the next round.
    var hasAcceptances = false
    let kernels: Kernels
    let shardCount: Int
    let desk: AlertDesk
    let observer: LineObserver?
    let stateLogger: Logger?
    /// Whether any network takes part, which a reload does not change.
    let usesNetworks: Bool
    /// Whether samples go to the history.
    let keepsHistory: Bool
    /// Whether it is a partition that other workers may have had, and may get.
    let isPartition: Bool
    let announcesLearning: Bool

    var sequencer: StreamSequencer
    var watch = InputWatch()
    var inputCondition = ConditionTracker(kind: .input)
    let conditions: SampleConditions
    var silence: SilenceWatch
    var arrivals = ArrivalWatch()
    private var arrivalClock = ArrivalClock()
    /// What lines of the batch in hand have shown of silences, by row, and how many of it are told.
    var silenceChanges: [(row: Int, change: SilenceWatch.Change)] = []
    var toldSilences = 0
    var shown: [SilenceWatch.Change] = []
    var isBusy = false
    var lastTime = Timestamp(nanoseconds: 0)
    var groups: [Group] = []
    /// The group of each series, and its number in it.
    var places: [SeriesPlace] = []
    /// Its name; those of the batch in hand are among them, which `reading` gets when it is over.
    var seriesNames: [String] = []
    var gatherer: TickGatherer
    let flowSettings: FlowGatherer.Settings
    let admission: SeriesAdmission
    /// Of a stream of flows; `nil` of any other.
    var flows: FlowGatherer?
    /// Of a stream of metrics; `nil` of any other.
    var metrics: MetricGatherer?
    /// Seconds that its samples stand for.
    let flushInterval: Double
    /// The bin that the last flow record was in, or the interval of the last metric.
    var heardBin: Timestamp?
    var skippedTraining = SkippedTraining()
    var tick = OpenTick()
    var levels: [UInt8] = []
    /// The civil time that its maintenance is planned in.
    var zone = TimeZoneRules.utc
    /// When the next silence ends in which something opened that is open still.
    var nextEndOfSilence: Timestamp?
    var reading = ReadingPlace()
    var notices: StreamNotices
    var flowNotices: FlowNotices
    var emptyLogs: [SpareLog] = []
    var stored: StoredStream?
    var expected = ChanceOpenings()
    /// What its groups have taken of the allowance, besides the series themselves.
    var reservedBytes = 0

    /// Creates a pipeline for one stream.
    ///
    /// - Parameters:
    ///   - name: the stream's name.
    ///   - interval: the declared interval in seconds, `nil` to learn it.
    ///   - conditions: what the values mean, and how long a silence may last.
    ///   - flowSettings: how flow records are put together.
    ///   - admission: when a key of flow records becomes a series; lines with series of their own were admitted when decoded.
    ///   - timesByRow: lines without a time get row × interval (`replay`) instead of their time of arrival (`run`).
    ///   - shardCount: number of shards; the output does not depend on it.
    ///   - stored: the state to go on from.
    ///   - keepsHistory: whether samples are collected for the history, from which somebody has to take them.
    ///   - isPartition: whether it is a broker's partition, which goes from worker to worker with its state.
    ///   - stateLogger: told what a person should know of a restored state.
    ///   - observer: told every data line.
    ///   - logger: told of late lines and clocks that step; `nil` for nobody.
    init(
        name: String, interval: Double?, conditions: SampleConditions = SampleConditions(),
        flowSettings: FlowGatherer.Settings = FlowGatherer.Settings(), admission: SeriesAdmission = .atOnce,
        configuration: MonitorConfiguration, timesByRow: Bool, shardCount: Int,
        kernels: Kernels = .best, desk: AlertDesk, stored: StoredStream? = nil, keepsHistory: Bool = false,
        isPartition: Bool = false, stateLogger: Logger? = nil,
        observer: LineObserver? = nil, logger: Logger? = nil
    ) {
        self.name = name
        self.configuration = configuration
        usesNetworks = configuration.detection.usesNetworks
        self.conditions = conditions
        self.flowSettings = flowSettings
        self.admission = admission
        flushInterval = interval ?? StreamSchema.flushInterval
        silence = SilenceWatch(
            conditions.silence(falseAlarmsPerSecond: configuration.detection.falseAlarmsPerSecond))
        self.kernels = kernels
        self.shardCount = shardCount
        self.desk = desk
        self.stored = stored
        self.stateLogger = stateLogger
        self.keepsHistory = keepsHistory
        self.isPartition = isPartition
        self.observer = observer
        notices = StreamNotices(logger: logger)
        flowNotices = FlowNotices(logger: logger)
        // A replay is over before anybody could wait for it.
        announcesLearning = !timesByRow
        sequencer = StreamSequencer(declaredInterval: interval, timesByRow: timesByRow)
        gatherer = TickGatherer(interval: interval, writesTimes: observer != nil)
    }

    // MARK: A batch of lines

    /// Takes the next lines of the stream, whole rounds and parts of rounds as they come.
    ///
    /// - Parameter seconds: the monotonic clock at their arrival; `nil` in a replay.
    func process(_ batch: RecordBatch, arrivedAt seconds: Double? = nil) async throws {
        if let seconds { arrivals.note(at: seconds) }
        guard let schema = batch.schema, !batch.rows.isEmpty else { return }
        if let seconds, let arrival = batch.arrival { noteClock(arrival, at: seconds, schema) }
        isBusy = true
        defer { isBusy = false }
        if schema.isFlows {
            try await processFlows(batch, schema)
        } else if !schema.metrics.isEmpty {
            try await processMetrics(batch, schema)
        } else {
            await meet(schema, of: batch)
            try await score(gatherer.gather(batch), isBehind: batch.isBehind)
            reading.take(batch)
        }
    }

    /// Lines that are dated by their arrival have not been silent, and are not late, because the machine's clock was set.
    private func noteClock(_ arrival: Timestamp, at seconds: Double, _ schema: StreamSchema) {
        guard let step = arrivalClock.step(to: arrival, at: seconds), !schema.hasTime || !schema.metrics.isEmpty else {
            return
        }
        sequencer.arrivalClockWasSet()
        silence.wasAway()
        metrics?.wasAway()
        notices.tellClockSet(by: step, stream: name)
    }

    /// The stream has ended or monitord stops: what waits for the rest of its tick is told now.
    func finish(atEnd isEnd: Bool = false) async throws {
        if isEnd, let rest = gatherer.finish() { try await score(rest, isBehind: false) }
        // Of flows and metrics the bins that are not over are not told: a part of a bin is like no whole one.
        try await closeTick()
        try await desk.handOn()
    }

    /// Makes the groups and places of what appears for the first time.
    func meet(_ schema: StreamSchema, of batch: RecordBatch) async {
        let isFirst = groups.isEmpty
        if isFirst {
            zone = schema.zone
            nextEndOfSilence = await desk.nextEndOfSilence(of: name)
            notices.tellUnknownCounters(conditions, in: schema, stream: name)
            await makeGroups(schema)
            await restore(in: batch)
        } else if schema.groups.count > groups.count {
            await makeGroups(schema)
        }
        seriesNames = batch.seriesNames
        guard places.count < batch.seriesGroups.count || isFirst else { return }
        // Where lines name no series there is one, which nobody has admitted.
        if isFirst, places.isEmpty, flows == nil, batch.seriesNames.first == name, let channels = groups.first?.channels
        {
            admission.allowance.take(channels: channels.count)
        }
        while places.count < batch.seriesGroups.count {
            let group = Int(batch.seriesGroups[places.count])
            places.append(SeriesPlace(group: group, member: groups[group].seriesCount))
            groups[group].seriesCount += 1
        }
        reserveShared()
    }

    /// Scores samples round by round.
    func score(_ batch: RecordBatch, isBehind: Bool) async throws {
        var steps: [StreamSequencer.Step] = []
        var inHand: LinesInHand?
        for (index, row) in batch.rows.enumerated() {
            let step = sequencer.take(row, at: index, arrival: batch.arrival)
            steps.append(step)
            watchSilence(step)
            if !step.isOrdinary { notices.look(at: step, of: sequencer, stream: name) }
            if sequencer.isAtBorder {
                try await score(&steps, of: batch, behind: &inHand)
                await crossBorder(skipsTraining: isBehind)
                if hasAcceptances { await applyAcceptances() }
                if let next = reloaded { await takeOver(next, names: batch.seriesNames) }
                try await expectChance(names: batch.seriesNames)
            } else if steps.count == Self.linesInHand, isShared {
                try await begin(&steps, of: batch, behind: &inHand)
            }
        }
        try await score(&steps, of: batch, behind: &inHand)
        silenceChanges.removeAll(keepingCapacity: true)
        toldSilences = 0
    }

    /// Tells what came of lines, in their order.
    func tell(_ outcomes: [LineOutcome], of batch: RecordBatch) async throws {
        for outcome in outcomes {
            if joinsTick(outcome) { continue }
            if try passes(outcome, of: batch) { continue }
            try await take(outcome, of: batch)
        }
    }

    // MARK: A tick

    /// Whether a sample is one more of its tick and changes nothing, as nearly all of many series do: then it is only counted.
    private func joinsTick(_ outcome: borrowing LineOutcome) -> Bool {
        guard tick.samples + 1 < sequencer.activeSeries, tick.time == outcome.step.time, observer == nil,
            !announcesLearning || outcome.step.series != 0, isPlain(outcome)
        else { return false }
        note(outcome)
        tick.samples += 1
        return true
    }

    /// Whether a sample needs nobody's attention, as nearly all of a lone series do: its tick is complete with its line,
    /// nothing is kept, nothing allocated, nothing awaited.
    private func passes(_ outcome: borrowing LineOutcome, of batch: RecordBatch) throws -> Bool {
        guard tick.lines.isEmpty, sequencer.activeSeries == 1, isPlain(outcome),
            !announcesLearning || outcome.verdict.map({ !$0.learning.isLearning }) ?? false
        else { return false }
        note(outcome)
        try observer?(outcome, level(of: outcome.step.series), batch)
        return true
    }

    /// Whether it is a sample that changes no incident, with no silence to be told before it and no unusable lines near it.
    private func isPlain(_ outcome: borrowing LineOutcome) -> Bool {
        guard case .sample = outcome.step.kind else { return false }
        return !outcome.hasChange && toldSilences == silenceChanges.count && (!watchesLines || watch.isCalm)
    }

    /// Of flows and metrics a sample is made of many lines: they were watched as they came.
    private var watchesLines: Bool { flows == nil && metrics == nil }

    private func note(_ outcome: borrowing LineOutcome) {
        lastTime = outcome.step.time
        if watchesLines { _ = watch.observe(isUsable: true) }
    }

    func take(_ outcome: LineOutcome, of batch: RecordBatch) async throws {
        if toldSilences < silenceChanges.count, silenceChanges[toldSilences].row <= outcome.step.row {
            try await tellSilences(before: outcome, names: batch.seriesNames)
        }
        if case .malformed = outcome.step.kind { try await watchInput(isUsable: false, outcome, of: batch) }
        if case .ended = outcome.step.kind { return try await takeEnding(outcome, of: batch) }
        guard case .sample = outcome.step.kind else {
            // Kept only for who wants to see it in its place: a flood of such lines must not fill the memory.
            guard let observer else { return }
            if tick.lines.isEmpty {
                try observer(outcome, level(of: outcome.step.series), batch)
            } else {
                tick.lines.append((outcome, batch))
            }
            return
        }
        lastTime = outcome.step.time
        if announcesLearning, outcome.step.series == 0, let verdict = outcome.verdict {
            notices.look(
                atLearning: verdict, of: batch.seriesNames[0], interval: outcome.step.interval, stream: name)
        }
        try await watchInput(isUsable: true, outcome, of: batch)
        // As in `passes`.
        if !outcome.hasChange, tick.lines.isEmpty, sequencer.activeSeries == 1 {
            try observer?(outcome, level(of: outcome.step.series), batch)
            return
        }
        if let time = tick.time, time != outcome.step.time { try await closeTick() }
        tick.time = outcome.step.time
        tick.samples += 1
        if outcome.hasChange || observer != nil { tick.lines.append((outcome, batch)) }
        // Every active series has spoken: nothing is left to wait for.
        if tick.samples >= sequencer.activeSeries { try await closeTick() }
    }

    /// A series has ended, as the first thing of the tick to come.
    private func takeEnding(_ outcome: LineOutcome, of batch: RecordBatch) async throws {
        guard outcome.hasChange else { return }
        if let time = tick.time, time != outcome.step.time { try await closeTick() }
        tick.time = outcome.step.time
        tick.lines.append((outcome, batch))
    }

    /// Takes the changes of the tick to the desk and tells every line of it to the observer.
    func closeTick() async throws {
        let closed = tick
        tick = OpenTick()
        guard let first = closed.lines.first else { return }
        let changes = closed.lines.flatMap { line in
            seriesChanges(line.outcome, in: line.batch).map { (series: line.outcome.step.series, change: $0) }
        }
        if !changes.isEmpty {
            let published = try await admit(changes.map(\.change), at: closed.time ?? first.outcome.step.time)
            for (change, isPublished) in zip(changes, published) { setLevel(isPublished ? 1 : 0, of: change.series) }
        }
        guard let observer else { return }
        for line in closed.lines { try observer(line.outcome, level(of: line.outcome.step.series), line.batch) }
    }

    func seriesChanges(_ outcome: LineOutcome, in batch: RecordBatch) -> [SeriesChange] {
        guard outcome.hasChange else { return [] }
        let row = batch.rows[outcome.step.row]
        let series =
            row.endsSeries ? batch.endings[Int(row.firstValue)].name : batch.seriesNames[outcome.step.series]
        let bin = Int(row.firstValue) / FlowChannels.valueCount
        let evidence =
            flows != nil && !row.endsSeries && batch.evidence.indices.contains(bin) ? batch.evidence[bin] : nil
        func told(_ change: IncidentChange, _ explanation: Explanation?) -> SeriesChange {
            let pattern = flows == nil ? nil : explanation.flatMap { FlowPattern($0, evidence: evidence) }
            return SeriesChange(
                stream: name, series: series, change: change,
                explanation: explanation, channels: groups[places[outcome.step.series].group].channels,
                interval: outcome.step.interval,
                pattern: pattern?.rawValue, evidence: evidence?.activity,
                runbook: configuration.alerting(forSeries: series).runbook,
                mutedUntil: quietEnd(of: series, at: change.time))
        }
        return (outcome.change.map { [told($0, outcome.explanation)] } ?? [])
            + outcome.findings.map { told($0.change, $0.explanation) }
    }

    func level(of series: Int) -> Int { levels.indices.contains(series) ? Int(levels[series]) : 0 }

    func setLevel(_ level: UInt8, of series: Int) {
        while levels.count <= series { levels.append(0) }
        levels[series] = level
    }

    /// A burst of unreadable lines is an incident of the whole source.
    func watchInput(isUsable: Bool, _ outcome: LineOutcome, of batch: RecordBatch) async throws {
        guard watchesLines, let change = watch.observe(isUsable: isUsable) else { return }
        let known = lastTime.nanoseconds == 0 ? batch.arrival ?? lastTime : lastTime
        try await tell(change, at: isUsable ? outcome.step.time : known)
    }

    func tell(_ change: InputWatch.Change, at time: Timestamp) async throws {
        // Before the first line that has a time there is none to date it by: such lines are counted, and said at the end.
        guard time.nanoseconds != 0 else { return }
        let learning = LearningState(learnedSamples: 0, neededSamples: 0, learnedSeconds: 0)
        let told: IncidentChange? =
            switch change {
            case .begins(let unusable, let lines):
                inputCondition.begin(
                    since: time, onsetSample: sequencer.lines, time: time, learning: learning,
                    detail: "\(unusable) of the last \(lines) lines could not be read")
            case .ends(let unusable):
                inputCondition.end(
                    time: time, learning: learning, detail: "\(unusable) lines could not be read")
            }
        guard let told else { return }
        _ = try await admit(
            [
                SeriesChange(
                    stream: name, series: name, change: told, mutedUntil: maintenanceEnd(of: name, at: time),
                    isWholeSource: true)
            ], at: time)
    }

    // MARK: A round

    /// Ends a round: its rows go to training, and the weights trained on the round before come into use.
    ///
    /// - Parameter skipsTraining: the input comes faster than it is learned from; rows are kept, but no step is made.
    func crossBorder(skipsTraining: Bool) async {
        let round = sequencer.round
        sequencer.beginRound()
        await comparePeaks()
        guard usesNetworks else { return }
        if let told = skippedTraining.note(round: round, skips: skipsTraining, samples: sequencer.samples) {
            notices.tell(told, of: skippedTraining, stream: name)
        }
        for index in groups.indices {
            let group = groups[index]
            var rows = await group.shards[0].takeLog(leaving: emptyLogs[index].take())
            for shard in group.shards.dropFirst() {
                rows.append(contentsOf: await shard.takeLog(leaving: TrainingLog()))
            }
            groups[index].models = group.trained
            if rows.count > 0 {
                if skipsTraining {
                    await group.trainer.keep(rows, round: round)
                } else {
                    groups[index].trained = await group.trainer.train(rows, round: round)
                }
            }
            emptyLogs[index].keep(&rows)
        }
    }

    /// Takes what the round's series have exceeded their own peaks by into the tails that the next round is judged with.
    private func comparePeaks() async {
        for index in groups.indices {
            guard var tails = groups[index].tails.take() else { continue }
            var log = PeakLog()
            for shard in groups[index].shards { log.append(contentsOf: await shard.takePeaks()) }
            tails.absorb(log, at: lastTime)
            groups[index].tails = tails
        }
    }

    /// Makes the groups that are not there yet.
    func makeGroups(_ schema: StreamSchema) async {
        let detection = configuration.detection
        let settings = Self.settings(configuration)
        // What the format knows to be a counter is one beside those that the source names.
        var conditions = conditions
        conditions.counters += schema.counters
        let extents = schema.isFlows ? FlowChannels.extents : []
        for channels in schema.groups.dropFirst(groups.count) {
            let isMeasured =
                !schema.isFlows && schema.counters.isEmpty
                && (!schema.metrics.indices.contains(groups.count) || schema.metrics[groups.count].isMeasured)
            let shards = (0..<shardCount).map { _ in
                Shard(
                    channels: channels, extents: extents, conditions: conditions, watchesSensors: isMeasured,
                    configuration: detection, kernels: kernels,
                    historyCapacity: keepsHistory ? detection.profile.historyChunk : 0, settings: settings)
            }
            let trainer = Trainer(channelCount: channels.count, configuration: detection, kernels: kernels)
            let models = await trainer.models()
            groups.append(
                Group(
                    channels: channels, shards: shards, trainer: trainer, models: models, trained: models,
                    tails: extents.isEmpty ? nil : FleetTails(extents: extents),
                    feedback: FeedbackHead(channelCount: channels.count)))
            emptyLogs.append(SpareLog())
        }
    }

    /// Sums of the networks' errors so far, for reports.
    func learningReport() async -> LearningReport {
        var report = LearningReport()
        for group in groups {
            for shard in group.shards { report.add(await shard.learningReport) }
        }
        return report
    }

    /// What became of the training steps so far.
    func trainingCounts() async -> TrainingCounts {
        var counts = TrainingCounts()
        for group in groups { counts.add(await group.trainer.counts) }
        return counts
    }

    /// What became of the lines so far.
    var counts: LineCounts {
        LineCounts(
            lines: sequencer.lines, samples: sequencer.samples, late: sequencer.lateLines,
            duplicates: sequencer.duplicateLines, counted: sequencer.countedLines,
            roundsWithoutTraining: skippedTraining.rounds, flows: flowCounts)
    }
}
