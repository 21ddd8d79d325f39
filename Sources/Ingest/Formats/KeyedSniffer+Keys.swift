import TimeSeries

extension KeyedSniffer {
    /// The keys among which channels are looked for.
    struct Reading {
        /// Those of the records.
        var keys: [Key]
        /// Those around the records, when lines hold lists of them.
        var outer: [Key]
        /// How many records there are.
        var objects: Int
        /// The key of the list of records.
        var path: [UInt8]?
        var reason = ""
    }

    /// What keys are used for.
    struct Use {
        var channels: [Channel] = []
        var keys: [[UInt8]] = []
        var series: [UInt8] = []
        var name: [UInt8] = []
        var channelNames: [[UInt8]] = []
        var quality: [UInt8] = []
        var words: [String] = []
        var findings: [Finding] = []
        var ignored: [(name: String, reason: String)] = []
        /// Channels that are watched as rates.
        var counters: [String] = []
    }

    /// The time of the lines.
    struct FoundTime {
        var key: Key
        var format: TimeFormat
        var dates: SourceConfiguration.DateOrder?
        var summary: String
        var reason: String
    }

    enum TimeSearch {
        case success(FoundTime?)
        case failure(IngestError)
    }

    enum Assignment {
        case undecided
        case refused(IngestError)
        case settled
    }

    // MARK: Time

    /// Finds the key of the time, that of a record before one around it.
    func findTime(_ reading: Reading) -> TimeSearch {
        let all = reading.keys + reading.outer
        if notation == .graphite, let key = all.first(where: { $0.name == "time" }), key.largest <= 1 {
            // All of them are -1: the time is that of the arrival.
            return .success(nil)
        }
        if notation == .syslog, configuration.time.isEmpty,
            let key = all.first(where: { $0.bytes == SyslogScanner.timeKey && $0.isDate })
        {
            return time(key, because: "the envelope")
        }
        if let name = configuration.time.first {
            guard let key = all.first(where: { $0.name == name }) else {
                return .failure(.unknownColumn(name: name, key: "time", known: all.map(\.name)))
            }
            guard key.isDate || key.isNumeric else {
                return .failure(.unreadableTime(column: name, example: sniffer.excerpt(lines[0])))
            }
            return time(key, because: "configured")
        }
        let found = all.first { TimeNames.keys.contains($0.name.lowercased()) && ($0.isDate || $0.isNumeric) }
        return found.map { time($0, because: "its name") } ?? .success(nil)
    }

    private func time(_ key: Key, because reason: String) -> TimeSearch {
        let format = key.isDate ? TimeFormat.calendar : .epoch(largest: key.largest)
        var order: SourceConfiguration.DateOrder?
        if key.loose > 0 {
            let canBeDayFirst = key.largestSecond <= 12 && key.largestFirst <= 31
            let canBeMonthFirst = key.largestFirst <= 12 && key.largestSecond <= 31 && !key.isDotted
            switch (configuration.dates, canBeDayFirst, canBeMonthFirst) {
            case (nil, true, false), (.dayFirst, true, _): order = .dayFirst
            case (nil, false, true), (.monthFirst, _, true): order = .monthFirst
            case (nil, true, true):
                let example = Array(key.example.utf8)
                guard let date = LooseDate(example.span, 0..<example.count) else {
                    return .failure(.unreadableTime(column: key.name, example: key.example))
                }
                return .failure(
                    .ambiguous(
                        line: key.example, first: "day/month/year, \(date.text(.dayFirst))",
                        second: "month/day/year, \(date.text(.monthFirst))",
                        advice: "set dates = \"dmy\" or dates = \"mdy\", or write dates as year-month-day"))
            default: return .failure(.unreadableTime(column: key.name, example: key.example))
            }
        }
        let zone = key.isDate && key.datesWithoutZone > 0 ? ", \(configuration.zone.rules.summary)" : ""
        return .success(
            FoundTime(
                key: key, format: format, dates: order,
                summary:
                    "time in \"\(key.name)\" (\(order?.words ?? (key.yearless > 0 ? "month and day without a year" : format.summary))\(zone))",
                reason: reason))
    }

    // MARK: Channels

