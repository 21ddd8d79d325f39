//  The path of a sample. ⇒ is an `await` between batches; → is a plain call.
//
//    source ⇒ Pipeline ───────────────────────────────────────────────────────────────┐
//    (thread)    │ StreamSequencer.take(line): series, tick, number, round             │
//                │                                                                     │
//                ⇒ Shard.process(lines, models)          one for each core             │
//                │     → SeriesMonitor.observe(sample)   scale, score, calibrate, fuse │
//                │     → IncidentTracker.observe(verdict)  open, update, close         │
//                │                                                                     │
//                │ (the tick is complete)                                              │
//                ⇒ AlertDesk.admit(changes)              group, budget, write, outbox  │
//                │     ⇒ AlertRouter ⇒ sinks             console, rolling log, journal │
//                │                                                                     │
//                │ (the round is complete)                                             │
//                ⇒ Trainer.train(rows of round r)        → weights for round r + 2     │
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
/// The series of a stream have the same channels and are one group: they share the networks' weights.
actor Pipeline {
    /// Sees every data line with its verdict and alert level (1 while an incident of its series is open), in order.
    typealias LineObserver =
        @Sendable (_ outcome: borrowing LineOutcome, _ level: Int, _ batch: RecordBatch) throws -> Void

    /// The series of the stream, once their channels are known.
    private struct Group {
        var schema: StreamSchema
        var shards: [Shard]
        var trainer: Trainer
        /// The snapshot that the round in progress is scored with: trained on rounds up to r − 2.
        var models: GroupModels
        /// The snapshot for the next round: trained on rounds up to r − 1.
        var trained: GroupModels
    }

    /// Lines of a tick that is not complete yet: their alert level is known when the desk has seen the whole tick.
    private struct OpenTick {
        var time: Timestamp?
        var samples = 0
        var lines: [(outcome: LineOutcome, batch: RecordBatch)] = []
    }

    /// The name of the stream, part of every incident's id.
    nonisolated let name: String
    private let configuration: MonitorConfiguration
    private let kernels: Kernels
    private let shardCount: Int
    private let desk: AlertDesk
    private let observer: LineObserver?
    private let committer: Committer?
    private let announcesLearning: Bool

    private var sequencer: StreamSequencer
    private var watch = InputWatch()
    private var inputCondition = ConditionTracker(kind: .input)
    private var lastTime = Timestamp(nanoseconds: 0)
    private var group: Group?
    private var tick = OpenTick()
    private var levels: [UInt8] = []
    private var reading = ReadingPlace()
    private var notices: StreamNotices
    private var emptyLog = SpareLog()
    private var stored: StoredStream?

    /// Creates a pipeline for one stream.
    ///
    /// - Parameters:
    ///   - name: the stream's name.
    ///   - interval: the declared interval in seconds, `nil` to learn it.
    ///   - timesByRow: lines without a time get row × interval (`replay`) instead of their time of arrival (`run`).
    ///   - shardCount: number of shards; the output does not depend on it.
    ///   - stored: the state to go on from.
    ///   - committer: stores the state when it is due; `nil` when there is none.
    ///   - observer: told every data line.
    ///   - logger: told of late lines and clocks that step; `nil` for nobody.
    init(
        name: String, interval: Double?, configuration: MonitorConfiguration, timesByRow: Bool, shardCount: Int,
        kernels: Kernels = .best, desk: AlertDesk, stored: StoredStream? = nil, committer: Committer? = nil,
        observer: LineObserver? = nil, logger: Logger? = nil
    ) {
        self.name = name
        self.configuration = configuration
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
    }

    // MARK: A batch of lines

    /// Takes the next lines of the stream, whole rounds and parts of rounds as they come.
    func process(_ batch: RecordBatch) async throws {
        guard let schema = batch.schema, !batch.rows.isEmpty else { return }
        if group == nil { group = await makeGroup(schema, series: batch.seriesNames) }
        var steps: [StreamSequencer.Step] = []
        for (index, row) in batch.rows.enumerated() {
            let step = sequencer.take(row, at: index, arrival: batch.arrival)
            steps.append(step)
            notices.look(at: step, of: sequencer, stream: name)
            guard sequencer.isAtBorder else { continue }
            try await score(steps, of: batch)
            steps.removeAll(keepingCapacity: true)
            await crossBorder()
            if committer?.isDue(name) == true { await commit(after: row, of: batch) }
        }
        if !steps.isEmpty { try await score(steps, of: batch) }
        // A slow stream may be hours from its next border; its state is whole at every line.
        if let last = batch.rows.last, committer?.isOverdue(name) == true { await commit(after: last, of: batch) }
        reading.take(batch)
    }

    /// The stream has ended or monitord stops: what waits for the rest of its tick is told now, and the state is kept.
    func finish() async throws {
        try await closeTick()
        try await desk.handOn()
        if let committer, group != nil { await committer.store(parts(at: reading), of: name, with: desk) }
    }

    private func score(_ steps: [StreamSequencer.Step], of batch: RecordBatch) async throws {
        guard let group else { return }
        for outcome in await outcomes(of: steps, in: batch, group: group) {
            try await take(outcome, of: batch)
        }
    }

    /// Scores lines of one round; each shard its own series, all at once.
    private func outcomes(
        of steps: [StreamSequencer.Step], in batch: RecordBatch, group: Group
    ) async -> [LineOutcome] {
        if group.shards.count == 1 || sequencer.seriesCount == 1 {
            return await group.shards[0].process(steps, of: batch, models: group.models)
        }
        let count = group.shards.count
        var parts = [[StreamSequencer.Step]](repeating: [], count: count)
        for step in steps { parts[max(0, step.series) % count].append(step) }
        let models = group.models
        var outcomes = await withTaskGroup(of: [LineOutcome].self) { tasks in
            for (shard, part) in zip(group.shards, parts) where !part.isEmpty {
                tasks.addTask { await shard.process(part, of: batch, models: models) }
            }
            return await tasks.reduce(into: []) { $0 += $1 }
        }
        outcomes.sort { $0.step.row < $1.step.row }
        return outcomes
    }

    // MARK: A tick

    private func take(_ outcome: LineOutcome, of batch: RecordBatch) async throws {
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
        if outcome.change == nil, tick.lines.isEmpty, sequencer.activeSeries == 1 {
            try observer?(outcome, level(of: outcome.step.series), batch)
            return
        }
        if let time = tick.time, time != outcome.step.time { try await closeTick() }
        tick.time = outcome.step.time
        tick.samples += 1
        if outcome.change != nil || observer != nil { tick.lines.append((outcome, batch)) }
        // Every active series has spoken: nothing is left to wait for.
        if tick.samples >= sequencer.activeSeries { try await closeTick() }
    }

    /// Takes the changes of the tick to the desk and tells every line of it to the observer.
    private func closeTick() async throws {
        let closed = tick
        tick = OpenTick()
        guard let group, let first = closed.lines.first else { return }
        let changed = closed.lines.filter { $0.outcome.change != nil }
        if !changed.isEmpty {
            let changes = changed.compactMap { seriesChange($0.outcome, in: $0.batch, group.schema) }
            let published = try await desk.admit(changes, at: closed.time ?? first.outcome.step.time)
            for (line, isPublished) in zip(changed, published) {
                setLevel(isPublished ? 1 : 0, of: line.outcome.step.series)
            }
        }
        guard let observer else { return }
        for line in closed.lines { try observer(line.outcome, level(of: line.outcome.step.series), line.batch) }
    }

    private func seriesChange(
        _ outcome: LineOutcome, in batch: RecordBatch, _ schema: StreamSchema
    ) -> SeriesChange? {
        guard let change = outcome.change else { return nil }
        return SeriesChange(
            stream: name, series: batch.seriesNames[outcome.step.series], change: change,
            explanation: outcome.explanation, channels: schema.channels, interval: outcome.step.interval)
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

    // MARK: A round

    /// Ends a round: its rows go to training, and the weights trained on the round before come into use.
    private func crossBorder() async {
        guard var group else { return }
        let round = sequencer.round
        sequencer.beginRound()
        guard configuration.detection.usesNetworks else { return }
        var rows = await group.shards[0].takeLog(leaving: emptyLog.take())
        for shard in group.shards.dropFirst() { rows.append(contentsOf: await shard.takeLog(leaving: TrainingLog())) }
        group.models = group.trained
        group.trained = await group.trainer.train(rows, round: round)
        emptyLog.keep(&rows)
        self.group = group
    }

    private func makeGroup(_ schema: StreamSchema, series: [String]) async -> Group {
        let channels = schema.channels.count
        let detection = configuration.detection
        let configuration = configuration
        let shards = (0..<shardCount).map { _ in
            Shard(channelCount: channels, configuration: detection, kernels: kernels) { series in
                let alerting = configuration.alerting(forSeries: series)
                let own = configuration.detection(forSeries: series)
                let rule = IncidentRule(
                    falseAlarmsPerSecond: own.falseAlarmsPerSecond, criticalMargin: alerting.criticalMargin)
                return (own, rule)
            }
        }
        let trainer = Trainer(channelCount: channels, configuration: detection, kernels: kernels)
        let models = await trainer.models()
        let group = Group(schema: schema, shards: shards, trainer: trainer, models: models, trained: models)
        return await restored(group, series: series)
    }

    /// Sums of the networks' errors so far, for reports.
    func learningReport() async -> LearningReport {
        var report = LearningReport()
        for shard in group?.shards ?? [] { report.add(await shard.learningReport) }
        return report
    }

    /// What became of the lines so far.
    var counts: LineCounts {
        LineCounts(
            lines: sequencer.lines, samples: sequencer.samples, late: sequencer.lateLines,
            duplicates: sequencer.duplicateLines)
    }
}

// MARK: - State

extension Pipeline {
    /// Stores the state as it is after a line.
    private func commit(after row: RecordBatch.Row, of batch: RecordBatch) async {
        // An incident that waits for the rest of its tick is not in the state: the next border will do.
        guard let committer, !tick.lines.contains(where: { $0.outcome.change != nil }) else { return }
        var place = reading
        place.take(batch, upTo: row)
        await committer.store(parts(at: place), of: name, with: desk)
    }

    private func parts(at place: ReadingPlace) async -> [StatePart] {
        guard let group else { return [] }
        var series: [(number: Int, bytes: [UInt8])] = []
        var log = TrainingLog()
        for shard in group.shards {
            let state = await shard.state()
            series += state.series
            log.append(contentsOf: state.log)
        }
        let stream = StoredStream.Header(
            channels: group.schema.channels, arithmetic: kernels.arithmeticClass, place: place, levels: levels,
            lastTime: lastTime, sequencer: sequencer, watch: watch, inputCondition: inputCondition)
        var parts = [StatePart(scope: scope, name: "stream", bytes: stream.encoded())]
        parts += series.map { StatePart(scope: scope, name: "series/\($0.number)", bytes: $0.bytes) }
        let training = await group.trainer.parts(inUse: group.models, next: group.trained, log: log)
        parts += training.map { StatePart(scope: scope, name: "training/\($0.name)", bytes: $0.bytes) }
        return parts
    }

    private var scope: String { StoredStream.scope(of: name) }

    /// Takes over what is stored, when it is of the same channels; what cannot be used begins anew, and is told.
    private func restored(_ fresh: Group, series: [String]) async -> Group {
        guard let stored else { return fresh }
        self.stored = nil
        guard stored.header.channels.map(\.name) == fresh.schema.channels.map(\.name) else {
            committer?.tell("the channels of \(name) have changed: learning begins anew")
            return fresh
        }
        // Series are stored by number: they must be met again in the order they had, or one would go on as another.
        guard series.starts(with: stored.header.place.seriesNames) else {
            committer?.tell("the series of \(name) come in another order than stored: learning begins anew")
            return fresh
        }
        if stored.header.arithmetic != kernels.arithmeticClass {
            committer?.tell(
                "the state of \(name) was computed in \(stored.header.arithmetic.rawValue) arithmetic, this machine is "
                    + "\(kernels.arithmeticClass.rawValue): scores may differ in their last digits")
        }
        do {
            var group = fresh
            for (number, bytes) in stored.series {
                let shard = fresh.shards[number % fresh.shards.count]
                try await shard.restore(series: number, name: stored.header.place.seriesNames[number], from: bytes)
            }
            let training = try await fresh.trainer.restore(stored.training)
            group.models = training.inUse
            group.trained = training.next
            await fresh.shards[0].restore(log: training.log)
            take(stored.header)
            return group
        } catch {
            committer?.tell("the state of \(name) cannot be used: \(error); learning begins anew")
            return fresh
        }
    }

    private func take(_ header: StoredStream.Header) {
        sequencer.goOn(from: header.sequencer)
        watch = header.watch
        inputCondition = header.inputCondition
        levels = header.levels
        lastTime = header.lastTime
        reading = header.place
    }
}
