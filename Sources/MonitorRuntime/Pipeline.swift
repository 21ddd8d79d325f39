//  The path of a sample. ⇒ is an `await` between batches; → is a plain call.
//
//    source ⇒ Pipeline ───────────────────────────────────────────────────────────────┐
//    (thread)    │ TickGatherer.gather(lines)            long form: a sample a tick    │
//                │ StreamSequencer.take(line): series, tick, number, round             │
//                │ SilenceWatch.observe(sample): who has been silent for too long?     │
//                │                                                                     │
//                ⇒ Shard.process(lines, models)          of a group, one for each core │
//                │     → SampleConditioner               sentinels, counters, missing  │
//                │     → SeriesMonitor.observe(sample)   scale, score, calibrate, fuse │
//                │     → SensorIncidents.observe(sample) stuck values, missing channels│
//                │     → IncidentTracker.observe(verdict)  open, update, close         │
//                │                                                                     │
//                │ (the tick is complete)                                              │
//                ⇒ AlertDesk.admit(changes)              group, budget, write, outbox  │
//                │     ⇒ AlertRouter ⇒ sinks             console, rolling log, journal │
//                │                                                                     │
//                │ (the round is complete)                                             │
//                ⇒ Trainer.train(rows of round r)        → a group's weights for r + 2 │
//                │ (the batch is done, and a commit is due)                            │
//                ⇒ StateStore.commit(position, series, weights, calibration)           │
//                └─────────────────────────────────────────────────────────────────────┘
//
//  What makes the output the same with any read size and any number of cores: lines are numbered here, before work is
//  spread; every sample of round r is scored with the weights trained on rounds up to r − 2; the training task gets a
//  round's rows in the order of (series, number); and the desk sees changes in the order of the input, a tick at a time.

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
    private struct Group {
        var channels: [Channel]
        var shards: [Shard]
        var trainer: Trainer
        /// The snapshot that the round in progress is scored with: trained on rounds up to r − 2.
        var models: GroupModels
        /// The snapshot for the next round: trained on rounds up to r − 1.
        var trained: GroupModels
        /// Series met so far.
        var seriesCount = 0
    }

    /// Lines of a tick that is not complete yet: their alert level is known when the desk has seen the whole tick.
    private struct OpenTick {
        var time: Timestamp?
        var samples = 0
        var lines: [(outcome: LineOutcome, batch: RecordBatch)] = []
    }

    /// The name of the stream, part of every incident's id.
    nonisolated let name: String
    private var configuration: MonitorConfiguration
    /// Another configuration that waits for the next round.
    private var reloaded: MonitorConfiguration?
    private let kernels: Kernels
    private let shardCount: Int
    private let desk: AlertDesk
    private let observer: LineObserver?
    private let committer: Committer?
    private let announcesLearning: Bool

    private var sequencer: StreamSequencer
    private var watch = InputWatch()
    private var inputCondition = ConditionTracker(kind: .input)
    private let conditions: SampleConditions
    private var silence: SilenceWatch
    private var arrivals = ArrivalWatch()
    /// What lines of the batch in hand have shown of silences, by row, and how many of it are told.
    private var silenceChanges: [(row: Int, change: SilenceWatch.Change)] = []
    private var toldSilences = 0
    private var shown: [SilenceWatch.Change] = []
    private var isBusy = false
    private var lastTime = Timestamp(nanoseconds: 0)
    private var groups: [Group] = []
    /// The group of each series, and its number in it.
    private var places: [SeriesPlace] = []
    private var gatherer: TickGatherer
    private var skippedTraining = SkippedTraining()
    private var tick = OpenTick()
    private var levels: [UInt8] = []
    private var reading = ReadingPlace()
    private var notices: StreamNotices
    private var emptyLogs: [SpareLog] = []
    private var stored: StoredStream?

    /// Creates a pipeline for one stream.
    ///
    /// - Parameters:
    ///   - name: the stream's name.
    ///   - interval: the declared interval in seconds, `nil` to learn it.
    ///   - conditions: what the values mean, and how long a silence may last.
    ///   - timesByRow: lines without a time get row × interval (`replay`) instead of their time of arrival (`run`).
    ///   - shardCount: number of shards; the output does not depend on it.
    ///   - stored: the state to go on from.
    ///   - committer: stores the state when it is due; `nil` when there is none.
    ///   - observer: told every data line.
    ///   - logger: told of late lines and clocks that step; `nil` for nobody.
    init(
        name: String, interval: Double?, conditions: SampleConditions = SampleConditions(),
        configuration: MonitorConfiguration, timesByRow: Bool, shardCount: Int,
        kernels: Kernels = .best, desk: AlertDesk, stored: StoredStream? = nil, committer: Committer? = nil,
        observer: LineObserver? = nil, logger: Logger? = nil
    ) {
        self.name = name
        self.configuration = configuration
        self.conditions = conditions
        silence = SilenceWatch(
            conditions.silence(falseAlarmsPerSecond: configuration.detection.falseAlarmsPerSecond))
        self.kernels = kernels
        self.shardCount = shardCount
        self.desk = desk
        self.stored = stored
        self.committer = committer
        self.observer = observer
        notices = StreamNotices(logger: logger)
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
        isBusy = true
        defer { isBusy = false }
        await meet(schema, of: batch)
        try await score(gatherer.gather(batch), isBehind: batch.isBehind)
        reading.take(batch)
        // Between two batches the state is whole, and so is the source's: nothing of a line is half done.
        if committer?.isDue(name) == true { await commit() }
    }

    /// Lets time pass without a line: an idle source may be silent.
    ///
    /// - Parameter seconds: the monotonic clock.
    func pass(at seconds: Double) async throws {
        // Lines that wait in hand were not silent.
        guard !isBusy, let latest = silence.latest else { return }
        let isDeclared = conditions.stalledAfter != nil || conditions.missing == .alarm
        let rate = isDeclared ? nil : configuration.detection.falseAlarmsPerSecond
        guard let passed = arrivals.passed(at: seconds, rate: rate) else { return }
        silence.pass(to: latest.advanced(bySeconds: passed), into: &shown)
        guard !shown.isEmpty else { return }
        let changes = shown
        shown.removeAll(keepingCapacity: true)
        try await closeTick()
        for change in changes { try await tell(change, names: []) }
    }

    /// The stream has ended or monitord stops: what waits for the rest of its tick is told now, and the state is kept.
    func finish(atEnd isEnd: Bool = false) async throws {
        if isEnd, let rest = gatherer.finish() { try await score(rest, isBehind: false) }
        try await closeTick()
        try await desk.handOn()
        if let committer, !groups.isEmpty { await committer.store(parts(at: reading), of: name, with: desk) }
    }

    /// Makes the groups and places of what appears for the first time.
    private func meet(_ schema: StreamSchema, of batch: RecordBatch) async {
        if groups.isEmpty {
            notices.tellUnknownCounters(conditions, in: schema, stream: name)
            await makeGroups(schema)
            await restore(in: batch)
        } else if schema.groups.count > groups.count {
            await makeGroups(schema)
        }
        while places.count < batch.seriesGroups.count {
            let group = Int(batch.seriesGroups[places.count])
            places.append(SeriesPlace(group: group, member: groups[group].seriesCount))
            groups[group].seriesCount += 1
        }
    }

    /// Scores samples round by round.
    private func score(_ batch: RecordBatch, isBehind: Bool) async throws {
        var steps: [StreamSequencer.Step] = []
        for (index, row) in batch.rows.enumerated() {
            let step = sequencer.take(row, at: index, arrival: batch.arrival)
            steps.append(step)
            watchSilence(step)
            notices.look(at: step, of: sequencer, stream: name)
            guard sequencer.isAtBorder else { continue }
            try await score(steps, of: batch)
            steps.removeAll(keepingCapacity: true)
            await crossBorder(skipsTraining: isBehind)
            if let next = reloaded { await takeOver(next, names: batch.seriesNames) }
        }
        if !steps.isEmpty { try await score(steps, of: batch) }
        silenceChanges.removeAll(keepingCapacity: true)
        toldSilences = 0
    }

    private func score(_ steps: [StreamSequencer.Step], of batch: RecordBatch) async throws {
        for outcome in await outcomes(of: steps, in: batch) { try await take(outcome, of: batch) }
    }

    /// Scores lines of one round; each shard its own series, all at once.
    private func outcomes(of steps: [StreamSequencer.Step], in batch: RecordBatch) async -> [LineOutcome] {
        if groups.count == 1, shardCount == 1 || places.count <= 1 {
            return await groups[0].shards[0].process(steps, of: batch, places: places, models: groups[0].models)
        }
        // A line that belongs to no series goes with the first shard of the first group.
        var parts = [[StreamSequencer.Step]](repeating: [], count: groups.count * shardCount)
        for step in steps {
            let place = places.indices.contains(step.series) ? places[step.series] : SeriesPlace(group: 0, member: 0)
            parts[place.group * shardCount + place.member % shardCount].append(step)
        }
        let (groups, places, shardCount) = (groups, places, shardCount)
        var outcomes: [LineOutcome] = []
        outcomes.reserveCapacity(steps.count)
        if shardCount == 1 {
            for (group, part) in zip(groups, parts) where !part.isEmpty {
                outcomes += await group.shards[0].process(part, of: batch, places: places, models: group.models)
            }
        } else {
            outcomes = await withTaskGroup(of: [LineOutcome].self) { tasks in
                for (index, part) in parts.enumerated() where !part.isEmpty {
                    let group = groups[index / shardCount]
                    let shard = group.shards[index % shardCount]
                    tasks.addTask { await shard.process(part, of: batch, places: places, models: group.models) }
                }
                return await tasks.reduce(into: []) { $0 += $1 }
            }
        }
        outcomes.sort { $0.step.row < $1.step.row }
        return outcomes
    }

    // MARK: A tick

    private func take(_ outcome: LineOutcome, of batch: RecordBatch) async throws {
        if toldSilences < silenceChanges.count, silenceChanges[toldSilences].row <= outcome.step.row {
            try await tellSilences(before: outcome, names: batch.seriesNames)
        }
        if case .malformed = outcome.step.kind { try await watchInput(isUsable: false, outcome) }
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
        try await watchInput(isUsable: true, outcome)
        // A lone series' tick is complete with its line: nothing is kept, nothing allocated.
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

    /// Takes the changes of the tick to the desk and tells every line of it to the observer.
    private func closeTick() async throws {
        let closed = tick
        tick = OpenTick()
        guard let first = closed.lines.first else { return }
        let changes = closed.lines.flatMap { line in
            seriesChanges(line.outcome, in: line.batch).map { (series: line.outcome.step.series, change: $0) }
        }
        if !changes.isEmpty {
            let published = try await desk.admit(
                changes.map(\.change), at: closed.time ?? first.outcome.step.time)
            for (change, isPublished) in zip(changes, published) { setLevel(isPublished ? 1 : 0, of: change.series) }
        }
        guard let observer else { return }
        for line in closed.lines { try observer(line.outcome, level(of: line.outcome.step.series), line.batch) }
    }

    private func seriesChanges(_ outcome: LineOutcome, in batch: RecordBatch) -> [SeriesChange] {
        guard outcome.hasChange else { return [] }
        let series = batch.seriesNames[outcome.step.series]
        func told(_ change: IncidentChange, _ explanation: Explanation?) -> SeriesChange {
            SeriesChange(
                stream: name, series: series, change: change,
                explanation: explanation, channels: groups[places[outcome.step.series].group].channels,
                interval: outcome.step.interval, runbook: configuration.alerting(forSeries: series).runbook)
        }
        return (outcome.change.map { [told($0, outcome.explanation)] } ?? [])
            + outcome.findings.map { told($0.change, $0.explanation) }
    }

    private func level(of series: Int) -> Int { levels.indices.contains(series) ? Int(levels[series]) : 0 }

    private func setLevel(_ level: UInt8, of series: Int) {
        while levels.count <= series { levels.append(0) }
        levels[series] = level
    }

    /// A burst of unreadable lines is an incident of the whole source.
    private func watchInput(isUsable: Bool, _ outcome: LineOutcome) async throws {
        guard let change = watch.observe(isUsable: isUsable) else { return }
        let time = isUsable ? outcome.step.time : lastTime
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
        _ = try await desk.admit(
            [SeriesChange(stream: name, series: name, change: told, isWholeSource: true)], at: time)
    }

    // MARK: Silence

    /// Shows a line to the watch over silence, in the order of the input.
    private func watchSilence(_ step: StreamSequencer.Step) {
        switch step.kind {
        case .sample:
            silence.observe(
                series: step.series, at: step.time, interval: step.interval, restarts: step.restarts, into: &shown)
        case .counted where step.time.nanoseconds != 0: silence.hear(at: step.time, into: &shown)
        case .counted, .repeated, .malformed: return
        }
        guard !shown.isEmpty else { return }
        for change in shown { silenceChanges.append((step.row, change)) }
        shown.removeAll(keepingCapacity: true)
    }

    /// Tells what a line has shown, before what the line itself says and after the ticks before it.
    private func tellSilences(before outcome: LineOutcome, names: [String]) async throws {
        if let time = tick.time, time != outcome.step.time { try await closeTick() }
        while toldSilences < silenceChanges.count, silenceChanges[toldSilences].row <= outcome.step.row {
            toldSilences += 1
            try await tell(silenceChanges[toldSilences - 1].change, names: names)
        }
    }

    private func tell(_ change: SilenceWatch.Change, names: [String]) async throws {
        let learning = LearningState(learnedSamples: 0, neededSamples: 0, learnedSeconds: 0)
        let subject: Silence.Subject
        let told: IncidentChange
        switch change {
        case .begins(let silence, let time):
            subject = silence.subject
            told = IncidentChange(
                event: .open, kind: .stalled, time: time, since: silence.since, onsetSample: silence.sampleNumber,
                severity: .warning, learning: learning, silence: silence)
        case .ends(let who, let time):
            subject = who
            told = IncidentChange(
                event: .close, kind: .stalled, time: time, since: time, onsetSample: 0, until: time,
                severity: .warning, learning: learning)
        }
        switch subject {
        case .source:
            _ = try await desk.admit(
                [SeriesChange(stream: name, series: name, change: told, isWholeSource: true)], at: told.time)
        case .series(let number):
            let published = try await desk.admit(
                [SeriesChange(stream: name, series: names[number], change: told, interval: told.silence?.interval)],
                at: told.time)
            setLevel(published == [true] ? 1 : 0, of: number)
        }
    }

    // MARK: A round

    /// Ends a round: its rows go to training, and the weights trained on the round before come into use.
    ///
    /// - Parameter skipsTraining: the input comes faster than it is learned from; rows are kept, but no step is made.
    private func crossBorder(skipsTraining: Bool) async {
        let round = sequencer.round
        sequencer.beginRound()
        guard configuration.detection.usesNetworks else { return }
        if skipsTraining, skippedTraining.note(round: round) {
            notices.tellSkippedTraining(skippedTraining, stream: name)
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

    /// Makes the groups that are not there yet.
    private func makeGroups(_ schema: StreamSchema) async {
        let detection = configuration.detection
        let settings = Self.settings(configuration)
        for channels in schema.groups.dropFirst(groups.count) {
            let shards = (0..<shardCount).map { _ in
                Shard(
                    channels: channels, conditions: conditions, configuration: detection, kernels: kernels,
                    settings: settings)
            }
            let trainer = Trainer(channelCount: channels.count, configuration: detection, kernels: kernels)
            let models = await trainer.models()
            groups.append(
                Group(channels: channels, shards: shards, trainer: trainer, models: models, trained: models))
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

    /// What became of the lines so far.
    var counts: LineCounts {
        LineCounts(
            lines: sequencer.lines, samples: sequencer.samples, late: sequencer.lateLines,
            duplicates: sequencer.duplicateLines, counted: sequencer.countedLines,
            roundsWithoutTraining: skippedTraining.rounds)
    }
}

// MARK: - Reload

extension Pipeline {
    /// Takes over other budgets and labels at the border of the round in progress: decided by counting samples, so that
    /// the same lines and the same reload between the same two of them give the same alerts.
    func reconfigure(_ configuration: MonitorConfiguration) { reloaded = configuration }

    /// How many series the stream has, and how many of them are still learning.
    func standing() async -> (series: Int, learning: Int) {
        var all = (series: 0, learning: 0)
        for group in groups {
            for shard in group.shards {
                let part = await shard.standing
                all.series += part.series
                all.learning += part.learning
            }
        }
        return all
    }

    private func takeOver(_ next: MonitorConfiguration, names: [String]) async {
        reloaded = nil
        configuration = next
        let settings = Self.settings(next)
        for group in groups {
            for shard in group.shards { await shard.reconfigure(names: names, settings: settings) }
        }
        await desk.reconfigure(next.alerting)
        notices.tellReload(round: sequencer.round, stream: name)
    }

    private static func settings(_ configuration: MonitorConfiguration) -> Shard.SeriesSettings {
        { series in
            let own = configuration.detection(forSeries: series)
            let rule = IncidentRule(
                falseAlarmsPerSecond: own.falseAlarmsPerSecond,
                criticalMargin: configuration.alerting(forSeries: series).criticalMargin)
            return (own, rule)
        }
    }
}

// MARK: - State

extension Pipeline {
    /// Stores the state as it is after the last batch.
    private func commit() async {
        // An incident that waits for the rest of its tick is not in the state: the next batch will do.
        guard let committer, !tick.lines.contains(where: { $0.outcome.hasChange }) else { return }
        await committer.store(parts(at: reading), of: name, with: desk)
    }

    private func parts(at place: ReadingPlace) async -> [StatePart] {
        guard !groups.isEmpty else { return [] }
        var parts: [StatePart] = []
        for (index, group) in groups.enumerated() {
            var log = TrainingLog()
            for shard in group.shards {
                let state = await shard.state()
                parts += state.series.map {
                    StatePart(scope: scope, name: "series/\($0.number)", bytes: $0.bytes)
                }
                log.append(contentsOf: state.log)
            }
            let training = await group.trainer.parts(inUse: group.models, next: group.trained, log: log)
            parts += training.map { StatePart(scope: scope, name: "training/\(index)/\($0.name)", bytes: $0.bytes) }
        }
        let header = StoredStream.Header(
            groups: groups.map(\.channels), arithmetic: kernels.arithmeticClass, place: place, levels: levels,
            lastTime: lastTime, sequencer: sequencer, gatherer: gatherer, skippedTraining: skippedTraining,
            watch: watch, inputCondition: inputCondition, silence: silence)
        return [StatePart(scope: scope, name: "stream", bytes: header.encoded())] + parts
    }

    private var scope: String { StoredStream.scope(of: name) }

    /// Takes over what is stored, when it is of the same channels; what cannot be used begins anew, and is told.
    private func restore(in batch: RecordBatch) async {
        guard let stored else { return }
        self.stored = nil
        guard
            stored.header.groups.map({ $0.map(\.name) })
                == groups.prefix(stored.header.groups.count).map({
                    $0.channels.map(\.name)
                })
        else {
            committer?.tell("the channels of \(name) have changed: learning begins anew")
            return
        }
        // Series are stored by number: they must be met again in the order they had, or one would go on as another.
        let known = stored.header.place.decoding
        guard batch.seriesNames.starts(with: known.seriesNames), batch.seriesGroups.starts(with: known.seriesGroups)
        else {
            committer?.tell("the series of \(name) come in another order than stored: learning begins anew")
            return
        }
        if stored.header.arithmetic != kernels.arithmeticClass {
            committer?.tell(
                "the state of \(name) was computed in \(stored.header.arithmetic.rawValue) arithmetic, this machine is "
                    + "\(kernels.arithmeticClass.rawValue): scores may differ in their last digits")
        }
        let fresh = groups
        do {
            var restored = groups
            var members: [SeriesPlace] = []
            for group in known.seriesGroups {
                members.append(SeriesPlace(group: Int(group), member: restored[Int(group)].seriesCount))
                restored[Int(group)].seriesCount += 1
            }
            for (number, bytes) in stored.series {
                let place = members[number]
                let shard = fresh[place.group].shards[place.member % shardCount]
                try await shard.restore(series: number, name: known.seriesNames[number], from: bytes)
            }
            var replaced: RecurrentCell?
            for index in 0..<stored.header.groups.count {
                let training = try await fresh[index].trainer.restore(stored.training[index] ?? [:])
                restored[index].models = training.inUse
                restored[index].trained = training.next
                replaced = training.replaced ?? replaced
                await fresh[index].shards[0].restore(log: training.log)
            }
            groups = restored
            places = members
            take(stored.header)
            if let replaced {
                let chosen = configuration.detection.forecaster
                committer?.tell(
                    "the forecaster of \(name) was stored as \(replaced.rawValue) and is \(chosen.rawValue) now: it "
                        + "begins anew")
            }
        } catch {
            committer?.tell("the state of \(name) cannot be used: \(error); learning begins anew")
            groups = []
            emptyLogs = []
            if let schema = batch.schema { await makeGroups(schema) }
        }
    }

    private func take(_ header: StoredStream.Header) {
        sequencer.goOn(from: header.sequencer)
        gatherer.goOn(from: header.gatherer)
        skippedTraining = header.skippedTraining
        watch = header.watch
        inputCondition = header.inputCondition
        silence.goOn(from: header.silence)
        levels = header.levels
        lastTime = header.lastTime
        reading = header.place
    }
}
