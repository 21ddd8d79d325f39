import TimeSeries

/// Finds delimiter, header, decimal mark, time and channels of delimited lines.
struct DelimitedSniffer {
    /// What the fields of one column were.
    struct Column {
        var numbers = 0
        var dates = 0
        var datesWithoutZone = 0
        var datesWithoutClock = 0
        var clocks = 0
        var missing = 0
        var texts = 0
        /// Numbers with `.` or `,` as their mark.
        var dotted = 0
        var comma = 0
        var largest = 0.0
        var smallest = Double.infinity
        var isIncreasing = true
        var last = -Double.infinity
        var textExample = ""

        /// Whether anything but missing values was seen.
        var isKnown: Bool { numbers + dates + clocks + texts > 0 }
        var isNumeric: Bool { numbers > texts + dates + clocks }
        var isDate: Bool { dates > texts + numbers + clocks }
        var isClock: Bool { clocks > texts + numbers + dates }
        /// Whether the values seen are of one kind.
        var isPure: Bool { max(numbers, dates, clocks, texts) == numbers + dates + clocks + texts }
        /// Numbers as large as times since 1970, never falling.
        var isEpoch: Bool { isNumeric && numbers > 1 && isIncreasing && smallest >= TimeNames.smallestEpoch }
    }

    /// The time of the lines.
    struct FoundTime {
        var column: Int
        var clock: Int?
        var format: TimeFormat
        var summary: String
    }

    let sniffer: DialectSniffer
    /// The usable lines.
    let lines: [[UInt8]]
    let configuration: SourceConfiguration
    let isFinal: Bool

    init(
        _ sniffer: DialectSniffer, _ lines: [DialectSniffer.Line], _ configuration: SourceConfiguration, isFinal: Bool
    ) {
        self.sniffer = sniffer
        self.lines = lines.map { Array(sniffer.bytes[$0.range]) }
        self.configuration = configuration
        self.isFinal = isFinal
    }

    // MARK: Decision

    func decide() -> DialectSniffer.Decision {
        let delimiter = delimiter()
        let split = lines.map { DelimitedLine.fields($0.span, delimiter: delimiter) ?? [] }
        let body = split.dropFirst().map(\.count)
        let width = mostFrequent(body.isEmpty ? split.map(\.count) : Array(body))
        guard width > 0 else { return isFinal ? .refused(sniffer.notUsable("csv")) : .undecided }

        // A header is text above numbers or times; a line of units below it is text above numbers once more.
        let all = columns(split, width: width, from: 1)
        let hasHeader = isHeader(0, split, all, width)
        let hasUnits = hasHeader && split.count > 2 && isUnits(1, split, columns(split, width: width, from: 2), width)
        let start = hasHeader ? (hasUnits ? 2 : 1) : 0
        let columns =
            hasHeader
            ? (hasUnits ? self.columns(split, width: width, from: 2) : all) : self.columns(split, width: width, from: 0)
        let rows = split[min(start, split.count)...].filter { $0.count == width }.count

        var names: [String] = hasHeader ? self.names(0, split) : []
        let effective = effectiveWidth(width, columns, names)
        if let error = ambiguity(delimiter, split, start, effective, hasHeader ? names.count : nil, columns) {
            return isFinal ? .refused(error) : .undecided
        }
        while names.count > effective { names.removeLast() }
        let seen = Array(columns.prefix(effective))
        if !isFinal {
            let isUniform =
                split[min(start, split.count)...].allSatisfy { $0.count == width } && sniffer.lines.count == lines.count
            let isClear = seen.allSatisfy { $0.isKnown && $0.isPure }
            guard rows >= DialectSniffer.decisiveLines, isUniform, isClear else { return .undecided }
        }
        return dialect(delimiter, names, hasHeader, hasUnits, start, split, seen)
    }

