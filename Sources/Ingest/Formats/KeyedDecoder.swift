import TimeSeries

/// Reads JSON lines and other keyed lines of a settled dialect.
///
/// A line is a record, or holds a list of them (`records`): then it is read in two steps, the line itself with what holds
/// for all records, and each record with ``nextRecord(_:_:_:)``.
struct KeyedDecoder: Sendable {
    /// The values of the last record, by channel.
    private(set) var values: [Double]
    private let keys: Dialect.Keys
    private let time: TimeFormat?
    private let zone: TimeZoneRules
    private let dates: SourceConfiguration.DateOrder?
    private let parser = NumberParser()
    private var channels: NameTable
    private var names: NameTable
    private var scanner: KeyScanner
    private var eventScanner = ObjectScanner()
    /// Whether flow records stood among the lines, which are read as something else.
    private(set) var hasMetFlows = false
    /// The unit of each channel to which values with a glued unit are converted; -1 when it has none.
    private let units: [Int]
    private var rewritten: [UInt8] = []
    private var times = DayMemory()
    private var shape = RecordShape()

    /// When the line arrived, for times that are told by it; `nil` in a replay.
    var arrival: Timestamp?
    /// The time of the line before, of syslog that of the one before without a year: in a replay it stands for the arrival.
    private var latest: Timestamp?
    private var isTimedByArrival = false

    // The record in progress.
    private var decoded = DecodedLine(kind: .record)
    private var present = 0
    private var hasSeries = false
    private var hasName = false
    /// What names the series, where messages stand among the records: their senders are no series.
    private var seriesMember: ObjectScanner.Member?
    private var isGood = true
    private var unknown: UInt64 = 0

    // The line whose records are read.
    private var whole = DecodedLine(kind: .several)
    private var wholeHasSeries = false
    private var list = 0..<0
    private var isEmptyList = false
    /// Whether what is read is a record, and not what stands around records.
    private var isRecord = true

    /// Creates a decoder.
    init(_ keys: Dialect.Keys, _ dialect: Dialect) {
        self.keys = keys
        time = dialect.time
        zone = dialect.schema.zone
        dates = dialect.dates
        channels = NameTable(keys.channels)
        names = NameTable(keys.channelNames)
        values = [Double](repeating: .nan, count: keys.channels.count)
        scanner = KeyScanner(keys.notation)
        latest = keys.reference
        units = keys.channels.indices.map { index in
            guard keys.notation.gluesUnits, keys.name.isEmpty, index < dialect.schema.channels.count else { return -1 }
            return dialect.schema.channels[index].unit.flatMap(GluedUnit.index) ?? -1
        }
    }

    /// Reads one line, without its line end.
    mutating func decode(
        _ line: Span<UInt8>, _ series: inout SeriesTable, _ counters: inout DecoderCounters
    ) -> DecodedLine {
        if keys.notation == .suricataStats, isOtherEvent(line) { return DecodedLine(kind: .unwatched) }
        if !shape.isEmpty, let decoded = decodeShaped(line, &series) { return decoded }
        reset()
        list = 0..<0
        isEmptyList = false
        isRecord = keys.records.isEmpty
        let flaw = scan(line, at: 0, &series)
        guard scanner.isComplete(line) else { return malformed(.badSyntax) }
        guard keys.records.isEmpty else {
            if let flaw { return malformed(flaw) }
            if isEmptyList { return DecodedLine(kind: .unwatched) }
            guard !list.isEmpty else { return malformed(.noValues) }
            whole = decoded
            wholeHasSeries = hasSeries
            decoded.kind = .several
            return decoded
        }
        counters.unknownKeys += unknown
        let record = finished(flaw)
        if keys.notation == .json {
            shape.note(hasShape: false)
            if record.kind == .record, shape.isEager { learnShape(line) }
        }
        return seriesMember == nil ? record : named(record, line, &series)
    }

    /// Lines that were read by their shape.
    var shapedLines: UInt64 { shape.lines }

    /// Reads every line the long way from here on, as a check.
    mutating func forgetShapes() { shape = RecordShape(learns: false) }