    /// Decides what the keys are used for.
    func assign(_ reading: Reading, _ time: FoundTime?, _ use: inout Use) -> Assignment {
        let all = reading.keys + reading.outer
        func find(_ name: String) -> Key? {
            all.first { $0.name == name }
                ?? (notation == .syslog ? all.first { $0.name == SyslogScanner.prefix + name } : nil)
        }
        if let name = configuration.series {
            guard let key = find(name) else { return unknown(name, "series", in: all) }
            use.series = key.bytes
            use.words.append("series in \"\(name)\"")
            use.findings.append(
                Finding("series", "in \"\(name)\"", because: isSeriesConfigured ? "configured" : "the format"))
        }
        if let name = configuration.quality {
            guard let key = find(name) else { return unknown(name, "quality", in: all) }
            use.quality = key.bytes
        }
        var free = reading.keys.filter {
            $0.bytes != time?.key.bytes && $0.bytes != use.series && $0.bytes != use.quality
        }
        if notation == .syslog {
            free.removeAll { $0.name.hasPrefix(SyslogScanner.prefix) }
            // The envelope says when; a time in the message would be a channel that only grows.
            let times = free.filter { TimeNames.keys.contains($0.name.lowercased()) }
            use.ignored += times.map { ($0.name, "another time") }
            free.removeAll { TimeNames.keys.contains($0.name.lowercased()) }
        }
        if notation == .suricataStats { return assignCounters(free, reading.objects, &use) }
        let numeric = free.filter { $0.isNumeric && !LongForm.qualityNames.contains($0.name.lowercased()) }
        if configuration.channel != nil || configuration.value != nil {
            return assignDeclared(reading, all, numeric, free, &use)
        }
        if configuration.channels.isEmpty, configuration.series == nil, !configuration.isKeyedByTopic, time != nil,
            numeric.count == 1,
            LongForm.valueNames.contains(numeric[0].name.lowercased())
        {
            let names = free.filter { $0.isText && LongForm.seriesNames.contains($0.name.lowercased()) }
            if names.count > 1 { return .refused(twoNames(names[0], names[1], numeric[0])) }
            if let name = names.first {
                free.removeAll { $0.bytes == name.bytes || $0.bytes == numeric[0].bytes }
                assignLong(name, numeric[0], &free, &use)
                return .settled
            }
        }
        if configuration.channels.isEmpty {
            for key in free {
                if key.isNumeric {
                    use.channels.append(channel(key))
                    use.keys.append(key.bytes)
                } else {
                    use.ignored.append((key.name, key.kind))
                }
            }
        } else {
            for name in configuration.channels {
                guard let key = reading.keys.first(where: { $0.name == name }) else {
                    return unknown(name, "channels", in: reading.keys)
                }
                use.channels.append(channel(key))
                use.keys.append(key.bytes)
            }
        }
        return .settled
    }

    private func channel(_ key: Key) -> Channel {
        var channel = ChannelNames.channel(key.name)
        if channel.unit == nil { channel.unit = key.unit.map(GluedUnit.name) }
        return channel
    }

    func unknown(_ name: String, _ key: String, in keys: [Key]) -> Assignment {
        .refused(.unknownColumn(name: name, key: key, known: keys.map(\.name)))
    }

    private func twoNames(_ first: Key, _ second: Key, _ value: Key) -> IngestError {
        .ambiguous(
            line: sniffer.excerpt(lines[lines.count - 1]),
            first: "each \"\(first.name)\" a series, with the channels of \"\(second.name)\"",
            second: "each \"\(second.name)\" a series",
            advice:
                "set series = \"\(first.name)\" and channel = \"\(second.name)\", or series = \"\(second.name)\" and value = \"\(value.name)\""
        )
    }

    /// Long-form lines that were recognised: each name a series with the channel `value`.
    private func assignLong(_ name: Key, _ value: Key, _ free: inout [Key], _ use: inout Use) {
        let reason = "long form: beside the time one text that names and one number, \"\(value.name)\""
        use.series = name.bytes
        use.keys = [value.bytes]
        use.channels = [Channel(name: "value")]
        use.words.append("series in \"\(name.name)\", value in \"\(value.name)\"")
        use.findings.append(Finding("series", "in \"\(name.name)\"", because: reason))
        if use.quality.isEmpty,
            let quality = free.first(where: { LongForm.qualityNames.contains($0.name.lowercased()) })
        {
            use.quality = quality.bytes
            use.words.append("quality in \"\(quality.name)\"")
            free.removeAll { $0.bytes == quality.bytes }
        }
        use.ignored += free.map { ($0.name, $0.kind) }
    }

