import Foundation
import TestSupport
import Testing

@Suite("run", .needsBinary) struct RunTests {
    private let quiet = ["--no-journal", "--log", "none"]

    private func replayed(_ path: String) throws -> [String] {
        let directory = try TemporaryDirectory()
        _ = try monitord(["replay", "--alerts", directory.path("alerts"), path])
        return try bareRecords(try String(contentsOfFile: directory.path("alerts"), encoding: .utf8))
    }

    /// Follows a file until it has given so many alerts, then stops.
    private func follow(_ path: String, state: String, alerts: Int) throws -> CommandResult {
        let command = try RunningCommand(
            try #require(monitordBinary), ["run", "--file", path, "--state", state] + quiet)
        var lines: [String] = []
        while lines.count < alerts, let line = command.nextLine() { lines.append(line) }
        let begin = ContinuousClock.now
        command.signal(SIGTERM)
        var result = command.finish()
        #expect(ContinuousClock.now - begin < .seconds(2), "a clean stop takes less than 2 s")
        result.output = lines.map { $0 + "\n" }.joined() + result.output
        return result
    }

    @Test func `a followed file gives the incidents of a replay, with their ids and sequence numbers`() throws {
        let directory = try TemporaryDirectory()
        let expected = try replayed(sample("machine_temperature.csv"))
        let result = try follow(
            sample("machine_temperature.csv"), state: directory.path("state"), alerts: expected.count)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try bareRecords(result.output) == expected)
    }

