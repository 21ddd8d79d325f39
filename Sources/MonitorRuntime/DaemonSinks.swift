import Alerting
import Glibc
import Logging
import Persistence

/// Where the daemon's alerts go: the console, the rolling log, journald, each as the configuration has it, and the other
/// systems that it names.
///
/// The first three are there all the time, so that the outbox keeps their place; one that is not wanted is switched off.
struct DaemonSinks: Sendable {
    private let console: ReplaceableSink
    private let log: ReplaceableSink
    private let journal: ReplaceableSink
    private let onward: OnwardSinks
    private let logger: Logger
    private let stamp: @Sendable () -> EmissionStamp

    /// Creates the sinks of a configuration.
    ///
    /// - Throws: ``AlertingError`` when a thread cannot be had.
    init(_ configuration: MonitorConfiguration, noColor: String?, logger: Logger) throws {
        let host = WallClock.hostName()
        let stamp: @Sendable () -> EmissionStamp = {
            EmissionStamp(host: host, version: Version.text, emitted: WallClock.now())
        }
        self.logger = logger
        self.stamp = stamp
        let style = ConsoleSink.style(for: STDOUT_FILENO, noColor: noColor)
        console = ReplaceableSink(
            name: "console",
            target: try ConsoleSink(
                descriptor: STDOUT_FILENO, style: style, stamp: stamp,
                // As any program in a pipe does, but in order: the state is kept, the other sinks get what is due.
                onClosed: { kill(getpid(), SIGTERM) }))
        log = ReplaceableSink(name: "log", target: nil)
        journal = ReplaceableSink(name: "journal", target: nil)
        onward = try OnwardSinks(configuration, stamp: stamp)
        try apply(configuration.alerting)
    }

    /// All of them, for the router.
    var all: [any AlertSink] { [console, log, journal] + onward.all }

    /// Applies another configuration, of a reload.
    ///
    /// - Throws: as ``init(_:noColor:logger:)``, and what the database throws.
    func apply(_ configuration: MonitorConfiguration, router: AlertRouter, store: StateStore) async throws {
        try apply(configuration.alerting)
        try await onward.apply(
            configuration, others: [console, log, journal].map(\.name), router: router, store: store)
    }

    /// Switches on, off or over what the configuration asks for; what stays as it is is not touched.
    private func apply(_ alerting: AlertingConfiguration) throws {
        let present = log.target as? RollingLogSink
        if let path = alerting.logPath {
            if let present, present.path == path {
                present.reconfigure(alerting.logLimits)
            } else {
                log.replace(
                    with: try RollingLogSink(path: path, limits: alerting.logLimits, logger: logger, stamp: stamp))
            }
        } else {
            log.replace(with: nil)
        }
        if !alerting.writesJournal {
            journal.replace(with: nil)
        } else if journal.target == nil {
            journal.replace(with: try JournalSink(stamp: stamp))
        }
    }

    /// Says where alerts go, and what stands in the way of it.
    func announce(_ configuration: MonitorConfiguration) {
        let (alerting, stateDirectory) = (configuration.alerting, configuration.stateDirectory)
        // Under a service manager standard output mostly leads nowhere; nobody should look for alerts there.
        let on = [console, log, journal].filter {
            $0.target != nil && $0.isReachable && !($0.name == "console" && OutputFile.isDiscarded(STDOUT_FILENO))
        }
        let places = on.map { $0.name == "log" ? "log \(alerting.logPath ?? "")" : $0.name } + onward.wanted.map(\.name)
        let state = stateDirectory.map { "state in \($0)" } ?? "state in memory only"
        logger.notice("alerts go \(places.isEmpty ? "nowhere" : "to " + places.joined(separator: ", ")); \(state)")
        if alerting.writesJournal, !journal.isReachable {
            logger.notice("journald's socket is not there: alerts go to the journal as soon as it is")
        }
        for fault in SinkAccess(configuration).failuresOfSinks() {
            logger.warning("a sink cannot work until a file of it can be read", metadata: ["error": "\(fault)"])
        }
        if let path = alerting.logPath, let reason = OutputFile.reasonNotToAppend(to: path) {
            logger.warning(
                "the rolling log cannot be written: name another with --log, or none",
                metadata: ["log.path": "\(path)", "error": "\(reason)"])
        }
    }
}
