import Alerting
import Glibc
import Ingest
public import Logging
import NeuralNet
import Persistence
public import ServiceLifecycle
import StatusServer
import Synchronization
import TimeSeries

/// Why a run did not end well.
public enum DaemonError: Error, Equatable, CustomStringConvertible {
    /// Alerts could not be written, and no state keeps them for the next start.
    case alertsLost(sinks: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .alertsLost(let sinks):
            "alerts could not be written to \(sinks), and without a state directory they are lost"
        }
    }
}

/// `monitord run`: sources, pipelines, sinks and state, from start to a clean stop.
///
///     start   lock and read the state, make the sinks, go on where the streams stood, tell systemd READY
///     run     each source on a thread of its own ⇒ its streams' pipelines; one worker for each sink
///     stop    tell systemd STOPPING, stop the sources, finish every stream, store the state, give the sinks a moment
public struct Daemon: Service {
    private let configuration: MonitorConfiguration
    private let noColor: String?
    private let logger: Logger
    /// How long the sinks have at the end; what they do not manage waits in the outbox for the next start.
    private static let farewell = Duration.milliseconds(800)

    /// Creates a daemon.
    ///
    /// - Parameter noColor: the value of `NO_COLOR`.
    public init(configuration: MonitorConfiguration, noColor: String?, logger: Logger) {
        self.configuration = configuration
        self.noColor = noColor
        self.logger = logger
    }

