import Alerting

/// How the daemon stands, as text for a terminal.
struct StatusText {
    private static let cell = "  "

    /// The whole of it: process, sources, streams, sinks, then the series to look at first.
    static func full(_ status: StatusAnswer) -> String {
        var lines = [head(status)]
        lines += ["", "Sources"]
        lines += table(
            status.sources.map { source in
                let rate = source.lines_per_second.map { "\($0) lines/s" } ?? ""
                return [source.name, "\(source.lines) lines", rate, troubles(of: source)]
            })
        if !status.streams.isEmpty {
            lines += ["", "Streams"]
            lines += table(status.streams.map { [$0.name, series(of: $0), age(of: $0), troubles(of: $0)] })
        }
        if let partitions = status.partitions { lines += ["", "Partitions"] + rows(partitions) }
        lines += ["", "Alerts go to"]
        lines += table(
            status.sinks.map { sink in
                [sink.name, "\(sink.written) written", troubles(of: sink)]
            })
        if status.waiting_alerts > 0 { lines.append("  \(status.waiting_alerts) could not be stored yet") }
        if status.held_back > 0 { lines.append("  \(status.held_back) incidents held back by the budget so far") }
        let isPart = status.series_count > status.series.count
        lines += ["", "Series" + (isPart ? " (\(status.series.count) of \(status.series_count))" : "")]
        return (lines + rows(status.series)).joined(separator: "\n")
    }

    /// The partitions of topics that are here, and what is known of those that are not.
    static func rows(_ partitions: StatusAnswer.Partitions) -> [String] {
        let held = partitions.held.prefix(8).map(\.partition).joined(separator: ", ")
        let more = partitions.held.count > 8 ? ", …" : ""
        let counted = counts([
            (partitions.taken_over, "taken over"), (partitions.given_up, "given up"), (partitions.lost, "lost"),
            (partitions.begun_anew, "begun anew"), (partitions.snapshots, "snapshots"),
        ])
        let isReachable = partitions.reachable ?? true
        var behind: [String] = []
        // How far behind is known once the brokers have sent something, and as long as they do.
        if isReachable, partitions.held.contains(where: { $0.lag != nil }) {
            behind = ["\(partitions.lag) messages behind"]
        }
        let said = (behind + [counted].filter { !$0.isEmpty }).joined(separator: "; ")
        return [partitions.held.isEmpty ? "none here" : "\(partitions.held.count) here: \(held)\(more)", said]
            .filter { !$0.isEmpty }.map { "  \($0)" }
            + (isReachable ? [] : ["  the brokers cannot be reached"]) + (partitions.problem.map { ["  \($0)"] } ?? [])
    }

    /// One line about the process and the incidents.
    static func head(_ status: StatusAnswer) -> String {
        let open = status.open_incidents
        let newest = open.suffix(3).map { String($0.prefix(6)) }.joined(separator: ", ")
        let incidents = open.isEmpty ? "no open incident" : "\(open.count) open: \(newest)"
        let uptime = HumanDuration.text(seconds: status.uptime_seconds)
        return "monitord \(status.version), pid \(status.pid), for \(uptime); "
            + "\(status.resident_bytes >> 20) MB, \(percent(status.cpu_seconds / max(1, status.uptime_seconds))) of a core; "
            + incidents
    }

    /// The table of series, with its heading.
    static func rows(_ series: [StatusAnswer.Series]) -> [String] {
        guard !series.isEmpty else { return ["  none yet"] }
        return table(
            [["SERIES", "SCORE", "OF", "SEVERITY", "STATE"]]
                + series.map { one in
                    [
                        one.series, one.score.map(number) ?? "-", one.threshold.map(number) ?? "-",
                        one.severity.map(number) ?? "-", state(of: one),
                    ]
                })
    }

    private static func state(of series: StatusAnswer.Series) -> String {
        var words: [String] = []
        if series.alerting { words.append("ALERT") } else if series.abnormal { words.append("abnormal") }
        if series.awaits_acceptance { words.append("at a new level: monitord accept") }
        if series.learning {
            let left = series.seconds_until_vote.map { $0 > 0 ? ", \(HumanDuration.text(seconds: $0)) left" : "" } ?? ""
            words.append("learning \(percent(series.learning_progress))\(left)")
        }
        return words.isEmpty ? "normal" : words.joined(separator: ", ")
    }

    private static func series(of stream: StatusAnswer.Stream) -> String {
        "\(stream.series) series" + (stream.learning > 0 ? ", \(stream.learning) learning" : "")
            + (stream.awaiting_acceptance > 0 ? ", \(stream.awaiting_acceptance) at a new level" : "")
    }

    private static func age(of stream: StatusAnswer.Stream) -> String {
        guard let last = stream.last_sample else { return "no sample yet" }
        guard let lag = stream.lag_seconds, lag >= 0 else { return "last sample \(last)" }
        return "last sample \(HumanDuration.text(seconds: lag)) ago (\(last))"
    }

    private static func troubles(of sink: StatusAnswer.Sink) -> String {
        let waiting = sink.waiting.map { $0 > 0 ? "\($0) wait" : "" } ?? (sink.caught_up ? "" : "some wait")
        var words = [waiting, sink.last_error ?? ""].filter { !$0.isEmpty }
        if let count = sink.dead_letters, count > 0 {
            words.append("\(count) refused for good, the last because \(sink.last_dead_letter ?? "of nothing told")")
        }
        if sink.lost > 0 { words.append("\(sink.lost) lost, as too many waited") }
        return words.joined(separator: "; ")
    }

    private static func troubles(of source: StatusAnswer.Source) -> String {
        let counted = counts([
            (source.unusable, "unusable"), (source.lost_parts, "times something lost"),
            (source.dropped_datagrams ?? 0, "datagrams dropped"), (source.dropped_rows, "rows dropped"),
            (source.broker?.losses ?? 0, "times disconnected"),
        ])
        let sparkplug = source.broker?.sparkplug.map { sparkplug in
            counts([
                (sparkplug.births, "births"), (sparkplug.deaths, "deaths"), (sparkplug.lost, "messages lost"),
                (sparkplug.unknown, "of unknown birth"), (sparkplug.rebirths_asked, "births asked for"),
            ])
        }
        return [source.broker.flatMap(state), counted, sparkplug].compactMap { $0 }.filter { !$0.isEmpty }.joined(
            separator: "; ")
    }

    /// That a broker is away or silent; `nil` when neither.
    private static func state(of broker: StatusAnswer.Broker) -> String? {
        guard broker.connected else {
            let since = broker.away_since.map { " since \(seconds($0))" } ?? ""
            return "NOT CONNECTED\(since): \(broker.away_because ?? "it has not answered yet")"
        }
        return broker.silent_since.map { "connected since \(seconds($0)), but nothing has come" }
    }

    /// A time of RFC 3339 in UTC without what is below the second.
    private static func seconds(_ time: String) -> String { time.count > 20 ? "\(time.prefix(19))Z" : time }

    private static func troubles(of stream: StatusAnswer.Stream) -> String {
        counts([
            (stream.late, "late"), (stream.duplicates, "twice"),
            (stream.rounds_without_training, "rounds not learned from"),
        ])
    }

    private static func counts(_ counts: [(Int, String)]) -> String {
        counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private static func number(_ number: Double) -> String {
        let tenths = Int((min(number.magnitude, 1e6) * 10).rounded())
        return "\(number < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    /// Cells in columns, each line indented; the last column is not padded.
    private static func table(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                line += cell + text + String(repeating: " ", count: widths[column] - text.count)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
