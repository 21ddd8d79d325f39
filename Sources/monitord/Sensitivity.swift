public import ArgumentParser
import Ingest
public import MonitorRuntime

/// `monitord sensitivity`.
struct Sensitivity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out how small a fault would be found: plant faults in copies of what was recorded.",
        discussion: """
            It learns from the first part of a recording (--input), or of what a state has kept (--state, or the state that \
            the configuration names; the daemon may have it in use), and plants spikes, steps, drifts, stuck values, noise \
            and shifts of the day in copies of normal stretches behind. Told is the smallest size at which an incident \
            opens in time at four places of five. The configuration's budget and detectors are in force.

              monitord sensitivity --input pump.csv
              monitord sensitivity pump3 --state /var/lib/monitord

            Without SERIES the first three series of each stream are tried in. Nothing is written.
            Exit codes: 64 without anything to try on, 65 for input that holds no samples, 66 for a series, a file or a \
            state that is not there.
            """)

    @OptionGroup var options: InputOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Recording to try on; several are one stream. - is standard input.", valueName: "FILE"))
    var input: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "quick (5 places, faults of at most 300 samples), usual (15, 1800) or thorough (30, 7200).",
            valueName: "NAME")
    )
    var effort: TrialEffort = .usual

    @Option(name: .long, help: ArgumentHelp("Another number is other places.", valueName: "N"))
    var seed: UInt64 = 1

    @Flag(name: .long, help: "Print one line of JSON.")
    var json = false

    @Argument(help: ArgumentHelp("The series; by default the first ones.", valueName: "SERIES"))
    var series: String?

    func run() async throws {
        if !input.isEmpty, options.state != nil {
            throw ValidationError("--input and --state are two things to try on: name one of them")
        }
        let overrides = ConfigurationOverrides(
            file: options.config, readsStandardFile: input.isEmpty && options.state == nil,
            inputs: input.first.map { [$0 == "-" ? .standardInput : .file(pattern: $0)] } ?? [],
            format: options.format, timezone: options.timezone, stateDirectory: options.state)
        let configuration = try Start.load(overrides).configuration
        let logger = Start.logger()
        let report = try await Start.exiting(on: logger) {
            let place: SensitivityRequest.Input
            if !input.isEmpty {
                place = .recordings(input)
            } else if let directory = configuration.stateDirectory {
                place = .state(directory)
            } else {
                throw TryingError.nothingNamed
            }
            var request = SensitivityRequest(place, configuration: configuration)
            request.series = series
            request.effort = effort
            request.seed = seed
            let bar = ProgressBar()
            defer { bar?.clear() }
            var progress: (@Sendable (Double) -> Void)?
            if let bar { progress = { share in bar.show(share) } }
            return try await SensitivityRun(request, logger: nil, progress: progress).run()
        }
        try Start.show(json ? report.json : report.text)
    }
}

extension TrialEffort: ExpressibleByArgument {}
