import Foundation
import TestSupport
import Testing

@Suite("command line", .needsBinary) struct CommandLineTests {
    @Test func `without source and configuration it ends with 64 and three examples`() throws {
        let directory = try TemporaryDirectory()
        let empty = try directory.write("", to: "empty.toml")
        let result = try monitord(["--config", empty])
        #expect(result.exitCode == 64)
        #expect(result.errors.hasPrefix("nothing to watch"))
        #expect(result.errors.split(separator: "\n").count == 4)
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        (["--help"], "SUBCOMMANDS"), (["run", "--help"], "--stdin"), (["replay", "--help"], "--scores"),
        (["check", "--help"], "--sample"), (["--version"], "0."),
    ])
    func `help is on standard output`(arguments: [String], text: String) throws {
        let result = try monitord(arguments)
        #expect(result.exitCode == 0)
        #expect(result.output.contains(text))
    }

    @Test(arguments: [
        ("repaly", "did you mean \"replay\"?"), ("chekc", "did you mean \"check\"?"),
        ("pump.csv", "there are run, replay"),
    ])
    func `a verb that is mistyped is named, with the nearest`(word: String, answer: String) throws {
        let result = try monitord([word, "pump.csv"])
        #expect(result.exitCode == 64)
        #expect(result.errors.hasPrefix("there is no verb \"\(word)\"; "))
        #expect(result.errors.contains(answer), "\(result.errors)")
        #expect(!result.errors.contains("Usage"))
    }

    @Test(arguments: [["check"], ["formats"], ["detectors"], ["replay", "--json", "/dev/null"]])
    func `what cannot be written to standard output ends with 74`(verb: [String]) throws {
        let binary = try #require(monitordBinary).path
        let script = "exec '\(binary)' \(verb.joined(separator: " ")) > /dev/full"
        let result = try runCommand(URL(fileURLWithPath: "/bin/bash"), ["-c", script])
        #expect(result.exitCode == 74, "\(result.errors)")
        #expect(result.errors.contains("cannot write standard output: No space left on device"))
    }

    @Test func `check says which detectors take part, and what in the list of them changes nothing`() throws {
        let directory = try TemporaryDirectory()
        func check(_ text: String) throws -> CommandResult {
            try monitord(["check", "--config", try directory.write(text, to: "m.toml")])
        }
        let lean = try check("profile = \"lean\"\n")
        #expect(lean.output.contains("# 6 detectors take part: level, difference, "))
        #expect(lean.output.contains("; no networks: the profile lean has none"))
        #expect(try check("").output.contains("; networks: forecaster lstm, autoencoder dense"))
        let idle = try check("detectors = [\"-isolation\", \"+range\", \"+hampel\"]\n")
        #expect(idle.exitCode == 0)
        #expect(idle.errors.contains("\"-isolation\" changes nothing: isolation does not take part anyway"))
        #expect(idle.errors.contains("\"+range\" changes nothing: range takes part already"))
        #expect(!idle.errors.contains("hampel"))
    }

    @Test func `check and detectors reckon a series the same`() throws {
        let directory = try TemporaryDirectory()
        let lines = "time,a\n" + (0..<50).map { "\($0),\($0 % 7)\n" }.joined()
        let report = try monitord(["check", "--sample", try directory.write(lines, to: "a.csv")]).output
        let table = try monitord(["detectors", "--json"]).output
        let object = try #require(try JSONSerialization.jsonObject(with: Data(table.utf8)) as? [String: Any])
        let profiles = try #require(object["profiles"] as? [[String: Any]])
        let bytes = try #require(profiles.first?["bytes"] as? Int)
        let told = try #require(report.firstMatch(of: /\((\d+) kB a series/)?.1).description
        let kilobytes = try #require(Int(told))
        // An array has the room that the allocator happens to give it: a few bytes more or less each time.
        #expect(abs(kilobytes * 1_000 - bytes) <= bytes / 50, "\(report)")
    }

    @Test func `check prints a configuration that gives itself again`() throws {
        let directory = try TemporaryDirectory()
        let first = try monitord(["check", "--config", try directory.write("commit_every = \"5min\"\n", to: "a.toml")])
        #expect(first.exitCode == 0, "\(first.errors)")
        let second = try monitord(["check", "--config", try directory.write(first.output, to: "b.toml")])
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(second.output.contains("commit_every = \"5min\""))
    }

    @Test func `check says how a recording is read and what it costs`() throws {
        let result = try monitord(["check", "--sample", sample("pump.csv")])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.contains("csv, comma, header, time in \"timestamp\" (ISO 8601), 4 channels"))
        #expect(result.output.contains("3600 usable, 0 unusable"))
        #expect(result.output.contains("kB a series"))
        #expect(result.output.contains("µs a sample"))
    }

    @Test func `detectors lists every detector and network with what it takes`() throws {
        let result = try monitord(["detectors", "--json", "--channels", "3"])
        #expect(result.exitCode == 0, "\(result.errors)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let detectors = try #require(object["detectors"] as? [[String: Any]])
        #expect(object["channels"] as? Int == 3 && detectors.count == 24)
        for detector in detectors {
            #expect((detector["bytes"] as? Int ?? 0) > 0, "\(detector)")
            #expect((detector["microseconds"] as? Double ?? -1) >= 0, "\(detector)")
        }
        #expect(detectors.first?["profiles"] as? [String] == ["full", "lean"])
        let networks = try #require(object["networks"] as? [[String: Any]])
        #expect(networks.contains { $0["choice"] as? String == "autoencoder = \"adversarial\"" })
        #expect(networks.allSatisfy { ($0["weight_bytes"] as? Int ?? 0) > 1_000 })
        let table = try monitord(["detectors"])
        #expect(table.output.contains("matrix-profile") && table.output.contains("forecaster = \"gru\""))
        #expect(try monitord(["detectors", "--channels", "0"]).exitCode == 64)
    }

    @Test func `replay ends with the figures as one line of JSON`() throws {
        let result = try monitord(["replay", "--json", sample("pump.csv")])
        let line = try #require(result.output.split(separator: "\n").last)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        for key in ["samples", "seconds", "cpu_seconds", "samples_per_s", "samples_per_cpu_s", "rss_mb"] {
            #expect(object[key] is NSNumber, "\(key)")
        }
        #expect(object["name"] as? String == "monitord")
        #expect((object["samples"] as? NSNumber)?.intValue == 3_600)
    }
}
