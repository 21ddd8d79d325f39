/// A stream that is one JSON list of objects, on one line or many.
extension LineDecoder {
    /// Looks whether the stream is a JSON list; returns how many of the bytes were taken.
    mutating func look(_ bytes: Span<UInt8>, into batch: inout RecordBatch) -> Int {
        var index = 0
        while index < bytes.count {
            let outcome = probe?.look(at: bytes[index]) ?? .other
            index += 1
            switch outcome {
            case .undecided: continue
            case .other: giveBackLookedAt(into: &batch)
            case .list:
                let held = probe?.held ?? []
                probe = nil
                sniffer.isList = true
                assembler = ObjectAssembler(longest: configuration.longestLine)
                _ = decodeList(held.span, from: 0, into: &batch, rows: .max)
            }
            break
        }
        return index
    }

    /// The bytes that were looked at are lines like all others.
    mutating func giveBackLookedAt(into batch: inout RecordBatch) {
        let held = probe?.held ?? []
        probe = nil
        _ = decode(held.span, into: &batch)
    }

    /// Decodes bytes of a list of objects; returns where it stopped.
    mutating func decodeList(
        _ bytes: Span<UInt8>, from start: Int, into batch: inout RecordBatch, rows: Int
    ) -> Int {
        var index = start
        while index < bytes.count, batch.rows.count < rows, refusal == nil {
            guard let (end, hasObject) = assembler?.feed(bytes, from: index) else { break }
            consumed += Int64(end - index)
            index = end
            if hasObject { takeObject(into: &batch) }
        }
        return index
    }

    mutating func takeObject(into batch: inout RecordBatch) {
        guard let held = assembler else { return }
        assembler = nil
        counters.lines += 1
        lineStart = offset
        offset = consumed
        take(held.object.span, flaw: held.flaw, number: held.line, into: &batch)
        assembler = held
    }
}
