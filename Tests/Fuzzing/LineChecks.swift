import TimeSeries

@testable import Ingest

/// What must hold of decoded lines, whatever the bytes were.
enum LineChecks {
    /// Bytes that a decoder may hold of lines that are not read yet; an input has up to 4 KiB.
    private static let mostBytesHeld = 1 << 14

    /// A number that an input always gives, for what is not a part of it: where it is cut, what is tried with it.
    static func choice(_ lines: [UInt8]) -> Int {
        var sum = lines.count
        for index in stride(from: 0, to: lines.count, by: 7) { sum &+= Int(lines[index]) }
        return sum
    }

    /// Bytes of the pieces into which so many bytes are cut: of one input in four they are short, else there are two or three.
    static func pieces(of count: Int, _ choice: Int) -> Int {
        choice % 4 == 0 ? 1 + choice / 4 % 61 : 1 + choice % max(1, count)
    }

    /// Decodes lines in pieces of so many bytes, to their end; returns the decoder behind them.
    static func decode(
        _ lines: [UInt8], _ start: LineDecoder, pieces: Int, into batch: inout RecordBatch
    ) -> LineDecoder {
        // What was made room for stays: a page that is given back and asked for again costs more than a short input.
        batch.rows.removeAll(keepingCapacity: true)
        batch.values.removeAll(keepingCapacity: true)
        batch.flows.removeAll(keepingCapacity: true)
        batch.text.removeAll(keepingCapacity: true)
        batch.schema = nil
        var decoder = start
        let length = max(1, pieces)
        var place = 0
        while place < lines.count {
            let end = min(lines.count, place + length)
            _ = decoder.decode(lines.span.extracting(place..<end), into: &batch)
            place = end
        }
        decoder.finish(into: &batch)
        return decoder
    }

    /// Both batches are the same.
    static func check(_ batch: RecordBatch, equals other: RecordBatch) {
        precondition(batch.flows == other.flows && batch.rows == other.rows && batch.text == other.text)
        precondition(batch.dialect == other.dialect && batch.seriesNames == other.seriesNames)
        precondition(batch.values.count == other.values.count)
        for index in batch.values.indices {
            precondition(batch.values[index].bitPattern == other.values[index].bitPattern)
        }
    }

    /// What the rows refer to is there, and flows can be.
    static func check(_ batch: RecordBatch) {
        guard batch.schema?.isFlows != true else { return checkFlows(batch) }
        precondition(batch.flows.isEmpty)
        var place = 0
        var end: Int64 = 0
        for row in batch.rows {
            precondition(row.endOffset >= end && Int(row.timeText.upperBound) <= batch.text.count)
            end = row.endOffset
            guard row.malformed == nil else { continue }
            precondition(Int(row.firstValue) >= place, "two rows with one value")
            precondition(Int(row.series) < batch.seriesNames.count && row.series >= SeriesTable.counted)
            // Of a key that is only counted the channels are not known here.
            place = Int(row.firstValue) + (row.series >= 0 ? width(row, batch) : 0)
        }
        precondition(place <= batch.values.count, "\(place) values of rows, and \(batch.values.count)")
        precondition(batch.values.allSatisfy { !$0.isInfinite })
    }

    /// Values of a row: that of one channel, that of a metric with what it stands for, or one of each channel.
    private static func width(_ row: RecordBatch.Row, _ batch: RecordBatch) -> Int {
        guard let schema = batch.schema else { preconditionFailure("a row before it is settled how it is read") }
        if !schema.metrics.isEmpty { return 2 }
        if row.channel >= 0 { return 1 }
        return schema.groups[Int(batch.seriesGroups[Int(row.series)])].count
    }

    private static func checkFlows(_ batch: RecordBatch) {
        var usable = 0
        for row in batch.rows where row.malformed == nil {
            precondition(Int(row.firstValue) == usable, "a row without its flow")
            let flow = batch.flows[usable]
            precondition(row.time == flow.end && flow.start <= flow.end)
            precondition(max(flow.packetsOut, flow.packetsIn, flow.bytesOut, flow.bytesIn) <= 1 << 53)
            usable += 1
        }
        precondition(usable == batch.flows.count)
    }

    /// The decoder holds no more than lines in progress, and how it reads, if that is not `known`, can be stored and read back.
    static func check(_ decoder: LineDecoder, known: [UInt8] = []) {
        precondition(decoder.bytesHeld <= mostBytesHeld, "\(decoder.bytesHeld) bytes of lines")
        guard decoder.refusal == nil, decoder.dialectState != known else { return }
        var reader = StateReader(decoder.dialectState)
        let restored = try? Dialect(from: &reader, zone: { _ in .utc })
        precondition(restored?.format == decoder.dialect?.format, "a dialect that cannot be read")
    }

    /// What is gathered of the flows is finite.
    static func gather(_ batch: RecordBatch) {
        var gatherer = FlowGatherer(FlowGatherer.Settings(), admission: .atOnce, writesTimes: false)
        var next = 0
        while next < batch.rows.count {
            let (samples, stop) = gatherer.gather(batch, from: next, to: batch.rows.count)
            precondition(samples.values.allSatisfy(\.isFinite))
            next = stop
        }
    }
}