    /// Reads a line of the shape that lines have had; `nil` when it has another, with nothing noted of it.
    private mutating func decodeShaped(_ line: Span<UInt8>, _ series: inout SeriesTable) -> DecodedLine? {
        var decoded = DecodedLine(kind: .record)
        // Held for the spans' lives; reference counts, no copies.
        let (heldPieces, heldLiterals) = (shape.pieces, shape.literals)
        let (pieces, literals) = (heldPieces.span, heldLiterals.span)
        if !shape.isWhole { for index in values.indices { values[index] = .nan } }
        var name: Range<Int>?
        var place = 0
        for index in pieces.indices {
            let piece = pieces[index]
            guard line.has(literals.extracting(piece.literal), at: place) else { return nil }
            place += piece.literal.count
            switch piece.role {
            case .channel(let channel):
                guard let value = parser.scanPlain(line, at: &place, delimiter: piece.end) else { return nil }
                values[channel] = value
            case .time:
                let end = line.first(piece.end, from: place)
                guard end < line.count, let time, let instant = readPlain(line, place..<end, as: time) else {
                    return nil
                }
                decoded.timeRange = place..<end
                decoded.instant = instant
                place = end
            case .series:
                let end = line.first(piece.end, from: place)
                guard end < line.count, line.first(UInt8(ascii: "\\"), from: place) >= end else { return nil }
                name = place..<end
                place = end
            }
        }
        guard place + shape.tail.count == line.count, line.has(literals.extracting(shape.tail), at: place) else {
            return nil
        }
        // Last, for a name may be a newcomer's, which counts.
        if let name {
            guard let index = series.index(line, name) else { return nil }
            decoded.series = index
        }
        shape.note(hasShape: true)
        return decoded
    }

    /// Learns the shape of a record that was read; of one with members of other uses there is none.
    private mutating func learnShape(_ line: Span<UInt8>) {
        var members: [(value: Range<Int>, role: RecordShape.Role)] = []
        channels.rewind()
        scanner.begin(line, at: 0)
        while let member = scanner.next(line) {
            guard member.isPlain, !member.hasEscapes, member.kind == .bare || member.kind == .text else { return }
            if let channel = channels.number(line, member.key) {
                members.append((member.value, .channel(channel)))
            } else if isAt(keys.time, member, line) {
                members.append((member.value, .time))
            } else if isAt(keys.series, member, line), member.kind == .text {
                members.append((member.value, .series))
            } else {
                return
            }
        }
        shape.learn(line, members, channelCount: values.count)
    }

    /// Whether a line is an event of a kind that is not read.
    @inline(never)
    private mutating func isOtherEvent(_ line: Span<UInt8>) -> Bool {
        switch SuricataStats.event(line, &eventScanner) {
        case .stats, .none: return false
        case .flow: hasMetFlows = true
        case .other: break
        }
        return true
    }

    /// A record with the series that waited for it to be one.
    private func named(_ decoded: DecodedLine, _ line: Span<UInt8>, _ series: inout SeriesTable) -> DecodedLine {
        guard decoded.kind == .record, let seriesMember else { return decoded }
        guard let index = seriesIndex(seriesMember, line, &series) else { return malformed(.badSyntax) }
        var decoded = decoded
        decoded.series = index
        return decoded
    }

    /// The next record of the line that was read last, `nil` behind the last one.
    mutating func nextRecord(
        _ line: Span<UInt8>, _ series: inout SeriesTable, _ counters: inout DecoderCounters
    ) -> DecodedLine? {
        var place = list.lowerBound
        while place < list.upperBound, [32, 9, UInt8(ascii: ",")].contains(line[place]) { place += 1 }
        guard place < list.upperBound else { return nil }
        reset()
        isRecord = true
        decoded = whole
        decoded.kind = .record
        hasSeries = wholeHasSeries
        let inner = line.extracting(0..<list.upperBound)
        guard inner[place] == UInt8(ascii: "{") else {
            list = (scanner.skipValue(inner, at: place) ? scanner.position : list.upperBound)..<list.upperBound
            return malformed(.badSyntax)
        }
        let flaw = scan(inner, at: place, &series)
        // The brackets of the whole list were matched, so what breaks the syntax of a record ends the list.
        list = (scanner.isClosed ? scanner.position : list.upperBound)..<list.upperBound
        guard scanner.isClosed else { return malformed(.badSyntax) }
        counters.unknownKeys += unknown
        return finished(flaw)
    }

