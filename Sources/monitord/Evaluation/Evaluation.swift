/// Every figure of an evaluation, as one object of named values.
///
/// `macro` is the mean over the files, `pooled` takes the rows of all files together, `own` judges the alerts, and what
/// begins with `best` is the best that any threshold would give, chosen with the labels at hand. A figure that is not
/// defined (recall without anomalies) is `null`.
struct Evaluation {
    private let request: EvaluationRequest
    private let input: EvaluationInput
    private var series: [ScoredSeries] { input.series }
    private var hasAlerts: Bool { series.allSatisfy { $0.alerts != nil } }

    /// Prepares an evaluation of what was read.
    init(_ request: EvaluationRequest, _ input: EvaluationInput) {
        self.request = request
        self.input = input
    }

    /// Computes the figures.
    func report() -> ReportValue {
        let files = series.map { (key: $0.name, value: file($0)) }
        var members = counts
        if request.hasNAB {
            members.append(("nab", nab(.bestThreshold)))
            members.append(("nab_own_alert", hasAlerts ? nab(.alerts) : .null))
            if [.skab, .smd, .flows].contains(request.dataset) { members.append(("nab_note", .text(Self.nabNote))) }
        }
        members.append(("macro", macro(files.map(\.value))))
        members.append(("pooled", pooled))
        if hasAlerts {
            members.append(("events", events))
            if request.dataset == .skab { members.append(("skab", skab)) }
        }
        if request.hasFiles { members.append(("per_file", .object(files))) }
        members.append(("probation", .text(request.probation.text)))
        members.append(("missing", .list(input.missing.map(ReportValue.text))))
        return .object(members)
    }

    private static let nabNote =
        "NAB's windows surround instants; over long labelled intervals and short files noise can score high as well"

    private var counts: [(key: String, value: ReportValue)] {
        let anomalous = series.map { one in one.kept(one.isAnomalous).count { $0 } }
        return [
            ("dataset", .text(request.dataset.rawValue)),
            ("files", .integer(series.count)),
            ("files_with_anomaly", .integer(anomalous.count { $0 > 0 })),
            ("rows", .integer(series.reduce(0) { $0 + $1.count })),
            ("rows_scored", .integer(series.reduce(0) { $0 + $1.isKept.count { $0 } })),
            ("rows_anomalous", .integer(anomalous.reduce(0, +))),
            ("events_ignored", .integer(series.reduce(0) { $0 + $1.ignored.count })),
            ("labels_without_rows", .integer(series.reduce(0) { $0 + $1.unmatchedCount })),
        ]
    }

    private func nab(_ basis: NABScore.Basis) -> ReportValue {
        guard let score = NABScore(series, basis) else { return .null }
        let outcomes = score.outcomes.map { outcome -> (key: String, value: ReportValue) in
            var members: [(key: String, value: ReportValue)] = [
                ("score", .number(outcome.score)), ("raw", .number(outcome.raw)),
            ]
            if basis == .bestThreshold { members.append(("threshold", .optional(outcome.threshold))) }
            members.append(("windows_hit", .integer(outcome.windowsHit)))
            members.append(("fp_rows", .integer(outcome.falseRows)))
            return (outcome.profile.name, .object(members))
        }
        return .object([("windows", .integer(score.windowCount))] + outcomes)
    }

    /// The figures of one file, as far as it has rows of both kinds.
    private func file(_ one: ScoredSeries) -> ReportValue {
        let isAnomalous = one.kept(one.isAnomalous)
        let anomalous = isAnomalous.count { $0 }
        var members: [(key: String, value: ReportValue)] = [
            ("rows", .integer(isAnomalous.count)), ("anomalous", .integer(anomalous)),
        ]
        if anomalous > 0, anomalous < isAnomalous.count {
            let scores = one.kept(one.scores)
            let ranking = Ranking(scores: scores, isAnomalous: isAnomalous)
            members.append(("auc_roc", .optional(ranking.areaUnderROC)))
            members.append(("auc_pr", .optional(ranking.areaUnderPR)))
            members.append(("best_f1", .optional(ranking.bestF1?.value)))
            members.append(("best_f1_threshold", .optional(ranking.bestF1?.threshold)))
            if let standard = request.vusWindow {
                let window = input.windows[one.name] ?? standard
                let volume = VolumeUnderSurface(
                    scores: Self.finite(scores), isAnomalous: isAnomalous, window: window)
                members.append(("vus_window", .integer(window)))
                members.append(("vus_pr", .optional(volume?.pr)))
                members.append(("vus_roc", .optional(volume?.roc)))
            }
        }
        if let alerts = one.alerts, anomalous > 0 {
            members.append(("own", Self.own(alerts: one.kept(alerts), isAnomalous: isAnomalous)))
        }
        return .object(members)
    }

    /// Scores that are not finite become the lowest.
    private static func finite(_ scores: [Double]) -> [Double] {
        let lowest = scores.filter(\.isFinite).min().map { $0 - 1 } ?? 0
        return scores.map { $0.isFinite ? $0 : lowest }
    }

    private static func own(alerts: [Bool], isAnomalous: [Bool]) -> ReportValue {
        let counts = ConfusionCounts(alerts: alerts, isAnomalous: isAnomalous)
        return .object([
            ("accuracy", .optional(counts.accuracy)), ("precision", .number(counts.precision)),
            ("recall", .optional(counts.recall)), ("f1", .optional(counts.f1)),
        ])
    }

