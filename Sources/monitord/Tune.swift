import ArgumentParser
import Ingest
import MonitorRuntime

/// `monitord tune`.
struct Tune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try a few configurations on recordings with planted faults, and say which finds most.",
        discussion: """
            The configuration as it is and a few others (all detectors, statistics alone, other networks, an interval that is \
            learned) run over the recording, and over copies with faults of all kinds and sizes in it, all at the same \
            budget and with the same faults. Written is a table with the share found, the delay, and the incidents in the \
            recording as it is, then the keys to change as TOML; where none is better beyond chance, none. Nothing is changed.

              monitord tune --config /etc/monitord/monitord.toml pump-2026-1*.csv
              monitord tune --budget 1/day --output 50-tuned.toml pump.csv

            What takes more than a fault's length to show, such as adapt, is not tried.
            Exit codes: 64 for a budget that is no rate, 65 for recordings without enough normal samples, 66 for one that is \
            not there.
            """)

    @OptionGroup var input: InputOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The budget of each series, such as 1/week (default: the configuration's).", valueName: "RATE"))
    var budget: String?

    @Option(
        name: .long,
        help: ArgumentHelp("quick (5 places, 50 faults), usual (15, 150) or thorough (30, 300).", valueName: "NAME"))
    var effort: TrialEffort = .usual

    @Option(name: .long, help: ArgumentHelp("Another number is other places and faults.", valueName: "N"))
    var seed: UInt64 = 1

    @Option(name: .long, help: ArgumentHelp("Write to this file instead of standard output.", valueName: "FILE"))
    var output: String?

    @Argument(help: ArgumentHelp("Recordings, oldest first, read as one stream.", valueName: "PATH"))
    var paths: [String]

    func run() async throws {
        let overrides = ConfigurationOverrides(
            file: input.config, readsStandardFile: false,
            inputs: input.config == nil
                ? [paths.first == "-" ? .standardInput : .file(pattern: paths.first ?? "-")] : [],
            format: input.format, timezone: input.timezone)
        var request = TuningRequest(paths: paths, configuration: try Start.load(overrides).configuration)
        request.effort = effort
        request.seed = seed
        if let budget, !request.setBudget(budget) {
            throw ValidationError("--budget \(budget) is no rate such as 1/week or 3/day")
        }
        let logger = Start.logger()
        let bar = ProgressBar()
        var progress: (@Sendable (Double) -> Void)?
        if let bar { progress = { share in bar.show(share) } }
        let run = TuningRun(request, progress: progress)
        let report = try await Start.exiting(on: logger) {
            defer { bar?.clear() }
            return try await run.run()
        }
        guard let output else { return try Start.show(report.toml) }
        try await Start.exiting(on: logger) { try report.write(to: output) }
    }
}
