import TimeSeries

/// Finds the kinds of metrics in StatsD lines.
struct StatsDSniffer {
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

    func decide() -> DialectSniffer.Decision {
        let kinds = kinds
        guard !kinds.isEmpty else { return isFinal ? .refused(sniffer.notUsable("StatsD lines")) : .undecided }
        return .settled(Dialect(metrics: kinds, isConfigured: configuration.format != .auto, configuration))
    }

    /// The kinds of metrics with a value, in the order in which they are met.
    private var kinds: [MetricKind] {
        var decoder = StatsDDecoder([])
        var series = SeriesTable([])
        var kinds: [MetricKind] = []
        for line in lines {
            decoder.begin(line.span)
            while decoder.next(line.span, &series) != nil { kinds += decoder.takeNewcomers() }
        }
        return kinds
    }
}

extension Dialect {
    /// The dialect of StatsD lines.
    init(metrics kinds: [MetricKind], isConfigured: Bool, _ configuration: SourceConfiguration) {
        let interval = FlowDimension.text(seconds: configuration.interval ?? StreamSchema.flushInterval)
        var schema = StreamSchema(
            groups: kinds.map { $0.channels.map(\.channel) }, hasTime: false, zone: configuration.zone.rules,
            summary:
                "statsd, a series for each name with its tags, samples of \(interval) by time of arrival, channels by type"
        )
        schema.metrics = kinds
        schema.findings = [
            Finding(
                "format", "statsd",
                because: isConfigured ? "configured" : "lines are a name, a number and a type: name:1|c"),
            Finding(
                "interval", interval, because: configuration.interval == nil ? "`interval` says none" : "configured"),
            Finding(
                "time", "of arrival, or |T of a line",
                because: "StatsD lines have none; in a replay a line is put a second behind the one before"),
        ]
        for kind in kinds {
            schema.findings.append(
                Finding(
                    "group", "\(kind.word)s",
                    because: "channels " + kind.channels.map(\.channel.name).joined(separator: ", ")))
        }
        self.init(format: .metrics(kinds), time: nil, dates: nil, schema: schema)
    }
}
