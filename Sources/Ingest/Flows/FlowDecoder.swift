import TimeSeries

/// Reads the lines of a stream of flow records, whatever tool wrote them.
struct FlowDecoder: Sendable {
    private var columns: DelimitedFlowDecoder?
    private var keys: KeyedFlowDecoder?

    /// Creates a decoder.
    init(_ dialect: FlowDialect, zone: TimeZoneRules) {
        if dialect.kind.isKeyed {
            keys = KeyedFlowDecoder(dialect, zone: zone)
        } else {
            columns = DelimitedFlowDecoder(dialect, zone: zone)
        }
    }

    /// How lines are read now.
    var dialect: FlowDialect? { columns?.dialect ?? keys?.dialect }

    /// Whether `stats` events of Suricata stood among the lines.
    var hasMetStats: Bool { keys?.hasMetStats == true }

    /// The dialect, if it is another one since the last call.
    mutating func takeChange() -> FlowDialect? {
        guard columns?.isChanged == true || keys?.isChanged == true else { return nil }
        columns?.isChanged = false
        keys?.isChanged = false
        return dialect
    }

    /// Other columns from here on.
    mutating func take(columns names: [[UInt8]], delimiter: UInt8) {
        columns?.take(columns: names, delimiter: delimiter)
    }

    /// Reads a line and appends its record, if it has one.
    mutating func decode(_ line: Span<UInt8>, into flows: inout [FlowRecord]) -> FlowLine {
        columns?.decode(line, into: &flows) ?? keys?.decode(line, into: &flows) ?? .other
    }
}
