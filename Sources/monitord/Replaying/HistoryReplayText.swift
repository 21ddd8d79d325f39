import Alerting
import MonitorRuntime
import TimeSeries

/// What a replay of the history says: its incidents beside those that were told then.
struct HistoryReplayText {
    private let summary: HistoryReplaySummary
    private let configuration: MonitorConfiguration

    init(_ summary: HistoryReplaySummary, _ configuration: MonitorConfiguration) {
        self.summary = summary
        self.configuration = configuration
    }

    /// One line for each incident, by time: `same` under both, `new` under this configuration alone, `gone` then alone.
    var list: String {
        let common = summary.common
        let now = summary.incidents.map { (mark: common.contains($0.id) ? "same" : "new ", record: $0) }
        let gone = summary.toldThen.filter { !common.contains($0.id) }.map { (mark: "gone", record: $0) }
        return (now + gone).sorted { ($0.record.time, $0.record.id) < ($1.record.time, $1.record.id) }
            .map { mark, record in
                let severity = record.severity == .critical ? "critical" : "warning "
                return "\(mark)  \(record.since)  \(severity)  \(record.message)"
            }
            .joined(separator: "\n")
    }

    /// How many, under which budgets, out of what.
    var sentence: String {
        let common = summary.common.count
        let (now, then) = (summary.incidents.count, summary.toldThen.count)
        var lines: [String] = []
        lines.append(
            "\(Self.count(now, "incident")) from \(summary.span.lowerBound) to \(summary.span.upperBound) at false_alarms = "
                + "\(configuration.budgetTexts.daemon), each series \(configuration.budgetTexts.series); "
                + "\(then) told then, \(common) of them the same"
                + (summary.heldBack > 0 ? "; \(summary.heldBack) held back by the budget" : ""))
        let begin =
            summary.snapshot.map { "begun with the snapshot \($0)" }
            ?? "begun with nothing learned, as there is no snapshot: the first incidents would have been others"
        lines.append("\(summary.samples) samples since \(summary.begin), \(begin)")
        if !summary.leftOut.isEmpty {
            lines.append(
                "not run again: \(summary.leftOut.joined(separator: ", ")): of flow records and metrics the lines are not kept"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// All of it as one line.
    var json: String {
        let budgets = configuration.budgetTexts
        func incidents(_ records: [AlertRecord]) -> JSONWriter.Value {
            .list(
                records.map { record in
                    .object([
                        ("id", .text(record.id)), ("since", .text("\(record.since)")),
                        ("severity", .text(record.severity.rawValue)), ("series", .text(record.series)),
                        ("message", .text(record.message)),
                    ])
                })
        }
        var writer = JSONWriter()
        writer.write(
            .object([
                ("from", .text("\(summary.span.lowerBound)")), ("to", .text("\(summary.span.upperBound)")),
                ("begin", .text("\(summary.begin)")), ("snapshot", summary.snapshot.map { .text($0) }),
                ("samples", .integer(Int(summary.samples))), ("streams", .list(summary.streams.map { .text($0) })),
                ("left_out", .list(summary.leftOut.map { .text($0) })),
                ("false_alarms", .text(budgets.daemon)), ("series_false_alarms", .text(budgets.series)),
                ("held_back", .integer(Int(summary.heldBack))), ("same", .integer(summary.common.count)),
                ("incidents", incidents(summary.incidents)), ("told_then", incidents(summary.toldThen)),
            ]))
        return writer.text
    }

    private static func count(_ number: Int, _ name: String) -> String {
        "\(number) \(name)\(number == 1 ? "" : "s")"
    }
}
