import ArgumentParser
import FoundationEssentials
import StatusServer

/// `monitord silence`.
struct Silence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell nothing of some series for a time; detection and learning go on.",
        discussion: """
            SERIES is a name, a pattern such as "pump*", or the name of a stream, whose stalls it then covers too. FOR counts \
            from the time of the last sample: 30min, 2h, 3d. What begins meanwhile is told when the silence is over, if it is \
            open still, and never when it has closed by then. Incidents that are open already go on being told. Another \
            silence of the same SERIES takes the place of the one before.

            Maintenance that comes back is the key `silence` of the configuration.

            Exit codes: 66 when there is no such series or silence, 69 when no daemon can be asked.
            """,
        subcommands: [Begin.self, List.self, End.self], defaultSubcommand: Begin.self)

    /// A silence, as the daemon tells it.
    struct Answer: Decodable {
        var stream: String
        var series: String
        var until: String
        var heldIncidents: Int

        enum CodingKeys: String, CodingKey {
            case stream, series, until
            case heldIncidents = "held_incidents"
        }

        var line: String {
            let held = heldIncidents == 1 ? "1 incident" : "\(heldIncidents) incidents"
            return "\(series) of \(stream), until \(until)\(heldIncidents > 0 ? "; \(held) began in it" : "")"
        }
    }

    /// `monitord silence SERIES FOR`.
    struct Begin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "begin", abstract: "Begin one; the word may be left out.")

        @OptionGroup var access: ControlAccess

        @Option(name: .long, help: ArgumentHelp("Only the series of this stream.", valueName: "NAME"))
        var stream: String?

        @Argument(help: ArgumentHelp("The series, or a pattern.", valueName: "SERIES"))
        var series: String

        @Argument(help: ArgumentHelp("How long: 30min, 2h, 3d.", valueName: "FOR"))
        var duration: String

        func run() async throws {
            guard let nanoseconds = ArgumentText.duration(duration) else {
                Start.say("\(duration): \(ArgumentText.durationForms)")
                throw ExitCode(64)
            }
            var wish: [String: WishValue] = [
                "series": .text(series), "seconds": .number(Double(nanoseconds) / 1e9),
            ]
            if let stream { wish["stream"] = .text(stream) }
            let body = String(decoding: try JSONEncoder().encode(wish), as: UTF8.self)
            let answer = try await access.send("POST", "/api/v1/silences", body: body)
            let silences = try? JSONDecoder().decode([Answer].self, from: Data(answer.utf8))
            try Start.show("silenced: " + (silences ?? []).map(\.line).joined(separator: "\nsilenced: "))
        }
    }

    /// `monitord silence list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List those that hold.")

        @OptionGroup var access: ControlAccess

        @Flag(name: .long, help: "Print one line of JSON.")
        var json = false

        func run() async throws {
            if json { return try Start.show(try await access.send("GET", "/api/v1/silences")) }
            let silences = try await access.ask([Answer].self, "/api/v1/silences")
            if silences.isEmpty {
                return Start.say("nothing is silenced by hand; `monitord check` shows what is planned")
            }
            try Start.show(silences.map(\.line).joined(separator: "\n"))
        }
    }

    /// `monitord silence end`.
    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End one before its time; what is open still is told.")

        @OptionGroup var access: ControlAccess

        @Argument(help: ArgumentHelp("The series or pattern, as it was given.", valueName: "SERIES"))
        var series: String

        func run() async throws {
            let body = String(decoding: try JSONEncoder().encode(["series": series]), as: UTF8.self)
            let answer = try await access.send("POST", "/api/v1/silences/end", body: body)
            let ended = try? JSONDecoder().decode([Answer].self, from: Data(answer.utf8))
            try Start.show("ended: " + (ended ?? []).map(\.line).joined(separator: "\nended: "))
        }
    }

    /// A value of what is asked for.
    private enum WishValue: Encodable {
        case text(String)
        case number(Double)

        func encode(to encoder: any Encoder) throws {
            var box = encoder.singleValueContainer()
            switch self {
            case .text(let text): try box.encode(text)
            case .number(let number): try box.encode(number)
            }
        }
    }
}
