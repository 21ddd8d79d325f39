import TimeSeries

/// Reads StatsD lines of a settled dialect: a reading for each value.
///
/// A series is a name with its tags, sorted, because clients differ in their order: `pump.starts,site:a`. Each kind of
/// metric is a group of the stream, in the order in which they are met. A name that two kinds use is two series, the
/// later with its kind behind the name.
struct StatsDDecoder: Sendable {
    /// Most tags that are sorted; a line with more keeps them as written.
    private static let mostTags = 64

    /// The value of the last reading, and what it stands for: 10 at a rate of 0.1. A counter's value is multiplied already;
    /// a set's is a number of its member.
    private(set) var values = [Double.nan, 1]
    /// Whether the last value changes the one before: `+3` of a gauge.
    private(set) var isChange = false
    private var newcomers: [MetricKind] = []
    private let parser = NumberParser()
    private var groups: [Int32]
    private var groupCount: Int32

    // The line in hand.
    private var scanner = StatsDLine()
    private var pending: DecodedLine.Kind?
    private var kind = MetricKind.counter
    private var weight = 1.0
    private var time: Timestamp?
    /// Where the next value of the part begins; `nil` when all are read.
    private var next: Int?
    private var end = 0
    private var key: [UInt8] = []
    private var tags: [Range<Int>] = []

    /// Creates a decoder.
    ///
    /// - Parameter kinds: of the groups there are.
    init(_ kinds: [MetricKind]) {
        groups = [Int32](repeating: -1, count: MetricKind.allCases.count)
        groupCount = Int32(kinds.count)
        for (group, kind) in kinds.enumerated() { groups[Int(kind.rawValue)] = Int32(group) }
    }

    /// The kinds met since the last call.
    mutating func takeNewcomers() -> [MetricKind] {
        guard !newcomers.isEmpty else { return [] }
        defer { newcomers.removeAll() }
        return newcomers
    }

    /// Begins with a line.
    mutating func begin(_ line: Span<UInt8>) {
        next = nil
        switch scanner.begin(line) {
        case .metrics: pending = nil
        case .message: pending = .unwatched
        case .broken: pending = .malformed(.badSyntax)
        }
    }

    /// The next reading of the line, or what is wrong with it; `nil` at its end.
    mutating func next(_ line: Span<UInt8>, _ series: inout SeriesTable) -> DecodedLine? {
        if let kind = pending {
            pending = nil
            return DecodedLine(kind: kind)
        }
        if next == nil {
            guard let part = scanner.next(line) else {
                guard scanner.isBroken else { return nil }
                _ = scanner.begin([UInt8]().span)
                return DecodedLine(kind: .malformed(.badSyntax))
            }
            if let flaw = open(part, line) { return DecodedLine(kind: .malformed(flaw)) }
        }
        let range = takeRange(line)
        if let flaw = read(line, range) { return DecodedLine(kind: .malformed(flaw)) }
        guard let number = number(&series) else { return DecodedLine(kind: .malformed(.badSyntax)) }
        var decoded = DecodedLine(kind: .record, series: number, channel: 0)
        decoded.instant = time.map { TimeParser.Instant(time: $0) }
        return decoded
    }

    // MARK: A part

    private mutating func open(_ part: StatsDLine.Part, _ line: Span<UInt8>) -> MalformedReason? {
        guard let kind = MetricKind(line, part.type) else { return .badSyntax }
        self.kind = kind
        weight = 1
        if let rate = part.rate {
            switch parser.parse(line, rate) {
            case .number(let rate) where rate > 0 && rate <= 1 && (1 / rate).isFinite: weight = 1 / rate
            case .number, .outOfRange: return .outOfRange
            case .missing, .notANumber: return .notANumber
            }
        }
        time = nil
        if let written = part.time {
            time = TimeParser.epoch(line, written, nanosecondDigits: 9)
            guard let time, time.nanoseconds > 0 else { return .badTime }
        }
        name(line, part.tags)
        next = part.values.lowerBound
        end = part.values.upperBound
        return nil
    }

