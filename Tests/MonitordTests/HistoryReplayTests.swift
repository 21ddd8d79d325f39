import Foundation
import TestSupport
import Testing

/// `monitord replay` without a recording: what the configuration in force would have told of the samples that a state keeps.
@Suite(.needsBinary) struct HistoryReplayTests {
    private let directory: TemporaryDirectory
    private let state: String
    private let live: String

    /// Eight days of two pumps; the state is kept as a snapshot on the fifth.
    init() throws {
        directory = try TemporaryDirectory()
        let (state, log) = (directory.path("state"), directory.path("alerts.jsonl"))
        self.state = state
        let stream = try monitord([
            "simulate", "--series", "2", "--interval", "1min", "--duration", "8d", "--maintenance", "none", "--seed",
            "5", "--anomaly", "current.step:30/1",
        ]).output.split(separator: "\n", omittingEmptySubsequences: false)
        let half = stream.count * 5 / 8
        func watch(_ lines: some Sequence<Substring>) throws {
            let input = Data((lines.joined(separator: "\n") + "\n").utf8)
            let run = try monitord(["--stdin", "--state", state, "--no-journal", "--log", log], input: input)
            #expect(run.exitCode == 0, "\(run.errors)")
        }
        try watch(stream[..<half])
        #expect(try monitord(["state", "save", "--state", state, "before"]).exitCode == 0)
        let told = try Self.records(log)
        try watch(stream[...0] + stream[half...])
        live = try Self.records(log).dropFirst(told.count).joined(separator: "\n")
    }

    private static func records(_ path: String) throws -> [String] {
        try bareRecords(try String(contentsOfFile: path, encoding: .utf8))
    }

    @Test func `under the same budget it tells what was told, byte for byte`() throws {
        let alerts = directory.path("again.jsonl")
        let replay = try monitord(["replay", "--state", state, "--since", "2026-03-19T12:00", "--alerts", alerts])
        #expect(replay.exitCode == 0, "\(replay.errors)")
        let again = try Self.records(alerts).joined(separator: "\n")
        #expect(!live.isEmpty && live == again)
        #expect(replay.errors.contains("begun with the snapshot before"), "\(replay.errors)")
        let lines = replay.output.split(separator: "\n")
        #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("same  2026-03-2") }, "\(replay.output)")
    }

    @Test func `another budget is compared with what was told`() throws {
        func replay(_ arguments: String...) throws -> [String: Any] {
            let result = try monitord(
                ["replay", "--state", state, "--since", "2026-03-19T12:00", "--json"] + arguments)
            #expect(result.exitCode == 0, "\(result.errors)")
            return try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        }
        let often = try replay("--false-alarms", "50/day", "--series-false-alarms", "10/day")
        let rarely = try replay("--false-alarms", "1/year")
        let count = { (object: [String: Any]) in (object["incidents"] as? [Any])?.count ?? -1 }
        #expect(count(often) > count(rarely) && count(rarely) >= 0)
        #expect(rarely["held_back"] as? Int ?? 0 > 0)
        #expect((rarely["told_then"] as? [Any])?.count == (often["told_then"] as? [Any])?.count)
        #expect(often["false_alarms"] as? String == "50/day" && often["series_false_alarms"] as? String == "10/day")
    }

    @Test func `without a snapshot it begins anew, and says so`() throws {
        try FileManager.default.removeItem(atPath: state + "/snapshots")
        let replay = try monitord(["replay", "--state", state])
        #expect(replay.exitCode == 0, "\(replay.errors)")
        #expect(replay.errors.contains("begun with nothing learned, as there is no snapshot"))
    }

    @Test func `what cannot be run again is told with an exit code of its own`() throws {
        let none = try monitord(["replay", "--config", try directory.write("", to: "empty.toml")])
        #expect(
            none.exitCode == 64 && none.errors.contains("name a PATH, or a state with --state DIR"), "\(none.errors)")
        let missing = try monitord(["replay", "--state", directory.path("none")])
        #expect(missing.exitCode == 66, "\(missing.errors)")
        let rate = try monitord(["replay", "--state", state, "--false-alarms", "often"])
        #expect(rate.exitCode == 78 && rate.errors.contains("flag --false-alarms"), "\(rate.errors)")
        let both = try monitord(["replay", "--since", "1d", sample("pump.csv")])
        #expect(both.exitCode == 64)
    }
}

/// `monitord replay --report`, its page in a real browser, and `--labels`.
@Suite(.needsBinary) struct ReplayReportTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(.needsChromium) func `the page of a replay holds in a browser, with figures against labels`() throws {
        let (labels, page) = (directory.path("truth.csv"), directory.path("report.html"))
        let stream = try monitord([
            "simulate", "--series", "2", "--interval", "1min", "--duration", "4d", "--maintenance", "none", "--seed",
            "7",
            "--anomaly", "current.step:60/2", "--labels", labels,
        ]).output
        let file = try directory.write(stream, to: "pumps.csv")
        let replay = try monitord(["replay", "--report", page, "--labels", labels, file])
        #expect(replay.exitCode == 0, "\(replay.errors)")
        #expect(replay.errors.contains("alerts by event"), "\(replay.errors)")
        let script = repositoryRoot.appending(path: "Tests/Page/report.py").path
        let look = try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", script, page],
            environment: ["HOME": NSTemporaryDirectory()])
        #expect(look.exitCode == 0, "\(look.output)\(look.errors)")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains("\"rows\":[{\"name\":\"alerts by event\""))
        #expect(text.contains("\"labels\":[{\"series\":\"pump"))
    }

    @Test func `labels of other recordings, and a report that cannot be written, are refused`() throws {
        let labels = try directory.write("{\"a.csv\": [], \"b.csv\": []}", to: "labels.json")
        let other = try monitord(["replay", "--labels", labels, sample("pump.csv")])
        #expect(other.exitCode == 65 && other.errors.contains("labels 2 files, and none of them is"), "\(other.errors)")
        let broken = try monitord([
            "replay", "--labels", try directory.write("{", to: "broken.json"), sample("pump.csv"),
        ])
        #expect(broken.exitCode == 65, "\(broken.errors)")
        let unwritable = try monitord(["replay", "--report", directory.path("none/report.html"), sample("pump.csv")])
        #expect(unwritable.exitCode == 73, "\(unwritable.errors)")
    }
}
