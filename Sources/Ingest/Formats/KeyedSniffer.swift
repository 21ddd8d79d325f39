import TimeSeries

/// Finds time, series and channels of JSON lines and other keyed lines.
struct KeyedSniffer {
    /// What the values of one key were.
    struct Key {
        var bytes: [UInt8]
        var firstLine: Int
        var numbers = 0
        var dates = 0
        var datesWithoutZone = 0
        var others = 0
        var booleans = 0
        var nested = 0
        var records = 0
        var largest = 0.0
        var loose = 0
        var largestFirst = 0
        var largestSecond = 0
        var isDotted = false
        /// The unit glued to its first number that has one.
        var unit: Int?
        /// Dates without a year.
        var yearless = 0
        /// The first date with a year, of syslog lines.
        var dated: Timestamp?
        var example = ""
        /// The texts and numbers met, in their order, and the object that brought the last new one.
        var distinct: [String] = []
        var distinctLastNew = 0
        private var known: Set<String> = []

        init(bytes: [UInt8], firstLine: Int) {
            self.bytes = bytes
            self.firstLine = firstLine
        }

        var name: String { String(decoding: bytes, as: UTF8.self) }
        /// Whether anything but `null` was seen.
        var isKnown: Bool { numbers + dates + others + booleans + nested + records > 0 }
        var isNumeric: Bool { numbers > dates + others + booleans + nested + records }
        var isDate: Bool { dates > numbers + others + booleans + nested + records }
        var isText: Bool { others > numbers + dates + booleans + nested + records }

        /// Why the key is no channel.
        var kind: String {
            if !isKnown { return "empty" }
            if records > 0 { return "list of objects; records = \"\(name)[]\" reads them" }
            if booleans > 0 { return "boolean" }
            if isDate { return "date" }
            return nested > 0 ? "nested too deep" : "text"
        }

        mutating func note(_ text: String, object: Int) {
            guard !text.isEmpty, text.utf8.count <= SeriesTable.longestName, distinct.count <= Dialect.mostChannels,
                known.insert(text).inserted
            else { return }
            distinct.append(text)
            distinctLastNew = object
        }
    }

    let sniffer: DialectSniffer
    let lines: [DialectSniffer.Line]
    var configuration: SourceConfiguration
    let isFinal: Bool
    let notation: Notation
    /// Whether the configuration names the series, and not the format.
    let isSeriesConfigured: Bool

    init(
        _ sniffer: DialectSniffer, _ lines: [DialectSniffer.Line], _ configuration: SourceConfiguration,
        notation: Notation = .json, isFinal: Bool
    ) {
        self.sniffer = sniffer
        self.lines = lines
        self.configuration = notation.settings(configuration)
        self.isFinal = isFinal
        self.notation = notation
        isSeriesConfigured = configuration.series != nil
    }

    func decide() -> DialectSniffer.Decision {
        let texts = lines.map { Array(sniffer.bytes[$0.range]) }
        let outer = keys(of: texts.map { ($0, 0) }, isWhole: true)
        guard outer.objects > 0 else { return isFinal ? .refused(sniffer.notUsable(notation.words)) : .undecided }
        if notation == .suricataStats {
            guard isFinal || outer.objects >= SuricataStats.decisiveEvents else { return .undecided }
        } else if !isFinal {
            // The last two lines brought no new key, and every key has shown a value.
            let isClear = outer.keys.allSatisfy { $0.isKnown && $0.firstLine + 2 < outer.objects }
            guard outer.objects >= DialectSniffer.decisiveLines, outer.objects == sniffer.lines.count, isClear else {
                return .undecided
            }
        }
        if configuration.time.count > 1 {
            return .refused(.timeInTwoKeys(configuration.time[0], configuration.time[1]))
        }
        return settle(outer.keys, outer.objects, texts)
    }

