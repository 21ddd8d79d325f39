import TimeSeries

/// What a line turned out to be.
struct DecodedLine: Sendable {
    /// The kinds of line.
    enum Kind: Equatable, Sendable {
        case record
        case header
        /// Nothing in it is watched: it names a channel that was not known at the start, or has no number at all.
        case unwatched
        /// Several records, to be taken one by one.
        case several
        case malformed(MalformedReason)
    }

    var kind: Kind
    var series: Int32 = 0
    /// The channel of the one value of a long-form record; -1 for a whole sample.
    var channel: Int32 = -1
    /// When it was; the first instant when the text can mean two.
    var instant: TimeParser.Instant?
    /// Where the time stands in the line; empty when it has none. A time in two columns has two ranges.
    var timeRange: Range<Int> = 0..<0
    var clockRange: Range<Int> = 0..<0
    /// The first name in it that is not watched though it could be; empty when there is none.
    var unknown: Range<Int> = 0..<0
}

/// Reads delimited lines of a settled dialect.
struct DelimitedDecoder: Sendable {
    /// How lines are read; it changes when a header with the same names in another order appears.
    private(set) var columns: Dialect.Columns
    /// The values of the last record, by channel.
    private(set) var values: [Double]
    private let time: TimeFormat?
    private let zone: TimeZoneRules
    private let dates: SourceConfiguration.DateOrder?
    private let hasClock: Bool
    private let parser: NumberParser
    private var roles: [Int32]
    private var names: NameTable
    private var isGood = true
    private var rewritten: [UInt8] = []
    private var times = DayMemory()
    /// Lengths of the known headers, modulo 64: nearly every line has another.
    private var headerLengths: UInt64 = 0

    private static let ignored: Int32 = -1

    /// Creates a decoder.
    init(_ columns: Dialect.Columns, _ dialect: Dialect) {
        self.columns = columns
        time = dialect.time
        zone = dialect.schema.zone
        dates = dialect.dates
        hasClock = columns.roles.contains(.clock)
        parser = NumberParser(mark: columns.mark, readsGroups: columns.readsGroups)
        names = NameTable(columns.channelNames)
        values = [Double](
            repeating: .nan, count: columns.channelNames.isEmpty ? dialect.schema.channels.count : 1)
        roles = Self.channelOf(columns.roles)
        noteHeaderLengths()
    }

    private mutating func noteHeaderLengths() {
        headerLengths = columns.headerLines.reduce(0) { $0 | 1 << UInt64($1.count & 63) }
    }

    /// The channel of each column, -1 for columns with another use: what the fast path asks for.
    private static func channelOf(_ roles: [Dialect.Role]) -> [Int32] {
        roles.map { if case .channel(let index) = $0 { Int32(index) } else { ignored } }
    }

    /// Reads one line, without its line end.
    ///
    /// - Parameter decoded: filled; returned it would be copied on its way, for each line.
    mutating func decode(_ line: Span<UInt8>, _ series: inout SeriesTable, into decoded: inout DecodedLine) {
        if isKnownHeader(line) {
            decoded = DecodedLine(kind: .header)
            return
        }
        decoded = DecodedLine(kind: .record)
        guard let reason = record(line, &series, into: &decoded) else { return }
        decoded = adoptHeader(line) ? DecodedLine(kind: .header) : unusable(line, reason)
    }

    /// Appends the values of the last record.
    mutating func giveValues(to others: inout [Double]) { others.append(contentsOf: values) }

    /// - Returns: why the line cannot be used.
    private mutating func record(
        _ line: Span<UInt8>, _ series: inout SeriesTable, into decoded: inout DecodedLine
    ) -> MalformedReason? {
        let delimiter = columns.delimiter
        isGood = true
        var position = 0
        var column = 0
        while column < roles.count {
            let channel = Int(roles[column])
            if channel >= 0, let value = parser.scanPlain(line, at: &position, delimiter: delimiter) {
                values[channel] = value
            } else if let flaw = slowField(line, &position, column, &decoded, &series) {
                return flaw
            }
            column += 1
            if position >= line.count { break }
            position += 1
        }
        // Behind the last column only empty fields may stand: the trailing comma that some writers leave.
        while position < line.count {
            guard line[position] == delimiter || line[position] == 32 else {
                return .fieldCount
            }
            position += 1
        }
        guard column == roles.count else { return .fieldCount }
        if time != nil, decoded.instant == nil, !readTime(line, &decoded) {
            return .badTime
        }
        if !isGood {
            for index in values.indices { values[index] = .nan }
        }
        return nil
    }

    /// A field that is no plain number of a channel.
    private mutating func slowField(
        _ line: Span<UInt8>, _ position: inout Int, _ column: Int, _ decoded: inout DecodedLine,
        _ series: inout SeriesTable
    ) -> MalformedReason? {
        guard let field = DelimitedLine.field(line, at: &position, delimiter: columns.delimiter) else {
            return .openQuote
        }
        switch columns.roles[column] {
        case .ignored: break
        case .time: decoded.timeRange = field.range
        case .clock: decoded.clockRange = field.range
        case .series: return name(line, field, &decoded, &series)
        case .name: return channel(line, field, &decoded)
        case .quality: isGood = Quality.isGood(line, field.range, parser)
        case .channel(let index):
            switch parser.parse(line, field.range) {
            case .number(let value): values[index] = value
            case .missing: values[index] = .nan
            case .outOfRange: return .outOfRange
            case .notANumber: return .notANumber
            }
        }
        return nil
    }

