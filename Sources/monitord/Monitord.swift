import ArgumentParser
import Ingest
import MonitorRuntime

/// The command line: `monitord` without a verb is `monitord run`.
@main
struct Monitord: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitord",
        abstract: "Watches streams of numbers and says, as it happens, that something is not as usual.",
        discussion: """
            monitord learns on the stream itself: no labels, no thresholds to set. It reads sensor lines (CSV, JSON, \
            InfluxDB, …) and network flows (Zeek, Suricata, nfdump, argus, NetFlow, IPFIX) from standard input, from files \
            that grow or as datagrams, and writes alerts to the console, to journald and to a rolling log.

              tail -n +1 -f pump.csv | monitord --stdin
              monitord --file '/var/log/plant/*.csv'
              monitord replay --scores scores.csv --alerts alerts.jsonl pump.csv
            """,
        version: Version.text,
        subcommands: [
            Run.self, Replay.self, Check.self, Formats.self, Detectors.self, Simulate.self, Evaluate.self, Explain.self,
            State.self, Status.self, Top.self, Alerts.self, Accept.self, Silence.self, Feedback.self, Exclude.self,
            Sensitivity.self, Train.self, Tune.self,
        ],
        defaultSubcommand: Run.self)

    /// Runs the verb that is named, or `run`.
    ///
    /// `run` takes no word of its own, so a first word that is no verb is one mistyped, not an argument of `run`, whose usage
    /// the parser would show.
    static func main() async {
        if let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !verbs.contains(word) {
            let shown = configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
            let near = EditDistance.nearest(to: word, among: verbs)
            Start.say(
                near.map { "there is no verb \"\(word)\"; did you mean \"\($0)\"?" }
                    ?? "there is no verb \"\(word)\"; there are \(shown.joined(separator: ", ")), and monitord --help")
            Self.exit(withError: ExitCode(64))
        }
        await main(nil)
    }

    private static var verbs: [String] { configuration.subcommands.map { $0._commandName } + ["help"] }
}
