import TimeSeries

/// Reads JSON lines of a settled dialect.
struct KeyedDecoder: Sendable {
    /// The values of the last record, by channel.
    private(set) var values: [Double]
    private let keys: Dialect.Keys
    private let time: TimeFormat?
    private let zone: TimeZoneRules
    private let parser = NumberParser()
    private var present = 0
    /// The channel whose key is tried first: the one behind the last that was found.
    private var expected = 0

    /// Creates a decoder.
    init(_ keys: Dialect.Keys, _ dialect: Dialect) {
        self.keys = keys
        time = dialect.time
        zone = dialect.schema.zone
        values = [Double](repeating: .nan, count: keys.channels.count)
    }

    /// Reads one line, without its line end.
    mutating func decode(
        _ line: Span<UInt8>, _ series: inout SeriesTable, _ counters: inout DecoderCounters
    ) -> DecodedLine {
        for index in values.indices { values[index] = .nan }
        present = 0
        expected = 0
        var decoded = DecodedLine(kind: .record)
        var flaw: MalformedReason?
        var hasSeries = keys.series.isEmpty
        var unknown: UInt64 = 0
        var scanner = ObjectScanner(line)
        while let member = scanner.next(line) {
            let found = take(member, line, &decoded, &series, &hasSeries, &unknown)
            // The rest is read all the same: a line that ends within a member is bad syntax whatever else it is.
            if flaw == nil { flaw = found }
        }
        guard scanner.isComplete else { return malformed(.badSyntax, decoded) }
        counters.unknownKeys += unknown
        if let flaw { return malformed(flaw, decoded) }
        if time != nil, decoded.instant == nil { return malformed(.badTime, decoded) }
        if !hasSeries { return malformed(.badSyntax, decoded) }
        return present == 0 ? malformed(.noValues, decoded) : decoded
    }

    private func malformed(_ reason: MalformedReason, _ decoded: DecodedLine) -> DecodedLine {
        var decoded = decoded
        decoded.kind = .malformed(reason)
        decoded.series = 0
        if decoded.instant == nil { decoded.timeRange = 0..<0 }
        return decoded
    }

    private mutating func take(
        _ member: ObjectScanner.Member, _ line: Span<UInt8>, _ decoded: inout DecodedLine, _ series: inout SeriesTable,
        _ hasSeries: inout Bool, _ unknown: inout UInt64
    ) -> MalformedReason? {
        if let channel = channel(member, line) { return take(member, line, channel: channel) }
        if !keys.time.isEmpty, member.isKey(keys.time, line) {
            guard let time, member.kind != .nested else { return .badTime }
            decoded.timeRange = member.value
            decoded.instant = TimeParser.parse(line, member.value, as: time, in: zone)
            return decoded.instant == nil ? .badTime : nil
        }
        if !keys.series.isEmpty, member.isKey(keys.series, line) {
            guard let index = Self.seriesIndex(member, line, &series) else { return .badSyntax }
            decoded.series = index
            hasSeries = true
            return nil
        }
        if member.kind == .bare, case .number = parser.parse(line, member.value) { unknown += 1 }
        return nil
    }

    private mutating func channel(_ member: ObjectScanner.Member, _ line: Span<UInt8>) -> Int? {
        let count = keys.channels.count
        if expected < count, member.isKey(keys.channels[expected], line) {
            expected += 1
            return expected - 1
        }
        for index in 0..<count where member.isKey(keys.channels[index], line) {
            expected = index + 1
            return index
        }
        return nil
    }

    private mutating func take(_ member: ObjectScanner.Member, _ line: Span<UInt8>, channel: Int) -> MalformedReason? {
        present += 1
        switch member.kind {
        case .nested: return .notANumber
        case .boolean(let isTrue):
            values[channel] = keys.readsBooleans ? (isTrue ? 1 : 0) : .nan
            return nil
        case .bare, .text:
            switch parser.parse(line, member.value) {
            case .number(let value): values[channel] = value
            case .missing: values[channel] = .nan
            case .outOfRange: return .outOfRange
            case .notANumber: return .notANumber
            }
            return nil
        }
    }

    /// The series that a text or a number names.
    static func seriesIndex(
        _ member: ObjectScanner.Member, _ line: Span<UInt8>, _ series: inout SeriesTable
    ) -> Int32? {
        switch member.kind {
        case .nested: return nil
        case .text where member.hasEscapes:
            let plain = Array(ObjectScanner.unescaped(line, member.value).utf8)
            return series.index(plain.span, 0..<plain.count)
        case .bare where matches(line, member.value, Array("null".utf8)): return nil
        case .text, .bare, .boolean: return series.index(line, member.value)
        }
    }
}
