import Ingest

/// The entry that libFuzzer calls: the first byte chooses the format that is asked for, the rest are the lines.
///
/// Whole and in pieces they must give the same flows, and everything must go through the gatherer; a trap is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let formats: [SourceConfiguration.Format] = [.auto, .zeek, .suricata, .nfdump, .argus]
    let configuration = SourceConfiguration(
        input: .standardInput, format: formats[Int(bytes[0]) % formats.count], longestLine: 4_096)
    let lines = Array(bytes.dropFirst())
    let whole = decode(lines, configuration, pieces: lines.count)
    let cut = decode(lines, configuration, pieces: 1 + Int(bytes[0]) % 29)
    precondition(whole.flows == cut.flows && whole.rows == cut.rows)
    var gatherer = FlowGatherer(FlowGatherer.Settings(), admission: .atOnce, writesTimes: false)
    var next = whole.schema?.isFlows == true ? 0 : whole.rows.count
    while next < whole.rows.count {
        let (samples, stop) = gatherer.gather(whole, from: next, to: whole.rows.count)
        precondition(samples.values.allSatisfy(\.isFinite))
        next = stop
    }
    return 0
}

private func decode(_ bytes: [UInt8], _ configuration: SourceConfiguration, pieces: Int) -> RecordBatch {
    var decoder = LineDecoder(configuration: configuration)
    var batch = RecordBatch()
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, start + max(1, pieces))
        decoder.decode(Array(bytes[start..<end]), into: &batch)
        start = end
    }
    decoder.finish(into: &batch)
    return batch
}
