@testable import Ingest

/// The first lines of a stream: the first byte chooses the format that is asked for, the rest are the lines.
final class RecognitionFuzzer {
    private let starts: [LineDecoder]
    private var whole = RecordBatch()
    private var cut = RecordBatch()

    /// Half of the inputs are of no format: these go the longest way.
    init() {
        let formats: [SourceConfiguration.Format] = [.auto, .zeek, .suricata, .nfdump, .argus]
        let others: [SourceConfiguration.Format] = [
            .csv, .jsonl, .influx, .logfmt, .syslog, .graphite, .statsd, .suricataStats,
        ]
        let all = formats + others
        starts = (all + Array(repeating: .auto, count: all.count)).map { format in
            LineDecoder(
                configuration: SourceConfiguration(
                    input: .standardInput, format: format, longestLine: LineFuzzer.longestLine),
                admission: LineFuzzer.admission)
        }
    }

    /// What is found must be stored and read back; of one input in four the lines are read in pieces too and must be read
    /// alike, and some flows are gathered.
    func test(_ input: [UInt8]) {
        guard input.count > 1 else { return }
        let start = starts[Int(input[0]) % starts.count]
        let lines = Array(input.dropFirst())
        let choice = LineChecks.choice(lines)
        let decoder = LineChecks.decode(lines, start, pieces: lines.count, into: &whole)
        LineChecks.check(whole)
        LineChecks.check(decoder)
        if choice % 4 == 0 {
            let pieces = LineChecks.pieces(of: lines.count, choice / 4)
            let other = LineChecks.decode(lines, start, pieces: pieces, into: &cut)
            LineChecks.check(whole, equals: cut)
            precondition(decoder.refusal == other.refusal)
        }
        if choice % 128 == 1, whole.schema?.isFlows == true { LineChecks.gather(whole) }
    }
}
