public import Ingest
public import Logging
public import ServiceLifecycle
import StatusServer

/// `monitord run` of a service that was handed sockets: with a configuration that is refused it waits for a better one.
///
/// Meanwhile it says READY, throws away and counts what the sockets get, and says in the journal and in the status line what is
/// wrong, until a reload brings a configuration that is right; with that it starts as it would have. Ended at once, it
/// would leave the datagrams in the sockets; the service manager would start it again for each of them, and soon give up
/// on the service and on the socket unit, for good.
public struct PatientDaemon: Service {
    private let requests: AsyncStream<Void>
    private let load: @Sendable () throws(ConfigurationError) -> LoadedConfiguration
    private let noColor: String?
    private let sockets: PassedSockets
    private let logger: Logger

    /// Creates a daemon.
    ///
    /// - Parameters:
    ///   - requests: one element for each time somebody asks for a reload.
    ///   - load: reads the configuration, at the start and for each reload.
    ///   - noColor: the value of `NO_COLOR`.
    ///   - sockets: what was passed in.
    public init(
        requests: AsyncStream<Void>,
        load: @escaping @Sendable () throws(ConfigurationError) -> LoadedConfiguration, noColor: String?,
        sockets: PassedSockets, logger: Logger
    ) {
        self.requests = requests
        self.load = load
        self.noColor = noColor
        self.sockets = sockets
        self.logger = logger
    }

    /// Runs by the configuration, once there is one.
    ///
    /// - Throws: what ``Daemon/run()`` throws; `IngestError` when the sockets cannot be read.
    public func run() async throws {
        let loaded: LoadedConfiguration
        do {
            loaded = try read()
        } catch {
            let notifier = ServiceNotifier()
            let drain = SocketDrain(sockets)
            guard let better = try await configuration(after: error, notifier, drain) else {
                return notifier.stopping()
            }
            loaded = better
            logger.notice(
                "the configuration is right now: starting",
                metadata: ["udp.thrown_away": "\(drain.datagrams)", "files": "\(loaded.files.joined(separator: ", "))"])
        }
        for remark in loaded.remarks { logger.notice("\(remark)") }
        let daemon = Daemon(
            configuration: loaded.configuration, noColor: noColor,
            reload: DaemonReload(loaded: loaded, requests: requests, load: load), sockets: sockets, logger: logger)
        try await daemon.run()
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
        case loaded(LoadedConfiguration)
        case told
        case drain
    }

    /// Drains the sockets until there is a configuration; `nil` when it is to stop.
    private func configuration(
        after refused: ConfigurationError, _ notifier: ServiceNotifier, _ drain: SocketDrain
    ) async throws -> LoadedConfiguration? {
        let work = WorkWatch()
        work.watch("the drain of the sockets", drain.activity)
        notifier.ready(say(refused))
        return try await cancelWhenGracefulShutdown {
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
                        if let loaded = reload(notifier) { return .loaded(loaded) }
                    }
                    return .told
                }
                defer { tasks.cancelAll() }
                while let ended = try await tasks.next() {
                    switch ended {
                    case .loaded(let loaded): return loaded
                    case .told: return nil
                    case .drain: break
                    }
                }
                return nil
            }
        }
    }

    private static let summary = "the configuration is refused, nothing is watched: see the journal, mend it and reload"

    /// Reads the configuration again; READY is said by the daemon that starts with it.
    private func reload(_ notifier: ServiceNotifier) -> LoadedConfiguration? {
        notifier.reloading(at: UInt64(ProcessUsage.now().seconds * 1e6))
        do {
            return try read()
        } catch {
            notifier.ready(say(error))
            return nil
        }
    }

    /// Says in the journal what is wrong.
    ///
    /// - Returns: the status line.
    private func say(_ error: ConfigurationError) -> String {
        for problem in error.problems { logger.error("configuration refused: \(problem)") }
        logger.error(
            "nothing is watched, and what the sockets get is thrown away, until a reload brings a configuration")
        return "configuration refused: \(error.problems.first.map { "\($0)" } ?? ""); datagrams are thrown away"
    }
}
