import Testing
import TimeSeries

@testable import Ingest

extension FormatExample {
    /// The bytes that its lines say in hexadecimal digits.
    fileprivate var datagram: [UInt8] {
        lines.flatMap { line in
            line.split(separator: " ").flatMap { word in
                [UInt8(word.prefix(2), radix: 16), UInt8(word.dropFirst(2), radix: 16)].compactMap(\.self)
            }
        }
    }
}

@Suite struct FormatExampleTests {
    @Test(arguments: FormatExample.all) func `a form that is listed is read as it says`(example: FormatExample) {
        let decoded =
            example.format == .netflow
            ? Decoded(datagrams: [example.datagram])
            : decode(example.lines.joined(separator: "\n"), example.configuration)
        #expect(decoded.decoder.refusal == nil, "\(example.form)")
        #expect(!decoded.rows.isEmpty && decoded.reasons.allSatisfy { $0 == nil }, "\(example.form)")
        #expect(decoded.decoder.schema?.hasTime == (example.format != .statsd), "\(example.form)")
        let names: [SourceConfiguration.Format: String] = [
            .csv: "csv, ", .jsonl: "json ", .influx: "influx, ", .zeek: "zeek, ", .suricata: "suricata, ",
            .nfdump: "nfdump, ", .argus: "argus, ", .logfmt: "logfmt, ", .graphite: "graphite, ", .syslog: "syslog, ",
            .netflow: "netflow, ", .statsd: "statsd, ", .suricataStats: "suricata stats, ",
        ]
        #expect(decoded.summary.hasPrefix(names[example.format] ?? "none"), "\(decoded.summary)")
    }

    @Test func `every format that can be named is listed`() {
        #expect(Set(FormatExample.all.map(\.format)) == Set(SourceConfiguration.Format.allCases).subtracting([.auto]))
    }

    @Test func `what was found says what showed it`() {
        let decoded = decode(
            "Zeit;Temp;Ort\n21.11.2026 02:15:40;21,4;x\n22.11.2026 02:15:40;21,5;y\n22.11.2026 02:15:41;1.021,6;z\n")
        let found = decoded.decoder.schema?.findings.map { "\($0.topic): \($0.text): \($0.reason)" } ?? []
        #expect(
            found == [
                "format: csv: no JSON object and no InfluxDB line among the lines",
                "delimiter: semicolon: 4 of 4 lines have the same number of fields with it",
                "decimal mark: comma: as in `21,4`", "digits: in groups of three: as in `21,4`",
                "header: line 1, 3 names: text above numbers or times",
                "time: in \"Zeit\" (ISO 8601, read as UTC): the first column of dates", "ignored: Ort: text",
            ])
    }

    @Test func `what is refused names the line that shows it`() {
        let decoded = decode("time,a\n# comment\n03/04/2026,1\n03/05/2026,2\n03/06/2026,3\n")
        #expect(decoded.decoder.refusedLine == 3)
    }
}
