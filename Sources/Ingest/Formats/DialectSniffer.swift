import TimeSeries

/// Holds the first lines of a stream and finds out how they are read: a pure function of those lines.
struct DialectSniffer: Sendable {
    /// What the lines allow to say.
    enum Decision: Equatable, Sendable {
        case undecided
        case settled(Dialect)
        case refused(IngestError)
    }

    /// A line that is held back.
    struct Line: Sendable {
        /// Where it stands in ``DialectSniffer/bytes``.
        var range: Range<Int>
        var flaw: MalformedReason?
        var number: UInt64
        var startOffset: Int64
        var endOffset: Int64
        /// What came with it from outside.
        var envelope = Envelope()
    }

    /// Usable lines that must agree before the end of the look: a header is not among them.
    static let decisiveLines = 3

    /// The lines held, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each line is.
    private(set) var lines: [Line] = []
    /// Whether the lines are the objects of a JSON list.
    var isList = false
    private let configuration: SourceConfiguration

    /// Creates a sniffer that holds nothing.
    init(_ configuration: SourceConfiguration) { self.configuration = configuration }

    /// Holds the next line.
    mutating func hold(
        _ line: Span<UInt8>, flaw: MalformedReason?, number: UInt64, startOffset: Int64, endOffset: Int64,
        envelope: Envelope = Envelope()
    ) {
        let start = bytes.count
        for index in 0..<line.count { bytes.append(line[index]) }
        lines.append(
            Line(
                range: start..<bytes.count, flaw: flaw, number: number, startOffset: startOffset, endOffset: endOffset,
                envelope: envelope))
    }

    /// Another file begins: what is held lies before all of it.
    mutating func forgetOffsets() {
        for index in lines.indices {
            lines[index].startOffset = 0
            lines[index].endOffset = 0
        }
    }

    /// The newest of so many lines that do not say yet how they are read; `nil` while there are fewer.
    func unclear(after count: Int) -> String? { lines.count < count ? nil : lines.last.map(excerpt) }

    /// What the lines held allow to say; `isFinal` when no more will be looked at.
    func decide(isFinal: Bool) -> Decision {
        let usable = lines.filter { $0.flaw == nil }
        guard !usable.isEmpty else {
            guard isFinal, !lines.isEmpty else { return .undecided }
            return .refused(notUsable(configuration.format == .auto ? "lines of text" : configuration.format.rawValue))
        }
        // Few lines cannot settle anything, and many need not be looked at again for each that is added.
        // A metric that is asked for is known by its first line, and counts in the interval in which it came.
        let enough = configuration.format == .statsd ? 1 : Self.decisiveLines
        guard isFinal || (usable.count >= enough && (lines.count <= 20 || lines.count % 10 == 0)) else {
            return .undecided
        }
        switch FlowSniffer(self, usable, configuration, isFinal: isFinal).find() {
        case .none: break
        case .undecided: return .undecided
        case .refused(let error): return .refused(error)
        case .found(let flows, let reason):
            if let error = inapplicable(to: flows.kind.format) { return .refused(error) }
            return .settled(Dialect(flows: flows, because: reason, configuration: configuration))
        case .stats:
            if let error = inapplicable(to: .suricataStats) { return .refused(error) }
            return KeyedSniffer(self, usable, configuration, notation: .suricataStats, isFinal: isFinal).decide()
        }
        if configuration.format == .netflow { return .refused(FlowSniffer.notDatagrams) }
        let format = configuration.format == .auto ? recognised(usable) : configuration.format
        if let error = inapplicable(to: format) { return .refused(error) }
        switch format {
        case .zeek, .suricata, .nfdump, .argus, .netflow:
            return isFinal ? .refused(notUsable(FlowSniffer.wanted(by: format))) : .undecided
        case .jsonl: return KeyedSniffer(self, usable, configuration, isFinal: isFinal).decide()
        case .logfmt:
            return KeyedSniffer(self, usable, configuration, notation: .logfmt, isFinal: isFinal).decide()
        case .syslog:
            return KeyedSniffer(self, usable, configuration, notation: .syslog, isFinal: isFinal).decide()
        case .graphite:
            return KeyedSniffer(self, usable, configuration, notation: .graphite, isFinal: isFinal).decide()
        case .suricataStats:
            return KeyedSniffer(self, usable, configuration, notation: .suricataStats, isFinal: isFinal).decide()
        case .statsd: return StatsDSniffer(self, usable, configuration, isFinal: isFinal).decide()
        case .influx: return InfluxSniffer(self, usable, configuration, isFinal: isFinal).decide()
        case .auto, .csv: return DelimitedSniffer(self, usable, configuration, isFinal: isFinal).decide()
        }
    }