    private func name(
        _ line: Span<UInt8>, _ field: DelimitedField, _ decoded: inout DecodedLine, _ series: inout SeriesTable
    ) -> MalformedReason? {
        let index: Int32?
        if field.hasEscapes {
            let plain = Array(DelimitedLine.text(line, field).utf8)
            index = series.index(plain.span, 0..<plain.count)
        } else {
            index = series.index(line, trimmed(line, field.range))
        }
        guard let index else { return .badSyntax }
        decoded.series = index
        return nil
    }

    /// The channel that a long-form line names.
    private mutating func channel(
        _ line: Span<UInt8>, _ field: DelimitedField, _ decoded: inout DecodedLine
    ) -> MalformedReason? {
        let range = trimmed(line, field.range)
        guard !range.isEmpty else { return .badSyntax }
        let found: Int?
        if field.hasEscapes {
            let plain = Array(DelimitedLine.text(line, field).utf8)
            found = names.number(plain.span, 0..<plain.count)
        } else {
            found = names.number(line, range)
        }
        guard let found else {
            decoded.kind = .unwatched
            decoded.unknown = range
            return nil
        }
        decoded.channel = Int32(found)
        return nil
    }

    /// Reads the time where the fields say it stands.
    private mutating func readTime(_ line: Span<UInt8>, _ decoded: inout DecodedLine) -> Bool {
        guard let time else { return true }
        decoded.timeRange = trimmed(line, decoded.timeRange)
        decoded.clockRange = trimmed(line, decoded.clockRange)
        if let dates, let date = LooseDate(line, decoded.timeRange) {
            let rest = date.end..<decoded.timeRange.upperBound
            date.rewrite(line, clock: hasClock ? decoded.clockRange : rest, dates, into: &rewritten)
            decoded.instant = TimeParser.parse(rewritten.span, 0..<rewritten.count, as: time, in: zone)
        } else if hasClock {
            let reading = TimeParser.dateAndClock(line, date: decoded.timeRange, clock: decoded.clockRange)
            decoded.instant = reading?.instant(in: zone)
        } else {
            decoded.instant = times.parse(line, decoded.timeRange, as: time, in: zone)
        }
        return decoded.instant != nil
    }

    /// An unusable line, with its time when at least that can be read.
    private mutating func unusable(_ line: Span<UInt8>, _ reason: MalformedReason) -> DecodedLine {
        var decoded = DecodedLine(kind: .malformed(reason))
        guard time != nil else { return decoded }
        var position = 0
        for role in columns.roles {
            guard let field = DelimitedLine.field(line, at: &position, delimiter: columns.delimiter) else { break }
            if role == .time { decoded.timeRange = field.range }
            if role == .clock { decoded.clockRange = field.range }
            if position >= line.count { break }
            position += 1
        }
        if !readTime(line, &decoded) { return DecodedLine(kind: .malformed(reason)) }
        return decoded
    }

    /// An unusable line of which the caller knows the flaw: its time when that can be read.
    mutating func flawed(_ line: Span<UInt8>, _ reason: MalformedReason) -> DecodedLine { unusable(line, reason) }

    // MARK: Headers

    @inline(__always)
    private func isKnownHeader(_ line: Span<UInt8>) -> Bool {
        guard headerLengths >> UInt64(line.count & 63) & 1 == 1 else { return false }
        for header in columns.headerLines where header.count == line.count {
            if matches(line, 0..<line.count, header) { return true }
        }
        return false
    }

    /// Takes the names of an unusable line as the columns from now on, when it names every channel and the time: the
    /// header of a file that was rotated to another order of columns.
    private mutating func adoptHeader(_ line: Span<UInt8>) -> Bool {
        guard !columns.names.isEmpty, let fields = DelimitedLine.fields(line, delimiter: columns.delimiter) else {
            return false
        }
        var names = fields.map { DelimitedLine.text(line, $0) }
        var adopted = [Dialect.Role](repeating: .ignored, count: names.count)
        for (role, name) in zip(columns.roles, columns.names) where role != .ignored {
            guard let place = names.indices.first(where: { names[$0] == name && adopted[$0] == .ignored }) else {
                return false
            }
            adopted[place] = role
        }
        while names.count > 1, names.last?.isEmpty == true {
            names.removeLast()
            adopted.removeLast()
        }
        columns.roles = adopted
        columns.names = names
        var copy: [UInt8] = []
        for index in 0..<line.count { copy.append(line[index]) }
        columns.headerLines = [copy]
        noteHeaderLengths()
        roles = Self.channelOf(adopted)
        return true
    }
}
