import TimeSeries

@testable import Ingest

/// Lines for one decoder of flow records, behind a head that says which it is.
///
/// The head is read once and what came of it is copied for each input: recognising a form is most of the work of a short stream,
/// and ``RecognitionFuzzer`` is there for it.
struct FlowDecoderFuzzer {
    /// So that an input of 4 KiB can have lines that are too long.
    static let longestLine = 1_024

    private let settled: LineDecoder

    /// Creates the fuzzer of a decoder by its name in `fuzz.sh`; `nil` for another name.
    init?(_ name: String) {
        guard let place = Self.forms.firstIndex(where: { $0.name == name }) else { return nil }
        let (_, form, head) = Self.forms[place]
        guard let example = FormatExample.all.first(where: { $0.format.isOfFlows && $0.form == form }),
            let zone = TimeZoneRules(name: "Europe/Berlin", posix: "CET-1CEST,M3.5.0,M10.5.0/3")
        else { return nil }
        let configuration = SourceConfiguration(
            input: .standardInput, format: example.format, longestLine: Self.longestLine,
            zone: SourceZone(rules: zone, origin: .configured))
        var decoder = LineDecoder(configuration: configuration)
        var batch = RecordBatch()
        let examples = head.map { [$0] } ?? example.lines
        let lines = examples + Array(repeating: examples[examples.count - 1], count: 3)
        decoder.decode(Array((lines.joined(separator: "\n") + "\n").utf8), into: &batch)
        precondition(decoder.schema?.isFlows == true && batch.flows.count >= 4, "\(name) is not read by its own lines")
        settled = decoder
    }

    /// The decoders, and the example whose lines are the head, unless another line is.
    private static let forms: [(name: String, form: String, head: String?)] = [
        ("zeek", "conn.log", nil), ("zeek-json", "conn.log as JSON", nil), ("suricata", "EVE", nil),
        ("suricata-netflow", "EVE", netflow), ("nfdump-old", "csv, 1.6 to 1.7.4", nil),
        ("nfdump-new", "csv, since 1.7.5", nil), ("pipe", "pipe", nil), ("argus", "ra", nil),
    ]

    /// These are read only where no `flow` event came before.
    private static let netflow =
        #"{"timestamp":"2017-04-07T22:24:37+0100","event_type":"netflow","src_ip":"::1","dest_ip":"::2","proto":"ICMP","icmp_type":8,"icmp_code":0,"netflow":{"pkts":5,"bytes":742}}"#

    /// Whole and in pieces the lines must give the same flows, and flows that can be; some go through the gatherer.
    func test(_ lines: [UInt8]) {
        let whole = FlowChecks.decode(lines, settled, pieces: lines.count)
        let cut = FlowChecks.decode(lines, settled, pieces: FlowChecks.pieces(lines))
        FlowChecks.check(whole.batch, equals: cut.batch)
        FlowChecks.check(whole.decoder, known: settled.dialectState)
        // Its tables take a hundred times as long to set up as the lines to be read.
        if FlowChecks.choice(lines) % 16 == 0 { FlowChecks.gather(whole.batch) }
    }
}
