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
        /// What the marks in its numbers show.
        var marks = MarkEvidence()
        /// Dates whose parts may be in two orders, and the largest of their parts.
        var loose = 0
        var largestFirst = 0
        var largestSecond = 0
        var isDotted = false
        /// Values told apart, as far as they are few.
        var distinct: [String] = []
        var distinctLastNew = 0
        private var known: Set<String> = []
        var largest = 0.0
        var smallest = Double.infinity
        var isIncreasing = true
        var last = -Double.infinity
        var textExample = ""

        /// Notes a name, met in this row.
        mutating func note(_ name: String, row: Int) {
            guard !name.isEmpty, distinct.count <= Dialect.mostChannels, known.insert(name).inserted else { return }
            distinct.append(name)
            distinctLastNew = row
        }

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
        var dates: SourceConfiguration.DateOrder?
        var summary: String
        var reason: String
    }

    let sniffer: DialectSniffer
    /// The usable lines.
    let lines: [[UInt8]]
    var configuration: SourceConfiguration
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
        if let line = listLine() { return isFinal ? .refused(.jsonLists(line: line)) : .undecided }
        let delimiter = configuration.delimiter?.byte ?? delimiter()
        let split = lines.map { DelimitedLine.fields($0.span, delimiter: delimiter) ?? [] }
        let body = split.dropFirst().map(\.count)
        let width = mostFrequent(body.isEmpty ? split.map(\.count) : Array(body))
        guard width > 0 else { return isFinal ? .refused(sniffer.notUsable("csv")) : .undecided }

        // A header is text above numbers or times; a line of units below it is text above numbers once more.
        let all = columns(split, width: width, from: 1)
        // Of messages each begins anew: the first has no more to say than any other.
        let hasHeader =
            configuration.hasHeader ?? (!configuration.isKeyedByTopic && isHeader(0, split, all, width))
        let hasUnits = hasHeader && split.count > 2 && isUnits(1, split, columns(split, width: width, from: 2), width)
        let start = hasHeader ? (hasUnits ? 2 : 1) : 0
        let columns =
            hasHeader
            ? (hasUnits ? self.columns(split, width: width, from: 2) : all) : self.columns(split, width: width, from: 0)
        let rows = split[min(start, split.count)...].filter { $0.count == width }.count

        var names: [String] = hasHeader ? self.names(0, split) : configuration.columns
        let effective = effectiveWidth(width, columns, names)
        if let error = ambiguity(delimiter, split, start, effective, names.isEmpty ? nil : names.count, columns) {
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
        let layout = Layout(
            delimiter: delimiter, names: names, hasHeader: hasHeader, hasUnits: hasUnits, start: start, rows: rows,
            agreeing: split.filter { $0.count == width }.count)
        return dialect(layout, split, seen)
    }

    /// The shape of the lines.
    struct Layout {
        var delimiter: UInt8
        var names: [String]
        var hasHeader: Bool
        var hasUnits: Bool
        /// The first line that is no header.
        var start: Int
        /// Lines of data.
        var rows: Int
        /// Lines with as many fields as most.
        var agreeing: Int
    }

    private func dialect(
        _ layout: Layout, _ split: [[DelimitedField]], _ columns: [Column]
    ) -> DialectSniffer.Decision {
        let isPlainNumber = configuration.isKeyedByTopic && columns.count == 1
        let names = columns.indices.map { index in
            layout.names.indices.contains(index) && !layout.names[index].isEmpty
                ? layout.names[index] : isPlainNumber ? "value" : "c\(index + 1)"
        }
        if let implied = configuration.implied(by: layout.names) {
            var sniffer = self
            sniffer.configuration = implied
            return sniffer.dialect(layout, split, columns)
        }
        let time: FoundTime?
        switch findTime(names, columns, hasHeader: !layout.names.isEmpty) {
        case .success(let found): time = found
        case .failure(let error): return isFinal ? .refused(error) : .undecided
        }
        let timeColumns = [time?.column, time?.clock].compactMap { $0 }
        let values = columns.indices.filter { !timeColumns.contains($0) }
        let marks: FoundMark
        switch findMark(layout, values, columns) {
        case .success(let found): marks = found
        case .failure(let error): return isFinal ? .refused(error) : .undecided
        }
        // Between semicolons, numbers without a mark may get one later: whether `.` or `,` cannot be known yet.
        if !isFinal, layout.delimiter == UInt8(ascii: ";"), !marks.isKnown { return .undecided }

        var roles = [Dialect.Role](repeating: .ignored, count: columns.count)
        if let time { roles[time.column] = .time }
        if let clock = time?.clock { roles[clock] = .clock }
        var ignored: [(name: String, reason: String)] = []
        let use: Use
        switch assign(&roles, &ignored, names, columns, time, isNamed: !layout.names.isEmpty) {
        case .undecided: return .undecided
        case .refused(let error): return isFinal ? .refused(error) : .undecided
        case .settled(let found): use = found
        }
        var channels = use.channels
        guard !channels.isEmpty else { return isFinal ? .refused(.noChannels(lines: sniffer.lines.count)) : .undecided }
        guard channels.count <= Dialect.mostChannels else {
            return .refused(.tooManyChannels(found: channels.count, most: Dialect.mostChannels))
        }
        if layout.hasUnits, use.channelNames.isEmpty { addUnits(&channels, roles, split[1]) }
        channels = ChannelNames.unique(channels)
        let summary = summary(layout, marks, time, use, channels.count, ignored)
        let findings = findings(layout, marks, time, use, ignored)
        return .settled(
            Dialect(
                format: .columns(
                    Dialect.Columns(
                        delimiter: layout.delimiter, mark: marks.mark, readsGroups: marks.readsGroups, roles: roles,
                        names: layout.hasHeader ? names : [], headerLines: (0..<layout.start).map { lines[$0] },
                        channelNames: use.channelNames)),
                time: time?.format, dates: time?.dates,
                schema: StreamSchema(
                    channels: channels, hasTime: time != nil, summary: summary, findings: findings)))
    }

    // MARK: Shape

    /// Tab, semicolon and bar are hardly ever part of a number or a name, so they come before the comma.
    func delimiter() -> UInt8 {
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
    func mostFrequent(_ counts: [Int]) -> Int {
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
        case number(Double, NumberParser.Shape)
        case date(hasZone: Bool, hasClock: Bool, LooseDate?)
        case clock
        case text
    }

    private static let dotParser = NumberParser()
    private static let commaParser = NumberParser(mark: UInt8(ascii: ","))
    private static let groupParser = NumberParser(readsGroups: true)

    static func kind(_ line: Span<UInt8>, _ range: Range<Int>) -> FieldKind {
        let field = trimmed(line, range)
        switch dotParser.parse(line, field) {
        case .missing: return .missing
        case .number(let value): return .number(value, NumberParser.shape(line, field))
        case .outOfRange: return .number(.greatestFiniteMagnitude, .unmarked)
        case .notANumber: break
        }
        if case .number(let value) = commaParser.parse(line, field) {
            return .number(value, NumberParser.shape(line, field))
        }
        if case .number(let value) = groupParser.parse(line, field) {
            return .number(value, NumberParser.shape(line, field))
        }
        if let reading = TimeParser.calendar(line, field) {
            return .date(hasZone: reading.hasZone, hasClock: field.count > 10, nil)
        }
        guard field.count <= 40 else { return .text }
        var dated: [UInt8] = []
        if let loose = LooseDate(line, field) {
            loose.rewrite(line, clock: loose.end..<field.upperBound, .dayFirst, into: &dated)
            // The order is not known yet: only the time of day behind a date that is surely one is looked at.
            dated.replaceSubrange(0..<10, with: Array("2000-01-01".utf8))
            guard let reading = TimeParser.calendar(dated.span, 0..<dated.count) else { return .text }
            return .date(hasZone: reading.hasZone, hasClock: dated.count > 10, loose)
        }
        // A time of day alone is one that makes a whole time when a date is put before it.
        dated = Array("2000-01-01 ".utf8)
        for index in field { dated.append(line[index]) }
        if TimeParser.calendar(dated.span, 0..<dated.count) != nil { return .clock }
        return isLooseClock(line, field) ? .clock : .text
    }

    /// `2:15:40 PM`, `9:05`.
    private static func isLooseClock(_ line: Span<UInt8>, _ field: Range<Int>) -> Bool {
        guard let date = LooseDate([49, 47, 49, 47, 50, 48, 48, 48].span, 0..<8) else { return false }
        var whole: [UInt8] = []
        date.rewrite(line, clock: field, .dayFirst, into: &whole)
        return whole.count > 10 && TimeParser.calendar(whole.span, 0..<whole.count) != nil
    }

    private func columns(_ split: [[DelimitedField]], width: Int, from start: Int) -> [Column] {
        var columns = [Column](repeating: Column(), count: width)
        var row = 0
        for index in split.indices.dropFirst(start) where split[index].count == width {
            let line = lines[index]
            row += 1
            for (column, field) in split[index].enumerated() { add(line.span, field, row: row, to: &columns[column]) }
        }
        return columns
    }

    private func add(_ line: Span<UInt8>, _ field: DelimitedField, row: Int, to column: inout Column) {
        switch Self.kind(line, field.range) {
        case .missing: column.missing += 1
        case .number(let value, let shape):
            if let declared = configuration.decimal?.byte, !MarkEvidence.isPossible(shape, mark: declared) {
                return addText(line, field, row: row, to: &column)
            }
            column.numbers += 1
            column.marks.add(shape, text: DelimitedLine.text(line, field))
            column.largest = max(column.largest, value.magnitude)
            column.smallest = min(column.smallest, value)
            if value < column.last { column.isIncreasing = false }
            column.last = value
            if configuration.channel != nil { note(line, field, row: row, in: &column) }
        case .date(let hasZone, let hasClock, let loose):
            column.dates += 1
            column.datesWithoutZone += hasZone ? 0 : 1
            column.datesWithoutClock += hasClock ? 0 : 1
            guard let loose else { break }
            column.loose += 1
            column.largestFirst = max(column.largestFirst, loose.first)
            column.largestSecond = max(column.largestSecond, loose.second)
            if loose.separator == UInt8(ascii: ".") { column.isDotted = true }
            if column.textExample.isEmpty { column.textExample = DelimitedLine.text(line, field) }
        case .clock: column.clocks += 1
        case .text: addText(line, field, row: row, to: &column)
        }
    }

    private func addText(_ line: Span<UInt8>, _ field: DelimitedField, row: Int, to column: inout Column) {
        column.texts += 1
        if column.textExample.isEmpty { column.textExample = DelimitedLine.text(line, field) }
        note(line, field, row: row, in: &column)
    }

    /// Notes the names that a column holds.
    private func note(_ line: Span<UInt8>, _ field: DelimitedField, row: Int, in column: inout Column) {
        guard field.range.count <= SeriesTable.longestName else { return }
        column.note(DelimitedLine.text(line, field), row: row)
    }
}
