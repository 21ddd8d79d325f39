import Alerting
import ArgumentParser
import MonitorRuntime
import Persistence
import StatusServer

/// `monitord explain`.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell all that is known of one incident: its messages, values against bands, who said so.",
        discussion: """
            ID is what an alert names, or the first digits of it while they belong to one incident only. Without --alerts \
            and --state it looks in the state and in the rolling log that the configuration names. --alerts takes JSON \
            lines, plain or in gzip: a rolling log, older files of it, or what replay --alerts wrote. Where none of these has it, \
            the running daemon is asked. Nothing is written, and the state may be in use. The chart is drawn from the samples that the state keeps (`history`).

            Exit codes: 64 for an ID that is none or is the beginning of several, 66 when it is not found.
            """)

    @Option(name: .long, help: ArgumentHelp("Configuration file (TOML).", valueName: "FILE"), completion: .file())
    var config: String?

    @Option(
        name: .long, help: ArgumentHelp("Look in this directory of a state.", valueName: "DIR"), completion: .directory)
    var state: String?

    @Option(
        name: .long, help: ArgumentHelp("Look in this file of alerts; - is standard input.", valueName: "FILE"),
        completion: .file())
    var alerts: [String] = []

    @OptionGroup var access: ControlAccess

    @Flag(name: .long, help: "Print one line of JSON.")
    var json = false

    @Argument(help: ArgumentHelp("The incident.", valueName: "ID"), completion: IncidentCompletion.kind)
    var id: String

    func run() async throws {
        guard var history = IncidentHistory(prefix: id) else {
            Start.say(
                "\"\(id)\" is not the id of an incident: an alert names it as up to 16 digits 0-9 and a-f, such as 7f3c91"
            )
            throw ExitCode(64)
        }
        var place = state
        try await Start.exiting(on: Start.logger()) {
            if let state { try await history.look(inState: state) }
            for path in alerts {
                do throws(EvaluationError) {
                    try history.look(inFile: path)
                } catch {
                    Start.say("\(error)")
                    throw ExitCode(error.exitCode)
                }
            }
            guard state == nil, alerts.isEmpty else { return }
            if access.control == nil { place = try await lookWhereConfigured(&history) }
            if history.found.isEmpty {
                history.take(
                    await access.look("/api/v1/incidents/\(HTTPRequest.encoded(id))"), from: "the running daemon")
            }
            // What a state has is there already; without one the daemon knows.
            if history.answers.isEmpty { history.takeAnswers(await access.look("/api/v1/answers")) }
        }
        let account = try account(of: history)
        if json { return try Start.show(account.json) }
        try Start.show(account.text)
        guard let place else { return }
        // A chart is an addition: what is told does not depend on it.
        guard let chart = try? await IncidentChart(of: account, inState: place, marks: Self.marks) else { return }
        try Start.show("\n" + chart.text)
    }

    /// What a chart is drawn with: a terminal that knows no UTF-8 gets ASCII.
    private static var marks: SampleChart.Marks {
        let wanted = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { Start.environment[$0] }.first { !$0.isEmpty }
        let encoding = (wanted ?? "").lowercased()
        return encoding.contains("utf-8") || encoding.contains("utf8") ? .unicode : .ascii
    }

    /// The state and the rolling log of the configuration; one that is not there is told only when nothing is found.
    ///
    /// - Returns: the directory of the state, where there is one.
    private func lookWhereConfigured(_ history: inout IncidentHistory) async throws -> String? {
        let configuration = try Start.load(ConfigurationOverrides(file: config)).configuration
        let directory = configuration.stateDirectory ?? (config == nil ? Start.serviceState : nil)
        if let directory {
            do {
                try await history.look(inState: directory)
            } catch {
                history.miss("the state \(directory)", because: "\(error)")
            }
        }
        guard let log = configuration.alerting.logPath else { return directory }
        do throws(EvaluationError) {
            try history.look(inFile: log)
        } catch {
            history.miss(log, because: "\(error)")
        }
        return directory
    }

    private func account(of history: IncidentHistory) throws -> IncidentAccount {
        if history.found.count > 1 {
            let ids = history.found.keys.sorted()
            Start.say("\(id) is the beginning of \(ids.count) incidents: \(ids.prefix(10).joined(separator: ", "))")
            throw ExitCode(64)
        }
        if let (id, records) = history.found.first, var account = IncidentAccount(records) {
            account.answer = history.answers[id]
            return account
        }
        Start.say("no incident \(id) in:")
        for place in history.places {
            Start.say("  \(place.name) (\(place.problem ?? "\(place.messages) messages"))")
        }
        if history.places.isEmpty {
            Start.say("  (no place: the configuration names neither a state nor a rolling log)")
        }
        if !history.newest.isEmpty {
            Start.say("the newest incidents there are \(history.newest.reversed().joined(separator: ", "))")
        }
        Start.say("older files of a rolling log and alerts of a replay are looked in with --alerts FILE")
        throw ExitCode(66)
    }
}
