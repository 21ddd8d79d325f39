import TimeSeries

@testable import Ingest

/// Lines for one decoder, behind a head that says how they are read.
///
/// The head is read once and what came of it is copied for each input: recognising a form is most of the work of a short
/// stream, and ``RecognitionFuzzer`` is there for it.
final class LineFuzzer {
    /// So that an input of 4 KiB can have lines that are too long.
    static let longestLine = 1_024
    /// All copies of a decoder take their series from one allowance: no number of inputs may use it up.
    static let admission = SeriesAdmission(records: 1, allowance: SeriesAllowance(mostSeries: .max))
    /// Lines of the head, at most, until it is settled how they are read.
    private static let mostLines = 600

    private let settled: LineDecoder
    private let dialect: [UInt8]
    private var whole = RecordBatch()
    private var cut = RecordBatch()

    /// Creates the fuzzer of a decoder by its name in `fuzz.sh`; `nil` for another name.
    init?(_ name: String) {
        guard let place = Self.forms.firstIndex(where: { $0.name == name }) else { return nil }
        let (_, format, form, head) = Self.forms[place]
        guard let example = FormatExample.all.first(where: { $0.format == format && $0.form == form }),
            let zone = TimeZoneRules(name: "Europe/Berlin", posix: "CET-1CEST,M3.5.0,M10.5.0/3")
        else { return nil }
        var configuration = example.configuration
        configuration.format = format
        configuration.longestLine = Self.longestLine
        configuration.zone = SourceZone(rules: zone, origin: .configured)
        var decoder = LineDecoder(configuration: configuration, admission: Self.admission)
        var batch = RecordBatch()
        let lines = head ?? example.lines
        decoder.decode(Array((lines.joined(separator: "\n") + "\n").utf8), into: &batch)
        // Beyond the head only its last line comes: nothing new is in it, and at last it is settled.
        var count = 0
        while decoder.schema == nil || batch.rows.isEmpty, count < Self.mostLines {
            decoder.decode(Array((lines[lines.count - 1] + "\n").utf8), into: &batch)
            count += 1
        }
        precondition(decoder.refusal == nil && decoder.schema != nil, "\(name) is not read by its own lines")
        precondition(batch.rows.contains { $0.malformed == nil }, "\(name) makes nothing of its own lines")
        settled = decoder
        dialect = decoder.dialectState
    }

    /// The decoders, and the example whose lines are the head, unless others are.
    private static let forms: [(name: String, format: SourceConfiguration.Format, form: String, head: [String]?)] = [
        ("csv", .csv, "with a header", nil), ("csv-european", .csv, "European", nil),
        ("csv-bare", .csv, "without a header", nil), ("csv-clock", .csv, "date and time apart", nil),
        ("csv-long", .csv, "long form", nil), ("csv-declared", .csv, "long form, declared", nil),
        ("jsonl", .jsonl, "one object a line", nil), ("jsonl-long", .jsonl, "long form", nil),
        ("jsonl-records", .jsonl, "records", nil),
        ("json-list", .jsonl, "a list over many lines", ["[{ \"ts\" : 1792000000,", "\"bytes\" : 9830400 },"] + list),
        ("influx", .influx, "line protocol", nil), ("logfmt", .logfmt, "key=value pairs", nil),
        ("syslog-old", .syslog, "RFC 3164", nil), ("syslog-new", .syslog, "RFC 5424", nil),
        ("graphite", .graphite, "plaintext", nil), ("statsd", .statsd, "StatsD and DogStatsD", nil),
        ("zeek", .zeek, "conn.log", nil), ("zeek-json", .zeek, "conn.log as JSON", nil),
        ("suricata", .suricata, "EVE", nil), ("suricata-netflow", .suricata, "EVE", [netflow]),
        ("suricata-stats", .suricataStats, "EVE, stats events", nil),
        ("nfdump-old", .nfdump, "csv, 1.6 to 1.7.4", nil), ("nfdump-new", .nfdump, "csv, since 1.7.5", nil),
        ("pipe", .nfdump, "pipe", nil), ("argus", .argus, "ra", nil),
    ]

    /// Objects of a list that is not over yet.
    private static let list = ["{\"ts\":1792000001,\"bytes\":1},"]

    /// These are read only where no `flow` event came before.
    private static let netflow =
        #"{"timestamp":"2017-04-07T22:24:37+0100","event_type":"netflow","src_ip":"::1","dest_ip":"::2","proto":"ICMP","icmp_type":8,"icmp_code":0,"netflow":{"pkts":5,"bytes":742}}"#

    /// The lines must give rows that can be; of one input in four they are read in pieces too and must give the same, and some
    /// flows go through the gatherer.
    func test(_ lines: [UInt8]) {
        let choice = LineChecks.choice(lines)
        let decoder = LineChecks.decode(lines, settled, pieces: lines.count, into: &whole)
        LineChecks.check(whole)
        LineChecks.check(decoder, known: dialect)
        if choice % 4 == 0 {
            _ = LineChecks.decode(lines, settled, pieces: LineChecks.pieces(of: lines.count, choice / 4), into: &cut)
            LineChecks.check(whole, equals: cut)
        }
        // Its tables take a hundred times as long to set up as the lines to be read.
        if choice % 128 == 1, whole.schema?.isFlows == true { LineChecks.gather(whole) }
    }
}
