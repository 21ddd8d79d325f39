import Alerting
import Glibc
public import Ingest
public import Logging
import NeuralNet
import Persistence
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
public struct Daemon: Sendable {
    let configuration: MonitorConfiguration
    private let noColor: String?
    private let reload: DaemonReload?
    private let sockets: PassedSockets
    private let stop: StopRequest
    let logger: Logger
    /// How long the sinks have at the end; what they do not manage waits in the outbox for the next start.
    private static let farewell = Duration.milliseconds(800)

    /// Creates a daemon.
    ///
    /// - Parameters:
    ///   - noColor: the value of `NO_COLOR`.
    ///   - reload: how the configuration is read again while it runs; `nil` when it never is.
    ///   - sockets: what the service manager passed in; a source takes over the socket of its address.
    ///   - stop: ends the reading; everything is then finished and stored in order.
    public init(
        configuration: MonitorConfiguration, noColor: String?, reload: DaemonReload? = nil,
        sockets: PassedSockets = PassedSockets(), stop: StopRequest, logger: Logger
    ) {
        self.configuration = configuration
        self.reload = reload
        self.sockets = sockets
        self.stop = stop
        self.noColor = noColor
        self.logger = logger
    }

    /// What is at hand once the state is read and the sinks are made.
    final class Started: Sendable {
        fileprivate let notifier: ServiceNotifier
        fileprivate let store: StateStore
        fileprivate let policy: AlertPolicy
        /// How far each stream was read.
        fileprivate let places: [String: ReadingPlace]
        fileprivate let sinks: DaemonSinks
        fileprivate let snapshots: DailySnapshots?
        private let streams: Mutex<[String: StoredStream]>

        fileprivate init(
            _ notifier: ServiceNotifier, _ store: StateStore, _ restored: RestoredState, _ sinks: DaemonSinks,
            _ snapshots: DailySnapshots?
        ) {
            self.notifier = notifier
            self.store = store
            policy = restored.policy
            places = restored.streams.mapValues(\.header.place)
            self.sinks = sinks
            self.snapshots = snapshots
            streams = Mutex(restored.streams)
        }

        /// The stored streams, which are then not held here: they are as large as what is made of them.
        fileprivate func takeStreams() -> [String: StoredStream] {
            streams.withLock { streams in
                defer { streams = [:] }
                return streams
            }
        }
    }

    /// Runs until the input ends or the stop is requested.
    ///
    /// - Throws: `PersistenceError`, `IngestError`, `AlertingError`: what keeps it from starting or going on.
    public func run() async throws { try await run(from: try await start()) }

    /// Locks and reads the state and makes the sinks; no socket is touched.
    ///
    /// - Throws: `PersistenceError`, `DatabaseError`, `AlertingError`; the state is then free again.
    func start() async throws -> Started {
        let notifier = ServiceNotifier()
        // A large state is checked and read before anything else; the manager would take that for a hang.
        notifier.extendStart(by: .seconds(120))
        let store = try StateStore(directory: configuration.stateDirectory, logger: logger)
        do {
            let restored = try await RestoredState(from: store, alerting: configuration.alerting)
            for problem in restored.problems { logger.warning("\(problem); it begins anew") }
            if !restored.problems.isEmpty { await keepDamaged(of: store) }
            let sinks = try DaemonSinks(configuration, noColor: noColor, logger: logger)
            try await store.registerSinks(sinks.all.map(\.name))
            let snapshots = try configuration.stateDirectory.map {
                try DailySnapshots(
                    ofState: $0, kept: configuration.keptSnapshots, now: ProcessUsage.now().seconds,
                    wallClock: Int(WallClock.now().nanoseconds / 1_000_000_000), logger: logger)
            }
            return Started(notifier, store, restored, sinks, snapshots)
        } catch {
            await store.close()
            throw error
        }
    }

