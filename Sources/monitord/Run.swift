import ArgumentParser
import Ingest
import MonitorRuntime
import ServiceLifecycle
import UnixSignals

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

    @Option(name: .long, help: ArgumentHelp("Read a file, or files by a pattern, and follow them.", valueName: "GLOB"))
    var file: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Receive datagrams at this address: lines, NetFlow or IPFIX.", valueName: "ADDR:PORT"))
    var udp: [String] = []

    @Option(name: .long, help: ArgumentHelp("The rolling log; \"none\" for none.", valueName: "FILE"))
    var log: String?

    @Flag(name: .long, inversion: .prefixedNo, help: "Write alerts to journald.")
    var journal: Bool?

    func run() async throws {
        var overrides = ConfigurationOverrides(
            file: input.config, format: input.format, timezone: input.timezone, stateDirectory: input.state, log: log,
            journal: journal)
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
        let daemon: any Service
        // SIGHUP reloads where there is something to reload, and where a service manager says so. With flags alone it is
        // the closing of the terminal, and ends.
        var reloads = Start.environment["NOTIFY_SOCKET"] != nil
        if sockets.isEmpty {
            let loaded = try Start.load(overrides)
            guard !loaded.configuration.sources.isEmpty else { throw Start.nothingToWatch(files: loaded.files) }
            reloads = reloads || !loaded.files.isEmpty
            daemon = Daemon(
                configuration: loaded.configuration, noColor: noColor,
                reload: reloads ? DaemonReload(loaded: loaded, requests: requests, load: reads) : nil,
                sockets: sockets, logger: logger)
        } else {
            reloads = true
            daemon = PatientDaemon(
                requests: requests, load: reads, noColor: noColor, sockets: sockets, logger: logger)
        }
        Start.keepFilesPrivate()
        // The daemon ends with its input; a signal asks it to end in order.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
        ]
        let ignoresHangUps = HangUps.areIgnored
        if reloads, !ignoresHangUps {
            let hangUps = await HangUps(request: request)
            services.append(.init(service: hangUps, successTerminationBehavior: .gracefullyShutdownGroup))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services,
                gracefulShutdownSignals:
                    reloads || ignoresHangUps ? [.sigterm, .sigint] : [.sigterm, .sigint, .sighup],
                logger: Start.quietLogger()))
        try await Start.exiting(on: logger) { try await group.run() }
    }
}
