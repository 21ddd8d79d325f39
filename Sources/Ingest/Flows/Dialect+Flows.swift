import TimeSeries

extension Dialect {
    /// The dialect of flow records.
    ///
    /// - Parameter reason: what showed it.
    init(flows: FlowDialect, because reason: String, configuration: SourceConfiguration) {
        let settings = configuration.flowSettings
        let zone = configuration.zone.rules
        let times = flows.kind.hasLocalTimes ? ", times \(zone.summary)" : ""
        var schema = StreamSchema(
            channels: FlowChannels.all, hasTime: true, zone: zone,
            summary:
                "\(flows.kind.words)\(times), a series for each \(settings.dimension.words), "
                + "samples of \(FlowDimension.text(seconds: settings.interval)), \(FlowChannels.all.count) channels")
        schema.isFlows = true
        let isConfigured = configuration.format != .auto
        schema.findings = [
            Finding("format", flows.kind.words, because: (isConfigured ? "configured; " : "") + reason),
            Finding(
                "series", settings.dimension.words,
                because: configuration.series == nil ? "`series` says none" : "configured"),
            Finding("directions", flows.kind.directions.text, because: flows.kind.directions.reason),
        ]
        if flows.kind.hasLocalTimes {
            let text = schema.zone.summary
            schema.findings.append(Finding("time", text, because: "times of nfdump name no zone"))
        }
        self.init(format: .flows(flows), time: nil, dates: nil, schema: schema)
    }
}

extension FlowDialect.Kind {
    /// Whether a record is of both directions, and how that is known.
    fileprivate var directions: (text: String, reason: String) {
        switch self {
        case .zeek, .zeekJSON: ("both in a record", "Zeek logs a connection once, when it has ended")
        case .suricata: ("both in a flow event, one in a netflow event", "netflow is read where there is no flow event")
        case .nfdump: ("both where packets came back (opkt), else one", "records of one direction are put together")
        case .nfdumpPipe: ("one in a record", "records of one direction are put together")
        case .netflow:
            ("both where a record counts what came back, else one", "records of one direction are put together")
        case .argus:
            (
                "both in a record, of totals (TotPkts) all as the source's",
                "several records of one flow are put together"
            )
        }
    }
}

extension FlowDimension {
    /// In words.
    public var words: String {
        switch self {
        case .source: "source host"
        case .destination: "destination host"
        case .subnet: "subnet of source hosts"
        case .service: "service"
        case .exporter: "exporter"
        case .pair: "pair of hosts"
        }
    }

    static func text(seconds: Double) -> String {
        seconds == seconds.rounded() && seconds < 1e9 ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
