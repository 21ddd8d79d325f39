import Foundation
import TestSupport
import Testing

/// A configuration as people get it wrong: a folder with what they wrote and with what `monitord check` must say to it.
///
///     monitord.toml    may be missing, and may be a folder
///     conf.d/*.toml    may be there, with other files and folders that the configuration names
///     environment      may be there: NAME=VALUE, a line each
///     message          what is said on standard error; "exit N" behind it where N is not 78
struct WrongConfiguration: CustomTestStringConvertible {
    /// What is wrong, in words with hyphens between: the name of the folder.
    let name: String
    let folder: URL
    var testDescription: String { name }

    /// All of them, in the order of their names.
    static let all: [WrongConfiguration] = {
        let folder = repositoryRoot.appending(path: "Tests/MonitordTests/Fixtures/WrongConfigurations")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted().map { Self(name: $0, folder: folder.appending(path: $0)) }
    }()

    /// The message that is kept beside it; empty when there is none.
    var message: String { text(of: "message") ?? "" }

    /// What the binary says to it.
    func answer() throws -> String {
        var environment: [String: String] = [:]
        for line in (text(of: "environment") ?? "").split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts[1]
        }
        // Messages name files as the command line does: by their place in this folder.
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["-C", folder.path, try #require(monitordBinary).path, "check", "--config", "monitord.toml"],
            environment: environment)
        return result.errors + (result.exitCode == 78 ? "" : "exit \(result.exitCode)\n")
    }

    /// The line that the first message is about, as code for a table; what is in the environment; empty for files that are not there.
    var shown: String {
        let variables = (text(of: "environment") ?? "").split(separator: "\n").map(String.init)
        let place = message.firstMatch(of: /^([a-zA-Z.\/0-9-]+):(\d+):/)
        let file = place.map { String($0.1) } ?? "monitord.toml"
        let lines = (text(of: file) ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map(String.init)
        let number = place.flatMap { Int($0.2) } ?? 0
        var line = variables.first ?? (lines.indices.contains(number - 1) ? lines[number - 1] : "")
        // Of a file that is all right what it names is shown.
        if line.isEmpty, number == 0 { line = lines.last { !$0.isEmpty } ?? "" }
        let plain = line.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{FEFF}" && $0 != "\u{FFFD}" }
        let cut = String(String.UnicodeScalarView(plain)).trimmingCharacters(in: .whitespaces)
        return cut.isEmpty ? "" : code(cut.count > 60 ? cut.prefix(57) + "..." : cut)
    }

    private func text(of file: String) -> String? {
        (try? Data(contentsOf: folder.appending(path: file))).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A text as code in a cell of a table.
private func code(_ text: String) -> String {
    let cell = text.replacing("|", with: "\\|")
    return cell.contains("`") ? "`` \(cell) ``" : "`\(cell)`"
}

@Suite("wrong configurations", .needsBinary) struct WrongConfigurationTests {
    /// With `MONITORD_RECORD` the messages and the table are written anew, to be read by a person and committed.
    private static let records = ProcessInfo.processInfo.environment["MONITORD_RECORD"] != nil

    @Test(arguments: WrongConfiguration.all)
    func `a wrong configuration is answered with the message beside it`(wrong: WrongConfiguration) throws {
        let answer = try wrong.answer()
        if Self.records { try Data(answer.utf8).write(to: wrong.folder.appending(path: "message")) }
        #expect(answer == wrong.message)
    }

    @Test func `there are many of them, nearly all end with 78, and each fault of a file has its place`() throws {
        let refused = WrongConfiguration.all.filter { !$0.message.contains("\nexit ") }
        #expect(refused.count >= 120)
        for wrong in refused {
            for line in wrong.message.split(separator: "\n") {
                let hasPlace = line.contains(/^[a-zA-Z.\/0-9-]+:\d+:\d+: ./)
                #expect(
                    hasPlace || line.hasPrefix("environment MONITORD_") || line.hasPrefix("cannot read "), "\(line)")
                // A parser's own words are for its authors.
                #expect(!line.contains("Error while parsing"), "\(wrong.name)")
            }
        }
    }

    @Test func `the page of configuration errors shows every one of them`() throws {
        let page = repositoryRoot.appending(path: "docs/configuration-errors.md")
        let rows = WrongConfiguration.all.map { wrong in
            let said = wrong.message.split(separator: "\n").filter { !$0.hasPrefix("exit ") }
                .map { code(String($0)) }.joined(separator: "<br>")
            return
                "| \(wrong.name.replacing("-", with: " ")) | \(wrong.shown) | \(said.isEmpty ? "nothing: it is valid" : said) |"
        }
        let text = """
            # Configurations that are refused, and what monitord says to them

            `monitord check` tells every fault in a line: the file, the line and the column, what is wrong, and where it is
            known what to write instead. It ends with 78, as `run` does. These are the \(rows.count) usual ones; the tests compare every
            message with this page, and write it anew with `MONITORD_RECORD=1`.

            | what is wrong | the line | what monitord says |
            |---|---|---|
            \(rows.joined(separator: "\n"))

            """
        if Self.records { try Data(text.utf8).write(to: page) }
        #expect(try String(contentsOf: page, encoding: .utf8) == text)
    }
}
