import TimeSeries

/// Messages of a broker, whose topic names the series of their lines.
extension LineDecoder {
    /// Decodes a message: a line, or several, the last of which ends with it.
    ///
    /// Anybody may publish, so no message ends the reading, as with datagrams. A JSON object may be spread over lines, and
    /// several may be in a list, one record each.
    mutating func decodeMessage(_ payload: Span<UInt8>, _ envelope: Envelope, into batch: inout RecordBatch) {
        guard refusal == nil else { return }
        isOfDatagrams = true
        self.envelope = envelope
        if MessageText.isListOfObjects(payload) {
            _ = decode(MessageText.unlisted(payload, longest: configuration.longestLine).span, into: &batch)
        } else if MessageText.isSpreadObject(payload) {
            _ = decode(MessageText.joined(payload).span, into: &batch)
        } else {
            _ = decode(payload, into: &batch)
        }
        finishFile(into: &batch)
    }
}

/// Payloads as devices write them.
enum MessageText {
    /// Whether a payload is a JSON object whose first line is not all of it: one that was written to be read by people.
    static func isSpreadObject(_ payload: Span<UInt8>) -> Bool {
        var index = 0
        while index < payload.count, isSpace(payload[index]) { index += 1 }
        guard index < payload.count, payload[index] == UInt8(ascii: "{") else { return false }
        var last = UInt8(ascii: "{")
        while index < payload.count {
            let byte = payload[index]
            if byte == UInt8(ascii: "\n") {
                // Behind a line that is whole nothing, or another object.
                let isWhole = last == UInt8(ascii: "}")
                var next = index
                while next < payload.count, isSpace(payload[next]) { next += 1 }
                if next == payload.count { return false }
                return !(isWhole && payload[next] == UInt8(ascii: "{"))
            }
            if !isSpace(byte) { last = byte }
            index += 1
        }
        return false
    }

    /// Whether a payload is a JSON list of objects.
    static func isListOfObjects(_ payload: Span<UInt8>) -> Bool {
        // Most payloads begin with something else: those are not looked at byte by byte.
        var probe = ListProbe()
        for index in 0..<payload.count {
            switch probe.look(at: payload[index]) {
            case .undecided: continue
            case .list: return true
            case .other: return false
            }
        }
        return false
    }

    /// The objects of a list, one a line. What of the list is no object is a line, too, which nobody can read.
    static func unlisted(_ payload: Span<UInt8>, longest: Int) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(payload.count)
        var assembler = ObjectAssembler(longest: longest)
        var index = 0
        while true {
            let (end, hasObject) = assembler.feed(payload, from: index)
            index = end
            guard hasObject || assembler.finish() else { return lines }
            lines.append(contentsOf: assembler.object)
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// The payload on one line: JSON has no line ends within texts.
    static func joined(_ payload: Span<UInt8>) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(payload.count)
        for index in 0..<payload.count {
            let byte = payload[index]
            line.append(byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") ? UInt8(ascii: " ") : byte)
        }
        return line
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