    private mutating func reset() {
        for index in values.indices { values[index] = .nan }
        decoded = DecodedLine(kind: .record)
        present = 0
        unknown = 0
        isTimedByArrival = false
        seriesMember = nil
        hasSeries = keys.series.isEmpty
        hasName = keys.name.isEmpty
        isGood = true
        channels.rewind()
    }

    /// Reads the object at a place; the rest is read all the same when a member is flawed, because a line that ends within
    /// a member is bad syntax whatever else it is.
    private mutating func scan(
        _ line: Span<UInt8>, at start: Int, _ series: inout SeriesTable
    ) -> MalformedReason? {
        var flaw: MalformedReason?
        scanner.begin(line, at: start)
        while let member = scanner.next(line) {
            let found = take(member, line, &series)
            if flaw == nil { flaw = found }
        }
        return flaw
    }

    private mutating func finished(_ flaw: MalformedReason?) -> DecodedLine {
        if let flaw { return malformed(flaw) }
        if present == 0, keys.notation.hasMessages, decoded.kind == .record {
            decoded.kind = .unwatched
            return decoded
        }
        if time != nil, decoded.instant == nil { return malformed(.badTime) }
        if !hasSeries || !hasName { return malformed(.badSyntax) }
        if decoded.kind == .unwatched { return decoded }
        if present == 0 { return malformed(.noValues) }
        if !isGood { for index in values.indices { values[index] = .nan } }
        return decoded
    }

    private func malformed(_ reason: MalformedReason) -> DecodedLine {
        var decoded = decoded
        decoded.kind = .malformed(reason)
        decoded.series = 0
        decoded.channel = -1
        if decoded.instant == nil { decoded.timeRange = 0..<0 }
        return decoded
    }

    // MARK: Members

    private mutating func take(
        _ member: ObjectScanner.Member, _ line: Span<UInt8>, _ series: inout SeriesTable
    ) -> MalformedReason? {
        if let channel = channel(member, line) { return take(member, line, channel: channel) }
        if isAt(keys.time, member, line) {
            guard let time, !member.isNested else { return .badTime }
            decoded.timeRange = member.value
            decoded.instant = read(line, member.value, as: time)
            if isTimedByArrival { decoded.timeRange = 0..<0 }
            return decoded.instant == nil ? .badTime : nil
        }
        if isAt(keys.series, member, line) {
            if keys.notation.hasMessages {
                seriesMember = member
                hasSeries = true
                return nil
            }
            guard let index = seriesIndex(member, line, &series) else { return .badSyntax }
            decoded.series = index
            hasSeries = true
            return nil
        }
        if isAt(keys.name, member, line) { return takeName(member, line) }
        if isAt(keys.quality, member, line) {
            if case .boolean(let isTrue) = member.kind {
                isGood = isTrue
            } else if !member.isNested {
                isGood = Quality.isGood(line, member.value, parser)
            }
            return nil
        }
        if !isRecord {
            guard isAt(keys.records, member, line) else { return nil }
            if member.kind == .records { list = (member.value.lowerBound + 1)..<(member.value.upperBound - 1) }
            isEmptyList = member.kind == .opening
            return nil
        }
        // Of Suricata's counters most are not watched, by a rule that was told.
        if member.kind == .bare, keys.notation != .suricataStats, case .number = parser.parse(line, member.value) {
            unknown += 1
            if decoded.unknown.isEmpty { decoded.unknown = member.key }
        }
        return nil
    }

    @inline(__always)
    private func isAt(_ key: [UInt8], _ member: ObjectScanner.Member, _ line: Span<UInt8>) -> Bool {
        !key.isEmpty && scanner.isAt(key, member, line)
    }

    private mutating func channel(_ member: ObjectScanner.Member, _ line: Span<UInt8>) -> Int? {
        guard isRecord else { return nil }
        if member.isPlain { return channels.number(line, member.key) }
        let path = scanner.path
        return channels.number(path.span, 0..<path.count)
    }

