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
            """)

    @OptionGroup var input: InputOptions

    @Flag(name: .long, help: "Read standard input.")
    var stdin = false

    @Option(name: .long, help: ArgumentHelp("Read a file, or files by a pattern, and follow them.", valueName: "GLOB"))
    var file: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Receive datagrams of lines at this address.", valueName: "ADDR:PORT"))
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
        let loaded = try Start.load(overrides)
        guard !loaded.configuration.sources.isEmpty else { throw Start.nothingToWatch(files: loaded.files) }
        let logger = Start.logger()
        Start.keepFilesPrivate()
        let daemon = Daemon(
            configuration: loaded.configuration, noColor: Start.environment["NO_COLOR"], logger: logger)
        // The daemon ends with its input; a signal asks it to end in order.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: Start.quietLogger()))
        try await Start.exiting(on: logger) { try await group.run() }
    }
}