    private func macro(_ files: [ReportValue]) -> ReportValue {
        let means = ["auc_roc", "auc_pr", "vus_pr", "vus_roc", "best_f1"].map {
            key -> (key: String, value: ReportValue) in
            (key, .optional(Self.mean(files.compactMap { $0[key].number })))
        }
        return .object(means + [("own_f1", .optional(Self.mean(files.compactMap { $0["own"]["f1"].number })))])
    }

    private var pooled: ReportValue {
        let isAnomalous = series.flatMap { $0.kept($0.isAnomalous) }
        let ranking = Ranking(scores: series.flatMap { $0.kept($0.scores) }, isAnomalous: isAnomalous)
        let share = isAnomalous.isEmpty ? nil : Double(ranking.anomalous) / Double(isAnomalous.count)
        var members: [(key: String, value: ReportValue)] = [
            ("auc_roc", .optional(ranking.areaUnderROC)), ("auc_pr", .optional(ranking.areaUnderPR)),
            ("best_f1", .optional(ranking.bestF1?.value)),
            ("best_f1_threshold", .optional(ranking.bestF1?.threshold)), ("prevalence", .optional(share)),
        ]
        if hasAlerts {
            let alerts = series.flatMap { $0.kept($0.alerts ?? []) }
            members.append(("own", Self.own(alerts: alerts, isAnomalous: isAnomalous)))
        }
        return .object(members)
    }

    private var events: ReportValue {
        var sum = EventCounts()
        for one in series { sum += EventCounts(one, gap: request.alertGap, tolerance: request.tolerance) }
        let quiet = Double(sum.quietRows)
        func rate(_ count: Int, _ factor: Double, _ base: Double) -> ReportValue {
            base > 0 ? .number(factor * Double(count) / base) : .null
        }
        var members: [(key: String, value: ReportValue)] = [
            ("events", .integer(sum.events)), ("detected", .integer(sum.found)),
            ("closed_before_end", .integer(sum.closedBeforeEnd)),
            ("alert_segments", .integer(sum.alerts)), ("false_segments", .integer(sum.falseAlerts)),
            ("precision", .optional(sum.precision)), ("recall", .optional(sum.recall)), ("f1", .optional(sum.f1)),
            ("median_delay_s", .optional(Self.median(sum.delaySeconds))),
            ("median_delay_rows", .optional(Self.median(sum.delayRows))),
            ("false_alerts_per_1000", rate(sum.falseAlerts, 1_000, quiet)),
            ("false_rows_per_1000", rate(sum.falseRows, 1_000, quiet)),
            ("false_alerts_per_day", rate(sum.falseAlerts, 86_400, sum.quietSeconds)),
        ]
        if let points = input.points, !points.isEmpty {
            members.append(("median_delay_vs_point_s", .optional(Self.median(series.flatMap { lead($0, points) }))))
        }
        return .object(members)
    }

    /// Seconds from each labelled instant to the first alert of the event that it lies in; negative for an alert before it.
    private func lead(_ one: ScoredSeries, _ points: [String: [Double]]) -> [Double] {
        guard let alerts = one.alerts else { return [] }
        return (points[one.name] ?? []).flatMap { point in
            one.events.compactMap { rows in
                let first = max(rows.lowerBound, one.firstScored)
                guard one.times[rows.lowerBound] <= point, point <= one.times[rows.upperBound],
                    first <= rows.upperBound, let row = (first...rows.upperBound).first(where: { alerts[$0] })
                else { return nil }
                return one.times[row] - point
            }
        }
    }

    /// The benchmark's corpus are its experiments with a fault; the anomaly-free file would only dilute F1 and FAR.
    private var skab: ReportValue {
        func outlier(_ series: [ScoredSeries]) -> ConfusionCounts {
            var counts = ConfusionCounts()
            for one in series {
                guard let alerts = one.alerts else { continue }
                for row in one.firstScored..<one.count { counts.count(alerts[row], one.isAnomalous[row]) }
            }
            return counts
        }
        func percent(_ share: Double?) -> ReportValue { .optional(share.map { 100 * $0 }) }
        let bench = series.filter { !$0.events.isEmpty }
        let counts = outlier(bench)
        var members: [(key: String, value: ReportValue)] = [
            (
                "outlier",
                .object([
                    ("F1", .optional(counts.f1)), ("FAR_pct", percent(counts.falseAlarmRate)),
                    ("MAR_pct", percent(counts.missedAlarmRate)), ("TP", .integer(counts.truePositives)),
                    ("TN", .integer(counts.trueNegatives)), ("FP", .integer(counts.falsePositives)),
                    ("FN", .integer(counts.falseNegatives)),
                ])
            )
        ]
        let free = series.filter(\.events.isEmpty)
        if !free.isEmpty { members.append(("anomaly_free_FAR_pct", percent(outlier(free).falseAlarmRate))) }
        if let points = input.changePoints, !points.isEmpty {
            let score = ChangePointScore(bench, points: points)
            var figures: [(key: String, value: ReportValue)] = [
                ("changepoints", .integer(score.changes)), ("missed", .integer(score.missed)),
                ("false", .integer(score.falseSwitches)), ("mean_delay_s", .optional(Self.mean(score.delays))),
            ]
            for profile in NABScore.Profile.all {
                if let value = score.score(profile) { figures.append(("NAB_" + profile.name, .number(value))) }
            }
            members.append(("changepoint", .object(figures)))
        }
        return .object(members)
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard let upper = sorted.dropFirst(sorted.count / 2).first else { return nil }
        return sorted.count % 2 == 1 ? upper : (sorted[sorted.count / 2 - 1] + upper) / 2
    }
}