    /// Runs until the input ends or a graceful shutdown is asked for.
    ///
    /// - Throws: `PersistenceError`, `IngestError`, `AlertingError`: what keeps it from starting or going on.
    public func run() async throws {
        let notifier = ServiceNotifier()
        let store = try StateStore(directory: configuration.stateDirectory, logger: logger)
        let restored = try await RestoredState(from: store, alerting: configuration.alerting)
        for problem in restored.problems { logger.warning("\(problem); it begins anew") }
        let sinks = try makeSinks()
        try await store.registerSinks(sinks.map(\.name))
        let router = AlertRouter(sinks: sinks, outbox: StoredOutbox(store: store), logger: logger)
        let desk = AlertDesk(policy: restored.policy, retryLogger: logger) { records in try await router.submit(records)
        }
        let committer = Committer(
            store: store, every: configuration.commitEvery, logger: logger,
            clock: { ProcessUsage.now().seconds })
        let streams = StreamTable(
            configuration: configuration, desk: desk, stored: restored.streams, committer: committer,
            notifier: notifier, logger: logger)
        announce(sinks, restored: restored.streams)
        notifier.ready("watching \(configuration.sources.count) sources")
        do {
            try await watch(streams, router: router, notifier: notifier, resume: restored.streams)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Runs sources and sinks side by side; returns when the last source has ended and everything is written.
    private func watch(
        _ streams: StreamTable, router: AlertRouter, notifier: ServiceNotifier, resume: [String: StoredStream]
    ) async throws {
        let failure = Mutex<(any Error)?>(nil)
        let telemetry = configuration.sources.map { _ in SourceTelemetry() }
        // Whether the input is over, and not just monitord.
        let hasEnded = Mutex(false)
        await withTaskGroup(of: Void.self) { sinks in
            sinks.addTask { await router.run() }
            do {
                // Graceful shutdown cancels the sources; they return without an error.
                try await cancelWhenGracefulShutdown {
                    try await runSources(streams, notifier: notifier, resume: resume, telemetry)
                    hasEnded.withLock { $0 = !Task.isCancelled }
                }
            } catch is CancellationError {
            } catch {
                failure.withLock { $0 = error }
            }
            notifier.stopping()
            do {
                try await streams.finish(atEnd: hasEnded.withLock { $0 }, telemetry)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            if await !router.flush(within: Self.farewell) {
                let isKept = configuration.stateDirectory != nil
                let behind = await router.status.filter { !$0.isCaughtUp }.map(\.name).joined(separator: ", ")
                logger.warning(
                    "not every alert is written: the rest is \(isKept ? "written at the next start" : "lost")",
                    metadata: ["sinks": "\(behind)"])
                if !isKept { failure.withLock { $0 = $0 ?? DaemonError.alertsLost(sinks: behind) } }
            }
            sinks.cancelAll()
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func runSources(
        _ streams: StreamTable, notifier: ServiceNotifier, resume: [String: StoredStream],
        _ telemetry: [SourceTelemetry]
    ) async throws {
        let admission = SeriesAdmission(allowance: configuration.seriesAllowance())
        let leftOut = Counter()
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            for (index, source) in configuration.sources.enumerated() {
                let reader = try makeSource(source, resume: resume, admission, telemetry[index])
                tasks.addTask {
                    do {
                        try await reader.run { batch in try await streams.process(batch, of: source, number: index) }
                    } catch let error as IngestError where configuration.sources.count > 1 && error.isOfTheInput {
                        logger.error(
                            "a source cannot be read and is left out; the others go on",
                            metadata: ["source.number": "\(index + 1)", "error": "\(error)"])
                        // Unless none is left.
                        if leftOut.count() == configuration.sources.count { throw error }
                    }
                    return true
                }
            }
            tasks.addTask {
                // A stream that is idle may be silent: only the clock can tell. Ended by cancellation.
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    try await streams.pass(at: ProcessUsage.now().seconds)
                }
                return false
            }
            if let interval = notifier.signInterval {
                tasks.addTask {
                    // Ended by cancellation, when the last source has ended.
                    while (try? await Task.sleep(for: interval)) != nil { streams.beat() }
                    return false
                }
            }
            var reading = configuration.sources.count
            while reading > 0, let isSource = try await tasks.next() {
                if isSource { reading -= 1 }
            }
            tasks.cancelAll()
        }
    }

    private func makeSource(
        _ source: SourceConfiguration, resume: [String: StoredStream], _ admission: SeriesAdmission,
        _ telemetry: SourceTelemetry
    ) throws -> any RecordSource {
        let clock: @Sendable () -> Timestamp = { WallClock.now() }
        switch source.input {
        case .standardInput:
            return StandardInputSource(
                configuration: source, arrival: clock, telemetry: telemetry, admission: admission,
                resume: resume["input"]?.header.place.decoding, logger: logger)
        case .udp(let address):
            let name = configuration.sources.count > 1 ? "udp \(address)" : "input"
            return try UDPSource(
                address: address, stream: name, configuration: source, arrival: clock, telemetry: telemetry,
                admission: admission,
                resume: resume[name]?.header.place.decoding, logger: logger)
        case .file(let pattern):
            let points = resume.compactMapValues(\.header.place.resumePoint)
            return FileFollower(
                pattern: pattern, stream: literalName(pattern), configuration: source, resume: points, arrival: clock,
                telemetry: telemetry, admission: admission, logger: logger)
        }
    }

    /// The name of a literal path's stream: `input` when it is the only source, else the file's stem, or the path when
    /// another source has that stem.
    private func literalName(_ path: String) -> String {
        guard configuration.sources.count > 1 else { return "input" }
        let stem = Self.stem(path)
        let others = configuration.sources.count { source in
            if case .file(let other) = source.input { return other != path && Self.stem(other) == stem }
            return false
        }
        return others == 0 ? stem : path
    }

    private static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    private func makeSinks() throws -> [any AlertSink] {
        let host = WallClock.hostName()
        let stamp: @Sendable () -> EmissionStamp = {
            EmissionStamp(host: host, version: Version.text, emitted: WallClock.now())
        }
        let style = ConsoleSink.style(for: STDOUT_FILENO, noColor: noColor)
        var sinks: [any AlertSink] = [try ConsoleSink(descriptor: STDOUT_FILENO, style: style, stamp: stamp)]
        let alerting = configuration.alerting
        if let path = alerting.logPath {
            sinks.append(
                try RollingLogSink(
                    path: path, bytesPerFile: alerting.logBytes, keptFiles: alerting.logKeep, stamp: stamp))
        }
        if alerting.writesJournal {
            if JournalSink.isAvailable() {
                sinks.append(try JournalSink(stamp: stamp))
            }
        }
        return sinks
    }

    private func announce(_ sinks: [any AlertSink], restored streams: [String: StoredStream]) {
        var places = sinks.map(\.name)
        if let path = configuration.alerting.logPath { places = places.map { $0 == "log" ? "log \(path)" : $0 } }
        let state = configuration.stateDirectory.map { "state in \($0)" } ?? "state in memory only"
        logger.notice("alerts go to \(places.joined(separator: ", ")); \(state)")
        if configuration.alerting.writesJournal, !sinks.contains(where: { $0.name == "journal" }) {
            logger.notice("journald's socket is not there: alerts do not go to the journal")
        }
        if let path = configuration.alerting.logPath, let reason = OutputFile.reasonNotToAppend(to: path) {
            logger.warning(
                "the rolling log cannot be written: name another with --log, or none",
                metadata: ["log.path": "\(path)", "error": "\(reason)"])
        }
        if !streams.isEmpty {
            logger.notice(
                "going on from the stored state",
                metadata: ["streams": "\(streams.keys.sorted().joined(separator: ", "))"])
        }
        if let name = Kernels.refusedRequest {
            logger.warning("MONITORD_KERNELS names \(name), which this machine cannot run; using \(Kernels.best.name)")
        }
    }
}

/// The streams that the sources have found, each with its pipeline.
private actor StreamTable {
    private let configuration: MonitorConfiguration
    private let desk: AlertDesk
    private let committer: Committer
    private let notifier: ServiceNotifier
    private let logger: Logger
    private var stored: [String: StoredStream]
    private var pipelines: [String: Pipeline] = [:]
    /// The source that each stream's name belongs to.
    private var owners: [String: Int] = [:]
    /// Batches in hand and done: what the watchdog is told by.
    private nonisolated let work = Mutex((inHand: 0, done: UInt64(0), doneAtLastBeat: UInt64(0)))

    init(
        configuration: MonitorConfiguration, desk: AlertDesk, stored: [String: StoredStream], committer: Committer,
        notifier: ServiceNotifier, logger: Logger
    ) {
        self.logger = logger
        self.configuration = configuration
        self.desk = desk
        self.stored = stored
        self.committer = committer
        self.notifier = notifier
    }

    func process(_ batch: RecordBatch, of source: SourceConfiguration, number: Int) async throws {
        let pipeline = pipeline(for: name(of: batch.stream, source: number), source)
        work.withLock { $0.inHand += 1 }
        defer {
            work.withLock { work in
                work.inHand -= 1
                work.done += 1
            }
        }
        try await pipeline.process(batch, arrivedAt: ProcessUsage.now().seconds)
        signOfLife()
    }

    /// Lets time pass in every stream, `seconds` of the monotonic clock.
    func pass(at seconds: Double) async throws {
        for (_, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) { try await pipeline.pass(at: seconds) }
    }

    /// Between batches: an idle daemon is alive, one that has had the same batches in hand since the last beat is not.
    nonisolated func beat() {
        let isAlive = work.withLock { work in
            defer { work.doneAtLastBeat = work.done }
            return work.inHand == 0 || work.done != work.doneAtLastBeat
        }
        if isAlive { signOfLife() }
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

    private nonisolated func signOfLife() { notifier.workMoved(at: Int64(ProcessUsage.now().seconds * 1e9)) }

    /// Ends every stream, and says what came of each.
    func finish(atEnd isEnd: Bool, _ telemetry: [SourceTelemetry]) async throws {
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key }) {
            try await pipeline.finish(atEnd: isEnd)
            guard let owner = owners[name] else { continue }
            logger.ended(name, await pipeline.counts, telemetry[owner].counters)
        }
    }

    private func pipeline(for stream: String, _ source: SourceConfiguration) -> Pipeline {
        if let pipeline = pipelines[stream] { return pipeline }
        let pipeline = Pipeline(
            name: stream, interval: source.interval, conditions: source.conditions,
            configuration: configuration, timesByRow: false, shardCount: 1,
            desk: desk, stored: stored.removeValue(forKey: stream), committer: committer, logger: logger)
        pipelines[stream] = pipeline
        return pipeline
    }
}

/// Counts across tasks.
private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// Adds one and returns the new count.
    func count() -> Int { value.add(1, ordering: .relaxed).newValue }
}

/// The outbox as the router knows it, kept by the state's database.
struct StoredOutbox: AlertOutbox {
    let store: StateStore

    func append(_ messages: [OutboxMessage]) async throws {
        try await store.appendToOutbox(
            messages.map { StoredMessage(id: $0.id, seq: $0.seq, payload: $0.payload) })
    }

    func pending(sink: String, limit: Int) async throws -> [OutboxMessage] {
        try await store.pending(sink: sink, limit: limit).map {
            OutboxMessage(id: $0.id, seq: $0.seq, payload: $0.payload, number: $0.number)
        }
    }

    func acknowledge(sink: String, upTo number: UInt64) async throws {
        try await store.acknowledge(sink: sink, upTo: number)
    }
}