    /// Long-form lines as the configuration declares them.
    private func assignDeclared(
        _ reading: Reading, _ all: [Key], _ numeric: [Key], _ free: [Key], _ use: inout Use
    ) -> Assignment {
        let names = all.map(\.name)
        let value: Key
        if let name = configuration.value {
            guard let key = reading.keys.first(where: { $0.name == name }) else {
                return unknown(name, "value", in: reading.keys)
            }
            value = key
        } else {
            let others = numeric.filter { $0.name != configuration.channel }
            guard
                let key = others.first(where: { LongForm.valueNames.contains($0.name.lowercased()) })
                    ?? (others.count == 1 ? others[0] : nil)
            else { return .refused(.unknownColumn(name: "value", key: "value", known: names)) }
            value = key
        }
        use.keys = [value.bytes]
        use.findings.append(
            Finding(
                "value", "in \"\(value.name)\"",
                because: configuration.value == nil ? "the key of numbers" : "configured"))
        guard let channel = configuration.channel else {
            use.channels = [Channel(name: "value")]
            use.words.append("value in \"\(value.name)\"")
            use.ignored = free.filter { $0.bytes != value.bytes && !$0.isNumeric }.map { ($0.name, $0.kind) }
            return .settled
        }
        guard let key = all.first(where: { $0.name == channel }) else { return unknown(channel, "channel", in: all) }
        if !isFinal, !LongForm.isSettled(lines: reading.objects, lastNew: key.distinctLastNew) { return .undecided }
        use.name = key.bytes
        use.channelNames = key.distinct.map { Array($0.utf8) }
        use.channels = key.distinct.map { Channel(name: $0) }
        use.words.append("channel in \"\(channel)\", value in \"\(value.name)\"")
        use.findings.append(Finding("channel", "in \"\(channel)\"", because: "configured"))
        use.ignored = free.filter { $0.bytes != value.bytes && $0.bytes != key.bytes && !$0.isNumeric }
            .map { ($0.name, $0.kind) }
        return .settled
    }

    // MARK: Records

    /// The records in the list of one key.
    func reading(of key: Key, _ outer: [Key], _ texts: [[UInt8]]) -> Reading {
        var starts: [([UInt8], Int)] = []
        for text in texts {
            guard let list = Self.list(key.bytes, text) else { continue }
            var scanner = ObjectScanner()
            var place = list.lowerBound
            while true {
                while place < list.upperBound, [32, 9, UInt8(ascii: ",")].contains(text[place]) { place += 1 }
                guard place < list.upperBound, starts.count < 4_096, text[place] == UInt8(ascii: "{") else { break }
                starts.append((text, place))
                guard scanner.skipValue(text.span, at: place) else { break }
                place = scanner.position
            }
        }
        let inner = keys(of: starts, isWhole: false)
        return Reading(keys: inner.keys, outer: outer, objects: inner.objects, path: key.bytes)
    }

    private static func list(_ path: [UInt8], _ text: [UInt8]) -> Range<Int>? {
        var scanner = ObjectScanner()
        scanner.begin(text.span)
        while let member = scanner.next(text.span) {
            if member.kind == .records, scanner.isAt(path, member, text.span) {
                return (member.value.lowerBound + 1)..<(member.value.upperBound - 1)
            }
        }
        return nil
    }

    /// Lists of records that cannot be meant otherwise: the only list of objects in lines without numbers but a time, each
    /// object with one text that names and one number that is a value.
    func recognisedRecords(_ outer: [Key], _ texts: [[UInt8]]) -> Reading? {
        guard configuration.channels.isEmpty else { return nil }
        let lists = outer.filter { $0.records > 0 }
        let others = outer.filter { $0.isNumeric && !TimeNames.keys.contains($0.name.lowercased()) }
        guard lists.count == 1, others.isEmpty else { return nil }
        var reading = reading(of: lists[0], outer, texts)
        let names = reading.keys.filter { $0.isText && LongForm.seriesNames.contains($0.name.lowercased()) }
        let values = reading.keys.filter { $0.isNumeric && LongForm.valueNames.contains($0.name.lowercased()) }
        guard names.count == 1, values.count == 1 else { return nil }
        reading.reason = "the only list, of objects with \"\(names[0].name)\" and \"\(values[0].name)\""
        return reading
    }
}