    private func settle(_ outer: [Key], _ objects: Int, _ texts: [[UInt8]]) -> DialectSniffer.Decision {
        var reading = Reading(keys: outer, outer: [], objects: objects)
        if let records = configuration.records {
            let path = records.hasSuffix("[]") ? String(records.dropLast(2)) : records
            guard let key = outer.first(where: { $0.name == path }), key.records > 0 else {
                return unknown(records, "records", outer)
            }
            reading = self.reading(of: key, outer, texts)
            reading.reason = "configured"
        } else if let found = recognisedRecords(outer, texts) {
            reading = found
        }
        if let implied = configuration.implied(by: reading.keys.map(\.name)) {
            var sniffer = self
            sniffer.configuration = implied
            return sniffer.settle(outer, objects, texts)
        }
        switch findTime(reading) {
        case .failure(let error): return isFinal ? .refused(error) : .undecided
        case .success(let time): return dialect(reading, time)
        }
    }

    private func dialect(_ reading: Reading, _ time: FoundTime?) -> DialectSniffer.Decision {
        var use = Use()
        switch assign(reading, time, &use) {
        case .undecided: return .undecided
        case .refused(let error): return isFinal ? .refused(error) : .undecided
        case .settled: break
        }
        guard !use.channels.isEmpty else {
            return isFinal ? .refused(.noChannels(lines: sniffer.lines.count)) : .undecided
        }
        guard use.channels.count <= Dialect.mostChannels else {
            return .refused(.tooManyChannels(found: use.channels.count, most: Dialect.mostChannels))
        }
        let form = notation.form(isList: sniffer.isList)
        var summary = form + ", "
        if let records = reading.path { summary += "records in \"\(String(decoding: records, as: UTF8.self))\", " }
        summary += (time?.summary ?? "no time") + ", "
        for words in use.words { summary += words + ", " }
        let count = use.channels.count
        summary += (count == 1 ? "1 channel" : "\(count) channels")
        if !use.counters.isEmpty { summary += ", \(use.counters.count) of them as rates" }
        summary += Self.listed(use.ignored.map { "\($0.name) (\($0.reason))" })
        let isNamed = !configuration.channels.isEmpty
        return .settled(
            Dialect(
                format: .keys(
                    Dialect.Keys(
                        notation: notation,
                        reference: notation == .syslog ? reading.keys.compactMap(\.dated).first : nil,
                        time: time?.key.bytes ?? [], series: use.series, channels: use.keys,
                        readsBooleans: isNamed,
                        records: reading.path ?? [], name: use.name, channelNames: use.channelNames,
                        quality: use.quality, isList: sniffer.isList)),
                time: time?.format, dates: time?.dates,
                schema: StreamSchema(
                    channels: ChannelNames.unique(use.channels), hasTime: time != nil, counters: use.counters,
                    summary: summary, findings: findings(form, reading, time, use))))
    }

    private func findings(_ form: String, _ reading: Reading, _ time: FoundTime?, _ use: Use) -> [Finding] {
        var findings = [
            Finding(
                "format", form,
                because: configuration.format != .auto
                    ? "configured" : sniffer.isList ? "the input begins with [ and {" : notation.reason)
        ]
        if let path = reading.path {
            findings.append(
                Finding("records", "in \"\(String(decoding: path, as: UTF8.self))\"", because: reading.reason))
        }
        if let time {
            findings.append(Finding("time", String(time.summary.dropFirst("time ".count)), because: time.reason))
        } else {
            findings.append(
                Finding("time", "none", because: "no key has the name of a time and holds dates or numbers"))
        }
        findings += use.findings
        return findings + use.ignored.map { Finding("ignored", $0.name, because: $0.reason) }
    }

    /// What is not watched, at most ten names.
    static func listed(_ ignored: [String]) -> String {
        guard !ignored.isEmpty else { return "" }
        let more = ignored.count > 10 ? ", and \(ignored.count - 10) more" : ""
        return "; ignored: " + ignored.prefix(10).joined(separator: ", ") + more
    }

    func unknown(_ name: String, _ key: String, _ keys: [Key]) -> DialectSniffer.Decision {
        isFinal ? .refused(.unknownColumn(name: name, key: key, known: keys.map(\.name))) : .undecided
    }
}
