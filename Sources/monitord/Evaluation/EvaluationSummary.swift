/// The figures of a report as a short table for people.
struct EvaluationSummary {
    private let report: ReportValue
    private let column: String

    /// Takes what ``Evaluation/report()`` gives.
    ///
    /// - Parameter column: of the scores, that the rankings are of.
    init(_ report: ReportValue, column: String) {
        self.report = report
        self.column = column
    }

    /// The table, without a line end behind it.
    var text: String {
        let lines = rows.map { row in
            row.title + String(repeating: " ", count: max(24 - row.title.count, 1)) + row.parts.joined(separator: "; ")
        }
        return ([head] + lines + ["", Self.caution]).joined(separator: "\n")
    }

    /// The lines of the table: a title, which is empty for a remark, and what it has to say.
    var rows: [(title: String, parts: [String])] {
        var lines: [(title: String, parts: [String])] = []
        let events = report["events"]
        if !events.isNull {
            lines.append(
                row(
                    "alerts by event",
                    "\(whole(events["detected"])) of \(whole(events["events"])) events found, \(whole(events["false_segments"])) of \(whole(events["alert_segments"])) alerts false",
                    figures(events, ["precision", "recall", "F1"], ["precision", "recall", "f1"])))
            lines.append(
                row(
                    "delay and false alarms",
                    "median delay \(short(events["median_delay_s"])) s (\(short(events["median_delay_rows"])) rows)",
                    "\(short(events["false_alerts_per_day"])) false alerts a day, \(short(events["false_alerts_per_1000"])) in 1000 quiet rows"
                ))
            if let early = events["closed_before_end"].number, early > 0 {
                lines.append(
                    row(
                        "closed early",
                        "\(whole(events["closed_before_end"])) of \(whole(events["detected"])) found events went on when their alert had closed: a level that stays becomes usual"
                    ))
            }
        }
        let pooled = report["pooled"]
        let own = pooled["own"]
        if !own.isNull {
            let names = ["accuracy", "precision", "recall", "F1"]
            lines.append(row("alerts by row", figures(own, names, ["accuracy", "precision", "recall", "f1"])))
        }
        lines.append(
            row(
                "ranking, all rows", figures(pooled, ["ROC area", "PR area"], ["auc_roc", "auc_pr"]),
                "guessing gives \(short(pooled["prevalence"])) of PR",
                "best F1 \(short(pooled["best_f1"])) at score \(short(pooled["best_f1_threshold"]))"))
        lines.append(
            row(
                "ranking, mean of files",
                figures(
                    report["macro"], ["VUS-PR", "VUS-ROC", "PR area", "ROC area", "best F1"],
                    ["vus_pr", "vus_roc", "auc_pr", "auc_roc", "best_f1"])))
        // A near-chance area is no news of a detector that speaks at the beginning of an event.
        if column == "score" {
            lines.append(
                row(
                    "",
                    "(by `score`, which is high where something begins; these ask for a high value on every row of an event: --column severity)"
                ))
        }
        for (title, key) in [("NAB, own alerts", "nab_own_alert"), ("NAB, best threshold", "nab")]
        where !report[key].isNull {
            let profiles = NABScore.Profile.all.map { "\($0.name) \(short(report[key][$0.name]["score"]))" }
            lines.append(row(title, profiles.joined(separator: ", ")))
        }
        lines += skab
        return lines
    }

    /// Which figures mislead.
    private static let caution = """
        Figures that mislead: accuracy and the ROC area look good wherever anomalies are rare. Best F1 and NAB's best
        threshold are chosen with the labels at hand, which no detector has. By row, one long event outweighs many short
        ones. NAB suits windows around instants; on long labelled intervals noise scores high too. Judge a detector by its
        own alerts by event, the false ones a day beside them, and rankings by VUS-PR. Found is what an alert touched: no
        rows are made right afterwards (no point adjustment).
        """

    /// What was scored, in one line.
    var head: String {
        var text =
            "\(counted(report["files"], "series", "series")), \(counted(report["rows"], "row", "rows")): \(whole(report["rows_scored"])) scored (probation \(word(report["probation"]))), \(whole(report["rows_anomalous"])) of them anomalous"
        if let ignored = report["events_ignored"].number, ignored > 0 {
            text += "; \(counted(report["events_ignored"], "period", "periods")) left out"
        }
        if let lost = report["labels_without_rows"].number, lost > 0 {
            text += "; \(counted(report["labels_without_rows"], "label", "labels")) without a row"
        }
        if case .list(let missing) = report["missing"], !missing.isEmpty { text += "; \(missing.count) without scores" }
        return text
    }

    private var skab: [(title: String, parts: [String])] {
        let outlier = report["skab"]["outlier"]
        guard !outlier.isNull else { return [] }
        var lines = [
            row(
                "SKAB, outliers", "F1 \(short(outlier["F1"]))", "false alarms \(short(outlier["FAR_pct"])) %",
                "missed alarms \(short(outlier["MAR_pct"])) %",
                "on the anomaly-free \(short(report["skab"]["anomaly_free_FAR_pct"])) %")
        ]
        let change = report["skab"]["changepoint"]
        if !change.isNull {
            let profiles = NABScore.Profile.all.map { "\($0.name) \(short(change["NAB_" + $0.name]))" }
            lines.append(row("SKAB, change points", profiles.joined(separator: ", ")))
        }
        return lines
    }

    private func row(_ title: String, _ parts: String...) -> (title: String, parts: [String]) { (title, parts) }

    private func figures(_ object: ReportValue, _ names: [String], _ keys: [String]) -> String {
        zip(names, keys).map { "\($0) \(short(object[$1]))" }.joined(separator: ", ")
    }

    private func word(_ value: ReportValue) -> String {
        if case .text(let text) = value { text } else { "" }
    }

    private func whole(_ value: ReportValue) -> String {
        if case .integer(let count) = value { "\(count)" } else { "-" }
    }

    private func counted(_ value: ReportValue, _ one: String, _ more: String) -> String {
        "\(whole(value)) \(value.number == 1 ? one : more)"
    }

    /// Four decimals at most; `-` for nothing, which is what a figure without a meaning here is.
    private func short(_ value: ReportValue) -> String {
        guard let number = value.number, number.isFinite else { return "-" }
        guard number.magnitude < 1e9 else { return "\(number)" }
        let rounded = (number * 10_000).rounded() / 10_000
        return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
    }
}
