import ArgumentParser
import FoundationEssentials
import Ingest

/// `monitord formats`.
struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the forms of lines that are read, each with an example.",
        discussion: """
            The format is found from the first lines unless --format or `format` says it. `monitord check --sample \
            FILE` says how a file of yours is read, and why.
            """)

    @Flag(name: .long, help: "Print a JSON list.")
    var json = false

    func run() throws {
        try Start.show(json ? try Self.list() : Self.table())
    }

    private static let compressed =
        "Files that begin like gzip files are unpacked as they are read, by replay and as a literal file of run; zstd, xz and bzip2 are not."

    private static func table() -> String {
        var text = ""
        for example in FormatExample.all {
            text += "\(example.format.rawValue): \(example.form)\n"
            for line in example.lines { text += "    \(line)\n" }
            text += "  \(example.meaning)\n"
            if !example.keys.isEmpty { text += "  Needs: \(example.keys)\n" }
            text += "\n"
        }
        return text + compressed
    }

    /// One form, as --json has it.
    private struct Entry: Codable {
        var format: String
        var form: String
        var lines: [String]
        var meaning: String
        var keys: String
    }

    private static func list() throws -> String {
        let entries = FormatExample.all.map {
            Entry(format: $0.format.rawValue, form: $0.form, lines: $0.lines, meaning: $0.meaning, keys: $0.keys)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self)
    }
}
