import TimeSeries

@testable import Ingest

/// What must hold of decoded flows, whatever the bytes were.
enum FlowChecks {
    /// Bytes that a decoder may hold of lines that are not read yet; an input has up to 4 KiB.
    private static let mostBytesHeld = 1 << 14

    /// A number that an input always gives, for what is not a part of it: where it is cut.
    static func choice(_ lines: [UInt8]) -> Int {
        var sum = lines.count
        for index in stride(from: 0, to: lines.count, by: 7) { sum &+= Int(lines[index]) }
        return sum
    }

    /// Bytes of the pieces into which lines are cut: of one input in four they are short, else there are two or three.
    static func pieces(_ lines: [UInt8]) -> Int {
        let choice = choice(lines)
        return choice % 4 == 0 ? 1 + choice / 4 % 61 : 1 + choice % max(1, lines.count)
    }

    /// What lines in pieces of so many bytes give, and the decoder behind them.
    static func decode(
        _ lines: [UInt8], _ start: LineDecoder, pieces: Int
    ) -> (batch: RecordBatch, decoder: LineDecoder) {
        var decoder = start
        var batch = RecordBatch()
        let length = max(1, pieces)
        var place = 0
        while place < lines.count {
            let end = min(lines.count, place + length)
            _ = decoder.decode(lines.span.extracting(place..<end), into: &batch)
            place = end
        }
        decoder.finish(into: &batch)
        return (batch, decoder)
    }

    /// Both batches are the same, and their flows can be.
    static func check(_ batch: RecordBatch, equals other: RecordBatch) {
        precondition(batch.flows == other.flows && batch.rows == other.rows && batch.text == other.text)
        precondition(batch.dialect == other.dialect)
        guard batch.schema?.isFlows == true else { return }
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
