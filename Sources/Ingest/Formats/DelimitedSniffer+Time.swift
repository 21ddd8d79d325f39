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
            return pair(date, clock, names, columns, because: "a column of dates and one of times of day")
        }
        for index in named {
            if columns[index].isDate { return single(index, names, columns, because: "its name") }
            if columns[index].isNumeric, index == 0 || columns[index].smallest >= TimeNames.smallestEpoch {
                return single(index, names, columns, because: "its name")
            }
        }
        if let dates = columns.indices.first(where: { columns[$0].isDate }) {
            if columns[dates].datesWithoutClock == columns[dates].dates,
                let clock = columns.indices.first(where: { columns[$0].isClock })
            {
                return pair(dates, clock, names, columns, because: "a column of dates and one of times of day")
            }
            return single(dates, names, columns, because: "the first column of dates")
        }
        if !hasHeader, columns.count > 1, columns[0].isEpoch {
            return single(0, names, columns, because: "a first column of growing numbers as large as times are")
        }
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
            return pair(found[0], found[1], names, columns, because: "configured")
        }
        guard columns[found[0]].isDate || columns[found[0]].isNumeric else {
            return .failure(unreadable(found[0], names, columns))
        }
        return single(found[0], names, columns, because: "configured")
    }

    private func unreadable(_ column: Int, _ names: [String], _ columns: [Column]) -> IngestError {
        .unreadableTime(column: names[column], example: columns[column].textExample)
    }

    /// The order of the parts of dates that could be read in two.
    private enum OrderSearch {
        case success(SourceConfiguration.DateOrder?)
        case failure(IngestError)
    }

    /// A part above 12 is a day, and settles the order for all lines; so do dots, which stand behind days.
    private func findOrder(_ index: Int, _ names: [String], _ columns: [Column]) -> OrderSearch {
        let column = columns[index]
        guard column.loose > 0 else { return .success(nil) }
        let canBeDayFirst = column.largestSecond <= 12 && column.largestFirst <= 31
        let canBeMonthFirst = column.largestFirst <= 12 && column.largestSecond <= 31 && !column.isDotted
        switch (configuration.dates, canBeDayFirst, canBeMonthFirst) {
        case (nil, true, false), (.dayFirst, true, _): return .success(.dayFirst)
        case (nil, false, true), (.monthFirst, _, true): return .success(.monthFirst)
        case (nil, true, true):
            let example = Array(column.textExample.utf8)
            guard let date = LooseDate(example.span, 0..<example.count) else { break }
            return .failure(
                .ambiguous(
                    line: column.textExample, first: "day/month/year, \(date.text(.dayFirst))",
                    second: "month/day/year, \(date.text(.monthFirst))",
                    advice: "set dates = \"dmy\" or dates = \"mdy\", or write dates as year-month-day"))
        default: break
        }
        return .failure(unreadable(index, names, columns))
    }

    private func single(
        _ index: Int, _ names: [String], _ columns: [Column], because reason: String
    ) -> TimeSearch {
        let column = columns[index]
        let format = column.isDate ? TimeFormat.calendar : .epoch(largest: column.largest)
        let zone = column.isDate && column.datesWithoutZone > 0 ? ", \(configuration.zone.rules.summary)" : ""
        switch findOrder(index, names, columns) {
        case .failure(let error): return .failure(error)
        case .success(let order):
            let words = order.map { $0.words } ?? format.summary
            return .success(
                FoundTime(
                    column: index, clock: nil, format: format, dates: order,
                    summary: "time in \"\(names[index])\" (\(words)\(zone))", reason: reason))
        }
    }

    private func pair(
        _ date: Int, _ clock: Int, _ names: [String], _ columns: [Column], because reason: String
    ) -> TimeSearch {
        switch findOrder(date, names, columns) {
        case .failure(let error): return .failure(error)
        case .success(let order):
            let words = order.map { $0.words + ", " } ?? ""
            return .success(
                FoundTime(
                    column: date, clock: clock, format: .calendar, dates: order,
                    summary:
                        "time in \"\(names[date])\" and \"\(names[clock])\" (\(words)\(configuration.zone.rules.summary) unless a zone is given)",
                    reason: reason))
        }
    }

    /// The column of this name, with or without its unit.
    static func find(_ name: String, in names: [String]) -> Int? {
        names.firstIndex(of: name) ?? names.firstIndex { ChannelNames.channel($0).name == name }
    }
}

extension SourceConfiguration.DateOrder {
    /// In words, for the summary.
    var words: String {
        switch self {
        case .dayFirst: "day before month"
        case .monthFirst: "month before day"
        case .yearFirst: "year first"
        }
    }
}
