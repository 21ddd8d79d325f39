import TimeSeries

/// Finds time and channels of JSON lines.
struct KeyedSniffer {
    /// What the values of one key were.
    private struct Key {
        var bytes: [UInt8]
        var firstLine: Int
        var numbers = 0
        var dates = 0
        var datesWithoutZone = 0
        var others = 0
        var booleans = 0
        var nested = 0
        var largest = 0.0

        var name: String { String(decoding: bytes, as: UTF8.self) }
        /// Whether anything but `null` was seen.
        var isKnown: Bool { numbers + dates + others + booleans + nested > 0 }
        var isNumeric: Bool { numbers > dates + others + booleans + nested }
        var isDate: Bool { dates > numbers + others + booleans + nested }

        /// Why the key is no channel.
        var kind: String {
            if !isKnown { return "empty" }
            if booleans > 0 { return "boolean" }
            return nested > 0 ? "nested" : "text"
        }
    }

    private let sniffer: DialectSniffer
    private let lines: [DialectSniffer.Line]
    private let configuration: SourceConfiguration
    private let isFinal: Bool

    init(
        _ sniffer: DialectSniffer, _ lines: [DialectSniffer.Line], _ configuration: SourceConfiguration, isFinal: Bool
    ) {
        self.sniffer = sniffer
        self.lines = lines
        self.configuration = configuration
        self.isFinal = isFinal
    }

    func decide() -> DialectSniffer.Decision {
        let (keys, objects) = members()
        guard objects > 0 else { return isFinal ? .refused(sniffer.notUsable("JSON lines")) : .undecided }
        if !isFinal {
            // The last two lines brought no new key, and every key has shown a value.
            let isClear = keys.allSatisfy { $0.isKnown && $0.firstLine + 2 < objects }
            guard objects >= DialectSniffer.decisiveLines, objects == sniffer.lines.count, isClear else {
                return .undecided
            }
        }
        if configuration.time.count > 1 {
            return .refused(.timeInTwoKeys(configuration.time[0], configuration.time[1]))
        }
        let time: Key?
        if let name = configuration.time.first {
            guard let found = keys.first(where: { $0.name == name }) else { return unknown(name, "time", keys) }
            guard found.isDate || found.isNumeric else {
                return isFinal
                    ? .refused(.unreadableTime(column: name, example: sniffer.excerpt(lines[0]))) : .undecided
            }
            time = found
        } else {
            time = keys.first { TimeNames.keys.contains($0.name.lowercased()) && ($0.isDate || $0.isNumeric) }
        }
        if let series = configuration.series, !keys.contains(where: { $0.name == series }) {
            return unknown(series, "series", keys)
        }
        return dialect(keys, time)
    }

    private func dialect(_ keys: [Key], _ time: Key?) -> DialectSniffer.Decision {
        var chosen: [Key] = []
        var ignored: [String] = []
        if configuration.channels.isEmpty {
            for key in keys where key.bytes != time?.bytes && key.name != configuration.series {
                if key.isNumeric { chosen.append(key) } else { ignored.append("\(key.name) (\(key.kind))") }
            }
        } else {
            for name in configuration.channels {
                guard let key = keys.first(where: { $0.name == name }) else { return unknown(name, "channels", keys) }
                chosen.append(key)
            }
        }
        guard !chosen.isEmpty else { return isFinal ? .refused(.noChannels(lines: sniffer.lines.count)) : .undecided }
        guard chosen.count <= Dialect.mostChannels else {
            return .refused(.tooManyChannels(found: chosen.count, most: Dialect.mostChannels))
        }
        let format = time.map { $0.isDate ? TimeFormat.calendar : .epoch(largest: $0.largest) }
        var summary = "json lines, "
        if let time, let format {
            let zone = time.isDate && time.datesWithoutZone > 0 ? ", \(configuration.zone.rules.summary)" : ""
            summary += "time in \"\(time.name)\" (\(format.summary)\(zone)), "
        } else {
            summary += "no time, "
        }
        if let series = configuration.series { summary += "series in \"\(series)\", " }
        summary += (chosen.count == 1 ? "1 channel" : "\(chosen.count) channels") + Self.listed(ignored)
        let channels = ChannelNames.unique(chosen.map { ChannelNames.channel($0.name) })
        return .settled(
            Dialect(
                format: .keys(
                    Dialect.Keys(
                        time: time?.bytes ?? [], series: Array((configuration.series ?? "").utf8),
                        channels: chosen.map(\.bytes), readsBooleans: !configuration.channels.isEmpty)),
                time: format, schema: StreamSchema(channels: channels, hasTime: time != nil, summary: summary)))
    }

    /// What is not watched, at most ten names.
    static func listed(_ ignored: [String]) -> String {
        guard !ignored.isEmpty else { return "" }
        let more = ignored.count > 10 ? ", and \(ignored.count - 10) more" : ""
        return "; ignored: " + ignored.prefix(10).joined(separator: ", ") + more
    }

    private func unknown(_ name: String, _ key: String, _ keys: [Key]) -> DialectSniffer.Decision {
        isFinal ? .refused(.unknownColumn(name: name, key: key, known: keys.map(\.name))) : .undecided
    }

    // MARK: Members

    /// The keys of all lines in order of appearance, and how many lines are objects.
    private func members() -> (keys: [Key], objects: Int) {
        var keys: [Key] = []
        var place: [[UInt8]: Int] = [:]
        var objects = 0
        for held in lines {
            let line = Array(sniffer.bytes[held.range])
            guard isObject(line) else { continue }
            var scanner = ObjectScanner(line.span)
            while let member = scanner.next(line.span) {
                let name = ObjectScanner.unescaped(line.span, member.key)
                let bytes = member.keyHasEscapes ? Array(name.utf8) : Array(line[member.key])
                if place[bytes] == nil {
                    place[bytes] = keys.count
                    keys.append(Key(bytes: bytes, firstLine: objects))
                }
                if let index = place[bytes] { add(member, line, to: &keys[index]) }
            }
            objects += 1
        }
        return (keys, objects)
    }

    private func isObject(_ line: [UInt8]) -> Bool {
        var scanner = ObjectScanner(line.span)
        while scanner.next(line.span) != nil {}
        return scanner.isComplete
    }

    private func add(_ member: ObjectScanner.Member, _ line: [UInt8], to key: inout Key) {
        switch member.kind {
        case .boolean: key.booleans += 1
        case .nested: key.nested += 1
        case .bare, .text:
            switch NumberParser().parse(line.span, member.value) {
            case .missing: break
            case .outOfRange: key.numbers += 1
            case .number(let value):
                key.numbers += 1
                key.largest = max(key.largest, value.magnitude)
            case .notANumber:
                if let date = TimeParser.calendar(line.span, trimmed(line.span, member.value)) {
                    key.dates += 1
                    key.datesWithoutZone += date.hasZone ? 0 : 1
                } else {
                    key.others += 1
                }
            }
        }
    }
}
