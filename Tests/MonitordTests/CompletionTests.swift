import Foundation
import TestSupport
import Testing

@Suite("completions", .needsBinary) struct CompletionTests {
    /// What `make install` puts into a share folder, made anew.
    private func shared(in directory: TemporaryDirectory) throws -> String {
        let folder = directory.path("share")
        let script = repositoryRoot.appending(path: "scripts/make-shared.sh").path
        let made = try runCommand(
            URL(fileURLWithPath: "/bin/bash"), [script, try #require(monitordBinary).path, folder])
        #expect(made.exitCode == 0 && made.errors.isEmpty, "\(made.errors)")
        return folder
    }

    private func script(_ name: String) -> String { repositoryRoot.appending(path: "Tests/Scripts/\(name)").path }

    @Test func `bash completes verbs, options and the names that an option takes`() throws {
        let directory = try TemporaryDirectory()
        let file = try shared(in: directory) + "/bash-completion/completions/monitord"
        func offers(_ line: String) throws -> Set<String> {
            let result = try runCommand(
                URL(fileURLWithPath: "/bin/bash"), ["--norc", script("complete-bash.sh"), file, line])
            #expect(result.errors.isEmpty, "\(result.errors)")
            return Set(result.output.split(separator: "\n").map(String.init))
        }
        #expect(try offers("monitord st").isSuperset(of: ["state", "status"]))
        #expect(try offers("monitord run --format z") == ["zeek"])
        #expect(try offers("monitord state roll") == ["rollback"])
        #expect(try offers("monitord check --sa") == ["--sample"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/fish") || isContinuousIntegration, "no fish"))
    func `fish completes verbs and the names that an option takes`() throws {
        let directory = try TemporaryDirectory()
        let file = try shared(in: directory) + "/fish/vendor_completions.d/monitord.fish"
        func offers(_ line: String) throws -> [Substring] {
            let result = try runCommand(
                URL(fileURLWithPath: "/usr/bin/fish"),
                ["--no-config", "-c", "source \(file); complete -C '\(line)'"],
                environment: ["HOME": directory.path("home")])
            return result.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
        }
        #expect(Set(try offers("monitord st")).isSuperset(of: ["state", "status"]))
        #expect(try offers("monitord run --format z") == ["zeek"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/zsh") || isContinuousIntegration, "no zsh"))
    func `zsh completes verbs`() throws {
        let directory = try TemporaryDirectory()
        let folder = try shared(in: directory) + "/zsh/site-functions"
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/timeout"),
            ["60", "/usr/bin/zsh", "-f", script("complete-zsh.zsh"), folder, "monitord st", "status"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("state") && result.output.contains("status"), "\(result.output)")
    }

    @Test func `the id of an incident is completed from the state`() throws {
        let directory = try TemporaryDirectory()
        let state = directory.path("state")
        let input = try Data(contentsOf: URL(fileURLWithPath: sample("pump.csv")))
        let run = try monitord(["--stdin", "--no-journal", "--log", "none", "--state", state], input: input)
        #expect(run.exitCode == 0, "\(run.errors)")
        let offered = try monitord(
            ["---completion", "explain", "--", "positional@0", "2", "0"], environment: ["MONITORD_STATE": state])
        let told = Set(run.output.matches(of: /"id":"([0-9a-f]{16})"/).map { String($0.1) })
        #expect(Set(offered.output.split(separator: "\n").map(String.init)) == told && !told.isEmpty, "\(offered)")
        // Where nothing can be read nothing is offered, and nothing is said into the line.
        let none = try monitord(
            ["---completion", "explain", "--", "positional@0", "2", "0"], environment: ["MONITORD_SEED": "x"])
        #expect(none.errors.isEmpty && !none.output.contains { $0.isLetter }, "\(none)")
    }
}
