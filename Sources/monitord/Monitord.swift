import ArgumentParser
import MonitorRuntime

/// The command line: `monitord` without a verb is `monitord run`.
@main
struct Monitord: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitord",
        abstract: "Watches streams of numbers and says, as it happens, that something is not as usual.",
        discussion: """
            monitord learns on the stream itself: no labels, no thresholds to set. It reads sensor lines (CSV, JSON, \
            InfluxDB) from standard input or from files that grow, and writes alerts to the console, to journald and to a \
            rolling log.

              tail -n +1 -f pump.csv | monitord --stdin
              monitord --file '/var/log/plant/*.csv'
              monitord replay --scores scores.csv --alerts alerts.jsonl pump.csv
            """,
        version: Version.text,
        subcommands: [
            Run.self, Replay.self, Check.self, Formats.self, Detectors.self, Simulate.self, Evaluate.self, Explain.self,
        ],
        defaultSubcommand: Run.self)
}
