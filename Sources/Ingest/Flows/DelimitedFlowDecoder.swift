import TimeSeries

/// Reads flow records in columns.
///
/// A column that is empty, `-` or `(empty)` says nothing. A line needs both addresses and a time; numbers that are not there are
/// 0.
struct DelimitedFlowDecoder: Sendable {
    /// How lines are read now; a header in mid-file may change the columns.
    private(set) var dialect: FlowDialect
    private var fields: [FlowDialect.Field]
    private let time: TimeFormat
    private let zone: TimeZoneRules
    private let parser = NumberParser()

    /// Creates a decoder.
    init(_ dialect: FlowDialect, zone: TimeZoneRules) {
        self.dialect = dialect
        self.zone = zone
        fields = dialect.fields
        time = dialect.kind == .zeek ? .epoch(nanosecondDigits: 9) : .calendar
    }

    /// Other columns from here on.
    mutating func take(columns: [[UInt8]], delimiter: UInt8) {
        dialect.columns = columns
        dialect.delimiter = delimiter
        fields = dialect.fields
    }

    /// Reads a line.
    mutating func decode(_ line: Span<UInt8>) -> FlowLine {
        guard dialect.isFlow else { return .other }
        var draft = FlowDraft()
        var position = 0
        var column = 0
        while true {
            var end = position
            while end < line.count, line[end] != dialect.delimiter { end += 1 }
            guard column < fields.count else { return .malformed(.fieldCount) }
            let field = fields[column]
            if field != .ignored, let flaw = take(trimmed(line, position..<end), line, field, &draft) {
                return .malformed(flaw)
            }
            column += 1
            guard end < line.count else { break }
            position = end + 1
        }
        guard column == fields.count else { return .malformed(.fieldCount) }
        return draft.line()
    }

    private func take(
        _ range: Range<Int>, _ line: Span<UInt8>, _ field: FlowDialect.Field, _ draft: inout FlowDraft
    ) -> MalformedReason? {
        if Self.isUnset(line, range) { return nil }
        switch field {
        case .start, .end:
            guard let instant = TimeParser.parse(line, range, as: time, in: zone) else { return .badTime }
            if field == .start {
                draft.start = instant.time
                draft.timeRange = range
            } else {
                draft.end = instant.time
                if draft.timeRange.isEmpty { draft.timeRange = range }
            }
            return nil
        case .state:
            draft.outcome = FlowOutcome.ofState(line, range, dialect.kind)
            return nil
        default: return draft.take(line, range, field, parser)
        }
    }

    private static func isUnset(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.isEmpty || (range.count == 1 && line[range.lowerBound] == UInt8(ascii: "-"))
            || matches(line, range, empty)
    }

    private static let empty = Array("(empty)".utf8)
}

/// A flow record while its fields are read, whatever their order.
struct FlowDraft: Sendable {
    var start: Timestamp?
    var end: Timestamp?
    var duration: Double?
    var timeRange = 0..<0
    var source: NetworkAddress?
    var destination: NetworkAddress?
    var outcome = FlowRecord.Outcome.unknown
    var isOneWay = false
    private var record = FlowRecord(
        start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 0),
        source: NetworkAddress(high: 0, low: 0), destination: NetworkAddress(high: 0, low: 0))

    /// Longest flow that is believed, in seconds: ten years.
    private static let longest = 315_576_000.0

    init() {}

    /// Takes a field that means the same in every format.
    mutating func take(
        _ line: Span<UInt8>, _ range: Range<Int>, _ field: FlowDialect.Field, _ parser: NumberParser
    ) -> MalformedReason? {
        switch field {
        case .source, .destination:
            guard let address = NetworkAddress(line, range) else { return .notANumber }
            if field == .source { source = address } else { destination = address }
        case .transport: record.transport = TransportNames.number(line, range) ?? 255
        case .identity:
            var hash = StableHash()
            for index in range { hash.combine(UInt64(line[index])) }
            record.identity = hash.value | 1
        case .duration, .sourcePort, .destinationPort, .packetsOut, .packetsIn, .bytesOut, .bytesIn:
            guard case .number(let value) = parser.parse(line, range) else { return .notANumber }
            return take(value, field)
        case .ignored, .start, .end, .state, .flags: break
        }
        return nil
    }

    /// Takes a field that is a number.
    mutating func take(_ value: Double, _ field: FlowDialect.Field) -> MalformedReason? {
        guard value >= 0 else { return .outOfRange }
        switch field {
        case .duration:
            guard value <= Self.longest else { return .outOfRange }
            duration = value
        case .sourcePort, .destinationPort:
            guard value < 65_536 else { return .outOfRange }
            if field == .sourcePort {
                record.sourcePort = UInt16(value)
            } else {
                record.destinationPort = UInt16(value)
            }
        case .packetsOut: record.packetsOut = Self.count(value)
        case .packetsIn: record.packetsIn = Self.count(value)
        case .bytesOut: record.bytesOut = Self.count(value)
        case .bytesIn: record.bytesIn = Self.count(value)
        default: break
        }
        return nil
    }

    /// Counts above 2^53 are not exact in any format and are none.
    private static func count(_ value: Double) -> UInt64 { UInt64(min(value, 0x1p53)) }

    /// The line of these fields.
    func line() -> FlowLine {
        guard let source, let destination else { return .malformed(.noValues) }
        guard let first = start ?? end.map({ duration.map { -$0 }.map($0.advanced(bySeconds:)) ?? $0 }) else {
            return .malformed(.badTime)
        }
        var record = record
        record.start = first
        record.end = max(first, end ?? first.advanced(bySeconds: duration ?? 0))
        record.source = source
        record.destination = destination
        record.outcome = outcome
        record.isOneWay = isOneWay
        return .flow(record, time: timeRange)
    }
}

/// How a flow went, in the words of each tool.
enum FlowOutcome {
    static func ofState(_ line: Span<UInt8>, _ range: Range<Int>, _ kind: FlowDialect.Kind) -> FlowRecord.Outcome {
        switch kind {
        case .zeek: zeek[text(line, range.prefix(8))] ?? .unknown
        }
    }

    /// https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
    private static let zeek: [String: FlowRecord.Outcome] = [
        "S0": .unanswered, "SH": .unanswered, "REJ": .refused, "RSTRH": .refused, "RSTOS0": .unanswered,
        "SHR": .unknown, "S1": .established, "SF": .established, "S2": .established, "S3": .established,
        "RSTO": .established, "RSTR": .established, "OTH": .unknown,
    ]
}