    /// A key that is set and means nothing in this format, so that nobody relies on it.
    func inapplicable(to format: SourceConfiguration.Format) -> IngestError? {
        let keyed: [SourceConfiguration.Format] = [.csv, .jsonl, .logfmt, .syslog]
        let keys: [(key: String, value: String?, formats: [SourceConfiguration.Format])] = [
            ("records", configuration.records, [.jsonl]),
            ("channel", configuration.channel, keyed), ("value", configuration.value, keyed),
            ("quality", configuration.quality, keyed), ("time", configuration.time.first, keyed),
            ("columns", configuration.columns.first, [.csv]),
            ("header", configuration.hasHeader.map { "\($0)" }, [.csv]),
            ("delimiter", configuration.delimiter?.rawValue, [.csv]),
            ("decimal", configuration.decimal?.rawValue, [.csv]),
            ("dates", configuration.dates?.rawValue, keyed),
        ]
        if format == .graphite || format == .statsd, configuration.series != nil || !configuration.channels.isEmpty {
            return .inapplicable(key: configuration.series == nil ? "channels" : "series", format: format.rawValue)
        }
        guard let found = keys.first(where: { $0.value != nil && !$0.formats.contains(format) }) else { return nil }
        return .inapplicable(key: found.key, format: format.rawValue)
    }

    /// The format of the lines by what they hold: objects, measurements, pairs, or columns when they are none of them.
    private func recognised(_ usable: [Line]) -> SourceConfiguration.Format {
        if isList || usable.contains(where: { bytes[$0.range.lowerBound + leadingSpaces($0)] == UInt8(ascii: "{") }) {
            return .jsonl
        }
        let texts = usable.map { Array(bytes[$0.range]) }
        func areMost(_ isPlain: ([UInt8]) -> Bool) -> Bool { texts.count(where: isPlain) * 5 >= texts.count * 4 }
        if areMost(SyslogScanner.isPlain) { return .syslog }
        if areMost(GraphiteScanner.isPlain) { return .graphite }
        if areMost(StatsDLine.isPlain) { return .statsd }
        if areMost(InfluxSniffer.isPlain) { return .influx }
        var hasNumber = false
        if areMost({ PairScanner.isPlain($0, hasNumber: &hasNumber) }), hasNumber { return .logfmt }
        return .csv
    }

    private func leadingSpaces(_ line: Line) -> Int {
        var spaces = 0
        while spaces + 1 < line.range.count, bytes[line.range.lowerBound + spaces] == 32 { spaces += 1 }
        return spaces
    }

    /// None of the lines can be used.
    func notUsable(_ format: String) -> IngestError {
        .notUsable(lines: lines.count, format: format, example: excerpt(lines[0]))
    }

    /// The number of the line that an error shows, else of the first.
    func line(showing error: IngestError) -> UInt64? {
        let shown: String
        switch error {
        case .ambiguous(let line, _, _, _), .jsonLists(let line): shown = line
        case .unreadableTime(_, let example), .notUsable(_, _, let example): shown = example
        default: return lines.first?.number
        }
        let bytes = Array(shown.utf8)
        let found = lines.first { line in
            excerpt(line) == shown || self.bytes[line.range].firstRange(of: bytes) != nil
        }
        return (found ?? lines.first)?.number
    }

    /// The beginning of a line, to be shown.
    func excerpt(_ line: Line) -> String { MalformedLine.excerpt(bytes.span.extracting(line.range)) }
}

/// Names by which a column or key is known to hold the time.
enum TimeNames {
    /// Of columns.
    static let columns: Set<String> = ["time", "timestamp", "ts", "epoch", "date", "datetime", "@timestamp"]
    /// Of keys.
    static let keys: Set<String> = columns.union(["t"])
    /// Numbers from here on are times since 1970 even in a column that only its place or its growth marks: 1973-03-03.
    static let smallestEpoch = 1e8
}

/// Makes channels of names: splits units off, and makes names unique.
enum ChannelNames {
    /// `Temp [°C]` and `Pressure (bar)` as name and unit.
    static func channel(_ text: String) -> Channel {
        for (open, close) in [("[", "]"), ("(", ")")] as [(Character, Character)] {
            guard text.last == close, let start = text.lastIndex(of: open) else { continue }
            let name = text[..<start].trimmedSpaces
            let unit = text[text.index(after: start)...].dropLast().trimmedSpaces
            if !name.isEmpty, !unit.isEmpty { return Channel(name: name, unit: unit) }
        }
        return Channel(name: text)
    }

    /// The same channels, the second of a name called `name_2` and so on.
    static func unique(_ channels: [Channel]) -> [Channel] {
        var used: Set<String> = []
        return channels.map { channel in
            var name = channel.name
            var count = 1
            while !used.insert(name).inserted {
                count += 1
                name = "\(channel.name)_\(count)"
            }
            return Channel(name: name, unit: channel.unit)
        }
    }
}

extension Substring {
    /// The text without spaces at its ends.
    var trimmedSpaces: String {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
