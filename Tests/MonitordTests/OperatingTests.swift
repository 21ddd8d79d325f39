import Foundation
import TestSupport
import Testing

/// The verbs that ask a running daemon: the finished binary on both ends of a real socket.
@Suite("operating", .needsBinary) struct OperatingTests {
    /// A daemon that follows a recording, and its control socket.
    private struct Watched {
        let directory: TemporaryDirectory
        let command: RunningCommand
        let socket: String
        let state: String

        init(_ recording: String, alerts: Int, more: String = "") throws {
            directory = try TemporaryDirectory()
            socket = directory.path("c.sock")
            state = directory.path("state")
            let configuration = try directory.write(
                """
                control = "\(socket)"
                state = "\(state)"
                log = "none"
                journal = false
                \(more)
                [[source]]
                file = "\(sample(recording))"
                """, to: "monitord.toml")
            command = try RunningCommand(try #require(monitordBinary), ["run", "--config", configuration])
            for _ in 0..<alerts { _ = command.nextLine() }
        }

        func ask(_ arguments: [String]) throws -> CommandResult {
            try monitord(arguments + ["--control", socket])
        }
    }

    @Test func `status says what is read, what is learned and what is open`() throws {
        let watched = try Watched("machine_temperature.csv", alerts: 1)
        defer { watched.command.signal(SIGKILL) }
        let text = try watched.ask(["status"])
        #expect(text.exitCode == 0, "\(text.errors)")
        for words in ["Sources", "machine_temperature.csv", "1 series", "Alerts go to", "SEVERITY", "input"] {
            #expect(text.output.contains(words), "\(words) in \(text.output)")
        }
        let json = try watched.ask(["status", "--json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["series_count"] as? Int == 1)
        let source = try #require((object["sources"] as? [[String: Any]])?.first)
        #expect(try #require(source["lines"] as? Int) > 1_000)
        #expect(try watched.ask(["top", "--once"]).output.contains("SERIES"))
    }

    @Test func `alerts are listed, filtered, and given as the records they are`() throws {
        let watched = try Watched("machine_temperature.csv", alerts: 4)
        defer { watched.command.signal(SIGKILL) }
        let state = ["--state", watched.state]
        // Also while the state is in use. What follows compares, and nothing must be added meanwhile.
        #expect(try monitord(["alerts"] + state).exitCode == 0)
        watched.command.signal(SIGTERM)
        #expect(watched.command.finish().exitCode == 0)
        let all = try monitord(["alerts"] + state)
        #expect(all.exitCode == 0 && all.output.contains("explain: monitord explain"), "\(all.errors)")
        let lines = all.output.split(separator: "\n").count
        #expect(lines >= 2)
        #expect(try monitord(["alerts", "--limit", "1"] + state).output.split(separator: "\n").count == 1)
        #expect(try monitord(["alerts", "--series", "other*"] + state).output.isEmpty)
        #expect(try monitord(["alerts", "--since", "2013-01-01"] + state).output == all.output)
        #expect(try monitord(["alerts", "--since", "2100-01-01"] + state).output.isEmpty)
        #expect(try monitord(["alerts", "--since", "soon"] + state).exitCode == 64)
        let json = try monitord(["alerts", "--json"] + state).output
        #expect(try bareRecords(json).count >= 4)
    }

    @Test func `what cannot be asked or accepted is told with its exit code`() throws {
        let watched = try Watched("machine_temperature.csv", alerts: 1)
        defer { watched.command.signal(SIGKILL) }
        let unknown = try watched.ask(["accept", "ffffffffffffffff"])
        #expect(unknown.exitCode == 66 && unknown.errors.contains("no open incident"))
        let nobody = try monitord(["status", "--control", watched.directory.path("no.sock")])
        #expect(nobody.exitCode == 69 && nobody.errors.contains("nobody listens there"))
    }

    @Test func `one that is started by flags alone is asked without naming it, and two are told apart`() throws {
        // The address of a socket has room for 107 bytes.
        let folder = "/tmp/m\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = ["RUNTIME_DIRECTORY": folder]
        func start() throws -> RunningCommand {
            let command = try RunningCommand(
                try #require(monitordBinary), ["--file", sample("pump.csv"), "--no-journal", "--log", "none"],
                environment: environment)
            _ = command.nextLine()
            return command
        }
        let first = try start()
        defer { first.signal(SIGKILL) }
        func ask(_ arguments: String...) throws -> CommandResult { try monitord(arguments, environment: environment) }
        let status = try ask("status")
        #expect(status.exitCode == 0 && status.output.contains("pump.csv"), "\(status.errors)")
        // Nothing is stored of it: who asks for an incident is answered by the daemon.
        let explained = try ask("explain", "4cd509")
        #expect(
            explained.exitCode == 0 && explained.output.contains("incident 4cd509fbf8fd544f"), "\(explained.errors)")
        let second = try start()
        defer { second.signal(SIGKILL) }
        let both = try ask("status")
        #expect(
            both.exitCode == 69 && both.errors.contains("2 monitords run: name one with --control"), "\(both.errors)")
        second.signal(SIGKILL)
        _ = second.finish()
        #expect(try ask("feedback", "4cd509", "real").output.hasPrefix("4cd509fbf8fd544f is real: "))
        #expect(try ask("explain", "4cd509").output.contains("answered: real"))
        let alerts = try ask("alerts")
        #expect(alerts.output.contains("explain 4cd509  [answered: real]"), "\(alerts.errors)")
    }

