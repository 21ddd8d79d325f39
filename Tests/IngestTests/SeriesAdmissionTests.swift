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

    @Test func `what is there already and what is shared take their part of the memory`() {
        let allowance = SeriesAllowance(mostBytes: 1_000) { channels in 100 * channels }
        allowance.reserve(bytes: 450)
        allowance.take(channels: 2)
        let decoded = decode((0..<4).flatMap { _ in ["a", "b", "c", "d", "e"] }, SeriesAdmission(allowance: allowance))
        #expect(decoded.batch.seriesNames == ["a", "b", "c"])
        #expect(allowance.usage.series == 4)
        #expect(allowance.usage.bytes == 950)
        allowance.reserve(bytes: -450)
        #expect(allowance.hasRoom(channels: 5))
        #expect(!allowance.hasRoom(channels: 6))
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
        #expect(batch.candidates.frequent.keyCount == SpaceSaving.candidates)
        #expect(decoder.seriesNames == ["steady"])
    }

    /// Offers keys to a table, one record each.
    private func offer(_ keys: some Sequence<String>, to table: inout SeriesTable) -> (admitted: Int, counted: Int) {
        var result = (admitted: 0, counted: 0)
        for key in keys {
            let bytes = Array(key.utf8)
            let index = table.index(bytes.span, 0..<bytes.count)
            if index == SeriesTable.counted { result.counted += 1 } else { result.admitted += 1 }
        }
        return result
    }

    @Test func `ten thousand machines that report in turn are all series with their third record`() {
        var table = SeriesTable([], admission: SeriesAdmission(allowance: SeriesAllowance(mostSeries: 10_000)))
        for round in 1...4 {
            let result = offer((0..<10_000).lazy.map { "machine\($0)" }, to: &table)
            #expect(result.admitted == (round < 3 ? 0 : 10_000), "round \(round)")
        }
        #expect(table.names.count == 10_000)
        #expect(table.names.first == "machine0")
        #expect(table.candidates.recent.keyCount == 0)
    }

    @Test func `of more machines in turn than there is room for the first get in`() {
        var table = SeriesTable([], admission: SeriesAdmission(allowance: SeriesAllowance(mostSeries: 10_000)))
        for _ in 1...8 { _ = offer((0..<14_000).lazy.map { "machine\($0)" }, to: &table) }
        #expect(table.names.count == 10_000)
    }

    @Test func `a million keys that come once make no series and bounded memory`() {
        var keys = SeriesCandidates()
        let key: [UInt8] = [120]
        var most: UInt64 = 0
        for number in 0..<UInt64(1_000_000) {
            most = max(most, keys.count(key.span, hash: splitMix(number)) { 10_000 })
        }
        #expect(most == 1)
        #expect(keys.recent.keyCount <= 2 * 10_000)
        #expect(keys.frequent.keyCount == SpaceSaving.candidates)
    }

    @Test func `a stored count of recent keys goes on, and one of another size or damaged is refused`() throws {
        var keys = RecentKeys()
        for number in 0..<UInt64(9_000) { _ = keys.count(hash: splitMix(number % 5_000)) }
        var writer = StateWriter()
        keys.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try RecentKeys(from: &reader) == keys)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            var bytes = writer.bytes
            bytes[Int(generator.next() % 16)] = UInt8(truncatingIfNeeded: generator.next())
            var reader = StateReader(bytes)
            if let damaged = try? RecentKeys(from: &reader) { #expect(damaged.keyCount <= 2 * damaged.most) }
        }
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
