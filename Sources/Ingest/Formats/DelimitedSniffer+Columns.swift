import TimeSeries

extension DelimitedSniffer {
    /// What columns are used for.
    struct Use {
        var channels: [Channel] = []
        /// The channels that long-form lines name, as bytes.
        var channelNames: [[UInt8]] = []
        /// How series, channels and values are told, in words; empty when nothing but numbers is read.
        var words: [String] = []
        var findings: [Finding] = []
    }

    enum Assignment {
        case undecided
        case refused(IngestError)
        case settled(Use)
    }

    /// The columns of a long-form line.
    private struct LongColumns {
        var series: Int?
        var name: Int?
        var value: Int
        var reason: String
    }

    /// Gives each column its role.
    func assign(
        _ roles: inout [Dialect.Role], _ ignored: inout [(name: String, reason: String)], _ names: [String],
        _ columns: [Column], _ time: FoundTime?, isNamed: Bool
    ) -> Assignment {
        if let quality = configuration.quality {
            guard let column = Self.find(quality, in: names) else { return unknown(quality, "quality", names) }
            roles[column] = .quality
        }
        var use = Use()
        let long: LongColumns?
        switch findLong(roles, names, columns, hasTime: time != nil, isNamed: isNamed) {
        case .success(let found): long = found
        case .failure(let error): return .refused(error)
        }
        if let key = configuration.series {
            guard let column = Self.find(key, in: names) else { return unknown(key, "series", names) }
            roles[column] = .series
            use.words.append("series in \"\(names[column])\"")
            use.findings.append(Finding("series", "in \"\(names[column])\"", because: "configured"))
        }
        if let long {
            guard assign(long, &roles, &use, names, columns) else { return .undecided }
        } else if configuration.channels.isEmpty {
            for index in columns.indices where roles[index] == .ignored && columns[index].isNumeric {
                roles[index] = .channel(use.channels.count)
                use.channels.append(ChannelNames.channel(names[index]))
            }
        } else {
            for name in configuration.channels {
                guard let column = Self.find(name, in: names) else { return unknown(name, "channels", names) }
                roles[column] = .channel(use.channels.count)
                use.channels.append(ChannelNames.channel(names[column]))
            }
        }
        if let quality = roles.firstIndex(of: .quality) { use.words.append("quality in \"\(names[quality])\"") }
        for index in columns.indices where roles[index] == .ignored {
            let isOther = long != nil || !configuration.channels.isEmpty
            if isOther, columns[index].isNumeric { continue }
            ignored.append((names[index], columns[index].kind))
        }
        return .settled(use)
    }

    private func unknown(_ name: String, _ key: String, _ names: [String]) -> Assignment {
        .refused(.unknownColumn(name: name, key: key, known: names))
    }

    /// - Returns: `false` when more lines must be looked at for the names of channels.
    private func assign(
        _ long: LongColumns, _ roles: inout [Dialect.Role], _ use: inout Use, _ names: [String], _ columns: [Column]
    ) -> Bool {
        roles[long.value] = .channel(0)
        if let series = long.series, roles[series] != .series {
            roles[series] = .series
            use.words.append("series in \"\(names[series])\"")
            use.findings.append(Finding("series", "in \"\(names[series])\"", because: long.reason))
        }
        if configuration.quality == nil, configuration.channel == nil, configuration.value == nil,
            let quality = names.indices.first(where: {
                roles[$0] == .ignored
                    && LongForm.qualityNames.contains(ChannelNames.channel(names[$0]).name.lowercased())
            })
        {
            roles[quality] = .quality
            use.findings.append(Finding("quality", "in \"\(names[quality])\"", because: "its name"))
        }
        use.findings.append(Finding("value", "in \"\(names[long.value])\"", because: long.reason))
        guard let name = long.name else {
            use.words.append("value in \"\(names[long.value])\"")
            use.channels = [Channel(name: "value", unit: ChannelNames.channel(names[long.value]).unit)]
            return true
        }
        let met = columns[name]
        let rows = met.numbers + met.texts + met.missing + met.dates + met.clocks
        if !isFinal, !LongForm.isSettled(lines: rows, lastNew: met.distinctLastNew) { return false }
        roles[name] = .name
        use.words.append("channel in \"\(names[name])\", value in \"\(names[long.value])\"")
        use.findings.append(Finding("channel", "in \"\(names[name])\"", because: "configured"))
        use.channelNames = met.distinct.map { Array($0.utf8) }
        use.channels = use.channelNames.map { Channel(name: String(decoding: $0, as: UTF8.self)) }
        return true
    }

    private enum LongSearch {
        case success(LongColumns?)
        case failure(IngestError)
    }

    /// Finds the columns of long-form lines: those that are configured, or a text column and a numeric one with names
    /// that say what they are.
    private func findLong(
        _ roles: [Dialect.Role], _ names: [String], _ columns: [Column], hasTime: Bool, isNamed: Bool
    ) -> LongSearch {
        func has(_ index: Int, _ known: Set<String>) -> Bool {
            known.contains(ChannelNames.channel(names[index]).name.lowercased())
        }
        let free = columns.indices.filter { roles[$0] == .ignored }
        let numeric = free.filter { columns[$0].isNumeric && !has($0, LongForm.qualityNames) }
        if configuration.channel != nil || configuration.value != nil {
            var name: Int?
            if let channel = configuration.channel {
                name = Self.find(channel, in: names)
                guard name != nil else { return .failure(.unknownColumn(name: channel, key: "channel", known: names)) }
            }
            if let key = configuration.value {
                guard let value = Self.find(key, in: names) else {
                    return .failure(.unknownColumn(name: key, key: "value", known: names))
                }
                return .success(LongColumns(name: name, value: value, reason: "configured"))
            }
            let others = numeric.filter { $0 != name && names[$0] != configuration.series }
            guard
                let value = others.first(where: { has($0, LongForm.valueNames) })
                    ?? (others.count == 1 ? others[0] : nil)
            else { return .failure(.unknownColumn(name: "value", key: "value", known: names)) }
            return .success(LongColumns(name: name, value: value, reason: "the column of numbers"))
        }
        guard hasTime, isNamed, configuration.series == nil, !configuration.isKeyedByTopic,
            configuration.channels.isEmpty, numeric.count == 1, has(numeric[0], LongForm.valueNames)
        else { return .success(nil) }
        let texts = free.filter { columns[$0].texts > 0 && !columns[$0].isNumeric && has($0, LongForm.seriesNames) }
        if texts.count > 1 {
            let (first, second) = (names[texts[0]], names[texts[1]])
            return .failure(
                .ambiguous(
                    line: excerpt(lines.count - 1),
                    first: "each \"\(first)\" a series, with the channels of \"\(second)\"",
                    second: "each \"\(second)\" a series",
                    advice:
                        "set series = \"\(first)\" and channel = \"\(second)\", or series = \"\(second)\" and value = \"\(names[numeric[0]])\""
                ))
        }
        guard let series = texts.first else { return .success(nil) }
        return .success(
            LongColumns(
                series: series, value: numeric[0],
                reason: "long form: beside the time one text that names and one number, \"\(names[numeric[0]])\""))
    }
}

extension DelimitedSniffer.Column {
    /// Why the column is no channel.
    var kind: String {
        if !isKnown { return "empty" }
        if isDate { return "date" }
        return isClock ? "time of day" : "text"
    }
}
