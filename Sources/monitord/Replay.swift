import AnomalyDetection
import ArgumentParser
import Ingest
import Logging
import MonitorRuntime

/// `monitord replay`.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the same engine over recordings, in event time, as fast as it goes.",
        discussion: """
            Several PATHs are read one after the other as one stream; - is standard input. Nothing is written but what \
            is asked for. --state DIR starts from a copy of that state and never writes there.

            Without a PATH it is the samples that the running daemon's state keeps (`history`), under the configuration in \
            force: what would it have told last week? It begins with the snapshot of the state from before (`monitord state \
            list`), and lists what is told, told no more, and new. With another budget:

              monitord replay --false-alarms 3/week --since 7d
            """)

    @OptionGroup var input: InputOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Write a CSV row with score, severity and state for every data line.", valueName: "FILE"),
        completion: .file())
    var scores: String?

    @Option(
        name: .long, help: ArgumentHelp("Write the alert records, one JSON line each.", valueName: "FILE"),
        completion: .file())
    var alerts: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Answer incidents when they close: a line ID,real or ID,false for each; what would have come of it?",
            valueName: "FILE"))
    var feedback: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write one page for a browser: charts of all series, each incident explained, what each detector said.",
            valueName: "FILE.html"), completion: .file(extensions: ["html"]))
    var report: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Compare with where the anomalies are, as monitord evaluate does; also in the report.", valueName: "FILE"),
        completion: .file())
    var labels: String?

    @Option(
        name: .long, help: ArgumentHelp("Without PATH: list incidents since then (default: 7d).", valueName: "TIME"))
    var since: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Another budget of all series together (false_alarms), such as 2/week.", valueName: "RATE"))
    var falseAlarms: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Another budget of each series that has none of its own ([defaults] false_alarms).", valueName: "RATE"))
    var seriesFalseAlarms: String?

    @Flag(name: .long, help: "End with exit code 65 when a line could not be used.")
    var strict = false

    @Flag(name: .long, help: "End with one JSON line of figures: samples, seconds, learning.")
    var json = false

    @Argument(help: ArgumentHelp("Recordings.", valueName: "PATH"), completion: .file())
    var paths: [String] = []

    func validate() throws {
        if since != nil, !paths.isEmpty { throw ValidationError("--since is for a replay without PATH") }
        if paths.isEmpty, feedback != nil || labels != nil || strict {
            throw ValidationError("--feedback, --labels and --strict are for recordings: name a PATH")
        }
    }

    func run() async throws {
        if paths.isEmpty { try await runHistory() } else { try await runRecordings() }
    }

    private func runRecordings() async throws {
        var overrides = ConfigurationOverrides(
            file: input.config, readsStandardFile: false,
            inputs: [paths.first == "-" ? .standardInput : .file(pattern: paths.first ?? "-")], format: input.format,
            timezone: input.timezone, stateDirectory: input.state)
        setBudgets(of: &overrides)
        var configuration = try Start.load(overrides).configuration
        // The service's own directory is for the service; a replay starts from a state only when told to.
        configuration.stateDirectory = input.state
        var request = ReplayRequest(paths: paths, configuration: configuration)
        request.scoresPath = scores
        request.alertsPath = alerts
        request.isStrict = strict
        if let feedback { request.answers = try Self.answers(in: feedback) }
        if report != nil { request.report = ReplayReport() }
        let judgement = try labels.map { try ReplayJudgement(labels: $0, scores: scores, recordings: paths) }
        request.scoresPath = judgement?.scores ?? scores
        let logger = Start.logger()
        let bar = ProgressBar()
        var progress: (@Sendable (Double) -> Void)?
        if let bar { progress = { share in bar.show(share) } }
        let run = ReplayRun(request, logger: logger, progress: progress)
        let begin = ProcessUsage.now()
        let summary = try await Start.exiting(on: logger) {
            try await run.run()
        }
        bar?.clear()
        let end = ProcessUsage.now()
        if summary.counts.inputLines == 0 {
            Start.say("no data line in \(paths.joined(separator: ", "))")
        }
        if let flows = summary.counts.flows, summary.counts.samples == 0, flows.records.records > 0 {
            Start.say(
                "no sample yet: a series needs its third sample of time with a flow and the beginning of the next; the lines "
                    + "cover \(flows.bins), with flows of \(flows.candidates + Int(clamping: flows.series.admitted))")
        }
        if json {
            try Start.show(Self.figures(summary, begin, end))
        } else {
            Start.say(Self.sentence(summary, seconds: end.seconds - begin.seconds))
        }
        let figures = try judgement?.judge()
        if let figures { Start.say(figures.text) }
        var heading = ReplayReport.Heading(
            madeFrom: paths, configuration: input.config ?? "built-in defaults", budget: configuration.budgetTexts,
            counts: [
                ("samples", summary.counts.samples), ("lines", summary.counts.inputLines),
                ("unusable_lines", summary.unusableLines), ("late", summary.counts.late),
                ("held_back", summary.heldBack),
            ])
        heading.figures = figures?.figures ?? []
        heading.labels = figures?.labels ?? []
        try await write(request.report, heading)
    }

    /// Writes the page that was asked for.
    private func write(_ made: ReplayReport?, _ heading: ReplayReport.Heading) async throws {
        guard let report, let made else { return }
        try await Start.exiting(on: Start.logger()) { try made.write(to: report, heading) }
    }

    private func runHistory() async throws {
        var overrides = ConfigurationOverrides(
            file: input.config, format: input.format, timezone: input.timezone, stateDirectory: input.state)
        setBudgets(of: &overrides)
        let configuration = try Start.load(overrides).configuration
        guard let directory = configuration.stateDirectory ?? (input.config == nil ? Start.serviceState : nil) else {
            Start.say("no recording and no state: name a PATH, or a state with --state DIR")
            throw ExitCode(64)
        }
        var request = ReplayRequest(paths: [], configuration: configuration)
        request.scoresPath = scores
        request.alertsPath = alerts
        if report != nil { request.report = ReplayReport() }
        let from = try since.map { try TimeArgument.instant($0, of: "--since") }
        let logger = Start.logger()
        let bar = ProgressBar()
        var progress: (@Sendable (Double) -> Void)?
        if let bar { progress = { share in bar.show(share) } }
        let run = HistoryReplayRun(request, state: directory, since: from, logger: logger, progress: progress)
        let summary = try await Start.exiting(on: logger) { try await run.run() }
        bar?.clear()
        let text = HistoryReplayText(summary, configuration)
        try Start.show(json ? text.json : text.list)
        if !json { Start.say(text.sentence) }
        try await write(
            request.report,
            ReplayReport.Heading(
                madeFrom: [directory], configuration: input.config ?? "the configuration in force",
                budget: configuration.budgetTexts,
                counts: [("samples", summary.samples), ("held_back", summary.heldBack)]))
    }

    private func setBudgets(of overrides: inout ConfigurationOverrides) {
        overrides.falseAlarms = falseAlarms
        overrides.seriesFalseAlarms = seriesFalseAlarms
    }

    /// Reads answers, a line `ID,real` or `ID,false` each; empty lines and those that begin with # are passed over.
    private static func answers(in path: String) throws -> [String: Bool] {
        var answers: [String: Bool] = [:]
        do throws(EvaluationError) {
            try TextLines.read(path) { line, number throws(EvaluationError) in
                let text = String(decoding: line, as: UTF8.self)
                let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                if text.isEmpty || text.hasPrefix("#") { return }
                guard parts.count == 2, parts[0].utf8.count == 16,
                    let answer = Feedback.Answer(rawValue: String(parts[1]))
                else {
                    throw .badLine(
                        path: path, line: number, reason: "expected ID,real or ID,false with an ID of 16 digits")
                }
                answers[String(parts[0])] = answer == .real
            }
        } catch {
            Start.say("\(error)")
            throw ExitCode(error.exitCode)
        }
        return answers
    }

    private static func sentence(_ summary: ReplaySummary, seconds: Double) -> String {
        let counts = summary.counts
        let lines = counts.flows.map { "\($0.series.admitted) series from \($0.records.records) flow records" }
        var text =
            "\(counts.samples) samples of \(lines ?? "\(counts.lines) lines") in \(short(seconds)) s; \(summary.incidents) \(summary.incidents == 1 ? "incident" : "incidents")"
        if summary.heldBack > 0 { text += "; \(summary.heldBack) held back by the budget of the daemon (false_alarms)" }
        if counts.counted > 0 {
            text += "; \(counts.counted) lines of names that are no series (yet) were only counted"
        }
        if summary.unusableLines > 0 { text += "; \(summary.unusableLines) lines could not be used" }
        if counts.late > 0 { text += "; \(counts.late) came late" }
        if counts.duplicates > 0 { text += "; \(counts.duplicates) had the time of the one before" }
        return text + (counts.flows.map(odd) ?? "")
    }

    /// What became of flow records that are not in the sample of their time, and of series that are gone.
    private static func odd(_ flows: FlowCounts) -> String {
        let (records, series) = (flows.records, flows.series)
        let told: [(count: UInt64, words: String)] = [
            (records.counted, "records of those that are no series (yet) were only counted"),
            (records.late, "records came late and count in a later sample"),
            (records.misdated, "records were far behind or ahead of the others and not used"),
            (records.steps, "times the clock was set"), (series.idle, "series were dropped after a day without a flow"),
            (series.evicted, "series gave way to newcomers"),
            (series.refused, "times there was no room for a newcomer (max_series, max_memory)"),
        ]
        return told.filter { $0.count > 0 }.map { "; \($0.count) \($0.words)" }.joined()
    }

    private static func figures(_ summary: ReplaySummary, _ begin: ProcessUsage, _ end: ProcessUsage) -> String {
        let seconds = end.seconds - begin.seconds
        let cpu = end.cpuSeconds - begin.cpuSeconds
        let half = summary.secondHalf
        let learning = [
            ("forecast_error_to_persistence", half.forecastRatio),
            ("reconstruction_error_to_mean", half.reconstructionRatio),
        ].compactMap { name, ratio in ratio.map { ",\"\(name)\":\(short($0))" } }
        return "{\"name\":\"monitord\",\"samples\":\(summary.counts.samples),\"lines\":\(summary.counts.inputLines),"
            + "\"late_lines\":\(summary.counts.late),\"duplicate_lines\":\(summary.counts.duplicates),"
            + "\"unusable_lines\":\(summary.unusableLines),\"incidents\":\(summary.incidents),"
            + "\"held_back\":\(summary.heldBack),\"counted_lines\":\(summary.counts.counted),"
            + "\"training_steps\":\(summary.training.made),\"learned_steps\":\(summary.training.learned),"
            + "\"not_finite_steps\":\(summary.training.notFinite),"
            + (summary.counts.flows.map(figures) ?? "") + "\"seconds\":\(short(seconds)),\"cpu_seconds\":\(short(cpu)),"
            + "\"samples_per_s\":\(rate(summary.counts.samples, seconds)),\"samples_per_cpu_s\":\(rate(summary.counts.samples, cpu)),"
            + "\"rss_mb\":\(short(ProcessUsage.peakMegabytes()))\(learning.joined())}"
    }

    private static func figures(_ flows: FlowCounts) -> String {
        let (records, series) = (flows.records, flows.series)
        return "\"flow_records\":\(records.records),\"flows_continued\":\(records.continued),"
            + "\"flows_counted\":\(records.counted),\"flows_late\":\(records.late),"
            + "\"flows_misdated\":\(records.misdated),\"flow_clock_steps\":\(records.steps),"
            + "\"flow_bins\":\(flows.bins),\"series_admitted\":\(series.admitted),\"series_idle\":\(series.idle),"
            + "\"series_evicted\":\(series.evicted),\"series_refused\":\(series.refused),"
    }

    private static func rate(_ samples: UInt64, _ seconds: Double) -> Int {
        seconds > 0 ? Int((Double(samples) / seconds).rounded()) : 0
    }

    /// Four decimals are plenty for figures that are measured.
    private static func short(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }
}
