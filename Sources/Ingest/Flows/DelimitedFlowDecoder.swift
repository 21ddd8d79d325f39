import TimeSeries

/// Reads flow records in columns.
///
/// A column that is empty, `-` or `(empty)` says nothing. A line needs both addresses and a time; numbers that are not there are
/// 0. A line that names columns sets them from there on; what nfdump prints below its records is skipped.
struct DelimitedFlowDecoder: Sendable {
    /// How lines are read now; a header in mid-file may change the columns.
    private(set) var dialect: FlowDialect
    /// Whether the dialect is another one since this was last set back.
    var isChanged = false
    private var fields: [FlowDialect.Field]
    /// Columns up to the last one that says something.
    private var readColumns: Int
    private var isFlow: Bool
    private let zone: TimeZoneRules
    private var times = DayMemory()
    private let parser = NumberParser()

    /// Creates a decoder.
    init(_ dialect: FlowDialect, zone: TimeZoneRules) {
        self.dialect = dialect
        self.zone = zone
        fields = dialect.fields
        readColumns = Self.readColumns(of: fields)
        isFlow = dialect.isFlow
    }

    private static func readColumns(of fields: [FlowDialect.Field]) -> Int {
        (fields.lastIndex { $0 != .ignored } ?? -1) + 1
    }

    /// Other columns from here on.
    mutating func take(columns: [[UInt8]], delimiter: UInt8) {
        guard columns != dialect.columns || delimiter != dialect.delimiter else { return }
        dialect.columns = columns
        dialect.delimiter = delimiter
        fields = dialect.fields
        readColumns = Self.readColumns(of: fields)
        isFlow = dialect.isFlow
        isChanged = true
    }

    /// Reads a line and appends its record, if it has one.
    mutating func decode(_ line: Span<UInt8>, into flows: inout [FlowRecord]) -> FlowLine {
        if dialect.kind == .nfdumpPipe { return NetFlowPipe.decode(line, into: &flows) }
        if dialect.kind != .zeek, takeHeader(line) { return .header }
        guard isFlow else { return .other }
        var draft = FlowDraft()
        if let line = take(line, into: &draft) { return line }
        return draft.finish(dialect.kind, into: &flows)
    }

    /// Takes the fields of a line.
    ///
    /// - Returns: what the line is, when it is no flow.
    @inline(__always)
    private mutating func take(_ line: Span<UInt8>, into draft: inout FlowDraft) -> FlowLine? {
        let kind = dialect.kind
        var flaw: MalformedReason?
        var position = 0
        var column = 0
        var ends = FieldEnds(delimiter: dialect.delimiter)
        while column < readColumns {
            let end = ends.next(line)
            let field = fields[column]
            if field != .ignored, flaw == nil || field == .transport {
                let isBare = position < end && line[position] > 32 && line[end - 1] > 32
                let range = isBare ? position..<end : trimmed(line, position..<end)
                flaw = take(range, line, field, kind, &draft) ?? flaw
                // Only argus has records without addresses of IP among the others.
                if let flaw, kind != .argus { return .malformed(flaw) }
            }
            column += 1
            // The line ends here: too early, unless it was the last column.
            guard end < line.count else { return column == fields.count ? over(draft, flaw) : .malformed(.fieldCount) }
            position = end + 1
        }
        // Of the columns behind the last one that is read only how many there are counts.
        guard column + 1 + ends.countRest(line) == fields.count else { return .malformed(.fieldCount) }
        return over(draft, flaw)
    }

    /// What a line with as many fields as there are columns is, when it is no flow.
    @inline(__always)
    private func over(_ draft: FlowDraft, _ flaw: MalformedReason?) -> FlowLine? {
        draft.isForeign ? .other : flaw.map { .malformed($0) }
    }

