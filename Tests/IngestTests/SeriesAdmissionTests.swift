import Testing
import TimeSeries

@testable import Ingest

@Suite struct SeriesAdmissionTests {
    private static let configuration = SourceConfiguration(input: .standardInput, format: .csv, series: "unit")

    /// Decodes lines of units, a value each, and returns the batch.
    private func decode(_ units: [String], _ admission: SeriesAdmission, rows: Int = .max) -> (
        decoder: LineDecoder, batch: RecordBatch
    ) {
        var decoder = LineDecoder(configuration: Self.configuration, admission: admission)
        var batch = RecordBatch()
        decoder.decode(Array(Self.text(units).utf8), into: &batch)
        decoder.finish(into: &batch)
        return (decoder, batch)
    }

    private static func text(_ units: [String], from first: Int = 0) -> String {
        var text = first == 0 ? "time,unit,temp\n" : ""
        for (index, unit) in units.enumerated() { text += "\(1_000 + first + index),\(unit),\(index)\n" }
        return text
    }

    private func key(_ row: RecordBatch.Row, of batch: RecordBatch) -> String {
        let start = Int(row.timeText.upperBound)
        return String(decoding: batch.text[start..<(start + Int(row.keyLength))], as: UTF8.self)
    }

    @Test func `a key is a series from its third record on`() {
        let decoded = decode(["a", "b", "a", "a", "b", "c", "b", "a"], SeriesAdmission())
        #expect(decoded.batch.rows.map(\.series) == [-1, -1, -1, 0, -1, -1, 1, 0])
        #expect(decoded.batch.seriesNames == ["a", "b"])
        #expect(decoded.batch.rows.prefix(3).map { key($0, of: decoded.batch) } == ["a", "b", "a"])
        #expect(decoded.batch.rows[3].keyLength == 0)
        #expect(decoded.decoder.countedRecords.all == 5)
    }

    @Test func `lines that name no series need no admission`() {
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), admission: SeriesAdmission())
        var batch = RecordBatch()
        decoder.decode(Array("time,temp\n1,2\n2,3\n3,4\n4,5\n".utf8), into: &batch)
        #expect(batch.rows.map(\.series) == [0, 0, 0, 0])
    }

    @Test func `past the allowance newcomers stay counted and the others go on`() {
        let allowance = SeriesAllowance(mostSeries: 2)
        let units = (0..<6).flatMap { _ in ["a", "b", "c", "d"] }
        let decoded = decode(units, SeriesAdmission(allowance: allowance))
        #expect(decoded.batch.seriesNames == ["a", "b"])
        #expect(decoded.batch.rows.suffix(4).map(\.series) == [0, 1, -1, -1])
        #expect(allowance.usage.series == 2)
        #expect(decoded.decoder.countedRecords.refused == 8, "c and d, each from its third record on")
    }

    @Test func `memory is a bound as the number is`() {
        let allowance = SeriesAllowance(mostBytes: 250) { channels in 100 * channels }
        let decoded = decode((0..<4).flatMap { _ in ["a", "b", "c"] }, SeriesAdmission(allowance: allowance))
        #expect(decoded.batch.seriesNames == ["a", "b"])
        #expect(allowance.usage.bytes == 200)
    }

    @Test func `a flood of keys that come once makes no series and bounded memory`() {
        var decoder = LineDecoder(configuration: Self.configuration, admission: SeriesAdmission())
        var batch = RecordBatch()
        decoder.decode(Array("time,unit,temp\n".utf8), into: &batch)
        for block in 0..<20 {
            let units = (0..<1_000).map { "scan\(block * 1_000 + $0)" } + ["steady"]
            batch = RecordBatch()
            decoder.decode(Array(Self.text(units, from: 1 + block * 2_000).utf8), into: &batch)
        }
        #expect(batch.candidates.keyCount == SpaceSaving.candidates)
        #expect(decoder.seriesNames == ["steady"])
    }

    @Test func `a decoder that reads on in the middle admits what the other would have`() throws {
        let units = (0..<200).map { "unit\(($0 * $0) % 37)" }
        let whole = decode(units, SeriesAdmission())
        for cut in [1, 5, 50, 120] {
            let bytes = Array(Self.text(units).utf8)
            var first = LineDecoder(configuration: Self.configuration, admission: SeriesAdmission())
            var batch = RecordBatch()
            _ = first.decode(bytes.span, into: &batch, rows: cut)
            let offset = try #require(batch.rows.last).endOffset
            var second = try LineDecoder(
                configuration: Self.configuration, restoring: batch.decoding, offset: offset,
                admission: SeriesAdmission())
            var rest = RecordBatch()
            second.decode(Array(bytes[Int(offset)...]), into: &rest)
            #expect(batch.rows.map(\.series) + rest.rows.map(\.series) == whole.batch.rows.map(\.series))
            #expect(rest.seriesNames == whole.batch.seriesNames)
        }
    }
}
