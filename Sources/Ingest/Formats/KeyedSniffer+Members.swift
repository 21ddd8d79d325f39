import TimeSeries

/// What the values of keys are, line by line.
extension KeyedSniffer {
    /// The keys of objects in order of appearance, and how many of them are objects.
    func keys(of starts: [(text: [UInt8], place: Int)], isWhole: Bool) -> (keys: [Key], objects: Int) {
        var keys: [Key] = []
        var place: [[UInt8]: Int] = [:]
        var objects = 0
        var eventScanner = ObjectScanner()
        for (text, start) in starts {
            if notation == .suricataStats, SuricataStats.event(text.span, &eventScanner) != .stats { continue }
            var scanner = KeyScanner(notation)
            scanner.begin(text.span, at: start)
            while scanner.next(text.span) != nil {}
            guard isWhole ? scanner.isComplete(text.span) : scanner.isClosed else { continue }
            scanner.begin(text.span, at: start)
            while let member = scanner.next(text.span) {
                if member.kind == .opening { continue }
                let path = scanner.path(of: member, text.span)
                // Bare words of a message are no keys, unless one is asked for.
                if case .boolean = member.kind, member.value.isEmpty,
                    !configuration.channels.contains(where: { Array($0.utf8) == path })
                {
                    continue
                }
                if place[path] == nil {
                    place[path] = keys.count
                    keys.append(Key(bytes: path, firstLine: objects))
                }
                if let index = place[path] { add(member, text.span, object: objects, to: &keys[index]) }
            }
            objects += 1
        }
        return (keys, objects)
    }

    private static let parser = NumberParser()

    private func add(_ member: ObjectScanner.Member, _ line: Span<UInt8>, object: Int, to key: inout Key) {
        if member.isComposed {
            key.others += 1
            return
        }
        if notation == .syslog, addDate(line, member, to: &key) { return }
        switch member.kind {
        case .boolean: key.booleans += 1
        case .records: key.records += 1
        case .deep, .opening: key.nested += 1
        case .bare, .text:
            if member.kind == .text || member.value.count <= 32 {
                let text =
                    member.hasEscapes ? ObjectScanner.unescaped(line, member.value) : Ingest.text(line, member.value)
                if text != "null" { key.note(text, object: object) }
            }
            switch Self.parser.parse(line, member.value) {
            case .missing: break
            case .outOfRange: key.numbers += 1
            case .number(let value):
                key.numbers += 1
                key.largest = max(key.largest, value.magnitude)
            case .notANumber:
                if !addGlued(line, member.value, to: &key) { Self.addText(line, trimmed(line, member.value), to: &key) }
            }
        }
    }

    /// A date without a year; `false` when it is none. Notes the first one with a year.
    private func addDate(_ line: Span<UInt8>, _ member: ObjectScanner.Member, to key: inout Key) -> Bool {
        guard let found = SyslogTime(line, at: member.value.lowerBound), found.end == member.value.upperBound else {
            if key.dated == nil {
                key.dated = TimeParser.calendar(line, member.value)?.instant(in: configuration.zone.rules).time
            }
            return false
        }
        key.dates += 1
        key.datesWithoutZone += 1
        if found.hasYear {
            key.dated =
                key.dated ?? found.instant(in: configuration.zone.rules, arrival: nil, near: nil)?.time
        } else {
            key.yearless += 1
        }
        return true
    }

    /// A number with a unit of the kind that its key has; `false` when it is none.
    private func addGlued(_ line: Span<UInt8>, _ range: Range<Int>, to key: inout Key) -> Bool {
        guard notation.gluesUnits, let (value, unit) = GluedUnit.read(line, range, Self.parser),
            key.unit.map({ GluedUnit.isConvertible(unit, to: $0) }) ?? true
        else { return false }
        key.unit = key.unit ?? unit
        key.numbers += 1
        key.largest = max(key.largest, value.magnitude)
        return true
    }

    private static func addText(_ line: Span<UInt8>, _ range: Range<Int>, to key: inout Key) {
        guard case .date(let hasZone, _, let loose) = DelimitedSniffer.kind(line, range) else {
            key.others += 1
            return
        }
        key.dates += 1
        key.datesWithoutZone += hasZone ? 0 : 1
        guard let loose else { return }
        key.loose += 1
        key.largestFirst = max(key.largestFirst, loose.first)
        key.largestSecond = max(key.largestSecond, loose.second)
        if loose.separator == UInt8(ascii: ".") { key.isDotted = true }
        if key.example.isEmpty { key.example = Ingest.text(line, range) }
    }
}
