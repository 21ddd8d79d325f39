import ArgumentParser
import Ingest
import MonitorRuntime

/// `monitord train`.
struct Train: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn from recordings into a state, before going live.",
        discussion: """
            Reads recordings as fast as it goes, by the same path as run, and stores what was learned: run with that state \
            begins with it. What would have been told is counted and told to nobody; the samples go to the state's history.

              monitord train --state /var/lib/monitord archive-*.csv
              monitord train --config /etc/monitord/monitord.toml 2026-1*.csv

            Several PATHs are read one after the other as one stream, which must be called as run will call it: input for \
            standard input and whatever else is the only source, udp ADDRESS for one socket of several sources, the file's \
            stem for a file of a pattern. When the last PATH is the file that the configuration follows, run goes on behind \
            what was learned; any other file is read from its beginning.

            Exit codes: 64 where the stream is not clear, 65 without a sample, 69 for a state in use, 73 for one that knows \
            the stream already.
            """)

    @OptionGroup var input: InputOptions

    @Option(
        name: .long,
        help: ArgumentHelp("The stream, as run calls it (default: that of the only source).", valueName: "NAME"))
    var stream: String?

    @Argument(help: ArgumentHelp("Recordings, oldest first; - is standard input.", valueName: "PATH"))
    var paths: [String]

    func run() async throws {
        Start.keepFilesPrivate()
        let overrides = ConfigurationOverrides(
            file: input.config, readsStandardFile: false,
            // Without a configuration lines are read by the flags alone, from whatever source there will be.
            inputs: input.config == nil ? [.standardInput] : [], format: input.format, timezone: input.timezone,
            stateDirectory: input.state)
        let configuration = try Start.load(overrides).configuration
        let logger = Start.logger()
        let bar = ProgressBar()
        var progress: (@Sendable (Double) -> Void)?
        if let bar { progress = { share in bar.show(share) } }
        let training = TrainingRun(
            TrainingRequest(paths: paths, configuration: configuration, stream: stream), logger: logger,
            progress: progress)
        let begin = ProcessUsage.now().seconds
        let summary = try await Start.exiting(on: logger) { try await training.run() }
        bar?.clear()
        Start.say(Self.sentence(summary, seconds: ProcessUsage.now().seconds - begin))
    }

    private static func sentence(_ summary: TrainingSummary, seconds: Double) -> String {
        let counts = summary.counts
        var text =
            "\(summary.stream): learned from \(counts.samples) samples of \(summary.series.all) series up to \(summary.lastTime) "
            + "in \((seconds * 10).rounded() / 10) s"
        if summary.series.learning > 0 { text += "; \(summary.series.learning) of them are still learning" }
        text += "; \(summary.incidents) \(summary.incidents == 1 ? "incident" : "incidents") in them, not told"
        if summary.openIncidents > 0 {
            text += "; \(summary.openIncidents) open at the end, of which run tells when they close"
        }
        if summary.unusableLines > 0 { text += "; \(summary.unusableLines) lines could not be used" }
        if counts.late > 0 { text += "; \(counts.late) came late" }
        if let path = summary.goesOnIn { text += "; run goes on behind it in \(path)" }
        return text
    }
}
