@testable import Ingest

/// The first lines of a stream that may be of flows: the first byte chooses the format that is asked for, the rest are the lines.
enum RecognitionFuzzer {
    private static let formats: [SourceConfiguration.Format] = [.auto, .zeek, .suricata, .nfdump, .argus]

    /// Whole and in pieces they must be read alike; what is found must be stored and read back, and some flows are gathered.
    static func test(_ input: [UInt8]) {
        guard input.count > 1 else { return }
        let configuration = SourceConfiguration(
            input: .standardInput, format: formats[Int(input[0]) % formats.count],
            longestLine: FlowDecoderFuzzer.longestLine)
        let lines = Array(input.dropFirst())
        let start = LineDecoder(configuration: configuration)
        let whole = FlowChecks.decode(lines, start, pieces: lines.count)
        let cut = FlowChecks.decode(lines, start, pieces: FlowChecks.pieces(lines))
        FlowChecks.check(whole.batch, equals: cut.batch)
        FlowChecks.check(whole.decoder)
        precondition(whole.decoder.refusal == cut.decoder.refusal)
        guard whole.batch.schema?.isFlows == true else { return }
        if FlowChecks.choice(lines) % 16 == 0 { FlowChecks.gather(whole.batch) }
    }
}