    private mutating func take(_ member: ObjectScanner.Member, _ line: Span<UInt8>, channel: Int) -> MalformedReason? {
        present += 1
        switch member.kind {
        case .opening, .records, .deep: return .notANumber
        case .boolean(let isTrue):
            values[channel] = keys.readsBooleans ? (isTrue ? 1 : 0) : .nan
            return nil
        case .bare, .text:
            switch parser.parse(line, member.value) {
            case .number(let value): values[channel] = value
            case .missing: values[channel] = .nan
            case .outOfRange: return .outOfRange
            case .notANumber: return takeGlued(line, member.value, channel: channel)
            }
            return nil
        }
    }

    /// A number with its unit glued to it, in the unit of the channel.
    @inline(never)
    private mutating func takeGlued(_ line: Span<UInt8>, _ range: Range<Int>, channel: Int) -> MalformedReason? {
        guard units[channel] >= 0, let (value, unit) = GluedUnit.read(line, range, parser),
            GluedUnit.isConvertible(unit, to: units[channel])
        else { return .notANumber }
        values[channel] = GluedUnit.convert(value, unit, to: units[channel])
        return values[channel].isFinite ? nil : .outOfRange
    }

    private mutating func takeName(_ member: ObjectScanner.Member, _ line: Span<UInt8>) -> MalformedReason? {
        guard !member.isNested, !member.value.isEmpty else { return .badSyntax }
        hasName = true
        let found: Int?
        if member.hasEscapes {
            let plain = Array(ObjectScanner.unescaped(line, member.value).utf8)
            found = names.number(plain.span, 0..<plain.count)
        } else {
            found = names.number(line, member.value)
        }
        if let found {
            decoded.channel = Int32(found)
        } else {
            decoded.kind = .unwatched
            decoded.unknown = member.value
            unknown += 1
        }
        return nil
    }

    /// A number is since 1970; a text is a date, or a number in quotes.
    private mutating func read(_ line: Span<UInt8>, _ range: Range<Int>, as format: TimeFormat) -> TimeParser.Instant? {
        if keys.notation == .syslog || keys.notation == .graphite { return readSpecial(line, range, as: format) }
        return readPlain(line, range, as: format)
    }

    /// The times of formats that have a way of their own to write them.
    @inline(never)
    private mutating func readSpecial(
        _ line: Span<UInt8>, _ range: Range<Int>, as format: TimeFormat
    ) -> TimeParser.Instant? {
        if keys.notation == .syslog, let found = SyslogTime(line, at: range.lowerBound) {
            let instant = found.instant(in: zone, arrival: arrival, near: latest)
            latest = instant?.time ?? latest
            return instant
        }
        var instant = readPlain(line, range, as: format)
        if keys.notation == .graphite {
            isTimedByArrival = instant.map { $0.time.nanoseconds < 0 } ?? false
            if isTimedByArrival { instant = (arrival ?? latest).map { TimeParser.Instant(time: $0) } }
        }
        // A year is taken from the first line that has one; from there on it is followed by those that have none.
        if keys.notation == .graphite || latest == nil { latest = instant?.time ?? latest }
        return instant
    }

    private mutating func readPlain(
        _ line: Span<UInt8>, _ range: Range<Int>, as format: TimeFormat
    ) -> TimeParser.Instant? {
        guard let dates, let date = LooseDate(line, range) else {
            return times.parse(line, range, as: format, in: zone)
        }
        date.rewrite(line, clock: date.end..<range.upperBound, dates, into: &rewritten)
        return TimeParser.parse(rewritten.span, 0..<rewritten.count, as: format, in: zone)
    }

    /// The series that a text or a number names.
    private func seriesIndex(
        _ member: ObjectScanner.Member, _ line: Span<UInt8>, _ series: inout SeriesTable
    ) -> Int32? {
        switch member.kind {
        case .opening, .records, .deep: return nil
        case _ where member.isComposed:
            let composed = scanner.composed
            return series.index(composed.span, 0..<composed.count)
        case .text where member.hasEscapes:
            let plain = Array(ObjectScanner.unescaped(line, member.value).utf8)
            return series.index(plain.span, 0..<plain.count)
        case .bare where matches(line, member.value, Self.null): return nil
        case .text, .bare, .boolean: return series.index(line, member.value)
        }
    }

    private static let null = Array("null".utf8)
}
