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
}