    @Test func `standard input gives the same too`() throws {
        let expected = try replayed(sample("boiler.jsonl"))
        let input = try Data(contentsOf: URL(fileURLWithPath: sample("boiler.jsonl")))
        let result = try monitord(["--stdin"] + quiet, input: input)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try bareRecords(result.output) == expected)
    }

    @Test(arguments: [12_000, 11_997, 4_801])
    func `stopped and started again it goes on as if it had never stopped`(lines: Int) throws {
        let directory = try TemporaryDirectory()
        let whole = try String(contentsOfFile: sample("machine_temperature.csv"), encoding: .utf8)
        let all = whole.split(separator: "\n", omittingEmptySubsequences: true)
        let first = all.prefix(lines).map { $0 + "\n" }.joined()
        let path = try directory.write(first, to: "growing.csv")
        let expected = try replayed(sample("machine_temperature.csv"))
        let early = try replayed(path).count
        let before = try follow(path, state: directory.path("state"), alerts: early)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(all.dropFirst(lines).map { $0 + "\n" }.joined().utf8))
        try handle.close()
        let after = try follow(path, state: directory.path("state"), alerts: expected.count - early)
        #expect(try bareRecords(before.output + after.output) == expected)
    }

    @Test func `a second signal while it ends does not keep it from ending in order`() throws {
        let directory = try TemporaryDirectory()
        let path = sample("machine_temperature.csv")
        let arguments = ["run", "--file", path, "--state", directory.path("state")] + quiet
        let first = try RunningCommand(try #require(monitordBinary), arguments)
        let line = first.nextLine()
        #expect(line != nil)
        // Two of the same could come as one.
        first.signal(SIGTERM)
        first.signal(SIGINT)
        let result = first.finish(closingInput: false)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("stopped watching"), "\(result.errors)")
    }

    @Test(arguments: [1, 4, 9]) func `killed without warning it loses no alert and writes none twice`(alerts: Int)
        throws
    {
        let directory = try TemporaryDirectory()
        let path = sample("machine_temperature.csv")
        let log = directory.path("alerts.jsonl")
        let expected = try replayed(path)
        let arguments = [
            "run", "--file", path, "--state", directory.path("state"), "--no-journal", "--log", log,
        ]
        let first = try RunningCommand(try #require(monitordBinary), arguments)
        for _ in 0..<alerts { #expect(first.nextLine() != nil) }
        first.signal(SIGKILL)
        #expect(first.finish().exitCode == 128 + SIGKILL)
        let second = try RunningCommand(try #require(monitordBinary), arguments)
        let last = try #require(expected.last)
        while let line = second.nextLine(), try bareRecords(line).first != last {}
        second.signal(SIGTERM)
        #expect(second.finish().exitCode == 0)
        #expect(try bareRecords(try String(contentsOfFile: log, encoding: .utf8)) == expected)
    }

    @Test func `with another forecaster than the stored one it says so and goes on`() throws {
        let directory = try TemporaryDirectory()
        let lines = try String(contentsOfFile: sample("pump.csv"), encoding: .utf8)
        let input = Data(lines.utf8)
        let arguments = ["run", "--stdin", "--state", directory.path("state")] + quiet
        let said = "the forecaster of input was stored as lstm and is gru now: it begins anew"
        for (forecaster, isAnother) in [("lstm", false), ("gru", true), ("gru", false)] {
            let result = try monitord(arguments, input: input, environment: ["MONITORD_FORECASTER": forecaster])
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.errors.contains(said) == isAnother, "\(forecaster): \(result.errors)")
            #expect(!result.errors.contains("learning begins anew"), "\(result.errors)")
        }
    }

    @Test func `with another autoencoder than the stored one it says so and goes on`() throws {
        let directory = try TemporaryDirectory()
        let input = Data(try String(contentsOfFile: sample("pump.csv"), encoding: .utf8).utf8)
        let arguments = ["run", "--stdin", "--state", directory.path("state")] + quiet
        var stored = "dense"
        for chosen in ["dense", "convolutional", "lstm", "variational", "variational", "adversarial", "dense"] {
            let result = try monitord(arguments, input: input, environment: ["MONITORD_AUTOENCODER": chosen])
            #expect(result.exitCode == 0, "\(result.errors)")
            let said = "the autoencoder of input was stored as \(stored) and is \(chosen) now: it begins anew"
            #expect(result.errors.contains(said) == (stored != chosen), "\(chosen): \(result.errors)")
            #expect(!result.errors.contains("learning begins anew"), "\(result.errors)")
            stored = chosen
        }
    }

    @Test func `a second owner of the state is refused with 69`() throws {
        let directory = try TemporaryDirectory()
        let command = try RunningCommand(
            try #require(monitordBinary), ["run", "--stdin", "--state", directory.path("state")] + quiet)
        // The first alert line cannot come before the state is held.
        command.send(try String(contentsOfFile: sample("pump.csv"), encoding: .utf8))
        #expect(command.nextLine() != nil)
        let second = try monitord(["run", "--stdin", "--state", directory.path("state")] + quiet)
        #expect(second.exitCode == 69)
        #expect(second.errors.contains("is in use by process"))
        #expect(command.finish().exitCode == 0)
    }

    @Test func `what standard input gave while it was away is no silence`() throws {
        let directory = try TemporaryDirectory()
        func lines(_ range: Range<Int>) -> Data {
            Data(("time,temp\n" + range.map { "\(1_792_000_000 + $0),\(20 + $0 % 7)\n" }.joined()).utf8)
        }
        let arguments = ["run", "--stdin", "--state", directory.path("state")] + quiet
        #expect(try monitord(arguments, input: lines(0..<2_000)).output == "")
        // Nothing for an hour and a half: nobody was there to hear it.
        let second = try monitord(arguments, input: lines(7_400..<8_000))
        #expect(second.exitCode == 0)
        #expect(!second.output.contains("\"kind\":\"stalled\""), "\(second.output)")
        // The same pause while it is there is told.
        let whole = try monitord(
            ["run", "--stdin"] + quiet, input: lines(0..<2_000) + lines(7_400..<8_000).dropFirst(10))
        #expect(whole.output.contains("\"kind\":\"stalled\""))
    }

    @Test func `it ends when the reader of its alerts is gone`() throws {
        let binary = try #require(monitordBinary).path
        // The reader has ended before the first alert is written.
        let script =
            "exec 3> >(true); wait $!; '\(binary)' run --file '\(sample("pump.csv"))' --no-journal --log none >&3"
        let result = try runCommand(URL(fileURLWithPath: "/bin/bash"), ["-c", script])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("stopped watching"))
    }

    @Test func `hang-ups that nohup has ignored stay ignored`() throws {
        let text = try String(contentsOfFile: sample("pump.csv"), encoding: .utf8)
        let command = try RunningCommand(
            URL(fileURLWithPath: "/usr/bin/nohup"), [try #require(monitordBinary).path, "--stdin"] + quiet)
        // The first alert is of the 3,000th second, the second closes it.
        let lines = text.split(separator: "\n").map { $0 + "\n" }
        command.send(lines.prefix(3_100).joined())
        #expect(command.nextLine() != nil)
        command.signal(SIGHUP)
        command.send(lines.dropFirst(3_100).joined())
        command.closeInput()
        #expect(command.nextLine() != nil, "it reads on")
        #expect(command.finish().exitCode == 0)
    }

    @Test func `a source whose lines cannot be read is left out and the others go on`() throws {
        let directory = try TemporaryDirectory()
        let bad = try directory.write(
            "a,b\nx,y\nx,y\nx,y\nx,y\n" + String(repeating: "x,y\n", count: 60), to: "bad.csv")
        let expected = try replayed(sample("pump.csv")).count
        let command = try RunningCommand(
            try #require(monitordBinary), ["run", "--file", bad, "--file", sample("pump.csv")] + quiet)
        for _ in 0..<expected { #expect(command.nextLine() != nil) }
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0)
        #expect(result.errors.contains("a source cannot be read and is left out"), "\(result.errors)")
        let both = try monitord(
            [
                "run", "--file", bad, "--file",
                try directory.write("p,q\nz,z\n" + String(repeating: "z,z\n", count: 60), to: "worse.csv"),
            ] + quiet)
        #expect(both.exitCode == 65, "\(both.errors)")
    }

    @Test func `the rolling log has every alert once, also over a restart`() throws {
        let directory = try TemporaryDirectory()
        let log = directory.path("alerts.jsonl")
        let input = try Data(contentsOf: URL(fileURLWithPath: sample("pump.csv")))
        let expected = try replayed(sample("pump.csv"))
        for _ in 0..<2 {
            let result = try monitord(["run", "--stdin", "--no-journal", "--log", log], input: input)
            #expect(result.exitCode == 0, "\(result.errors)")
        }
        #expect(try bareRecords(try String(contentsOfFile: log, encoding: .utf8)) == expected)
    }

    @Test func `journald has every alert with all its fields`() throws {
        let script = repositoryRoot.appending(path: "Tests/Scripts/journald-test.sh").path
        let environment = isContinuousIntegration ? ["CI": "true"] : [:]
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"), [script, try #require(monitordBinary).path], environment: environment)
        if result.exitCode == 77 {
            withKnownIssue("this machine cannot run a journald of its own: \(result.errors)") { Issue.record() }
            return
        }
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(" passed, 0 failed"))
    }
}