    /// The place of the next value; a set's member may hold colons.
    private mutating func takeRange(_ line: Span<UInt8>) -> Range<Int> {
        let start = next ?? end
        var index = kind == .set ? end : start
        while index < end, line[index] != UInt8(ascii: ":") { index += 1 }
        next = index < end ? index + 1 : nil
        return trimmed(line, start..<index)
    }

    private mutating func read(_ line: Span<UInt8>, _ range: Range<Int>) -> MalformedReason? {
        guard let first = range.first else { return .badSyntax }
        isChange = false
        values[1] = weight
        if kind == .set {
            var hash = StableHash()
            for index in range { hash.combine(UInt64(line[index])) }
            // As many bits as a Double holds.
            values[0] = Double(hash.value >> 11)
            return nil
        }
        switch parser.parse(line, range) {
        case .number(let value): values[0] = value
        case .missing: values[0] = .nan
        case .outOfRange: return .outOfRange
        case .notANumber: return .notANumber
        }
        if kind == .gauge { isChange = line[first] == UInt8(ascii: "+") || line[first] == UInt8(ascii: "-") }
        if kind == .counter { values[0] *= weight }
        return values[0].isInfinite ? .outOfRange : nil
    }

    // MARK: The series

    private mutating func name(_ line: Span<UInt8>, _ written: Range<Int>) {
        tags.removeAll(keepingCapacity: true)
        key.removeAll(keepingCapacity: true)
        for index in scanner.name { key.append(line[index]) }
        guard key.count <= SeriesTable.longestName, written.count <= SeriesTable.longestName else {
            // No name, however it is put together; one byte too many says so.
            while key.count <= SeriesTable.longestName { key.append(0) }
            return
        }
        var index = written.lowerBound
        while index < written.upperBound {
            let start = index
            while index < written.upperBound, line[index] != Self.comma { index += 1 }
            if index > start { insert(start..<index, line) }
            index += 1
        }
        for tag in tags {
            key.append(Self.comma)
            for index in tag { key.append(line[index]) }
        }
    }

    /// Puts a tag into its place; a few tags need no memory for it.
    private mutating func insert(_ tag: Range<Int>, _ line: Span<UInt8>) {
        tags.append(tag)
        guard tags.count <= Self.mostTags else { return }
        var slot = tags.count - 1
        while slot > 0, precedes(line, tags[slot], tags[slot - 1]) {
            tags.swapAt(slot, slot - 1)
            slot -= 1
        }
    }

    private func precedes(_ line: Span<UInt8>, _ first: Range<Int>, _ second: Range<Int>) -> Bool {
        for offset in 0..<min(first.count, second.count) {
            let (a, b) = (line[first.lowerBound + offset], line[second.lowerBound + offset])
            if a != b { return a < b }
        }
        return first.count < second.count
    }

    private static let comma = UInt8(ascii: ",")

    /// The number of the series of the reading in hand; `nil` when its name is too long.
    private mutating func number(_ series: inout SeriesTable) -> Int32? {
        let group = groupNumber()
        guard let found = series.index(key.span, 0..<key.count, group: group) else { return nil }
        guard found >= 0, series.groups[Int(found)] != group else { return found }
        // The name is one of another kind already.
        let length = key.count
        key.append(contentsOf: " (\(kind.word))".utf8)
        defer { key.removeLast(key.count - length) }
        guard let other = series.index(key.span, 0..<key.count, group: group) else { return nil }
        return other < 0 || series.groups[Int(other)] == group ? other : nil
    }

    private mutating func groupNumber() -> Int32 {
        let place = Int(kind.rawValue)
        if groups[place] < 0 {
            groups[place] = groupCount
            groupCount += 1
            newcomers.append(kind)
        }
        return groups[place]
    }
}
