import Ingest

/// Bytes in memory through the stream's decoder to batches of records, in the portions that a file is read in.
func registerParsing() {
    registerParsing("csv, 8 channels", .csv) { .csv(lines) }
    registerParsing("json lines, 8 channels", .jsonl) { .json(lines) }
    registerParsing("csv, long form, 1,000 series", .csv) { .long(lines) }
    registerParsing("zeek conn.log", .zeek) { .zeek(lines) }
    registerParsing("nfdump csv", .nfdump) { .nfdump(lines) }
    registerParsing("influx line protocol, 1,000 series", .influx) { .influx(lines) }
    registerParsing("statsd, 1,000 names", .statsd) { .statsd(lines) }
}

private let lines = 20_000

/// A stream's decoder, and the bytes that it is fed again and again.
struct DecodedStream {
    private static let limits = ReadingLimits()

    private let text: LineText
    private var decoder: LineDecoder

    /// Creates a decoder that has settled how the lines are read and has met every series.
    ///
    /// - Throws: why the lines cannot be read.
    init(_ text: LineText, _ configuration: SourceConfiguration) throws {
        self.text = text
        decoder = LineDecoder(configuration: configuration, admission: SeriesAdmission())
        var first = RecordBatch()
        decoder.decode(text.header, into: &first)
        var usable = 0
        for _ in 0..<2 { usable = decodeAll { _ in } }
        if let refusal = decoder.refusal { throw refusal }
        precondition(usable == text.count, "\(usable) usable rows of \(text.count) lines")
    }

    /// Decodes all lines.
    ///
    /// - Returns: the usable rows.
    @discardableResult
    mutating func decodeAll(_ take: (RecordBatch) -> Void) -> Int {
        var usable = 0
        var start = 0
        while start < text.lines.count {
            let end = min(text.lines.count, start + Self.limits.readSize)
            while start < end {
                var batch = RecordBatch()
                start += Self.decode(text.lines, start..<end, with: &decoder, into: &batch)
                for row in batch.rows where row.malformed == nil { usable += 1 }
                take(batch)
            }
        }
        return usable
    }

    // Static, so that decoder and bytes are separate accesses and not two to `self`.
    private static func decode(
        _ lines: [UInt8], _ range: Range<Int>, with decoder: inout LineDecoder, into batch: inout RecordBatch
    ) -> Int {
        decoder.decode(lines.span.extracting(range), into: &batch, rows: limits.rowsPerBatch)
    }

    /// The batches of all lines.
    mutating func batches() -> [RecordBatch] {
        var batches: [RecordBatch] = []
        decodeAll { batches.append($0) }
        return batches
    }

    /// What one pass comes to.
    var amount: Amount { Amount(units: text.count, bytes: text.lines.count) }
}

private func registerParsing(
    _ name: String, _ format: SourceConfiguration.Format, text: @escaping () -> LineText
) {
    measure("parse: \(name) [line]", .counted) {
        try DecodedStream(text(), SourceConfiguration(input: .standardInput, format: format))
    } run: { stream in
        stream.decodeAll { _ in }
        return stream.amount
    }
}
