import TimeSeries

extension DelimitedSniffer {
    /// A way to read the time, none, or why there is no way.
    enum TimeSearch {
        case success(FoundTime?)
        case failure(IngestError)
    }

    /// Finds the column of the time: the one that was configured; else one with a name that says so; else the first that
    /// holds dates; else, without a header, a first column of growing numbers as large as times are.
    func findTime(_ names: [String], _ columns: [Column], hasHeader: Bool) -> TimeSearch {
        if !configuration.time.isEmpty { return configuredTime(names, columns) }
        let named =
            hasHeader
            ? names.indices.filter { TimeNames.columns.contains(ChannelNames.channel(names[$0]).name.lowercased()) }
            : []
        if let date = named.first(where: { columns[$0].isDate && columns[$0].datesWithoutClock == columns[$0].dates }),
            let clock = names.indices.first(where: { columns[$0].isClock })
        {
            return .success(pair(date, clock, names))
        }
        for index in named {
            if columns[index].isDate { return .success(single(index, names, columns)) }
            if columns[index].isNumeric, index == 0 || columns[index].smallest >= TimeNames.smallestEpoch {
                return .success(single(index, names, columns))
            }
        }
        if let dates = columns.indices.first(where: { columns[$0].isDate }) {
            if columns[dates].datesWithoutClock == columns[dates].dates,
                let clock = columns.indices.first(where: { columns[$0].isClock })
            {
                return .success(pair(dates, clock, names))
            }
            return .success(single(dates, names, columns))
        }
        if !hasHeader, columns.count > 1, columns[0].isEpoch { return .success(single(0, names, columns)) }
        if named.first == 0, columns[0].isKnown, !columns[0].isNumeric {
            return .failure(unreadable(0, names, columns))
        }
        return .success(nil)
    }

    private func configuredTime(_ names: [String], _ columns: [Column]) -> TimeSearch {
        var found: [Int] = []
        for name in configuration.time {
            guard let column = Self.find(name, in: names) else {
                return .failure(.unknownColumn(name: name, key: "time", known: names))
            }
            found.append(column)
        }
        if found.count == 2 {
            guard columns[found[0]].isDate, columns[found[1]].isClock else {
                return .failure(unreadable(columns[found[0]].isDate ? found[1] : found[0], names, columns))
            }
            return .success(pair(found[0], found[1], names))
        }
        guard columns[found[0]].isDate || columns[found[0]].isNumeric else {
            return .failure(unreadable(found[0], names, columns))
        }
        return .success(single(found[0], names, columns))
    }

    private func unreadable(_ column: Int, _ names: [String], _ columns: [Column]) -> IngestError {
        let example = columns[column].textExample
        if let (first, second) = Self.readings(ofSlashedDate: example) {
            return .ambiguous(
                line: example, first: "day/month/year, \(first)", second: "month/day/year, \(second)",
                advice: "write dates as year-month-day")
        }
        return .unreadableTime(column: names[column], example: example)
    }

    /// `03/04/2026` in the two ways people mean it.
    private static func readings(ofSlashedDate text: String) -> (String, String)? {
        let parts = text.split(separator: " ").first?.split(separator: "/") ?? []
        guard parts.count == 3, parts[2].count == 4, let first = Int(parts[0]), let second = Int(parts[1]),
            (1...12).contains(first), (1...12).contains(second)
        else { return nil }
        return ("\(parts[2])-\(parts[1])-\(parts[0])", "\(parts[2])-\(parts[0])-\(parts[1])")
    }

    private func single(_ index: Int, _ names: [String], _ columns: [Column]) -> FoundTime {
        let column = columns[index]
        let format = column.isDate ? TimeFormat.calendar : .epoch(largest: column.largest)
        let zone = column.isDate && column.datesWithoutZone > 0 ? ", \(configuration.zone.rules.summary)" : ""
        return FoundTime(
            column: index, clock: nil, format: format, summary: "time in \"\(names[index])\" (\(format.summary)\(zone))"
        )
    }

    private func pair(_ date: Int, _ clock: Int, _ names: [String]) -> FoundTime {
        FoundTime(
            column: date, clock: clock, format: .calendar,
            summary: "time in \"\(names[date])\" and \"\(names[clock])\" "
                + "(\(configuration.zone.rules.summary) unless a zone is given)")
    }

    /// The column of this name, with or without its unit.
    static func find(_ name: String, in names: [String]) -> Int? {
        names.firstIndex(of: name) ?? names.firstIndex { ChannelNames.channel($0).name == name }
    }

    func unknown(_ name: String, _ key: String, _ names: [String]) -> DialectSniffer.Decision {
        isFinal ? .refused(.unknownColumn(name: name, key: key, known: names)) : .undecided
    }

    // MARK: Two readings

    /// Why the lines can be read in two ways, or fit their header in none.
    ///
    /// `12,5` is two columns or one number with a decimal comma; only lines of nothing but such pairs leave it open.
    func ambiguity(
        _ delimiter: UInt8, _ split: [[DelimitedField]], _ start: Int, _ width: Int, _ headerWidth: Int?,
        _ columns: [Column]
    ) -> IngestError? {
        if let headerWidth, headerWidth == width { return nil }
        let isPairs =
            delimiter == UInt8(ascii: ",") && width == 2 && headerWidth ?? 1 == 1 && !columns[0].isEpoch
            && split.indices.dropFirst(start).allSatisfy { split[$0].count != 2 || Self.isPair(lines[$0], split[$0]) }
        if isPairs, let line = lines.dropFirst(start).first {
            let text = MalformedLine.excerpt(line.span)
            return .ambiguous(
                line: text, first: "two columns, \(text.split(separator: ",").joined(separator: " and "))",
                second: "one number with a decimal comma, \(text.split(separator: ",").joined(separator: "."))",
                advice: "add a header, or write numbers with a decimal point")
        }
        guard let headerWidth, headerWidth != width else { return nil }
        return .headerMismatch(names: headerWidth, fields: width)
    }

    /// Whether a line is digits, a comma and digits.
    private static func isPair(_ line: [UInt8], _ fields: [DelimitedField]) -> Bool {
        for (index, field) in fields.enumerated() {
            let bytes = line[field.range]
            let digits = index == 0 && bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
            guard !field.isQuoted, !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return false }
        }
        return true
    }

    func markIsUnclear(_ values: [Int], _ columns: [Column]) -> DialectSniffer.Decision {
        guard isFinal else { return .undecided }
        let line = lines.first { $0.contains(UInt8(ascii: ",")) && $0.contains(UInt8(ascii: ".")) } ?? lines[0]
        return .refused(
            .ambiguous(
                line: MalformedLine.excerpt(line.span), first: "with `.` as the decimal mark",
                second: "with `,` as the decimal mark", advice: "use one of them in all columns"))
    }

    /// How lines are read, in words.
    func summary(
        _ delimiter: UInt8, _ mark: UInt8, _ hasHeader: Bool, _ time: FoundTime?, _ channels: Int, _ ignored: [String]
    ) -> String {
        let name =
            switch delimiter {
            case 9: "tab"
            case UInt8(ascii: ";"): "semicolon"
            case UInt8(ascii: "|"): "bar"
            default: "comma"
            }
        var text = "csv, \(name), "
        if mark == UInt8(ascii: ",") { text += "decimal comma, " }
        text += hasHeader ? "header, " : "no header, "
        text += (time?.summary ?? "no time") + ", "
        if let series = configuration.series { text += "series in \"\(series)\", " }
        text += channels == 1 ? "1 channel" : "\(channels) channels"
        return text + KeyedSniffer.listed(ignored)
    }
}
