import ArgumentParser

/// `monitord explain`: every alert names it, and it does not exist yet; whoever types it is told where to look meanwhile.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Not there yet: will explain an incident.", shouldDisplay: false)

    @Argument(help: ArgumentHelp("The incident.", valueName: "ID"))
    var id: [String] = []

    func run() throws {
        Start.say(
            "explain is not there yet; all that is known of the incident stands in its record: grep \(id.first ?? "ID") in the rolling log, or journalctl -t monitord -o verbose"
        )
        throw ExitCode(69)
    }
}
