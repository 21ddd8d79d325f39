public import Ingest
public import Logging
import StatusServer

/// `monitord run` of a service that was handed sockets: when it cannot start, it waits for a reload with which it can.
///
/// What keeps it may be a configuration that is refused, or a state that cannot be had: its folder is in use, read-only or
/// not to be made. Meanwhile it says READY, throws away and counts what the sockets get, and says in the journal and in the
/// status line what is wrong; each reload is another try, and once one goes well it watches as it would have. Ended at
/// once, it would leave the datagrams in the sockets; the service manager would start it again for each of them, and soon give up
/// on the service and on the socket unit, for good.
public struct PatientDaemon: Sendable {
    private let requests: AsyncStream<Void>
    private let load: @Sendable () throws(ConfigurationError) -> LoadedConfiguration
    private let noColor: String?
    private let sockets: PassedSockets
    private let stop: StopRequest
    private let logger: Logger

    /// Creates a daemon.
    ///
    /// - Parameters:
    ///   - requests: one element for each time somebody asks for a reload.
    ///   - load: reads the configuration, at the start and for each reload.
    ///   - noColor: the value of `NO_COLOR`.
    ///   - sockets: what was passed in.
    ///   - stop: ends the waiting, and the daemon that runs.
    public init(
        requests: AsyncStream<Void>,
        load: @escaping @Sendable () throws(ConfigurationError) -> LoadedConfiguration, noColor: String?,
        sockets: PassedSockets, stop: StopRequest, logger: Logger
    ) {
        self.requests = requests
        self.load = load
        self.noColor = noColor
        self.sockets = sockets
        self.stop = stop
        self.logger = logger
    }

    /// Runs, once it can start.
    ///
    /// - Throws: what ``Daemon/run()`` throws once it has started; `IngestError` when the sockets cannot be read.
    public func run() async throws {
        let ready: Ready
        do {
            ready = try await start()
        } catch {
            let notifier = ServiceNotifier()
            let drain = SocketDrain(sockets)
            guard let later = try await start(after: error, notifier, drain) else { return notifier.stopping() }
            ready = later
            logger.notice(
                "what kept it from starting is mended: starting",
                metadata: [
                    "udp.thrown_away": "\(drain.datagrams)", "files": "\(ready.loaded.files.joined(separator: ", "))",
                ])
        }
        for remark in ready.loaded.remarks { logger.notice("\(remark)") }
        try await ready.daemon.run(from: ready.started)
    }

    /// A daemon that has its configuration and its state.
    private struct Ready: Sendable {
        var loaded: LoadedConfiguration
        var daemon: Daemon
        var started: Daemon.Started
    }

    /// What every start needs: a configuration, and the state and sinks that it names.
    private func start() async throws -> Ready {
        let loaded = try read()
        let daemon = Daemon(
            configuration: loaded.configuration, noColor: noColor,
            reload: DaemonReload(loaded: loaded, requests: requests, load: load), sockets: sockets, stop: stop,
            logger: logger)
        return Ready(loaded: loaded, daemon: daemon, started: try await daemon.start())
    }

    /// Reads the configuration; one that says nothing to watch is refused, too.
    private func read() throws(ConfigurationError) -> LoadedConfiguration {
        let loaded = try load()
        if loaded.configuration.sources.isEmpty {
            let place = loaded.files.last.map { ConfigurationPlace.file(path: $0, line: 1, column: 1) } ?? .builtIn
            throw ConfigurationError([.conflict(place: place, key: "source", reason: "nothing says what to watch")])
        }
        return loaded
    }

    /// What ends while it waits.
    private enum Ended {
        case started(Ready)
        case told
        case drain
    }

    /// Drains the sockets until a reload with which it can start; `nil` when it is to stop.
    private func start(
        after problem: any Error, _ notifier: ServiceNotifier, _ drain: SocketDrain
    ) async throws -> Ready? {
        let work = WorkWatch()
        work.watch("the drain of the sockets", drain.activity)
        notifier.ready(say(problem))
        return try await stop.cancelling {
            try await withThrowingTaskGroup(of: Ended.self) { tasks in
                tasks.addTask {
                    try await drain.run()
                    return .drain
                }
                tasks.addTask {
                    // Ended by cancellation. Four times as often as the manager wants a sign, as while it works.
                    let interval = min(notifier.signInterval.map { $0 / 2 } ?? .seconds(5), .seconds(5))
                    var told: UInt64 = 0
                    while (try? await Task.sleep(for: interval)) != nil {
                        if work.look().isEmpty { notifier.workMoved(at: Int64(ProcessUsage.now().seconds * 1e9)) }
                        guard drain.datagrams != told else { continue }
                        told = drain.datagrams
                        notifier.status("\(Self.summary), \(told) datagrams thrown away")
                    }
                    return .drain
                }
                tasks.addTask {
                    // Not cancelled while there is a daemon to come: that would end the stream of requests.
                    for await _ in requests {
                        if let ready = await reload(notifier) { return .started(ready) }
                    }
                    return .told
                }
                defer { tasks.cancelAll() }
                while let ended = try await tasks.next() {
                    switch ended {
                    case .started(let ready): return ready
                    case .told: return nil
                    case .drain: break
                    }
                }
                return nil
            }
        }
    }

    private static let summary = "it cannot start, nothing is watched: see the journal, mend it and reload"

    /// Tries again; READY is said by the daemon that then runs.
    private func reload(_ notifier: ServiceNotifier) async -> Ready? {
        notifier.reloading(at: UInt64(ProcessUsage.now().seconds * 1e6))
        do {
            return try await start()
        } catch {
            notifier.ready(say(error))
            return nil
        }
    }

    /// Says in the journal what is wrong.
    ///
    /// - Returns: the status line.
    private func say(_ problem: any Error) -> String {
        guard let refused = problem as? ConfigurationError else {
            logger.error("it cannot start: \(problem)")
            logger.error(
                "nothing is watched, and what the sockets get is thrown away, until a reload finds that mended")
            return "cannot start: \(problem); datagrams are thrown away"
        }
        for problem in refused.problems { logger.error("configuration refused: \(problem)") }
        logger.error(
            "nothing is watched, and what the sockets get is thrown away, until a reload brings a configuration")
        return "configuration refused: \(refused.problems.first.map { "\($0)" } ?? ""); datagrams are thrown away"
    }
}
