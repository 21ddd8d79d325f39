import ArgumentParser
import Glibc
import Ingest
import MonitorRuntime

/// `monitord run`, and `monitord` without a verb.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch streams and write alerts, until told to stop or the input ends.",
        discussion: """
            With any of --stdin, --file and --udp, /etc/monitord is not read unless --config names it, and the state lives in \
            memory unless --state says where. Alerts go to the console (text at a terminal, JSON lines otherwise), to \
            the rolling log and to journald when its socket is there.

            SIGHUP reads the configuration again when files of it are in use, and applies budgets, limits, sinks, labels \
            and new sources; with flags alone, or when the terminal is gone, it ends monitord in order.
            """)

    @OptionGroup var input: InputOptions

    @Flag(name: .long, help: "Read standard input.")
    var stdin = false

    @Option(
        name: .long, help: ArgumentHelp("Read a file, or files by a pattern, and follow them.", valueName: "GLOB"),
        completion: .file())
    var file: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Receive datagrams at this address: lines, NetFlow or IPFIX.", valueName: "ADDR:PORT"))
    var udp: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("The rolling log; \"none\" for none.", valueName: "FILE"), completion: .file())
    var log: String?

    @Flag(name: .long, inversion: .prefixedNo, help: "Write alerts to journald.")
    var journal: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Socket by which status, feedback and the like ask this monitord; \"none\" for none.", valueName: "PATH"),
        completion: .file())
    var control: String?

    func run() async throws {
        var overrides = ConfigurationOverrides(
            file: input.config, format: input.format, timezone: input.timezone, stateDirectory: input.state, log: log,
            journal: journal)
        overrides.control = control
        if stdin { overrides.inputs.append(.standardInput) }
        overrides.inputs += file.map { $0 == "-" ? .standardInput : .file(pattern: $0) }
        overrides.inputs += udp.map { .udp(address: $0) }
        // Before there is a second thread: it changes the environment.
        let sockets = Start.passedSockets()
        let logger = Start.logger()
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let flags = overrides
        let reads: @Sendable () throws(ConfigurationError) -> LoadedConfiguration = {
            () throws(ConfigurationError) in try Start.loader().load(flags)
        }
        let noColor = Start.environment["NO_COLOR"]
        let stop = StopRequest()
        let work: @Sendable () async throws -> Void
        // SIGHUP reloads where there is something to reload, and where a service manager says so. With flags alone it is
        // the closing of the terminal, and ends.
        var reloads = Start.environment["NOTIFY_SOCKET"] != nil
        if sockets.isEmpty {
            var loaded = try Start.load(overrides)
            guard !loaded.configuration.sources.isEmpty else { throw Start.nothingToWatch(files: loaded.files) }
            reloads = reloads || !loaded.files.isEmpty
            // With flags alone there is no place that the verbs know of: it has one of its own.
            if loaded.files.isEmpty, control == nil, Start.environment["MONITORD_CONTROL"] == nil, !reloads {
                loaded.configuration.controlPath = ControlPath.ofProcess(
                    getpid(), environment: Start.environment, isRoot: geteuid() == 0)
            }
            let daemon = Daemon(
                configuration: loaded.configuration, noColor: noColor,
                reload: reloads ? DaemonReload(loaded: loaded, requests: requests, load: reads) : nil,
                sockets: sockets, stop: stop, logger: logger)
            work = { try await daemon.run() }
        } else {
            reloads = true
            let daemon = PatientDaemon(
                requests: requests, load: reads, noColor: noColor, sockets: sockets, stop: stop, logger: logger)
            work = { try await daemon.run() }
        }
        Start.keepFilesPrivate()
        // The daemon ends with its input; a signal asks it to end in order. A second one changes nothing: the end is
        // bounded by itself, and timeout(1) sends each signal twice.
        let hangUps = HangUps(request: request, stop: stop)
        let numbers = HangUps.areIgnored ? [SIGTERM, SIGINT] : [SIGTERM, SIGINT, SIGHUP]
        let signals = await ProcessSignals(numbers) { [reloads] number in
            if number == SIGHUP, reloads { hangUps.take() } else { stop.make() }
        }
        defer { withExtendedLifetime(signals) {} }
        try await Start.exiting(on: logger, work)
    }
}
