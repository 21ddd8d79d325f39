import TimeSeries

/// A flow record while its fields are read, whatever their order.
///
/// Fields are written where they stay, in ``record``; which of them there were is in ``seen``, so that a line costs no copy and
/// nothing is wrapped up.
struct FlowDraft: Sendable {
    /// What a port field holds: a number, or of ICMP the type and code.
    enum Port: Equatable, Sendable {
        case number(UInt16)
        case typeAndCode(UInt8, UInt8)
    }

    /// What is not 0 only because nobody said so.
    struct Seen: OptionSet, Sendable {
        let rawValue: UInt16
        static let start = Seen(rawValue: 1)
        static let end = Seen(rawValue: 2)
        static let written = Seen(rawValue: 4)
        static let duration = Seen(rawValue: 8)
        static let source = Seen(rawValue: 16)
        static let destination = Seen(rawValue: 32)
        static let bytesOut = Seen(rawValue: 64)
        static let bytesIn = Seen(rawValue: 128)
        static let flagsIn = Seen(rawValue: 256)
        static let icmpType = Seen(rawValue: 512)
        static let ends: Seen = [.source, .destination]
    }

    var seen: Seen = []
    /// When the line was written.
    private(set) var writtenTime = Timestamp(nanoseconds: 0)
    var timeRange = 0..<0
    var outcome = FlowRecord.Outcome.unknown
    /// Whether the record is not about IP hosts: the exporter's own statistics, ARP.
    var isForeign = false
    /// Whether the second address is the one that began.
    var isReversed = false
    var duration = 0.0
    var sourcePort = Port.number(0)
    var destinationPort = Port.number(0)
    var flags: (out: TCPFlags, into: TCPFlags) = ([], [])
    var icmp: (type: UInt8, code: UInt8) = (0, 0)
    var record = FlowRecord(
        start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 0),
        source: NetworkAddress(high: 0, low: 0), destination: NetworkAddress(high: 0, low: 0))

    /// Longest flow that is believed, in seconds: ten years.
    private static let longest = 315_576_000.0

    init() {}

    /// Takes the first packet's time.
    mutating func take(start time: Timestamp) {
        record.start = time
        seen.insert(.start)
    }

    /// Takes the last packet's time.
    mutating func take(end time: Timestamp) {
        record.end = time
        seen.insert(.end)
    }

    /// Takes the time at which the line was written.
    mutating func take(written time: Timestamp) {
        writtenTime = time
        seen.insert(.written)
    }

    /// Takes a field.
    ///
    /// Inlined into the loop over a line's fields.
    ///
    /// - Returns: why it cannot be used.
    @inline(__always)
    mutating func take(
        _ line: Span<UInt8>, _ range: Range<Int>, _ field: FlowDialect.Field, _ kind: FlowDialect.Kind,
        _ parser: NumberParser
    ) -> MalformedReason? {
        switch field {
        case .ignored, .event, .start, .end, .written: break
        case .source, .destination:
            guard let address = NetworkAddress(line, range) else { return .notANumber }
            if field == .source {
                record.source = address
                seen.insert(.source)
            } else {
                record.destination = address
                seen.insert(.destination)
            }
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
            // An unreadable field says as much as none.
            if field == .flags {
                flags.out = found ?? []
            } else {
                flags.into = found ?? []
                if found != nil { seen.insert(.flagsIn) } else { seen.remove(.flagsIn) }
            }
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
            seen.insert(.duration)
        case .icmpType, .icmpCode:
            guard value < 256 else { return .outOfRange }
            if field == .icmpType {
                icmp.type = UInt8(value)
                seen.insert(.icmpType)
            } else {
                icmp.code = UInt8(value)
            }
        default: take(count: Self.count(value), field)
        }
        return nil
    }

    /// Takes a field that is a count.
    private mutating func take(count: UInt64, _ field: FlowDialect.Field) {
        switch field {
        case .packetsOut: record.packetsOut = count
        case .packetsIn: record.packetsIn = count
        case .bytesOut:
            record.bytesOut = count
            seen.insert(.bytesOut)
        case .bytesIn:
            record.bytesIn = count
            seen.insert(.bytesIn)
        // The payload's count where those on the wire are not given, wherever they stand.
        case .payloadOut: if !seen.contains(.bytesOut) { record.bytesOut = count }
        case .payloadIn: if !seen.contains(.bytesIn) { record.bytesIn = count }
        default: break
        }
    }

    /// Up to fifteen digits and nothing else, which are below 2^53.
    @inline(__always)
    private static func plainCount(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard range.count <= 15, !range.isEmpty else { return nil }
        if let count = line.digits(range) { return count }
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
    @inline(__always)
    private static func port(_ line: Span<UInt8>, _ range: Range<Int>) -> Port? {
        if let number = line.digits(range), number < 65_536 { return .number(UInt16(number)) }
        return otherPort(line, range)
    }

    private static func otherPort(_ line: Span<UInt8>, _ range: Range<Int>) -> Port? {
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
}
