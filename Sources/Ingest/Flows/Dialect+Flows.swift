import TimeSeries

extension Dialect {
    /// The dialect of flow records.
    init(flows: FlowDialect, configuration: SourceConfiguration) {
        let settings = configuration.flowSettings
        var schema = StreamSchema(
            channels: FlowChannels.all, hasTime: true, zone: configuration.zone.rules,
            summary:
                "\(flows.kind.words), \(flows.columns.count) columns, a series for each \(settings.dimension.words), "
                + "samples of \(FlowDimension.text(seconds: settings.interval)), \(FlowChannels.all.count) channels")
        schema.isFlows = true
        self.init(format: .flows(flows), time: nil, dates: nil, schema: schema)
    }
}

extension FlowDimension {
    /// In words.
    var words: String {
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