    /// Runs with what ``start()`` gave.
    func run(from started: Started) async throws {
        let (store, sinks) = (started.store, started.sinks)
        let router = AlertRouter(sinks: sinks.all, outbox: StoredOutbox(store: store), logger: logger)
        let report = ServiceReport()
        let events = EventHub()
        let desk = AlertDesk(policy: started.policy, retryLogger: logger) { records in
            try await router.submit(records)
            report.note(records)
            for record in records { events.tell(EventHub.event("alert", record.jsonLine())) }
        }
        await router.setOpenIncidents { await desk.openIncidents() }
        let committer = Committer(
            store: store, every: configuration.commitEvery, mostBytesPerDay: configuration.mostCommittedBytesPerDay,
            snapshots: started.snapshots, logger: logger, clock: { ProcessUsage.now().seconds })
        let allowance = configuration.seriesAllowance()
        let streams = StreamTable(
            configuration: configuration, allowance: allowance, desk: desk,
            stored: started.takeStreams(), logger: logger)
        sinks.announce(configuration)
        announce(started.places)
        let history = HistoryWriter(
            store: store, bounds: configuration.historyBounds, logger: logger, clock: { ProcessUsage.now().seconds })
        let life = ServiceLife(
            notifier: started.notifier, report: report, streams: streams, desk: desk, router: router, store: store,
            committer: committer,
            history: history,
            sinks: sinks, logger: logger)
        let keeper = StatusKeeper(
            streams: streams, desk: desk, router: router, startedAt: ProcessUsage.now().seconds)
        var random = SystemRandomNumberGenerator()
        let doors = OperatorDoors(
            api: OperatorAPI(
                keeper: keeper, streams: streams, store: store,
                snapshots: configuration.stateDirectory.map(SnapshotFolder.init(ofState:)), history: history,
                live: LiveEvents(hub: events, keeper: keeper),
                pageGuard: PageGuard(token: PageGuard.makeToken(using: &random)), hasPage: configuration.hasPage),
            keeper: keeper,
            controlPath: configuration.controlPath, httpAddress: configuration.httpAddress, logger: logger)
        do {
            try await watch(
                streams, allowance: allowance, router: router, doors: doors, life: life, resume: started.places)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// What cannot be used is kept beside before it is written over; without room for it watching goes on all the same.
    private func keepDamaged(of store: StateStore) async {
        do {
            guard let name = try await store.keepDamaged() else { return }
            logger.warning("the damaged state was set aside as a snapshot", metadata: ["state.snapshot": "\(name)"])
        } catch {
            logger.error("the damaged state cannot be set aside", metadata: ["error": "\(error)"])
        }
    }

    /// Runs sources and sinks side by side; returns when the last source has ended and everything is written.
    private func watch(
        _ streams: StreamTable, allowance: SeriesAllowance, router: AlertRouter, doors: OperatorDoors,
        life: ServiceLife, resume: [String: ReadingPlace]
    ) async throws {
        let failure = Mutex<(any Error)?>(nil)
        // Whether the input is over, and not just monitord.
        let hasEnded = Mutex(false)
        await withTaskGroup(of: Void.self) { sinks in
            sinks.addTask { await router.run() }
            sinks.addTask { await doors.serve() }
            do {
                // The request cancels the sources; they return without an error.
                try await stop.cancelling {
                    try await runSources(streams, allowance: allowance, life: life, resume: resume)
                    hasEnded.withLock { $0 = !Task.isCancelled }
                }
            } catch is CancellationError {
            } catch {
                failure.withLock { $0 = error }
            }
            life.notifier.stopping()
            do {
                try await streams.finish(atEnd: hasEnded.withLock { $0 })
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            if configuration.stateDirectory != nil {
                life.notifier.extendStart(by: .seconds(120))
                await life.history.write(await streams.takeHistory(all: true))
                await life.committer.store(streams, with: life.desk)
            }
            if await !router.flush(within: Self.farewell) {
                let isKept = configuration.stateDirectory != nil
                let behind = await router.status.filter { !$0.isCaughtUp && $0.isReachable }.map(\.name).joined(
                    separator: ", ")
                logger.warning(
                    "not every alert is written: the rest is \(isKept ? "written at the next start" : "lost")",
                    metadata: ["sinks": "\(behind)"])
                if !isKept { failure.withLock { $0 = $0 ?? DaemonError.alertsLost(sinks: behind) } }
            }
            sinks.cancelAll()
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// What ends while sources are read.
    private enum Ended {
        case source
        case reloadRequest
        case signs
    }

    private func runSources(
        _ streams: StreamTable, allowance: SeriesAllowance, life: ServiceLife, resume: [String: ReadingPlace]
    ) async throws {
        let leftOut = Counter()
        try await withThrowingTaskGroup(of: Ended.self) { tasks in
            // One element for each address that is bound, or cannot be.
            let (bound, bind) = AsyncStream.makeStream(of: Void.self)
            func read(_ source: SourceConfiguration, number: Int, of count: Int, isNew: Bool) async throws {
                let telemetry = SourceTelemetry()
                await streams.add(telemetry, ofSource: number, named: Self.name(of: source))
                if case .kafka(let input) = source.input {
                    tasks.addTask {
                        try await work(
                            on: input, source: source, number: number, streams: streams,
                            admission: SeriesAdmission(allowance: allowance), telemetry: telemetry, life: life)
                        return .source
                    }
                    return
                }
                let reader = try makeSource(
                    source, isAlone: count == 1, resume: resume, SeriesAdmission(allowance: allowance), telemetry,
                    life.notifier
                ) { bind.yield() }
                tasks.addTask {
                    // What could not be bound is not waited for either.
                    defer { if case .udp = source.input { bind.yield() } }
                    do {
                        try await reader.run { batch in try await streams.process(batch, of: source, number: number) }
                    } catch let error as IngestError
                        where isNew || configuration.sources.count > 1 && error.isOfTheInput
                    {
                        logger.error(
                            "a source cannot be read and is left out; the others go on",
                            metadata: ["source.number": "\(number + 1)", "error": "\(error)"])
                        // Unless none is left.
                        if !isNew, leftOut.count() == configuration.sources.count { throw error }
                    }
                    return .source
                }
            }
            tasks.addTask {
                // A stream that is idle may be silent: only the clock can tell. Ended by cancellation.
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    try await streams.pass(at: ProcessUsage.now().seconds)
                }
                return .signs
            }
            // Without a directory there is nothing that it could be kept for.
            if configuration.stateDirectory != nil {
                tasks.addTask(priority: .utility) {
                    while (try? await Task.sleep(for: .seconds(1))) != nil {
                        await life.history.write(await streams.takeHistory())
                        if await life.committer.isDue { await life.committer.store(streams, with: life.desk) }
                    }
                    return .signs
                }
            }
            for (number, source) in configuration.sources.enumerated() {
                try await read(source, number: number, of: configuration.sources.count, isNew: false)
            }
            // A datagram that is sent once the manager has heard READY must find the socket.
            var unbound = configuration.sources.count {
                if case .udp = $0.input { true } else { false }
            }
            if unbound > 0 {
                for await _ in bound {
                    unbound -= 1
                    if unbound == 0 { break }
                }
            }
            closeUnclaimedSockets(life.notifier)
            life.notifier.ready("watching \(configuration.sources.count) sources")
            let interval = life.interval
            tasks.addTask {
                // Ended by cancellation, when the last source has ended.
                while (try? await Task.sleep(for: interval)) != nil { await life.look() }
                return .signs
            }
            tasks.addTask {
                while (try? await Task.sleep(for: interval)) != nil { await life.tell() }
                return .signs
            }
            var current = reload?.loaded
            func waitForRequest() {
                guard let reload else { return }
                tasks.addTask {
                    for await _ in reload.requests { return .reloadRequest }
                    return .signs
                }
            }
            waitForRequest()
            var known = configuration.sources.count
            var reading = known
            while reading > 0, let ended = try await tasks.next() {
                switch ended {
                case .source: reading -= 1
                case .signs: break
                case .reloadRequest:
                    guard let reload, let before = current else { break }
                    let change = await life.reload(reload, after: before, allowance: allowance)
                    current = change?.result ?? before
                    for source in change?.newSources ?? [] {
                        known += 1
                        do {
                            try await read(source, number: known - 1, of: known, isNew: true)
                            reading += 1
                        } catch {
                            logger.error(
                                "a source cannot be read and is left out; the others go on",
                                metadata: ["source.number": "\(known)", "error": "\(error)"])
                        }
                    }
                    waitForRequest()
                }
            }
            tasks.cancelAll()
        }
    }

    /// Closes the sockets that were passed in and belong to no source, and has the manager forget those that it kept.
    private func closeUnclaimedSockets(_ notifier: ServiceNotifier) {
        for socket in sockets.closeUnclaimed() {
            // Forgetting goes by name: the socket in use must not go with it. For one of a socket unit it means nothing.
            if !socket.hasClaimedNamesake { notifier.removeStored(socket.name) }
            logger.warning(
                "a descriptor was passed in that belongs to no source: it is closed",
                metadata: [
                    "socket.name": "\(socket.name)", "socket.address": "\(socket.address ?? "no socket for datagrams")",
                ])
        }
    }

    private static func name(of source: SourceConfiguration) -> String {
        switch source.input {
        case .standardInput: "standard input"
        case .file(let pattern): pattern
        case .udp(let address): "udp \(address)"
        case .mqtt(let address, let client): client.map { "\(address) as \($0)" } ?? address
        case .kafka(let input): "kafka \(input.brokers)"
        }
    }

    private func makeSource(
        _ source: SourceConfiguration, isAlone: Bool, resume: [String: ReadingPlace], _ admission: SeriesAdmission,
        _ telemetry: SourceTelemetry, _ notifier: ServiceNotifier, onListening: @escaping @Sendable () -> Void
    ) throws -> any RecordSource {
        let clock: @Sendable () -> Timestamp = { WallClock.now() }
        switch source.input {
        case .standardInput:
            return StandardInputSource(
                configuration: source, arrival: clock, telemetry: telemetry, admission: admission,
                resume: resume["input"]?.decoding, logger: logger)
        case .udp(let address):
            let name = isAlone ? "input" : "udp \(address)"
            return try UDPSource(
                address: address, stream: name, configuration: source, arrival: clock, telemetry: telemetry,
                admission: admission,
                resume: resume[name]?.decoding, logger: logger, passed: sockets,
                keep: { descriptor, name in notifier.store(descriptor, as: name) },
                onListening: { _ in onListening() })
        case .mqtt(let address, let client):
            return try brokerSource(source, address, client, isAlone: isAlone, resume, admission, telemetry)
        case .kafka: preconditionFailure("partitions come by their worker")
        case .file(let pattern):
            let points = resume.compactMapValues(\.resumePoint)
            return FileFollower(
                pattern: pattern, stream: isAlone ? "input" : literalName(pattern), configuration: source,
                resume: points, arrival: clock,
                telemetry: telemetry, admission: admission, logger: logger)
        }
    }

    /// The name of a literal path's stream when it is not the only source: the file's stem, or the path when another
    /// source has that stem.
    private func literalName(_ path: String) -> String {
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

    private func announce(_ streams: [String: ReadingPlace]) {
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

/// Counts across tasks.
private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// Adds one and returns the new count.
    func count() -> Int { value.add(1, ordering: .relaxed).newValue }
}
