import ArgumentParser
import Glibc

/// `monitord evaluate`.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare scores and alerts with labels: how much is found, how late, and how much is false.",
        discussion: """
            Scores are CSV with the columns timestamp and score, and alert (0 or 1) to judge alerts too: what \
            monitord replay --scores writes. Labels are what monitord simulate --labels writes, or JSON with the \
            labelled intervals of each file, from the first anomalous row to the last, both included: {"pump.csv": \
            [["2026-03-16T16:00:00Z", "2026-03-16T16:29:50Z"]], "quiet.csv": []}. What simulate writes ends with the first \
            row that is no longer anomalous (`until`): the same half hour of rows 10 s apart ends there at 16:30:00. With a folder of scores, each file of the labels is looked for \
            in it, plain or with .gz. Times are ISO 8601, without an offset at UTC, or seconds since 1970.

              monitord simulate --interval 10s --duration 3d --anomaly pressure.step:30@40h --labels truth.csv > pump.csv
              monitord replay --scores scores.csv pump.csv
              monitord evaluate --labels truth.csv --scores scores.csv

            The score is high where something begins, and falls while it lasts: alerts by event, delays and NAB are of it. \
            The areas (ROC, PR, VUS) ask for a high value on every row of an event: rank for them with --column severity.

            --dataset follows the conventions of public data sets; generic scores everything.
              nab    leaves out the first 15 % of each file, at most 750 rows
              skab   leaves out the first 400 rows; adds F1, false and missed alarms, and change points
              smd    leaves out the files of training
              flows  leaves out the first hour, and events that began in it

            Exit codes: 65 for labels, scores or data that cannot be used, 66 for files that are not there.
            """)

    @Option(
        name: .long, help: ArgumentHelp("Where the anomalies are (JSON or CSV).", valueName: "FILE"),
        completion: .file())
    var labels: String

    @Option(
        name: .long,
        help: ArgumentHelp("A file of scores, or a folder of them; - is standard input.", valueName: "FILE|DIR"),
        completion: .file())
    var scores: String

    @Option(name: .long, help: ArgumentHelp("Conventions: generic, nab, skab, smd or flows.", valueName: "NAME"))
    var dataset: DatasetConvention = .generic

    @Option(
        name: .long,
        help: ArgumentHelp("The column of the scores that ranks the rows (default: score).", valueName: "NAME"))
    var column: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What is not scored at the beginning of each file: \(Probation.forms) (default: the dataset's).",
            valueName: "N"))
    var probation: Probation?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The scored recordings: checks that the rows match, and takes the window of VUS from each one's period.",
            valueName: "DIR"), completion: .directory)
    var data: String?

    @Option(
        name: .long, help: ArgumentHelp("JSON with the true changes of each file (skab).", valueName: "FILE"),
        completion: .file())
    var changepoints: String?

    @Option(
        name: .long,
        help: ArgumentHelp("JSON with the anomalous instants within the labels of each file (nab).", valueName: "FILE"),
        completion: .file())
    var points: String?

    @Option(
        name: .long, help: ArgumentHelp("Widest buffer of VUS around an anomaly, 0 to 10000 rows.", valueName: "N"))
    var vusWindow = 100

    @Flag(name: .customLong("no-vus"), help: "Leave out VUS, which takes longest.")
    var leavesOutVUS = false

    @Flag(name: .customLong("no-nab"), help: "Leave out the NAB score.")
    var leavesOutNAB = false

    @Option(
        name: .long, help: ArgumentHelp("Alerted rows at most this many rows apart are one alert.", valueName: "N"))
    var alertGap = 0

    @Option(
        name: .long,
        help: ArgumentHelp("Seconds after an event in which an alert still belongs to it.", valueName: "SECONDS"))
    var tolerance = 0.0

    @Option(
        name: .long,
        help: ArgumentHelp("Only files or series with one of these in their name, between commas.", valueName: "NAMES"))
    var only: String?

    @Flag(name: .long, help: "Leave out labelled files that have no scores, instead of stopping.")
    var allowMissing = false

    @Option(
        name: .long,
        help: ArgumentHelp("Write the points of the ROC and PR curves (CSV, at most 1000 each).", valueName: "FILE"),
        completion: .file())
    var curves: String?

    @Flag(name: .long, help: "Print every figure as one JSON line.")
    var json = false

    @Flag(name: .long, help: "Leave the figures of single files out of the JSON.")
    var summary = false

    func validate() throws {
        guard (0...10_000).contains(vusWindow) else { throw ValidationError("--vus-window takes 0 to 10000 rows") }
        guard (0...1_000_000_000).contains(alertGap) else { throw ValidationError("--alert-gap takes rows, 0 or more") }
        guard tolerance.isFinite, tolerance >= 0 else { throw ValidationError("--tolerance takes seconds, 0 or more") }
        guard labels != "-" else { throw ValidationError("--labels takes a file; only --scores may be -") }
    }

    func run() throws {
        // A reader that goes away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            let curveFile = try curves.map { path throws(SimulationOutputError) in try CurveFile(path: path) }
            let request = request
            let input = try EvaluationInput(request)
            let report = Evaluation(request, input).report()
            try curveFile?.write(input.series)
            try Start.show(json ? report.json : EvaluationSummary(report, column: request.scoreColumn).text)
        } catch let error as EvaluationError {
            Start.say("\(error)")
            throw ExitCode(error.exitCode)
        } catch let error as SimulationOutputError {
            Start.say("\(error)")
            if case .cannotCreate = error { throw ExitCode(73) }
            throw ExitCode(74)
        }
    }

    private var request: EvaluationRequest {
        var request = EvaluationRequest(labels: labels, scores: scores, dataset: dataset)
        request.probation = probation ?? dataset.probation
        request.scoreColumn = column ?? "score"
        request.data = data
        request.changePoints = changepoints
        request.points = points
        request.vusWindow = leavesOutVUS ? nil : vusWindow
        request.hasNAB = !leavesOutNAB
        request.alertGap = alertGap
        request.tolerance = tolerance
        request.only = only?.split(separator: ",").map(String.init) ?? []
        request.allowsMissing = allowMissing
        request.hasFiles = !summary
        return request
    }
}

extension DatasetConvention: ExpressibleByArgument {}

extension Probation: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