    private func dialect(
        _ delimiter: UInt8, _ headerNames: [String], _ hasHeader: Bool, _ hasUnits: Bool, _ start: Int,
        _ split: [[DelimitedField]], _ columns: [Column]
    ) -> DialectSniffer.Decision {
        let names = columns.indices.map { index in
            headerNames.indices.contains(index) && !headerNames[index].isEmpty ? headerNames[index] : "c\(index + 1)"
        }
        let time: FoundTime?
        switch findTime(names, columns, hasHeader: hasHeader) {
        case .success(let found): time = found
        case .failure(let error): return isFinal ? .refused(error) : .undecided
        }
        let timeColumns = [time?.column, time?.clock].compactMap { $0 }
        let values = columns.indices.filter { !timeColumns.contains($0) }
        let dotted = values.reduce(0) { $0 + columns[$1].dotted }
        let comma = values.reduce(0) { $0 + columns[$1].comma }
        if dotted > 0, comma > 0 { return markIsUnclear(values, columns) }
        // Between semicolons, numbers without a mark may get one later: whether `.` or `,` cannot be known yet.
        if !isFinal, delimiter == UInt8(ascii: ";"), dotted == 0, comma == 0 { return .undecided }
        let mark = comma > 0 ? UInt8(ascii: ",") : UInt8(ascii: ".")

        var roles = [Dialect.Role](repeating: .ignored, count: columns.count)
        if let time { roles[time.column] = .time }
        if let clock = time?.clock { roles[clock] = .clock }
        if let key = configuration.series {
            guard let column = Self.find(key, in: names) else { return unknown(key, "series", names) }
            roles[column] = .series
        }
        var channels: [Channel] = []
        var ignored: [String] = []
        if configuration.channels.isEmpty {
            for index in columns.indices where roles[index] == .ignored {
                if columns[index].isNumeric {
                    roles[index] = .channel(channels.count)
                    channels.append(ChannelNames.channel(names[index]))
                } else {
                    ignored.append("\(names[index]) (\(columns[index].isKnown ? "text" : "empty"))")
                }
            }
        } else {
            for name in configuration.channels {
                guard let column = Self.find(name, in: names) else { return unknown(name, "channels", names) }
                roles[column] = .channel(channels.count)
                channels.append(ChannelNames.channel(names[column]))
            }
        }
        guard !channels.isEmpty else { return isFinal ? .refused(.noChannels(lines: sniffer.lines.count)) : .undecided }
        guard channels.count <= Dialect.mostChannels else {
            return .refused(.tooManyChannels(found: channels.count, most: Dialect.mostChannels))
        }
        if hasUnits { addUnits(&channels, roles, split[1]) }
        channels = ChannelNames.unique(channels)
        let summary = summary(delimiter, mark, hasHeader, time, channels.count, ignored)
        let headerLines = (0..<start).map { lines[$0] }
        return .settled(
            Dialect(
                format: .columns(
                    Dialect.Columns(
                        delimiter: delimiter, mark: mark, roles: roles, names: hasHeader ? names : [],
                        headerLines: headerLines)),
                time: time?.format,
                schema: StreamSchema(channels: channels, hasTime: time != nil, summary: summary)))
    }

    // MARK: Shape

