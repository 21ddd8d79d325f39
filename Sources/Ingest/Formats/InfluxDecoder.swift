import TimeSeries

/// Reads InfluxDB lines of a settled dialect.
///
/// Each measurement is a group of the stream with its numeric fields as channels. One that is met later takes the fields of
/// its first line and becomes a group behind the others.
struct InfluxDecoder: Sendable {
    /// The values of the last record, by channel of its group.
    private(set) var values: [Double] = []
    /// Measurements met since the last look.
    private(set) var newcomers: [Dialect.Measurements.Measurement] = []
    private let time: TimeFormat?
    private let tag: [UInt8]
    private let watched: NameTable
    private let parser = NumberParser()
    private var measurements: NameTable
    private var fields: [NameTable]
    private var fieldCount: Int
    private var key: [UInt8] = []
    private var tags: [Range<Int>] = []

    /// Most tags of a line; a line with more is bad syntax.
    private static let mostTags = 256

    /// Creates a decoder.
    init(_ measurements: Dialect.Measurements, _ dialect: Dialect) {
        time = dialect.time
        tag = measurements.tag
        watched = NameTable(measurements.watched)
        self.measurements = NameTable(measurements.list.map(\.name))
        fields = measurements.list.map { NameTable($0.fields) }
        fieldCount = measurements.list.reduce(0) { $0 + $1.fields.count }
    }

    /// The measurements met since the last call.
    mutating func takeNewcomers() -> [Dialect.Measurements.Measurement] {
        defer { newcomers.removeAll() }
        return newcomers
    }

    /// Reads one line, without its line end.
    mutating func decode(
        _ line: Span<UInt8>, _ series: inout SeriesTable, _ counters: inout DecoderCounters
    ) -> DecodedLine {
        guard let head = InfluxLine.head(line) else { return DecodedLine(kind: .malformed(.badSyntax)) }
        var decoded = DecodedLine(kind: .record)
        var flaw: MalformedReason?
        measurements.rewind()
        let known = measurements.number(line, head.measurement)
        guard let known else { return newcomer(line, head, &series, &counters) }
        let count = fields[known].count
        if values.count != count { resize(count) }
        for index in values.indices { values[index] = .nan }
        fields[known].rewind()
        var present = 0
        var position = head.fields
        while true {
            guard let field = InfluxLine.field(line, at: &position) else {
                return DecodedLine(kind: .malformed(.badSyntax))
            }
            if field.kind != .text {
                if let channel = fields[known].number(line, field.name) {
                    present += 1
                    let found = take(line, field, channel: channel)
                    if flaw == nil { flaw = found }
                } else if field.kind == .number, watched.count == 0 {
                    counters.unknownKeys += 1
                    if decoded.unknown.isEmpty { decoded.unknown = field.name }
                }
            }
            guard position < line.count, line[position] == UInt8(ascii: ",") else { break }
            position += 1
        }
        if let bad = readTime(line, position, &decoded) { return DecodedLine(kind: .malformed(bad)) }
        if let flaw {
            decoded.kind = .malformed(flaw)
            return decoded
        }
        if present == 0 {
            decoded.kind = .unwatched
            return decoded
        }
        return named(line, head, group: known, decoded, &series)
    }

    private mutating func resize(_ count: Int) {
        values.removeAll(keepingCapacity: true)
        for _ in 0..<count { values.append(.nan) }
    }

    private mutating func take(_ line: Span<UInt8>, _ field: InfluxLine.Field, channel: Int) -> MalformedReason? {
        if case .boolean(let isTrue) = field.kind {
            // A field of numbers that is suddenly true is missing, as in JSON, unless it was asked for by name.
            values[channel] = watched.count > 0 ? (isTrue ? 1 : 0) : .nan
            return nil
        }
        switch parser.parse(line, field.value) {
        case .number(let value): values[channel] = value
        case .missing: values[channel] = .nan
        case .outOfRange: return .outOfRange
        case .notANumber: return .notANumber
        }
        return nil
    }

    /// Reads what stands behind the fields: nothing, or a time.
    private func readTime(_ line: Span<UInt8>, _ position: Int, _ decoded: inout DecodedLine) -> MalformedReason? {
        let range = trimmed(line, position..<line.count)
        guard !range.isEmpty else { return time == nil ? nil : .badTime }
        guard line[position] == 32 else { return .badSyntax }
        guard let time else { return nil }
        decoded.timeRange = range
        decoded.instant = TimeParser.parse(line, range, as: time, in: .utc)
        return decoded.instant == nil ? .badTime : nil
    }

