import Foundation
import TestSupport
import Testing

@Suite("check and replay of network flows", .needsBinary) struct FlowCheckTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Writes the traffic of a simulated network.
    private func traffic(hosts: Int, _ duration: String) throws -> String {
        let result = try monitord([
            "simulate", "--kind", "flows", "--hosts", "\(hosts)", "--duration", duration, "--start",
            "2026-03-16T08:00:00Z",
        ])
        try #require(result.exitCode == 0, "\(result.errors)")
        return try directory.write(result.output, to: "conn-\(hosts).log")
    }

    private func figures(_ path: String, _ more: [String] = []) throws -> [String: Double] {
        let result = try monitord(["replay", "--json"] + more + [path])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        return object.compactMapValues { $0 as? Double }
    }

    @Test func `check says who would be watched, how, and what it takes`() throws {
        let path = try traffic(hosts: 20, "20min")
        let result = try monitord(["check", "--sample", path])
        #expect(result.exitCode == 0, "\(result.errors)")
        let admitted = try #require(try figures(path)["series_admitted"])
        for words in [
            "channels: flows, bytes_out [B]", "interval: 20s (usual for flows)", "lateness: none",
            "series: \(Int(admitted)), each a source host, with ", " in 60 samples of time", "kB a series",
        ] {
            #expect(result.output.contains(words), "\(words) in \(result.output)")
        }
        let configured = try monitord([
            "check", "--sample", path, "--config",
            try directory.write(
                "[[source]]\nfile = \"\(path)\"\ninterval = \"1min\"\nlateness = \"2min\"\nseries = \"subnet\"\n",
                to: "m.toml"),
        ]).output
        #expect(configured.contains("interval: 1min (configured)"), "\(configured)")
        #expect(configured.contains("lateness: 2min (configured)"))
        #expect(configured.contains("each a subnet of source hosts"))
    }

    @Test func `a file that is too short for a series says what it takes`() throws {
        let whole = try String(contentsOfFile: try traffic(hosts: 20, "20min"), encoding: .utf8)
        let lines = whole.split(separator: "\n")
        let path = try directory.write(lines.prefix(12).joined(separator: "\n") + "\n", to: "short.log")
        let check = try monitord(["check", "--sample", path])
        #expect(check.exitCode == 0)
        #expect(check.output.contains("series: none yet, of "), "\(check.output)")
        #expect(check.output.contains("it takes 3 samples of 20s with a flow of it, and these lines cover 1"))
        let replay = try monitord(["replay", path])
        #expect(replay.errors.contains("no sample yet: a series needs its third sample of time"), "\(replay.errors)")
        #expect(!(replay.errors + check.output).contains("no data line"))
    }

    @Test(arguments: ["30min", "4h"]) func `memory is as forecast, within a fifth`(duration: String) throws {
        let path = try traffic(hosts: 200, duration)
        let resident = try #require(try figures(path)["rss_mb"]) * 1.048576
        let report = try monitord(["check", "--sample", path]).output
        let text = try #require(report.firstMatch(of: /memory: about (\d+) MB after these lines/), "\(report)")
        let forecast = try #require(Double(text.1))
        #expect((forecast / resident - 1).magnitude < 0.2, "\(resident) MB, forecast \(forecast) MB")
    }

    @Test func `the end of a conn log without the lines that name its columns is read all the same`() throws {
        let path = try traffic(hosts: 20, "20min")
        let whole = try String(contentsOfFile: path, encoding: .utf8)
        let bare = try directory.write(
            whole.split(separator: "\n").filter { $0.first != "#" }.joined(separator: "\n") + "\n", to: "tail.log")
        let (named, taken) = (try figures(path), try figures(bare))
        #expect(taken["samples"] == named["samples"] && taken["flow_records"] == named["flow_records"])
        #expect((taken["samples"] ?? 0) > 100)
        // Columns that a site has left out cannot be guessed.
        let fewer = try directory.write(
            whole.split(separator: "\n").filter { $0.first != "#" }.map {
                $0.split(separator: "\t", omittingEmptySubsequences: false).dropLast(5).joined(separator: "\t")
            }.joined(separator: "\n") + "\n", to: "fewer.log")
        let refused = try monitord(["replay", fewer])
        #expect(refused.exitCode == 65)
        #expect(refused.errors.contains("tail -F conn.log"), "\(refused.errors)")
    }

    @Test func `a replay of which no line can be used says so, and tells no incident of 1970`() throws {
        let header = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tconn_state\n"
        let log = try directory.write(header + String(repeating: "1\t2\t3\n", count: 300), to: "bad.log")
        let table = try directory.write(
            "time,a\n1,2\n2,3\n3,4\n" + String(repeating: "?,!\n", count: 300), to: "good.csv")
        let alerts = directory.path("alerts")
        let result = try monitord(["replay", "--format", "zeek", "--alerts", alerts, log])
        #expect(result.exitCode == 65)
        #expect(result.errors.contains("none of the 300 lines could be used"), "\(result.errors)")
        #expect(try String(contentsOfFile: alerts, encoding: .utf8).isEmpty)
        #expect(try monitord(["replay", table]).exitCode == 0)
    }

    @Test func `lines that cannot be used are weighed against lines, not against the samples these make`() throws {
        let path = try traffic(hosts: 20, "20min")
        var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        // Every sixth is bad: of the samples of 20 hosts, which are fewer in the first minutes, that would be most.
        for index in stride(from: lines.count - 6, through: 30, by: -6) { lines.insert("broken", at: index) }
        let alerts = directory.path("alerts")
        let broken = try directory.write(lines.joined(separator: "\n") + "\n", to: "broken.log")
        let result = try monitord(["replay", "--json", "--alerts", alerts, broken])
        #expect(result.exitCode == 0)
        #expect(!(try String(contentsOfFile: alerts, encoding: .utf8)).contains("\"kind\":\"input\""))
        let whole = try figures(path)
        let some = try figures(broken)
        #expect(some["lines"] == (whole["lines"] ?? 0) + (some["unusable_lines"] ?? 0))
        #expect(whole["lines"] == whole["flow_records"])
    }
}
