import ArgumentParser
import FoundationEssentials
import StatusServer

/// `monitord accept`.
struct Accept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say that what the series of an open incident do now is right: it becomes usual.",
        discussion: """
            The answer to an alert of a new level, which under adapt = "ask" or "off" is not learned by itself. The incident \
            closes at the next round, and says so.

            Exit codes: 66 when no open incident has such an ID, 64 when it is the beginning of several or there is nothing \
            to accept, 69 when no daemon can be asked.
            """)

    @OptionGroup var access: ControlAccess

    @Argument(
        help: ArgumentHelp("The incident, or the first digits of it.", valueName: "ID"),
        completion: IncidentCompletion.kind)
    var id: String

    private struct Answer: Decodable {
        var id: String
        var accepted: [String]
    }

    func run() async throws {
        let target = "/api/v1/incidents/\(HTTPRequest.encoded(id))/accept"
        let body = try await access.send("POST", target)
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.utf8))
        try Start.show("accepted from the next round on: \(answer?.accepted.joined(separator: ", ") ?? id)")
    }
}
