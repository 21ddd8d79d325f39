import ArgumentParser
import FoundationEssentials
import StatusServer

/// `monitord feedback`.
struct Feedback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether an incident was real or a false alarm; the next ones are judged by it.",
        discussion: """
            From the next round on a false alarm counts as usual in the threshold of its series, and all answers of the series \
            with the same channels raise or lower the score of what opens next by how much it looks like what was answered: at \
            most by +1 and -1.5, less while answers are few. An alert that was changed so names it as "feedback" among its \
            detectors; `status` counts those that did not open.

            Exit codes: 66 when no incident has such an ID, 64 when it is the beginning of several or nothing is learned from \
            it, 69 when no daemon can be asked.
            """)

    enum Answer: String, ExpressibleByArgument {
        case real
        case `false`
    }

    @OptionGroup var access: ControlAccess

    @Argument(help: ArgumentHelp("The incident, or the first digits of it.", valueName: "ID"))
    var id: String

    @Argument(help: "What it was: real or false.")
    var answer: Answer

    private struct Reply: Decodable {
        var id: String
        var series: [String]
    }

    func run() async throws {
        let target = "/api/v1/incidents/\(HTTPRequest.encoded(id))/feedback"
        let body = try await access.send("POST", target, body: answer.rawValue)
        let reply = try? JSONDecoder().decode(Reply.self, from: Data(body.utf8))
        let series = reply?.series.joined(separator: ", ") ?? ""
        let effect = answer == .real ? "sooner" : "later"
        try Start.show(
            "\(reply?.id ?? id) is \(answer.rawValue): what looks like it is told \(effect) from now on, of \(series)")
    }
}
