import Alerting
import Ingest
import Logging

/// The streams that the sources have found, each with its pipeline.
actor StreamTable {
    var configuration: MonitorConfiguration
    let allowance: SeriesAllowance
    let desk: AlertDesk
    /// Which partitions are here.
    nonisolated let board = PartitionBoard()
    private let logger: Logger
    var stored: [String: StoredStream]
    /// The streams that are partitions of a broker's topics, and those of them that have more to be read.
    var partitions: Set<String> = []
    var laggingPartitions: Set<String> = []
    var pipelines: [String: Pipeline] = [:]
    /// The source that each stream's name belongs to.
    var owners: [String: Int] = [:]
    /// What the sources have counted, by number.
    private(set) var telemetry: [Int: SourceTelemetry] = [:]
    /// As the configuration names them.
    private(set) var sourceNames: [Int: String] = [:]
    /// The series that somebody looks at.
    var looks = SeriesLooks()
    private var rules: RuleWatch
    /// Commits in a row that there was no moment for, and how many may be.
    private var missedCuts = 0
    private static let mostMissedCuts = 5
    /// Keeps batches out while the state is cut.
    let gate = BatchGate()
    /// What is in hand: what the watchdog is told by.
    nonisolated let work = WorkWatch()

    init(
        configuration: MonitorConfiguration, allowance: SeriesAllowance, desk: AlertDesk,
        stored: [String: StoredStream], logger: Logger
    ) {
        self.allowance = allowance
        rules = RuleWatch(rules: configuration.seriesRules)
        self.logger = logger
        self.configuration = configuration
        self.desk = desk
        self.stored = stored
    }

    /// Makes a source known before it is read.
    func add(_ counters: SourceTelemetry, ofSource number: Int, named name: String) {
        telemetry[number] = counters
        sourceNames[number] = name
        work.watch("the reader of \(name)", counters.activity)
    }

    func process(_ batch: RecordBatch, of source: SourceConfiguration, number: Int) async throws {
        let stream = name(of: batch.stream, source: number)
        let pipeline = pipeline(for: stream, source)
        await gate.enter()
        defer { gate.leave() }
        work.begin(stream)
        defer { work.end(stream) }
        try await pipeline.process(batch, arrivedAt: ProcessUsage.now().seconds)
        for line in rules.observe(stream: stream, names: batch.seriesNames, lines: batch.rows.count) {
            logger.warning("\(line)")
        }
    }

    /// Lets time pass in every stream, `seconds` of the monotonic clock.
    func pass(at seconds: Double) async throws {
        await gate.enter()
        defer { gate.leave() }
        // A partition with messages that wait to be read is not silent.
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) where !laggingPartitions.contains(name) {
            do { try await pipeline.pass(at: seconds) } catch is PartitionLost {}
        }
    }

    /// All streams as they are between two batches of each, with the policy of the same moment.
    ///
    /// Batches wait until it is taken, which takes a mark for each series. Where a stream's last tick waits for its rest with
    /// an incident in it there is none now: stored without that stream, the policy would be ahead of it, and what is read
    /// again would spend the budget twice. A stream that stays so for some commits, as when its source has ended in the
    /// middle of a tick, is left out all the same, and goes on from its last commit.
    ///
    /// - Returns: `nil` while alerts wait to be stored, which the state may not stand for, or for a tick.
    func cut() async -> (streams: [StreamCut], policy: [UInt8]?)? {
        await gate.close()
        defer { gate.open() }
        guard let policy = await desk.state() else { return nil }
        var waits = false
        for pipeline in pipelines.values where await pipeline.waitsForTick { waits = true }
        missedCuts = waits ? missedCuts + 1 : 0
        if waits, missedCuts <= Self.mostMissedCuts { return nil }
        var streams: [StreamCut] = []
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            if let cut = await pipeline.cut() { streams.append(cut) }
        }
        return (streams, policy)
    }

    /// Takes over budgets, limits and labels: each stream at the border of its round in progress.
    func reconfigure(_ next: MonitorConfiguration) async {
        configuration = next
        rules = RuleWatch(rules: next.seriesRules)
        for pipeline in pipelines.values { await pipeline.reconfigure(next) }
        // Nobody crosses a border before the first line.
        if pipelines.isEmpty { await desk.reconfigure(next.alerting) }
    }

    /// Lines so far, and how the series of all streams stand.
    func standing() async -> StreamStanding {
        var all = StreamStanding()
        for pipeline in pipelines.values {
            all.add(await pipeline.standing())
            let counts = await pipeline.counts
            all.lines += counts.lines
            all.skippedRounds += counts.roundsWithoutTraining
        }
        return all
    }

    /// Two sources may find files of one stem: the second one's stream gets a number, so that they are not mixed.
    private func name(of stream: String, source number: Int) -> String {
        let owner = owners[stream, default: number]
        guard owner != number else {
            owners[stream] = number
            return stream
        }
        let other = "\(stream)#\(number + 1)"
        if owners.updateValue(number, forKey: other) == nil {
            logger.warning(
                "two sources have a stream of one name: the second is renamed",
                metadata: ["stream.name": "\(stream)", "stream.renamed": "\(other)"])
        }
        return other
    }

    /// Ends every stream, and says what came of each.
    ///
    /// - Throws: the first error, after all others had their end.
    func finish(atEnd isEnd: Bool) async throws {
        // There is no later commit to wait for.
        missedCuts = Self.mostMissedCuts
        var failure: (any Error)?
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            do { try await pipeline.finish(atEnd: isEnd) } catch { failure = failure ?? error }
            guard let owner = owners[name], let source = telemetry[owner] else { continue }
            logger.ended(name, await pipeline.counts, await pipeline.trainingCounts(), source.counters)
        }
        for (number, source) in telemetry.sorted(by: { $0.key < $1.key }) {
            logger.waitedInVain(source.counters.exports, number: number)
        }
        if let failure { throw failure }
    }

    private func pipeline(for stream: String, _ source: SourceConfiguration) -> Pipeline {
        if let pipeline = pipelines[stream] { return pipeline }
        let pipeline = Pipeline(
            name: stream, interval: source.interval, conditions: source.conditions,
            flowSettings: source.flowSettings, admission: SeriesAdmission(allowance: allowance),
            configuration: configuration, timesByRow: false, shardCount: UsableCores.count,
            desk: desk, stored: stored.removeValue(forKey: stream),
            keepsHistory: configuration.keepsHistory, isPartition: partitions.contains(stream),
            stateLogger: configuration.stateDirectory == nil ? nil : logger, logger: logger)
        pipelines[stream] = pipeline
        return pipeline
    }
}
