import Foundation
import TestSupport
import Testing

@Suite("explain", .needsBinary) struct ExplainTests {
    private let alerts = sample("pump.alerts.jsonl")

    /// The id of the one incident of the pump.
    private func pumpID() throws -> String {
        let line = try #require(try String(contentsOfFile: alerts, encoding: .utf8).split(separator: "\n").first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return try #require(object["id"] as? String)
    }

    @Test func `an incident is told in words, with its messages, channels and detectors`() throws {
        let id = try pumpID()
        let result = try monitord(["explain", "--alerts", alerts, String(id.prefix(6))])
        #expect(result.exitCode == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].hasPrefix("incident \(id): anomaly of input, "))
        #expect(lines[1].hasPrefix("began 2026-") && lines[1].contains(" UTC, over 2026-"))
        let records = try String(contentsOfFile: alerts, encoding: .utf8).split(separator: "\n")
        for record in records {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(record.utf8)) as? [String: Any])
            #expect(result.output.contains(try #require(object["message"] as? String)))
        }
        for column in ["channel", "expected", "band", "share"] { #expect(result.output.contains(column)) }
        #expect(result.output.contains("  pressure  ") && result.output.contains("detectors ("))
    }

    @Test func `the state tells what the log tells, while it is in use too`() throws {
        let directory = try TemporaryDirectory()
        let command = try RunningCommand(
            try #require(monitordBinary),
            ["run", "--stdin", "--state", directory.path("state"), "--no-journal", "--log", directory.path("log")])
        command.send(try String(contentsOfFile: sample("pump.csv"), encoding: .utf8))
        #expect(command.nextLine() != nil)
        #expect(command.nextLine() != nil)
        let id = try pumpID()
        let inUse = try monitord(["explain", "--json", "--state", directory.path("state"), id])
        #expect(inUse.exitCode == 0, "\(inUse.errors)")
        #expect(command.finish().exitCode == 0)
        let fromLog = try monitord(["explain", "--json", "--alerts", directory.path("log"), id])
        let fromReplay = try monitord(["explain", "--json", "--alerts", alerts, id])
        #expect(inUse.output == fromReplay.output)
        #expect(fromLog.output == fromReplay.output)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(inUse.output.utf8)) as? [String: Any])
        #expect(object["open"] as? Bool == false && (object["messages"] as? [Any])?.count == 2)
    }

    @Test func `an incident that is not there ends with 66 and where was looked`() throws {
        let result = try monitord(["explain", "--alerts", alerts, "00000000"])
        #expect(result.exitCode == 66)
        #expect(result.errors.hasPrefix("no incident 00000000 in:\n  \(alerts) (2 messages)\n"))
        #expect(result.errors.contains("the newest incidents there are \(try pumpID())"))
        let directory = try TemporaryDirectory()
        let config = try directory.write(
            "state = \"\(directory.path("none"))\"\nlog = \"\(directory.path("no.jsonl"))\"\n", to: "m.toml")
        let nowhere = try monitord(["explain", "--config", config, "7f3c91"])
        #expect(nowhere.exitCode == 66)
        #expect(nowhere.errors.contains("the state \(directory.path("none")) (there is no state in"))
        #expect(nowhere.errors.contains("cannot open \(directory.path("no.jsonl"))"))
    }

    @Test func `what is no id, or the beginning of several, ends with 64`() throws {
        #expect(try monitord(["explain", "--alerts", alerts, "pump3"]).exitCode == 64)
        let directory = try TemporaryDirectory()
        let text = try String(contentsOfFile: alerts, encoding: .utf8)
        let id = try pumpID()
        let other = id.prefix(8) + "00000000"
        let path = try directory.write(text + text.replacing(id, with: other), to: "two.jsonl")
        let result = try monitord(["explain", "--alerts", path, String(id.prefix(4))])
        #expect(result.exitCode == 64)
        #expect(result.errors.contains("is the beginning of 2 incidents: "))
        #expect(try monitord(["explain", "--alerts", path, id]).exitCode == 0)
    }
}
