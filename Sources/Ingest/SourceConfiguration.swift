public import TimeSeries

/// Where a stream comes from and how its lines are to be read.
///
/// What is `nil` is found from the first lines and printed.
public struct SourceConfiguration: Equatable, Sendable {
    /// Where bytes come from.
    public enum Input: Equatable, Sendable {
        /// Standard input, until it ends.
        case standardInput
        /// A file, or files by a pattern with `*`, `?` or `[…]`, read to the end and followed.
        case file(pattern: String)
        /// Datagrams of lines, or of flow exporters, that arrive at an address, `0.0.0.0:5140`.
        case udp(address: String)
        /// Messages at an MQTT broker, `mqtt://broker:1883`, under a name by which the broker knows us; `nil` for the
        /// machine's. What is subscribed to is in ``SourceConfiguration/mqtt``.
        case mqtt(address: String, client: String?)
        /// Messages of a Kafka cluster, each of one line or several; its key names the series where lines do not.
        case kafka(KafkaInput)
    }

    /// The line formats that can be named.
    public enum Format: String, CaseIterable, Equatable, Sendable {
        /// Found from the first lines.
        case auto
        /// Comma-, semicolon-, tab- or pipe-separated values, with or without a header.
        case csv
        /// One JSON object a line, or one JSON list of objects.
        case jsonl
        /// InfluxDB line protocol.
        case influx
        /// `key=value` pairs with spaces between them.
        case logfmt
        /// Syslog lines of either kind (RFC 3164, RFC 5424) around `key=value` pairs or a JSON object.
        case syslog
        /// Graphite's plaintext protocol: a name, a value and a time.
        case graphite
        /// StatsD and DogStatsD: a name, values and a type, gathered over an interval.
        case statsd
        /// Zeek's connection log, in columns or as JSON.
        case zeek
        /// Suricata's EVE: its `flow` or `netflow` events.
        case suricata
        /// Suricata's EVE: its `stats` events.
        case suricataStats = "suricata-stats"
        /// What `nfdump -o csv` or `-o pipe` prints.
        case nfdump
        /// What `ra -c ,` of argus prints.
        case argus
        /// What exporters send as datagrams: NetFlow v5, v9 and IPFIX.
        case netflow
    }

    /// What separates the whole part of a number from its decimals.
    public enum DecimalMark: String, CaseIterable, Equatable, Sendable {
        case point = "."
        case comma = ","
    }

    /// What separates the columns of a delimited line.
    public enum Delimiter: String, CaseIterable, Equatable, Sendable {
        case comma = ","
        case semicolon = ";"
        case tab = "\t"
        case bar = "|"
    }

    /// The order of day, month and year in a date of numbers.
    public enum DateOrder: String, CaseIterable, Equatable, Sendable {
        /// `21/11/2026`.
        case dayFirst = "dmy"
        /// `11/21/2026`.
        case monthFirst = "mdy"
        /// `2026-11-21`.
        case yearFirst = "ymd"
    }

    /// The input.
    public var input: Input
    /// `format` (string, "auto"): the line format.
    public var format: Format
    /// `timezone` (string, the machine's): the zone of times that name none, and of the source's days.
    public var zone: SourceZone
    /// `time` (string or two strings, found): the column or key that holds the time, or those of date and time of day.
    public var time: [String]
    /// `series` (string, none): the column, key or tag that names the series; of flows what they are put together by, a
    /// ``FlowDimension``.
    public var series: String?
    /// `channels` (strings, all numeric ones): the columns, keys or fields that are watched.
    public var channels: [String]
    /// `channel` (string, none): the column or key that names the channel of the one value of a long-form line.
    public var channel: String?
    /// `value` (string, found): the column or key of that value.
    public var value: String?
    /// `records` (string, none): the key of the list of records that a JSON line holds: `values[]`.
    public var records: String?
    /// `quality` (string, none): the column or key that says whether a value is good.
    public var quality: String?
    /// `columns` (strings, the header's): the names of the columns of lines without a header.
    public var columns: [String]
    /// `delimiter` (string, found): what separates columns.
    public var delimiter: Delimiter?
    /// `decimal` (string, found): the decimal mark of delimited lines.
    public var decimal: DecimalMark?
    /// `header` (Boolean, found): whether the first line names the columns.
    public var hasHeader: Bool?
    /// `dates` (string, found): the order of day, month and year.
    public var dates: DateOrder?
    /// `interval` (duration, learned): seconds between two rows of a series; of StatsD lines those that make a sample.
    public var interval: Double?
    /// `lateness` (duration, none): seconds that a bin of flows stays open behind its end.
    public var lateness: Double?
    /// `missing`, `counter`, `sentinel`, `stalled_after`: what the values mean, and how long the source may be silent.
    public var conditions: SampleConditions
    /// `topics`, `qos` and all else that a source at an MQTT broker has beside its address.
    public var mqtt = MQTTSettings()
    /// Longest line in bytes; a longer one is counted as malformed and skipped.
    public var longestLine: Int

    /// Creates a configuration with defaults for everything but the input.
    public init(
        input: Input, format: Format = .auto, time: [String] = [], series: String? = nil, channels: [String] = [],
        interval: Double? = nil, longestLine: Int = 1 << 20, zone: SourceZone = .utc,
        conditions: SampleConditions = SampleConditions()
    ) {
        self.input = input
        self.format = format
        self.zone = zone
        self.conditions = conditions
        self.time = time
        self.series = series
        self.channels = channels
        columns = []
        self.interval = interval
        self.longestLine = longestLine
    }
}

extension SourceConfiguration.Format {
    /// Whether its lines are flow records.
    public var isOfFlows: Bool {
        switch self {
        case .zeek, .suricata, .nfdump, .argus, .netflow: true
        case .auto, .csv, .jsonl, .influx, .logfmt, .syslog, .graphite, .statsd, .suricataStats: false
        }
    }
}

extension SourceConfiguration {
    /// What is wrong with `series` when the lines are flow records; `nil` when nothing is.
    public var faultOfFlowSeries: IngestError? {
        guard let series, FlowDimension(rawValue: series) == nil else { return nil }
        let nearest = EditDistance.nearest(to: series.lowercased(), among: FlowDimension.allCases.map(\.rawValue))
        return .unknownFlowSeries(name: series, nearest: nearest)
    }

    /// How flow records are put together.
    public var flowSettings: FlowGatherer.Settings {
        FlowGatherer.Settings(
            dimension: series.flatMap(FlowDimension.init) ?? .source,
            interval: interval ?? FlowGatherer.Settings().interval, lateness: lateness ?? 0)
    }
}

extension SourceConfiguration {
    /// Whether the series of a line is not in the line but in the topic or the key of the message that it came in.
    var isKeyedByTopic: Bool {
        switch input {
        case .mqtt, .kafka: series == nil
        case .standardInput, .file, .udp: false
        }
    }
}

extension SourceConfiguration.DecimalMark {
    /// The mark as a byte.
    var byte: UInt8 { self == .comma ? UInt8(ascii: ",") : UInt8(ascii: ".") }
}

extension SourceConfiguration.Delimiter {
    /// The delimiter as a byte.
    var byte: UInt8 {
        switch self {
        case .comma: UInt8(ascii: ",")
        case .semicolon: UInt8(ascii: ";")
        case .tab: 9
        case .bar: UInt8(ascii: "|")
        }
    }

    /// In words, for the summary.
    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 9: "tab"
        case UInt8(ascii: ";"): "semicolon"
        case UInt8(ascii: "|"): "bar"
        default: "comma"
        }
    }
}
