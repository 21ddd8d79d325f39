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
}
