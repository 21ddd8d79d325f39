import TimeSeries

/// One incident for a person who has time: every message, the values against their bands, who said so, and how sure it is.
///
/// Made of nothing but the records of its messages, so that it says the same of a history, a rolling log and a replay.
public struct IncidentAccount: Sendable {
    /// The messages in order of their numbers, each once.
    public let records: [AlertRecord]

    /// Takes the records of one incident, in any order, also twice.
    ///
    /// - Returns: `nil` when there are none.
    public init?(_ records: some Sequence<AlertRecord>) {
        var bySequence: [Int: AlertRecord] = [:]
        for record in records { bySequence[record.seq] = record }
        self.records = bySequence.values.sorted { $0.seq < $1.seq }
        guard let last = self.records.last else { return nil }
        newest = last
    }

    private let newest: AlertRecord

    /// What a person has said of it: `real`, `false` or `accepted`; `nil` where nobody did, or it is not known here.
    public var answer: String?

    /// Whether its closing is among the messages.
    public var isClosed: Bool { newest.event == .close }

    /// Paragraphs and tables, without a line end behind them. Times are UTC and say so.
    public var text: String {
        var parts = [head, messages]
        if let table = channels { parts.append(table) }
        if let table = detectors { parts.append(table) }
        var advice = newest.hint
        if let runbook = newest.runbook { advice += (advice.isEmpty ? "" : "\n") + "runbook: " + runbook }
        if !advice.isEmpty { parts.append(advice) }
        return Self.printable(parts.joined(separator: "\n\n"))
    }

    /// One JSON object: the facts of its newest message, and `messages` as they were written.
    public var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", .text(newest.id))
        json.member("kind", .text(newest.kind.rawValue))
        json.member("severity", .text(worst.rawValue))
        json.member("series", .list(newest.seriesNames.map { .text($0) }))
        json.member("open", .boolean(!isClosed))
        json.member("since", .text(newest.since.description))
        if let until = newest.until { json.member("until", .text(until.description)) }
        if let answer { json.member("answer", .text(answer)) }
        json.member("messages", .list(records.map(\.json)))
        json.endObject()
        return json.text
    }

    // MARK: Parts

    private var worst: AlertSeverity { records.map(\.severity).max() ?? newest.severity }

    private var head: String {
        let names = newest.seriesNames
        var lines = [
            "incident \(newest.id): \(newest.kind.rawValue) of \(names.joined(separator: ", ")), \(worst.rawValue)"
        ]
        let begin = Self.instant(newest.since)
        if isClosed {
            let end = newest.until ?? newest.time
            let length = HumanDuration.text(seconds: end.seconds(since: newest.since))
            lines.append("began \(begin), over \(Self.instant(end)) (\(length))")
        } else {
            lines.append("began \(begin), and is open as far as these messages tell")
        }
        if records.first?.seq != 0 { lines.append("its opening is not among the messages found") }
        if let answer { lines.append("answered: \(answer)") }
        if let rarest { lines.append(rarest) }
        lines.append(learning)
        return lines.joined(separator: "\n")
    }

    private var rarest: String? {
        guard let score = records.compactMap(\.score).max() else { return nil }
        var text = "score \(Self.hundredths(score))"
        if let threshold = newest.threshold { text += " against a threshold of \(Self.hundredths(threshold))" }
        text += " (3 is one normal sample in a thousand, 6 one in a million)"
        if let rarity = records.compactMap(\.rarity).max(), rarity > 0 {
            text +=
                "; by the calibration a normal sample scores so high once in \(HumanDuration.text(seconds: rarity)), "
            text += "which is extrapolated where the series has not learned for longer"
        }
        return text
    }

    private var learning: String {
        guard let first = records.first, first.learning < 1 else {
            return "the series had learned for long enough for its networks to vote"
        }
        let percent = Int((max(0, first.learning) * 100).rounded())
        return "the series was still learning (\(percent) %) when it opened: less is known of what is usual"
    }

    private var messages: String {
        var lines = ["messages"]
        for record in records {
            let word =
                record.event == .close
                ? "closed" : record.event == .update ? "now \(record.severity.rawValue)" : record.severity.rawValue
            lines.append("  \(Self.instant(record.time))  \(word)")
            lines.append("    \(record.message)")
        }
        return lines.joined(separator: "\n")
    }

    /// The message that the tables are of: the newest that tells of what is unusual, else the newest that has any.
    private func told(_ hasPart: (AlertRecord) -> Bool) -> AlertRecord? {
        records.last { $0.event != .close && hasPart($0) } ?? records.last(where: hasPart)
    }

    private var channels: String? {
        guard let record = told({ !$0.channels.isEmpty }) else { return nil }
        var rows = [["channel", "value", "expected", "band", "share", ""]]
        for part in record.channels {
            let shown = [part.value, part.expected, part.low, part.high].compactMap { $0 }
            let numbers = ReadableNumbers(
                shown,
                distances: [
                    part.low.flatMap { low in part.high.map { $0 - low } },
                    part.expected.flatMap { expected in part.value.map { $0 - expected } },
                ].compactMap { $0 })
            let unit = part.unit.map { " \($0)" } ?? ""
            var band = "not known yet"
            var place = part.direction
            if let low = part.low, let high = part.high {
                band = "\(numbers.text(low)) to \(numbers.text(high))"
                if let value = part.value { place = value < low ? "below" : value > high ? "above" : "within" }
            }
            rows.append([
                part.name, part.value.map { numbers.text($0) + unit } ?? "missing",
                part.expected.map { numbers.text($0) } ?? "not known", band,
                "\(Int((part.share * 100).rounded())) %", place,
            ])
        }
        return "channels of \(record.series), \(Self.instant(record.time))\n" + Self.table(rows)
    }

    private var detectors: String? {
        guard let record = told({ !$0.detectors.isEmpty }) else { return nil }
        let rows = record.detectors.map { part in
            [part.name, Self.hundredths(part.score), "\(Int((part.weight * 100).rounded())) %"]
        }
        return "detectors (`monitord detectors` says what each sees)\n"
            + Self.table([["detector", "score", "share"]] + rows)
    }

    // MARK: Text

    private static func table(_ rows: [[String]]) -> String {
        var widths = [Int](repeating: 0, count: rows.first?.count ?? 0)
        for row in rows { for (place, cell) in row.enumerated() { widths[place] = max(widths[place], cell.count) } }
        return rows.map { row in
            var line = " "
            for (place, cell) in row.enumerated() {
                line += " " + cell + String(repeating: " ", count: widths[place] - cell.count + 1)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// `2026-03-16 06:50:24 UTC`, without parts of a second.
    private static func instant(_ time: Timestamp) -> String {
        let text = time.description
        guard text.utf8.count >= 20 else { return text }
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    private static func hundredths(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }

    /// Names come out of the input: a control character among them must not reach the terminal.
    private static func printable(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar != "\n" && scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            shown.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(shown)
    }
}
