import ArgumentParser

/// `monitord status`.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the running daemon stands: what it reads, what it has learned, what is not as usual.",
        discussion: """
            The series come in the order in which to look at them: with an open incident, not as usual, then by severity. \
            SCORE says how rare what happens now is (3: one sample in a thousand), OF from which score on it is told, \
            SEVERITY how far from normal the series is now.

            Exit code 69 when no daemon can be asked.
            """)

    @OptionGroup var access: ControlAccess

    @Option(name: .long, help: ArgumentHelp("How many series are shown.", valueName: "N"))
    var series = 20

    @Flag(name: .long, help: "Print one line of JSON.")
    var json = false

    func run() async throws {
        let target = "/api/v1/status?series=\(series)"
        if json { return try Start.show(try await access.send("GET", target)) }
        try Start.show(StatusText.full(try await access.ask(StatusAnswer.self, target)))
    }
}
