import Foundation
import TestSupport
import Testing

@Suite("silence", .needsBinary) struct SilenceTests {
    /// A pump with a line a second, and one more line when it speaks again.
    private static func lines(_ ticks: [Int]) -> String {
        ticks.map { "\(1_767_225_600 + $0),\(60 + Double($0 % 7) / 10)\n" }.joined()
    }

    @Test func `run notices by the clock what a replay tells at the next line, with the same id`() throws {
        let directory = try TemporaryDirectory()
        let before = "time,temp\n" + Self.lines(Array(0..<120))
        let path = try directory.write(before, to: "pump.csv")
        let whole = try directory.write(before + Self.lines([400]), to: "whole.csv")
        let source = "stalled_after = \"1s\"\n"
        let live = try directory.write("[[source]]\nfile = \"\(path)\"\n\(source)", to: "live.toml")
        let recorded = try directory.write("[[source]]\nfile = \"\(whole)\"\n\(source)", to: "recorded.toml")
        _ = try monitord(["replay", "--config", recorded, "--alerts", directory.path("alerts"), whole])
        let expected = try bareRecords(try String(contentsOfFile: directory.path("alerts"), encoding: .utf8))
        #expect(expected.count == 2)

        let command = try RunningCommand(
            try #require(monitordBinary), ["run", "--config", live, "--no-journal", "--log", "none"])
        let opened = try #require(command.nextLine(), "told while no line comes")
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(Self.lines([400]).utf8))
        try handle.close()
        let closed = try #require(command.nextLine())
        command.signal(SIGTERM)
        #expect(command.finish().exitCode == 0)
        #expect(try bareRecords(opened + "\n" + closed) == expected)
    }

    @Test func `a series whose budget is none is mute, whatever lasts`() throws {
        let directory = try TemporaryDirectory()
        let lines = (0..<4_000).map { row in
            // It repeats one value for a while.
            let value = (2_000..<2_600).contains(row) ? 60.5 : 60 + Double(row * 7919 % 101) / 50
            return "\(1_767_225_600 + row),pump1,\(value)\n"
        }
        let file = try directory.write("time,series,temp\n" + lines.joined(), to: "pump.csv")
        func told(_ configuration: String) throws -> Int {
            let alerts = directory.path("alerts")
            let path = try directory.write(configuration, to: "monitord.toml")
            let replay = try monitord(["replay", "--config", path, "--alerts", alerts, file])
            #expect(replay.exitCode == 0, "\(replay.errors)")
            return try bareRecords(try String(contentsOfFile: alerts, encoding: .utf8)).count
        }
        #expect(try told("") >= 2)
        #expect(try told("[series.\"pump*\"]\nfalse_alarms = \"0\"\n") == 0)
        #expect(try told("[series.\"fan*\"]\nfalse_alarms = \"0\"\n") >= 2)
    }
}