    @inline(__always)
    private mutating func take(
        _ range: Range<Int>, _ line: Span<UInt8>, _ field: FlowDialect.Field, _ kind: FlowDialect.Kind,
        _ draft: inout FlowDraft
    ) -> MalformedReason? {
        if Self.isUnset(line, range) { return nil }
        guard field == .start || field == .end else { return draft.take(line, range, field, kind, parser) }
        guard let instant = FlowTime.instant(line, range, in: zone, &times) else { return .badTime }
        if field == .start {
            draft.take(start: instant)
            draft.timeRange = range
        } else {
            draft.take(end: instant)
            if draft.timeRange.isEmpty { draft.timeRange = range }
        }
        return nil
    }

    @inline(__always)
    private static func isUnset(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = range.isEmpty ? nil : line[range.lowerBound] else { return true }
        if range.count == 1 { return first == UInt8(ascii: "-") }
        return first == UInt8(ascii: "(") && matches(line, range, empty)
    }

    private static let empty = Array("(empty)".utf8)

    // MARK: Headers

    /// Takes a line that names columns, or belongs to what nfdump prints below its records.
    private mutating func takeHeader(_ line: Span<UInt8>) -> Bool {
        guard let first = line.isEmpty ? nil : line[0] else { return false }
        guard (65...90).contains(first & 0xdf) else {
            return dialect.kind == .nfdump && fields.count != NetFlowSummary.columns
                && NetFlowSummary.isTotals(line)
        }
        if dialect.kind == .nfdump, NetFlowSummary.isPart(line) { return true }
        guard let columns = FlowHeader.columns(line, delimiter: dialect.delimiter) else { return false }
        let named = FlowDialect(kind: dialect.kind, delimiter: dialect.delimiter, columns: columns)
        guard named.isFlow else { return false }
        take(columns: columns, delimiter: dialect.delimiter)
        return true
    }
}

/// The times of flow records.
enum FlowTime {
    /// Reads a date, in the zone given unless it names one, or a number since 1970 whose unit its size tells.
    static func instant(_ line: Span<UInt8>, _ range: Range<Int>, in zone: TimeZoneRules) -> Timestamp? {
        var times = DayMemory()
        return instant(line, range, in: zone, &times)
    }

    /// The same, with what is remembered of the times before.
    static func instant(
        _ line: Span<UInt8>, _ range: Range<Int>, in zone: TimeZoneRules, _ times: inout DayMemory
    ) -> Timestamp? {
        let isDate = range.count >= 10 && line[range.lowerBound + 4] == UInt8(ascii: "-")
        return times.parse(line, range, as: isDate ? .calendar : .epoch(nanosecondDigits: 9), in: zone)?.time
    }
}

/// Lines that name columns.
enum FlowHeader {
    /// The names between delimiters; `nil` when a field is no name, or there are too many.
    static func columns(_ line: Span<UInt8>, delimiter: UInt8) -> [[UInt8]]? {
        var names: [[UInt8]] = [[]]
        for index in 0..<line.count {
            let byte = line[index]
            if byte == delimiter {
                guard names.count < ZeekHeader.mostColumns else { return nil }
                names.append([])
            } else if byte != 32 || !(names.last?.isEmpty ?? true) {
                names[names.count - 1].append(byte)
            }
        }
        for index in names.indices {
            while names[index].last == 32 { names[index].removeLast() }
        }
        return names
    }
}

/// What `nfdump` prints when there is no record, and below the last one.
enum NetFlowSummary {
    /// Totals are six numbers below a header of their own.
    static let columns = 6
    private static let beginnings = [
        "Summary", "flows,bytes,packets,", "No match", "Time window:", "Total flows processed:",
        "Total records processed:",
        "Sys:",
    ].map { Array($0.utf8) }

    /// Whether a line is a part of it, other than the totals.
    static func isPart(_ line: Span<UInt8>) -> Bool {
        beginnings.contains { line.count >= $0.count && matches(line, 0..<$0.count, $0) }
    }

    /// Whether a line is six whole numbers.
    static func isTotals(_ line: Span<UInt8>) -> Bool {
        var commas = 0
        for index in 0..<line.count {
            if line[index] == UInt8(ascii: ",") {
                commas += 1
            } else if line[index] &- 48 > 9 {
                return false
            }
        }
        return commas == columns - 1
    }
}