    @Test func `the metrics and the health are there when an address is given, and nothing is changed by a port`()
        throws
    {
        let port = try freePort(for: .connections)
        let watched = try Watched("machine_temperature.csv", alerts: 1, more: "http = \"127.0.0.1:\(port)\"")
        defer { watched.command.signal(SIGKILL) }
        func curl(_ arguments: String...) throws -> CommandResult {
            try runCommand(
                URL(fileURLWithPath: "/usr/bin/curl"),
                ["-s", "-m", "10", "--retry", "5", "--retry-connrefused"] + arguments)
        }
        let address = "http://127.0.0.1:\(port)/"
        let metrics = try curl("\(address)metrics")
        #expect(metrics.output.contains("monitord_stream_series{stream=\"input\"} 1"), "\(metrics.output.prefix(400))")
        #expect(try curl("\(address)healthz").output == "ok\n")
        #expect(try curl("-X", "POST", "\(address)api/v1/incidents/00/accept").output.contains("control socket"))
    }

    @Test func `a false alarm is learned from once, and what is like it is lowered by it in the end`() throws {
        let watched = try Watched("pump.csv", alerts: 2)
        defer { watched.command.signal(SIGKILL) }
        let id = "4cd509fbf8fd544f"
        let first = try watched.ask(["feedback", id, "false"])
        #expect(first.exitCode == 0 && first.output.contains("input"), "\(first.errors)")
        let again = try watched.ask(["feedback", id, "false"])
        #expect(again.exitCode == 64 && again.errors.contains("answered already"), "\(again.errors)")
        #expect(try watched.ask(["feedback", "ffff", "real"]).exitCode == 66)
        #expect(try watched.ask(["feedback", id, "perhaps"]).exitCode == 64)
        // What is stored at the end goes on with the answer: nothing is learned from it twice.
        watched.command.signal(SIGTERM)
        #expect(watched.command.finish().exitCode == 0)
        let explained = try monitord(["explain", id, "--state", watched.state], environment: ["LANG": "C"])
        #expect(explained.exitCode == 0, "\(explained.errors)")
        #expect(explained.output.contains("input.pressure (bar)") && explained.output.contains("^ incident"))
        #expect(explained.output.contains("answered: false"))
        #expect(try monitord(["alerts", "--state", watched.state]).output.contains("  [answered: false]"))
    }

    @Test func `a silence is begun, listed and ended, and what is no series is told`() throws {
        let watched = try Watched("pump.csv", alerts: 2)
        defer { watched.command.signal(SIGKILL) }
        let begun = try watched.ask(["silence", "in*", "2h"])
        #expect(begun.exitCode == 0 && begun.output.contains("silenced: in* of input, until 2026-03-02T0"), "\(begun)")
        #expect(try watched.ask(["silence", "list"]).output.contains("in* of input"))
        #expect(try watched.ask(["silence", "nowhere", "2h"]).exitCode == 66)
        #expect(try watched.ask(["silence", "in*", "soon"]).exitCode == 64)
        #expect(try watched.ask(["silence", "end", "in*"]).output.contains("ended: in* of input"))
        #expect(try watched.ask(["silence", "end", "in*"]).exitCode == 66)
        #expect(try watched.ask(["silence", "list"]).errors.contains("nothing is silenced"))
    }

    @Test func `a span is not learned from, before it comes and after it was learned`() throws {
        let watched = try Watched("pump.csv", alerts: 2)
        defer { watched.command.signal(SIGKILL) }
        let past = try watched.ask(["exclude", "input", "2026-03-02T06:49:00Z", "2026-03-02T06:52:00Z"])
        // Every sample read so far is in the history, and 3,085 of 3,600 were when the second alert was told.
        #expect(past.exitCode == 0, "\(past)")
        let words = past.output.split(separator: " ")
        let count = words.firstIndex(of: "samples").flatMap { Int(words[$0 - 1]) }
        #expect(try #require(count, "\(past)") >= 3_085, "\(past)")
        let ahead = try watched.ask(["exclude", "input", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"])
        #expect(ahead.exitCode == 0 && !ahead.output.contains("again"), "\(ahead)")
        #expect(try watched.ask(["exclude", "nowhere", "2h", "1h"]).exitCode == 66)
        #expect(try watched.ask(["exclude", "input", "1h", "2h"]).exitCode == 64)
        #expect(try watched.ask(["exclude", "input", "soon", "1h"]).exitCode == 64)
    }
}
