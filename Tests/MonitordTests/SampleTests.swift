import Foundation
import TestSupport
import Testing

@Suite("samples", .needsBinary) struct SampleTests {
    static let recordings = ["pump.csv", "boiler.jsonl", "fan.csv", "machine_temperature.csv"]

    @Test(arguments: recordings)
    func `each recording gives the recorded alerts, byte for byte`(recording: String) throws {
        let directory = try TemporaryDirectory()
        let alerts = directory.path("alerts")
        let result = try monitord(["replay", "--alerts", alerts, sample(recording)])
        #expect(result.exitCode == 0, "\(result.errors)")
        let name = recording.prefix { $0 != "." } + ".alerts.jsonl"
        let expected = try String(contentsOfFile: sample(String(name)), encoding: .utf8)
        #expect(try String(contentsOfFile: alerts, encoding: .utf8) == expected)
        #expect(!expected.isEmpty)
    }

    @Test func `scores have one row for each data line, with its time as written`() throws {
        let directory = try TemporaryDirectory()
        let scores = directory.path("scores")
        let result = try monitord(["replay", "--scores", scores, sample("machine_temperature.csv")])
        #expect(result.exitCode == 0)
        let lines = try String(contentsOfFile: sample("machine_temperature.csv"), encoding: .utf8)
            .split(separator: "\n").dropFirst()
        let rows = try String(contentsOfFile: scores, encoding: .utf8).split(separator: "\n")
        #expect(rows.first == "timestamp,series,score,threshold,severity,state,alert")
        #expect(rows.count == lines.count + 1)
        for (line, row) in zip(lines, rows.dropFirst()) {
            #expect(row.prefix { $0 != "," } == line.prefix { $0 != "," })
        }
    }

    @Test(arguments: ["0", "0,1"])
    func `the same bytes on one core and on two`(cores: String) throws {
        let directory = try TemporaryDirectory()
        let binary = try #require(monitordBinary)
        let plain = (directory.path("a.scores"), directory.path("a.alerts"))
        let bound = (directory.path("b.scores"), directory.path("b.alerts"))
        _ = try monitord(["replay", "--scores", plain.0, "--alerts", plain.1, sample("pump.csv")])
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/taskset"),
            ["-c", cores, binary.path, "replay", "--scores", bound.0, "--alerts", bound.1, sample("pump.csv")])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: plain.0)) == Data(contentsOf: URL(fileURLWithPath: bound.0)))
        #expect(try Data(contentsOf: URL(fileURLWithPath: plain.1)) == Data(contentsOf: URL(fileURLWithPath: bound.1)))
    }

    @Test(arguments: ["avx512", "avx2", "exact"])
    func `the same bytes with every instruction set of an arithmetic class`(kernels: String) throws {
        let directory = try TemporaryDirectory()
        let best = directory.path("best")
        let forced = directory.path("forced")
        _ = try monitord(["replay", "--scores", best, sample("pump.csv")])
        let result = try monitord(
            ["replay", "--scores", forced, sample("pump.csv")], environment: ["MONITORD_KERNELS": kernels])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: best)) == Data(contentsOf: URL(fileURLWithPath: forced)))
    }
}