    private mutating func named(
        _ line: Span<UInt8>, _ head: InfluxLine.Head, group: Int, _ decoded: DecodedLine, _ series: inout SeriesTable
    ) -> DecodedLine {
        var decoded = decoded
        let index: Int32?
        switch arrange(line, head) {
        case .asWritten(let range): index = series.index(line, range, group: Int32(group))
        case .arranged: index = series.index(key.span, 0..<key.count, group: Int32(group))
        case .tooMany: index = nil
        }
        guard let index else { return DecodedLine(kind: .malformed(.badSyntax)) }
        decoded.series = index
        return decoded
    }

    // MARK: Series

    private enum Arrangement {
        case asWritten(Range<Int>)
        /// It is in `key`.
        case arranged
        case tooMany
    }

    /// The key of the series: the measurement with its tags sorted by name, which most writers do already.
    private mutating func arrange(_ line: Span<UInt8>, _ head: InfluxLine.Head) -> Arrangement {
        tags.removeAll(keepingCapacity: true)
        var index = head.measurement.upperBound + 1
        var isSorted = true
        var only: Range<Int>?
        while let found = InfluxLine.tag(line, head.key, at: &index) {
            if !tag.isEmpty {
                if matches(line, found.name, tag) { only = found.whole }
                continue
            }
            if let last = tags.last, !precedes(line, last, found.whole) { isSorted = false }
            guard tags.count < Self.mostTags else { return .tooMany }
            tags.append(found.whole)
        }
        if tag.isEmpty, isSorted { return .asWritten(head.key) }
        if !tag.isEmpty {
            guard let only else { return .asWritten(head.measurement) }
            tags.append(only)
        }
        // A few tags: insertion needs no memory.
        var place = 1
        while place < tags.count {
            var slot = place
            while slot > 0, precedes(line, tags[slot], tags[slot - 1]) {
                tags.swapAt(slot, slot - 1)
                slot -= 1
            }
            place += 1
        }
        key.removeAll(keepingCapacity: true)
        for index in head.measurement { key.append(line[index]) }
        for tag in tags {
            key.append(UInt8(ascii: ","))
            for index in tag { key.append(line[index]) }
        }
        return .arranged
    }

    private func precedes(_ line: Span<UInt8>, _ first: Range<Int>, _ second: Range<Int>) -> Bool {
        for offset in 0..<min(first.count, second.count) {
            let (a, b) = (line[first.lowerBound + offset], line[second.lowerBound + offset])
            if a != b { return a < b }
        }
        return first.count < second.count
    }

    // MARK: New measurements

    /// The first line of a measurement: its numbers are the channels of a new group.
    private mutating func newcomer(
        _ line: Span<UInt8>, _ head: InfluxLine.Head, _ series: inout SeriesTable, _ counters: inout DecoderCounters
    ) -> DecodedLine {
        guard let found = Self.fields(line, head, watched: watched) else {
            return DecodedLine(kind: .malformed(.badSyntax))
        }
        var decoded = DecodedLine(kind: .unwatched)
        guard !found.isEmpty else { return decoded }
        guard measurements.count < Dialect.mostGroups, found.count <= Dialect.mostChannels,
            fieldCount + found.count <= Dialect.mostChannelsOfGroups, head.measurement.count <= SeriesTable.longestName
        else {
            counters.unknownKeys += 1
            decoded.unknown = head.measurement
            return decoded
        }
        var name: [UInt8] = []
        for index in head.measurement { name.append(line[index]) }
        measurements.insert(name)
        fields.append(NameTable(found))
        fieldCount += found.count
        newcomers.append(Dialect.Measurements.Measurement(name: name, fields: found))
        return decode(line, &series, &counters)
    }

    /// The fields of a line that are channels, each once, in their order; `nil` when the line is broken.
    static func fields(_ line: Span<UInt8>, _ head: InfluxLine.Head, watched: NameTable) -> [[UInt8]]? {
        var found = NameTable()
        var watched = watched
        var position = head.fields
        while true {
            guard let field = InfluxLine.field(line, at: &position) else { return nil }
            let isNumber = field.kind == .number && NumberParser().isNumber(line, field.value)
            let isWatched =
                watched.count == 0 ? isNumber : field.kind != .text && watched.number(line, field.name) != nil
            if isWatched, found.count <= Dialect.mostChannels, found.number(line, field.name) == nil {
                var name: [UInt8] = []
                for index in field.name { name.append(line[index]) }
                found.insert(name)
            }
            guard position < line.count, line[position] == UInt8(ascii: ",") else { break }
            position += 1
        }
        return found.names
    }
}

extension NumberParser {
    /// Whether a field is a number, or what stands for a missing one.
    func isNumber(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if case .notANumber = parse(bytes, range) { false } else { true }
    }
}
