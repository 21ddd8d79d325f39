import Foundation
import TestSupport
import Testing

/// `monitord sensitivity`, `tune` and `train` at the command line.
@Suite(.needsBinary) struct TryingTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `sensitivity tells each channel of a recording, as text and as JSON`() throws {
        let text = try monitord(["sensitivity", "--effort", "quick", "--input", sample("pump.csv")])
        #expect(text.exitCode == 0, "\(text.errors)")
        for channel in ["temp", "current", "flow", "pressure"] {
            #expect(text.output.contains("input / \(channel) (usual "), "\(text.output)")
        }
        #expect(text.output.contains("Found means: an incident opens"))
        let json = try monitord(["sensitivity", "--effort", "quick", "--json", "--input", sample("pump.csv")])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let series = try #require((object["series"] as? [[String: Any]])?.first)
        let channels = try #require(series["channels"] as? [[String: Any]])
        #expect(channels.count == 4)
        let spike = try #require(channels[0]["spike"] as? [String: Any])
        #expect((spike["size"] as? Double ?? 0) > 0 && spike["places"] as? Int == 5)
    }

    @Test func `what cannot be tried on is told with an exit code of its own`() throws {
        let none = try monitord(["sensitivity"], environment: ["HOME": directory.path("home")])
        #expect(none.exitCode == 64, "\(none.errors)")
        #expect(none.errors.contains("nothing to try on"))
        let other = try monitord(["sensitivity", "pump3", "--input", sample("pump.csv")])
        #expect(other.exitCode == 66 && other.errors.contains("there is no series \"pump3\""))
        let missing = try monitord(["sensitivity", "--state", directory.path("none")])
        #expect(missing.exitCode == 66, "\(missing.errors)")
        let budget = try monitord(["tune", "--budget", "often", sample("pump.csv")])
        #expect(budget.exitCode == 64 && budget.errors.contains("often"))
        let absent = try monitord(["tune", directory.path("none.csv")])
        #expect(absent.exitCode == 66, "\(absent.errors)")
    }

    @Test func `tune finds that a configuration was cut down, and writes what to change`() throws {
        let stream = directory.path("week.csv")
        let simulated = try monitord(["simulate", "--duration", "5d", "--interval", "1min"])
        try simulated.output.write(toFile: stream, atomically: true, encoding: .utf8)
        let bad = try directory.write("detectors = [\"range\"]\n[[source]]\nfile = \"\(stream)\"\n", to: "bad.toml")
        let output = directory.path("tuned.toml")
        let result = try monitord(["tune", "--config", bad, "--output", output, stream])
        #expect(result.exitCode == 0 && result.output.isEmpty, "\(result.errors)")
        let tuned = try String(contentsOfFile: output, encoding: .utf8)
        #expect(tuned.contains("is better beyond chance"), "\(tuned)")
        let keys = tuned.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(keys.contains { $0.hasPrefix("detectors = [") }, "\(tuned)")
        // It is a configuration, and with it there is nothing more to change.
        let good = try directory.write(
            keys.joined(separator: "\n") + "\n[[source]]\nfile = \"\(stream)\"\n", to: "good.toml")
        let again = try monitord(["tune", "--config", good, stream])
        #expect(again.exitCode == 0, "\(again.errors)")
        #expect(again.output.contains("nothing to change"), "\(again.output)")
    }

    @Test func `after train run tells what it would have told without an interruption`() throws {
        let quiet = ["--no-journal", "--log", "none"]
        let whole = try String(contentsOfFile: sample("machine_temperature.csv"), encoding: .utf8)
        let lines = whole.split(separator: "\n").map { $0 + "\n" }
        let first = try directory.write(lines[..<12_000].joined(), to: "first.csv")
        let state = directory.path("state")
        let trained = try monitord(["train", "--state", state, first])
        #expect(trained.exitCode == 0, "\(trained.errors)")
        #expect(trained.output.isEmpty && trained.errors.contains(" samples of 1 series up to 2014-01-"))
        #expect(!trained.errors.contains("still learning"))
        let rest = try monitord(
            ["--stdin", "--state", state] + quiet, input: Data((lines[0] + lines[12_000...].joined()).utf8))
        #expect(rest.exitCode == 0, "\(rest.errors)")
        let reference = try monitord(["--stdin"] + quiet, input: Data(whole.utf8))
        let told = try bareRecords(rest.output)
        let expected = try bareRecords(reference.output)
        #expect(told.count >= 4 && told.count < expected.count)
        #expect(told == Array(expected.suffix(told.count)))
        let again = try monitord(["train", "--state", state, first])
        #expect(again.exitCode == 73 && again.errors.contains("knows the stream input already"))
        #expect(try monitord(["train", first]).exitCode == 64)
    }
}
