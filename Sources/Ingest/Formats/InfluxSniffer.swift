import TimeSeries

/// Finds the measurements, their fields and the time of InfluxDB lines.
struct InfluxSniffer {
    private let sniffer: DialectSniffer
    private let lines: [[UInt8]]
    private let configuration: SourceConfiguration
    private let isFinal: Bool

    init(
        _ sniffer: DialectSniffer, _ lines: [DialectSniffer.Line], _ configuration: SourceConfiguration, isFinal: Bool
    ) {
        self.sniffer = sniffer
        self.lines = lines.map { Array(sniffer.bytes[$0.range]) }
        self.configuration = configuration
        self.isFinal = isFinal
    }

    /// Whether a line can be nothing else: its measurement has no `=`, and all its fields have values of a known kind.
    static func isPlain(_ line: [UInt8]) -> Bool {
        guard let head = InfluxLine.head(line.span),
            !line[head.measurement].contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }),
            let end = end(line, head)
        else { return false }
        let rest = trimmed(line.span, end..<line.count)
        return rest.isEmpty || TimeParser.epoch(line.span, rest, nanosecondDigits: 0) != nil
    }

    /// Where the fields end; `nil` when one of them is none.
    private static func end(_ line: [UInt8], _ head: InfluxLine.Head) -> Int? {
        let parser = NumberParser()
        var position = head.fields
        while true {
            guard let field = InfluxLine.field(line.span, at: &position) else { return nil }
            if field.kind == .number, !parser.isNumber(line.span, field.value) { return nil }
            guard position < line.count, line[position] == UInt8(ascii: ",") else { break }
            position += 1
        }
        return position
    }

    func decide() -> DialectSniffer.Decision {
        let watched = configuration.channels.map { Array($0.utf8) }
        var measurements: [Dialect.Measurements.Measurement] = []
        var tables: [NameTable] = []
        var place: [[UInt8]: Int] = [:]
        var usable = 0
        var lastNew = 0
        var timed = 0
        var largest = 0.0
        for line in lines {
            guard let head = InfluxLine.head(line.span), let end = Self.end(line, head),
                let found = InfluxDecoder.fields(line.span, head, watched: NameTable(watched))
            else { continue }
            usable += 1
            if case .number(let time) = NumberParser().parse(line.span, trimmed(line.span, end..<line.count)) {
                timed += 1
                largest = max(largest, time.magnitude)
            }
            guard !found.isEmpty, head.measurement.count <= SeriesTable.longestName else { continue }
            let name = Array(line[head.measurement])
            if place[name] == nil {
                place[name] = measurements.count
                measurements.append(Dialect.Measurements.Measurement(name: name, fields: []))
                tables.append(NameTable())
            }
            guard let index = place[name] else { continue }
            for field in found where tables[index].number(field.span, 0..<field.count) == nil {
                tables[index].insert(field)
                lastNew = usable
            }
        }
        guard usable > 0 else { return isFinal ? .refused(sniffer.notUsable("InfluxDB lines")) : .undecided }
        if !isFinal {
            let isSettled = LongForm.isSettled(lines: usable, lastNew: max(0, lastNew - 1))
            guard usable == sniffer.lines.count, usable >= DialectSniffer.decisiveLines, isSettled else {
                return .undecided
            }
        }
        for index in measurements.indices { measurements[index].fields = tables[index].names }
        guard !measurements.isEmpty else {
            return isFinal ? .refused(.noChannels(lines: sniffer.lines.count)) : .undecided
        }
        if let most = measurements.map(\.fields.count).max(), most > Dialect.mostChannels {
            return .refused(.tooManyChannels(found: most, most: Dialect.mostChannels))
        }
        return .settled(dialect(measurements, watched, isTimed: timed * 2 >= usable, largest: largest))
    }

    private func dialect(
        _ measurements: [Dialect.Measurements.Measurement], _ watched: [[UInt8]], isTimed: Bool, largest: Double
    ) -> Dialect {
        let format = isTimed ? TimeFormat.epoch(largest: largest) : nil
        let groups = measurements.map { $0.channels }
        let fields = measurements.reduce(0) { $0 + $1.fields.count }
        let count = measurements.count == 1 ? "1 measurement" : "\(measurements.count) measurements"
        let time = format.map { "time in \($0.summary)" } ?? "no time"
        let tags = configuration.series.map { "its tag \"\($0)\"" } ?? "its tags"
        let summary =
            "influx, \(time), series by measurement and \(tags), \(count), \(fields == 1 ? "1 channel" : "\(fields) channels")"
        var findings = [
            Finding(
                "format", "InfluxDB line protocol",
                because: configuration.format == .influx
                    ? "configured" : "lines are a measurement, a space and field=value pairs"),
            Finding(
                "time", format?.summary ?? "none",
                because: format == nil ? "most lines end with their fields" : "by the size of the largest"),
            Finding(
                "series", "measurement and \(tags)", because: configuration.series == nil ? "the format" : "configured"),
        ]
        for measurement in measurements {
            findings.append(
                Finding(
                    "group", InfluxLine.plain(measurement.name),
                    because: "fields " + measurement.fields.prefix(20).map(InfluxLine.plain).joined(separator: ", ")))
        }
        return Dialect(
            format: .measurements(
                Dialect.Measurements(
                    list: measurements, tag: Array((configuration.series ?? "").utf8), watched: watched)),
            time: format,
            schema: StreamSchema(groups: groups, hasTime: format != nil, summary: summary, findings: findings))
    }
}

extension Dialect.Measurements.Measurement {
    /// The channels of the group.
    var channels: [Channel] { ChannelNames.unique(fields.map { Channel(name: InfluxLine.plain($0)) }) }
}
