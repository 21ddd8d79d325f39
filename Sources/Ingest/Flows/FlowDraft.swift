import TimeSeries

/// A flow record while its fields are read, whatever their order.
struct FlowDraft: Sendable {
    /// What a port field holds: a number, or of ICMP the type and code.
    private enum Port: Equatable, Sendable {
        case number(UInt16)
        case typeAndCode(UInt8, UInt8)
    }

    var start: Timestamp?
    var end: Timestamp?
    /// When the line was written.
    var written: Timestamp?
    var timeRange = 0..<0
    var outcome = FlowRecord.Outcome.unknown
    /// Whether the record is not about IP hosts: the exporter's own statistics, ARP.
    var isForeign = false
    /// Whether the second address is the one that began.
    private var isReversed = false
    private var duration: Double?
    private var source: NetworkAddress?
    private var destination: NetworkAddress?
    private var sourcePort = Port.number(0)
    private var destinationPort = Port.number(0)
    private var payload: (out: UInt64?, into: UInt64?) = (nil, nil)
    private var bytes: (out: UInt64?, into: UInt64?) = (nil, nil)
    private var flags: (out: TCPFlags?, into: TCPFlags?) = (nil, nil)
    private var icmp: (type: UInt8?, code: UInt8?) = (nil, nil)
    private var record = FlowRecord(
        start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 0),
        source: NetworkAddress(high: 0, low: 0), destination: NetworkAddress(high: 0, low: 0))

    /// Longest flow that is believed, in seconds: ten years.
    private static let longest = 315_576_000.0

    init() {}

    /// Takes a field.
    ///
    /// - Returns: why it cannot be used.
    mutating func take(
        _ line: Span<UInt8>, _ range: Range<Int>, _ field: FlowDialect.Field, _ kind: FlowDialect.Kind,
        _ parser: NumberParser
    ) -> MalformedReason? {
        switch field {
        case .ignored, .event, .start, .end, .written: break
        case .source, .destination:
            guard let address = NetworkAddress(line, range) else { return .notANumber }
            if field == .source { source = address } else { destination = address }
        case .transport:
            let number = TransportNames.number(line, range)
            record.transport = number ?? 255
            if number == nil, kind == .argus { isForeign = true }
        case .identity:
            var hash = StableHash()
            for index in range { hash.combine(UInt64(line[index])) }
            record.identity = hash.value | 1
        case .state: outcome = FlowOutcome.ofState(line, range, kind)
        case .flags, .flagsIn:
            let found = TCPFlags(line, range, hexadecimal: kind == .suricata)
            if field == .flags { flags.out = found } else { flags.into = found }
        case .direction:
            isReversed = line[range.lowerBound] == UInt8(ascii: "<") && line[range.upperBound - 1] != UInt8(ascii: ">")
        case .sourcePort, .destinationPort:
            guard let port = Self.port(line, range) else {
                if case .number = parser.parse(line, range) { return .outOfRange }
                return .notANumber
            }
            if field == .sourcePort { sourcePort = port } else { destinationPort = port }
        case .packetsOut, .packetsIn, .bytesOut, .bytesIn, .payloadOut, .payloadIn:
            if let count = Self.plainCount(line, range) {
                take(count: count, field)
                return nil
            }
            fallthrough
        case .duration, .icmpType, .icmpCode:
            switch parser.parse(line, range) {
            case .number(let value): return take(value, field)
            case .missing: return nil
            case .outOfRange: return .outOfRange
            case .notANumber: return .notANumber
            }
        }
        return nil
    }

    /// Takes a field that is a number.
    private mutating func take(_ value: Double, _ field: FlowDialect.Field) -> MalformedReason? {
        guard value >= 0 else { return .outOfRange }
        switch field {
        case .duration:
            guard value <= Self.longest else { return .outOfRange }
            duration = value
        case .icmpType, .icmpCode:
            guard value < 256 else { return .outOfRange }
            if field == .icmpType { icmp.type = UInt8(value) } else { icmp.code = UInt8(value) }
        default: take(count: Self.count(value), field)
        }
        return nil
    }

    /// Takes a field that is a count.
    private mutating func take(count: UInt64, _ field: FlowDialect.Field) {
        switch field {
        case .packetsOut: record.packetsOut = count
        case .packetsIn: record.packetsIn = count
        case .bytesOut: bytes.out = count
        case .bytesIn: bytes.into = count
        case .payloadOut: payload.out = count
        case .payloadIn: payload.into = count
        default: break
        }
    }

    /// Up to fifteen digits and nothing else, which are below 2^53.
    private static func plainCount(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard range.count <= 15, !range.isEmpty else { return nil }
        var count: UInt64 = 0
        for index in range {
            let digit = line[index] &- 48
            guard digit <= 9 else { return nil }
            count = count &* 10 &+ UInt64(digit)
        }
        return count
    }

    /// Counts above 2^53 are not exact in any format and are none.
    private static func count(_ value: Double) -> UInt64 { UInt64(min(value, 0x1p53)) }

    /// `51514`, `0x0008`, or of ICMP `8.0`.
    private static func port(_ line: Span<UInt8>, _ range: Range<Int>) -> Port? {
        var index = range.lowerBound
        var base: UInt32 = 10
        if range.count > 2, line[index] == 48, line[index + 1] | 0x20 == UInt8(ascii: "x") {
            base = 16
            index += 2
        }
        var value: UInt32 = 0
        var type: UInt8?
        while index < range.upperBound {
            let digit: UInt32
            switch line[index] {
            case 48...57: digit = UInt32(line[index] - 48)
            case 65...70: digit = UInt32(line[index] - 55)
            case 97...102: digit = UInt32(line[index] - 87)
            case UInt8(ascii: "."):
                guard base == 10, type == nil, value < 256, index > range.lowerBound, index + 1 < range.upperBound
                else { return nil }
                type = UInt8(value)
                value = 0
                index += 1
                continue
            default: return nil
            }
            guard digit < base else { return nil }
            value = value * base + digit
            guard value < 65_536 else { return nil }
            index += 1
        }
        guard let type else { return .number(UInt16(value)) }
        return value < 256 ? .typeAndCode(type, UInt8(value)) : nil
    }

    // MARK: The record

    /// The line of these fields.
    func line(_ kind: FlowDialect.Kind, isOneWay: Bool? = nil) -> FlowLine {
        guard let source, let destination else { return .malformed(.noValues) }
        let last = end ?? (start == nil ? written : nil)
        guard let first = start ?? last.map({ duration.map { -$0 }.map($0.advanced(bySeconds:)) ?? $0 }) else {
            return .malformed(.badTime)
        }
        var record = record
        record.start = first
        record.end = max(first, last ?? first.advanced(bySeconds: duration ?? 0))
        record.source = source
        record.destination = destination
        record.bytesOut = bytes.out ?? payload.out ?? 0
        record.bytesIn = bytes.into ?? payload.into ?? 0
        // argus tells of a long flow every few seconds: its records are put together like those of one direction.
        record.isOneWay =
            isOneWay ?? (kind == .argus || (record.packetsIn == 0 && record.bytesIn == 0 && kind.isNetFlow))
        setPorts(of: &record, kind)
        record.outcome = outcome(of: record, kind)
        if isReversed { record = record.reversed }
        return .flow(record.withEchoReplyTurned, time: timeRange)
    }

    private func setPorts(of record: inout FlowRecord, _ kind: FlowDialect.Kind) {
        guard record.transport == 1 || record.transport == 58 else {
            if case .number(let port) = sourcePort { record.sourcePort = port }
            if case .number(let port) = destinationPort { record.destinationPort = port }
            return
        }
        record.sourcePort = 0
        if let type = icmp.type {
            record.destinationPort = UInt16(type) << 8 | UInt16(icmp.code ?? 0)
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

    private func outcome(of record: FlowRecord, _ kind: FlowDialect.Kind) -> FlowRecord.Outcome {
        switch kind {
        case .zeek, .zeekJSON: return outcome
        case .nfdump, .nfdumpPipe, .netflow: return record.outcome(by: flags.out ?? [])
        case .argus:
            // A break of a connection that had carried something is no refusal.
            return outcome == .refused && !record.isBrokenOffAtOnce ? .established : outcome
        case .suricata:
            let known = record.outcome(by: flags.out ?? [], answer: flags.into)
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
        let request: UInt16
        switch (transport, destinationPort) {
        case (1, 0): request = 8 << 8
        case (58, 129 << 8): request = 128 << 8
        default: return self
        }
        guard isOneWay, packetsIn == 0, packetsOut > 0 else { return self }
        var turned = reversed
        turned.sourcePort = 0
        turned.destinationPort = request
        turned.outcome = .established
        return turned
    }
}
