import ArgumentParser
import FoundationEssentials

/// `monitord exclude`.
struct Exclude: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do not learn from a span of a series; what was learned from it already is taken back.",
        discussion: """
            FROM and TO are a date and time, local unless it has a zone, or how long ago; either may lie ahead. Samples of the \
            span are scored, and alerts told, but nothing of them becomes usual.

            Where FROM is past, the series goes back to the newest snapshot from before it (`monitord state list`), or \
            begins anew where there is none, and learns again from the samples that the state keeps (`history`), without the \
            span. The networks' weights belong to all series with the same channels and stay as they are.

            Exit codes: 66 when there is no such series, 69 when no daemon can be asked.
            """)

    @OptionGroup var access: ControlAccess

    @Option(name: .long, help: ArgumentHelp("Only the series of this stream.", valueName: "NAME"))
    var stream: String?

    @Argument(help: ArgumentHelp("The series.", valueName: "SERIES"))
    var series: String

    @Argument(help: ArgumentHelp("Where it begins: 2026-03-15T08:00, 3h.", valueName: "FROM"))
    var from: String

    @Argument(help: ArgumentHelp("Where it ends.", valueName: "TO"))
    var to: String

    private struct Answer: Decodable {
        var stream: String
        var series: String
        var learned: Int
        var snapshot: String?
        var wasLearnedFrom: Bool

        enum CodingKeys: String, CodingKey {
            case stream, series, snapshot
            case learned = "samples_learned_again"
            case wasLearnedFrom = "was_learned_from"
        }

        var line: String {
            let begin = snapshot.map { "the snapshot \($0)" } ?? "the first that is kept"
            let again =
                learned > 0
                ? "; learned again from \(learned) samples since \(begin)"
                : wasLearnedFrom ? "; what was learned of it stays: too few samples are kept (history)" : ""
            return "\(series) of \(stream) does not learn from that\(again)"
        }
    }

    func run() async throws {
        let begin = try TimeArgument.instant(from, of: "FROM")
        let end = try TimeArgument.instant(to, of: "TO")
        guard begin < end else {
            Start.say("FROM \(begin) is not before TO \(end)")
            throw ExitCode(64)
        }
        var wish = ["series": series, "from": "\(begin)", "to": "\(end)"]
        if let stream { wish["stream"] = stream }
        let body = String(decoding: try JSONEncoder().encode(wish), as: UTF8.self)
        let answer = try await access.send("POST", "/api/v1/exclusions", body: body)
        let excluded = (try? JSONDecoder().decode([Answer].self, from: Data(answer.utf8))) ?? []
        try Start.show("from \(begin) to \(end):\n" + excluded.map(\.line).joined(separator: "\n"))
    }
}
