import TimeSeries

/// What the fields of a line are together.
extension FlowDraft {
    /// Appends the record of these fields.
    ///
    /// - Returns: what the line is.
    mutating func finish(
        _ kind: FlowDialect.Kind, isOneWay: Bool? = nil, into flows: inout [FlowRecord]
    ) -> FlowLine {
        guard seen.isSuperset(of: .ends) else { return .malformed(.noValues) }
        guard setTimes() else { return .malformed(.badTime) }
        // argus tells of a long flow every few seconds: its records are put together like those of one direction.
        record.isOneWay =
            isOneWay ?? (kind == .argus || (record.packetsIn == 0 && record.bytesIn == 0 && kind.isNetFlow))
        setPorts(kind)
        record.outcome = outcome(kind)
        if isReversed { record = record.reversed }
        if record.isEchoReply { record = record.withEchoReplyTurned }
        flows.append(record)
        return .flow(time: timeRange)
    }

    /// Finds out when the flow began and ended.
    ///
    /// - Returns: whether the line says.
    private mutating func setTimes() -> Bool {
        if seen.contains(.start) {
            if !seen.contains(.end) {
                record.end = seen.contains(.duration) ? record.start.advanced(bySeconds: duration) : record.start
            }
        } else {
            guard seen.contains(.end) || seen.contains(.written) else { return false }
            if !seen.contains(.end) { record.end = writtenTime }
            record.start = seen.contains(.duration) ? record.end.advanced(bySeconds: -duration) : record.end
        }
        record.end = max(record.start, record.end)
        return true
    }

    private mutating func setPorts(_ kind: FlowDialect.Kind) {
        guard record.transport == 1 || record.transport == 58 else {
            if case .number(let port) = sourcePort { record.sourcePort = port }
            if case .number(let port) = destinationPort { record.destinationPort = port }
            return
        }
        record.sourcePort = 0
        if seen.contains(.icmpType) {
            record.destinationPort = UInt16(icmp.type) << 8 | UInt16(icmp.code)
            return
        }
        switch (kind, sourcePort, destinationPort) {
        case (_, _, .typeAndCode(let type, let code)): record.destinationPort = UInt16(type) << 8 | UInt16(code)
        // The type stands in the place of one port, the code in that of the other.
        case (.zeek, .number(let type), .number(let code)), (.zeekJSON, .number(let type), .number(let code)):
            record.destinationPort = (type & 255) << 8 | code & 255
        // One number of both, the code in its upper byte; the other is the identifier.
        case (.argus, .number(let both), _): record.destinationPort = (both & 255) << 8 | both >> 8
        case (_, _, .number(let both)): record.destinationPort = both
        }
    }

    private func outcome(_ kind: FlowDialect.Kind) -> FlowRecord.Outcome {
        switch kind {
        case .zeek, .zeekJSON: return outcome
        case .nfdump, .nfdumpPipe, .netflow: return record.outcome(by: flags.out)
        case .argus:
            // A break of a connection that had carried something is no refusal.
            return outcome == .refused && !record.isBrokenOffAtOnce ? .established : outcome
        case .suricata:
            let known = record.outcome(by: flags.out, answer: seen.contains(.flagsIn) ? flags.into : nil)
            if record.isOneWay || known == .refused { return known }
            return record.packetsIn == 0 ? .unanswered : known == .unknown ? .established : known
        }
    }
}

extension FlowDialect.Kind {
    /// Whether the records come from exporters that may see one direction at a time.
    var isNetFlow: Bool { self == .nfdump || self == .nfdumpPipe || self == .netflow }
}

extension FlowRecord {
    /// An answer to a ping that is a record of its own, as what came back on the ping.
    var withEchoReplyTurned: FlowRecord {
        guard isEchoReply else { return self }
        var turned = reversed
        turned.sourcePort = 0
        turned.destinationPort = transport == 1 ? 8 << 8 : 128 << 8
        turned.outcome = .established
        return turned
    }

    /// Whether it is such an answer.
    var isEchoReply: Bool {
        guard transport == 1 && destinationPort == 0 || transport == 58 && destinationPort == 129 << 8 else {
            return false
        }
        return isOneWay && packetsIn == 0 && packetsOut > 0
    }
}