    /// Tab, semicolon and bar are hardly ever part of a number or a name, so they come before the comma.
    private func delimiter() -> UInt8 {
        var best: (delimiter: UInt8, agreeing: Int) = (UInt8(ascii: ","), 0)
        for candidate in [9, UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: ",")] {
            let counts = lines.map { DelimitedLine.fields($0.span, delimiter: candidate)?.count ?? 0 }
            let width = mostFrequent(counts)
            guard width > 1 else { continue }
            let agreeing = counts.filter { $0 == width }.count
            if agreeing * 5 >= lines.count * 4 { return candidate }
            if agreeing > best.agreeing { best = (candidate, agreeing) }
        }
        return best.delimiter
    }

    /// The number that appears most often; the first to appear among equals.
    private func mostFrequent(_ counts: [Int]) -> Int {
        var tally: [Int: Int] = [:]
        for count in counts { tally[count, default: 0] += 1 }
        var best = 0
        var bestTally = 0
        for count in counts where (tally[count] ?? 0) > bestTally {
            best = count
            bestTally = tally[count] ?? 0
        }
        return best
    }

    /// The number of columns without those that a trailing delimiter makes: unnamed and never filled.
    private func effectiveWidth(_ width: Int, _ columns: [Column], _ names: [String]) -> Int {
        var effective = width
        while effective > 1, !columns[effective - 1].isKnown, names.count < effective || names[effective - 1].isEmpty {
            effective -= 1
        }
        return effective
    }

    private func isHeader(_ index: Int, _ split: [[DelimitedField]], _ below: [Column], _ width: Int) -> Bool {
        guard split.count > 1 else { return false }
        var fields = split[index]
        while fields.count > 1, let last = fields.last, last.range.isEmpty { fields.removeLast() }
        let line = lines[index]
        var hasTextAboveValues = false
        var hasValues = false
        for (column, field) in fields.enumerated() {
            switch Self.kind(line.span, field.range) {
            case .missing: continue
            case .number, .date, .clock:
                hasValues = true
                continue
            case .text: break
            }
            if column < width, below[column].isNumeric || below[column].isDate || below[column].isClock {
                hasTextAboveValues = true
            }
        }
        // Half a line, met when reading began in the middle of it, may begin with a piece of text too.
        return hasTextAboveValues && !(hasValues && fields.count != width)
    }

    private func isUnits(_ index: Int, _ split: [[DelimitedField]], _ below: [Column], _ width: Int) -> Bool {
        guard split[index].count == width else { return false }
        let line = lines[index]
        var hasTextAboveNumbers = false
        for (column, field) in split[index].enumerated() {
            switch Self.kind(line.span, field.range) {
            case .number, .date, .clock: return false
            case .text: if below[column].isNumeric { hasTextAboveNumbers = true }
            case .missing: break
            }
        }
        return hasTextAboveNumbers
    }

    private func names(_ index: Int, _ split: [[DelimitedField]]) -> [String] {
        let line = lines[index]
        var names = split[index].map { DelimitedLine.text(line.span, $0) }
        while names.count > 1, names.last?.isEmpty == true { names.removeLast() }
        return names
    }

    private func addUnits(_ channels: inout [Channel], _ roles: [Dialect.Role], _ fields: [DelimitedField]) {
        let line = lines[1]
        for (role, field) in zip(roles, fields) {
            guard case .channel(let index) = role, channels[index].unit == nil else { continue }
            var unit = DelimitedLine.text(line.span, field)
            if let first = unit.first, let last = unit.last, unit.count > 2, "[(".contains(first), "])".contains(last) {
                unit = String(unit.dropFirst().dropLast())
            }
            if !unit.isEmpty { channels[index].unit = unit }
        }
    }

    // MARK: Fields

    enum FieldKind {
        case missing
        case number(Double, hasDot: Bool, hasComma: Bool)
        case date(hasZone: Bool, hasClock: Bool)
        case clock
        case text
    }

    private static let dotParser = NumberParser()
    private static let commaParser = NumberParser(mark: UInt8(ascii: ","))

    static func kind(_ line: Span<UInt8>, _ range: Range<Int>) -> FieldKind {
        let field = trimmed(line, range)
        switch dotParser.parse(line, field) {
        case .missing: return .missing
        case .number(let value): return .number(value, hasDot: holds(line, field, UInt8(ascii: ".")), hasComma: false)
        case .outOfRange: return .number(.greatestFiniteMagnitude, hasDot: false, hasComma: false)
        case .notANumber: break
        }
        if case .number(let value) = commaParser.parse(line, field) {
            return .number(value, hasDot: false, hasComma: true)
        }
        if let reading = TimeParser.calendar(line, field) {
            return .date(hasZone: reading.hasZone, hasClock: field.count > 10)
        }
        // A time of day alone is one that makes a whole time when a date is put before it.
        guard field.count <= 32 else { return .text }
        var dated = Array("2000-01-01 ".utf8)
        for index in field { dated.append(line[index]) }
        return TimeParser.calendar(dated.span, 0..<dated.count) == nil ? .text : .clock
    }

    private static func holds(_ line: Span<UInt8>, _ range: Range<Int>, _ byte: UInt8) -> Bool {
        for index in range where line[index] == byte { return true }
        return false
    }

    private func columns(_ split: [[DelimitedField]], width: Int, from start: Int) -> [Column] {
        var columns = [Column](repeating: Column(), count: width)
        for index in split.indices.dropFirst(start) where split[index].count == width {
            let line = lines[index]
            for (column, field) in split[index].enumerated() { add(line.span, field, to: &columns[column]) }
        }
        return columns
    }

    private func add(_ line: Span<UInt8>, _ field: DelimitedField, to column: inout Column) {
        switch Self.kind(line, field.range) {
        case .missing: column.missing += 1
        case .number(let value, let hasDot, let hasComma):
            column.numbers += 1
            column.dotted += hasDot ? 1 : 0
            column.comma += hasComma ? 1 : 0
            column.largest = max(column.largest, value.magnitude)
            column.smallest = min(column.smallest, value)
            if value < column.last { column.isIncreasing = false }
            column.last = value
        case .date(let hasZone, let hasClock):
            column.dates += 1
            column.datesWithoutZone += hasZone ? 0 : 1
            column.datesWithoutClock += hasClock ? 0 : 1
        case .clock: column.clocks += 1
        case .text:
            column.texts += 1
            if column.textExample.isEmpty { column.textExample = DelimitedLine.text(line, field) }
        }
    }

}
