import Alerting
import ArgumentParser
import MonitorRuntime
import Persistence

/// `monitord alerts`.
struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what was told, oldest first.",
        discussion: """
            Read from the state, which may be in use; without one the running daemon is asked. TIME is a date and time, local unless it has a zone, or how long ago: \
            2026-03-15, 2026-03-15T08:00, 2h, 3d.
            """)

    @OptionGroup var place: State.Place

    @OptionGroup var access: ControlAccess

    @Option(name: .long, help: ArgumentHelp("Only incidents since then.", valueName: "TIME"))
    var since: String?

    @Option(name: .long, help: ArgumentHelp("Only of these series; may be a pattern such as pump*.", valueName: "NAME"))
    var series: [String] = []

    @Flag(name: .long, help: "Only incidents that are still open.")
    var open = false

    @Option(name: .long, help: ArgumentHelp("The newest so many incidents.", valueName: "N"))
    var limit = 50

    @Flag(name: .long, help: "Print their messages as lines of JSON, as in the rolling log.")
    var json = false

    func run() async throws {
        let from = try since.map { try TimeArgument.instant($0, of: "--since") }
        let directory = access.control == nil ? try place.find() : nil
        let (records, answers) =
            if let directory {
                try await Start.exiting(on: Start.logger()) { try await Self.stored(in: directory) }
            } else {
                try await told()
            }
        let incidents = IncidentList(records).incidents.filter { incident in
            (from.map { incident.last.time >= $0 } ?? true) && (!open || incident.last.event != .close)
                && (series.isEmpty || series.contains { incident.concerns($0) })
        }
        let shown = incidents.suffix(max(0, limit))
        if json {
            return try Start.show(shown.flatMap(\.messages).map { $0.jsonLine() }.joined(separator: "\n"))
        }
        if shown.isEmpty {
            return Start.say(records.isEmpty ? "nothing was told yet" : "nothing of that was told")
        }
        let lines = shown.map { incident in
            incident.line + (answers[incident.first.id].map { "  [answered: \($0)]" } ?? "")
        }
        try Start.show(lines.joined(separator: "\n"))
        if incidents.count > shown.count {
            Start.say("\(incidents.count - shown.count) older ones: --limit \(incidents.count)")
        }
    }

    /// Messages out of a state, oldest first, and what was answered.
    private static func stored(in directory: String) async throws -> ([AlertRecord], [String: String]) {
        let store = try StateStore(copyOf: directory)
        let messages = try await store.history(limit: 1 << 20)
        let answers = try await store.answers()
        await store.close()
        return (messages.reversed().compactMap { try? AlertRecord(json: $0.payload) }, answers)
    }

    /// The same, of the running daemon.
    private func told() async throws -> ([AlertRecord], [String: String]) {
        let messages = try await access.ask([AlertRecord].self, "/api/v1/incidents?limit=10000")
        return (messages.reversed(), try await access.ask([String: String].self, "/api/v1/answers"))
    }
}
