import Foundation
import TestSupport
import Testing

/// `monitord state export` on a state that the daemon has made.
@Suite(.needsBinary) struct StateExportTests {
    private let directory: TemporaryDirectory
    private let state: String
    private static let suffixes = ["autoencoder.onnx", "forecaster.onnx", "json", "safetensors"]

    init() throws {
        directory = try TemporaryDirectory()
        state = directory.path("state")
        try learn()
    }

    /// A stream of two series with two channels each is learned.
    private func learn(from begin: Int = 0, options: [String] = []) throws {
        let rows = (begin..<(begin + 600)).flatMap { tick in
            ["east", "west"].map { "\(1_767_225_600 + tick),\($0),\(60 + (tick * 7919 % 101)).5,\(tick * 31 % 17)" }
        }
        let text = "time,series,temp,flow\n" + rows.joined(separator: "\n") + "\n"
        let run = try monitord(
            ["--stdin", "--state", state, "--no-journal", "--log", "none"] + options, input: Data(text.utf8))
        #expect(run.exitCode == 0, "\(run.errors)")
    }

    private func export(_ options: [String] = [], to folder: String = "models") throws -> CommandResult {
        try monitord(["state", "export", "--state", state, "--to", directory.path(folder)] + options)
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path(folder)).sorted()
    }

    @Test func `a group becomes four files, which are not written over`() throws {
        let export = try export()
        #expect(export.exitCode == 0, "\(export.errors)")
        #expect(try names(in: "models") == Self.suffixes.map { "input-0.\($0)" })
        #expect(export.output.contains("\(directory.path("models"))/input-0.safetensors\n"))
        let about = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(filePath: directory.path("models/input-0.json"))))
                as? [String: Any])
        #expect((about["channels"] as? [[String: String]])?.map { $0["name"] } == ["temp", "flow"])
        let series = try #require(about["series"] as? [[String: Any]])
        #expect(series.map { $0["name"] as? String } == ["east", "west"])
        let location = try #require(series[0]["location"] as? [Double])
        // The middles of 60.5 … 160.5 and of 0 … 16; what is learned in ten minutes lies near.
        #expect((95...125).contains(location[0]) && (6...10).contains(location[1]), "\(location)")
        #expect((about["round"] as? Int ?? 0) > 50)

        directory.delete("models/input-0.json")
        try directory.write("mine", to: "models/input-0.safetensors")
        let again = try self.export()
        #expect(again.exitCode == 73)
        #expect(again.errors.contains("input-0.safetensors: it is there already; --force replaces it"))
        #expect(directory.read("models/input-0.json") == nil)
        #expect(directory.read("models/input-0.safetensors") == "mine")
        #expect(try self.export(["--force"]).exitCode == 0)
        #expect(try names(in: "models").count == 4)
        #expect(directory.read("models/input-0.safetensors") != "mine")
    }

    @Test func `a snapshot is exported as it was, and the same state gives the same bytes`() throws {
        #expect(try monitord(["state", "save", "--state", state, "good"]).exitCode == 0)
        #expect(try export(to: "before").exitCode == 0)
        try learn(from: 600)
        #expect(try export(["--snapshot", "good"], to: "snapshot").exitCode == 0)
        #expect(try export(to: "after").exitCode == 0)
        for suffix in Self.suffixes {
            let bytes = try ["before", "snapshot", "after"].map {
                try Data(contentsOf: URL(filePath: directory.path("\($0)/input-0.\(suffix)")))
            }
            #expect(bytes[0] == bytes[1], "\(suffix)")
            #expect(bytes[1] != bytes[2], "\(suffix)")
        }
    }

    @Test(arguments: [
        (["--stream", "pump"], "no stored stream is called pump; there are input"),
        (["--group", "1"], "there is no group 1"), (["--snapshot", "old"], "there is no snapshot old"),
    ])
    func `what is not there is named`(options: [String], text: String) throws {
        let export = try export(options)
        #expect(export.exitCode == 66)
        #expect(export.errors.contains(text), "\(export.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path("models")))
    }

    @Test func `series without networks have nothing to export`() throws {
        directory.delete("state")
        let config = try directory.write("profile = \"lean\"\n", to: "lean.toml")
        try learn(options: ["--config", config])
        let export = try export()
        #expect(export.exitCode == 66)
        #expect(export.errors.contains("there are no networks in the state"), "\(export.errors)")
    }

    @Test(.enabled(if: ExportPython.isExpected, "\(ExportPython.absence)"))
    func `the libraries read the files, and the example of the documentation runs as it stands`() throws {
        #expect(try export().exitCode == 0)
        let page = try String(contentsOf: repositoryRoot.appending(path: "docs/export.md"), encoding: .utf8)
        let example = try #require(page.split(separator: "```python\n").last?.split(separator: "```").first)
        let read = """
            import os, sys
            os.chdir(sys.argv[1])
            from safetensors import safe_open
            with safe_open("input-0.safetensors", "numpy") as file:
                print(file.metadata()["channels"], file.get_tensor("forecaster.head.weight").shape)

            """
        let script = try directory.write(read + example, to: "example.py")
        let run = try runCommand(
            try #require(ExportPython.executable), [script, directory.path("models")])
        #expect(run.exitCode == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.first == "[\"temp\",\"flow\"] (4, 32)")
        #expect(lines.last?.hasPrefix("expected next: [") == true && !run.output.contains("nan"), "\(run.output)")
    }
}
