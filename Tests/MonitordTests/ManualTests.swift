import Foundation
import TestSupport
import Testing

@Suite("manual pages", .needsBinary) struct ManualTests {
    private func page(_ name: String) throws -> String {
        let script = repositoryRoot.appending(path: "scripts/make-man.sh").path
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"), [script, try #require(monitordBinary).path, name])
        #expect(result.exitCode == 0 && result.errors.isEmpty, "\(result.errors)")
        return result.output
    }

    /// The words of a verb, and its long options, as the program tells them to machines.
    private struct Verb: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable {
                var kind: String
                var name: String
            }
            var names: [Name]?
            var shouldDisplay: Bool
        }
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Verb]?
        var shouldDisplay: Bool?

        /// This verb and those below it, each with the words that lead to it.
        func all(after words: [String] = []) -> [(words: [String], options: [String])] {
            let own = words + [commandName]
            let options = (arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }
                .filter { $0.kind == "long" && !["version", "help"].contains($0.name) }.map(\.name)
            let below = (subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
            return [(own, options)] + below.flatMap { $0.all(after: own) }
        }
    }

    private struct Dump: Decodable {
        var command: Verb
    }

    @Test func `every verb and every long option stands in monitord(1)`() throws {
        let dump = try monitord(["--experimental-dump-help"]).output
        let verbs = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command.all().filter {
            $0.words.count > 1
        }
        #expect(verbs.count >= 18)
        let sections = try page("monitord.1").components(separatedBy: "\n.SS ")
        for verb in verbs {
            let section = sections.first { $0.hasPrefix(verb.words.joined(separator: " ") + "\n") } ?? ""
            #expect(section.count > 40, "\(verb.words) has no section")
            let tags = section.split(separator: "\n").filter { $0.hasPrefix(".B ") }.joined(separator: " ")
            for option in verb.options {
                let tag = "\\-\\-" + option.replacing("-", with: "\\-")
                #expect(tags.contains(tag), "--\(option) of \(verb.words)")
            }
        }
    }

    @Test func `every exit code, signal and folder stands in monitord(1)`() throws {
        let text = try page("monitord.1")
        for word in ["0", "64", "65", "66", "69", "73", "74", "78"] { #expect(text.contains("\n.B \(word)\n")) }
        for word in ["SIGTERM", "SIGHUP", "NO_COLOR", "STATE_DIRECTORY", "/run/monitord/control.sock", "conf.d"] {
            #expect(text.contains(word))
        }
    }

    @Test func `monitord.toml(5) has every key of the program and nothing else, each with what it takes`() throws {
        let lines = try monitord(["check", "--keys"]).output.split(separator: "\n")
        let known = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        #expect(known.count > 50 && known.allSatisfy { $0.count == 4 })
        let sections = try page("monitord.toml.5").components(separatedBy: "\n.SH ")
        for (table, title) in [
            ("global", "KEYS OF THE WHOLE DAEMON"), ("defaults", "KEYS OF SERIES"), ("source", "KEYS OF A SOURCE"),
            ("sink", "KEYS OF A SINK"),
        ] {
            let section = try #require(sections.first { $0.hasPrefix(title + "\n") })
            let entries = section.components(separatedBy: "\n.TP\n.B ").dropFirst()
            let keys = known.filter { $0[0] == table }
            #expect(entries.map { String($0.prefix { $0 != "\n" }) } == keys.map { $0[1] })
            for (entry, key) in zip(entries, keys) {
                #expect(entry.contains("\n.br\nTakes "), "\(key[1])")
                let value = "\(key[1]) = \(key[2])".replacing("\\", with: "\\e").replacing("-", with: "\\-")
                    .replacing(" ", with: "\\ ")
                let end = key[2].isEmpty ? " Example: \(key[1])\\ =\\ " : "\nDefault: \(value)"
                #expect(entry.contains(end), "\(entry)")
                // A sentence at least, which is what the sample file says of it.
                #expect(entry.split(separator: "\n").dropFirst().first?.count ?? 0 > 20, "\(entry)")
            }
        }
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/man") || isContinuousIntegration, "no man"),
        arguments: ["monitord.1", "monitord.toml.5"])
    func `man formats a page without a warning`(name: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(try page(name), to: name)
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/man"), ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", file],
            environment: ["LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"])
        #expect(result.exitCode == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(
            result.output.contains("SEE ALSO") || result.output.contains("S\u{8}SE\u{8}E"),
            "\(result.output.prefix(200))")
    }
}
