import TimeSeries

/// How the lines of a stream are read, once that is settled.
struct Dialect: Equatable, Sendable {
    /// Most channels of one stream, or of one group of it.
    static let mostChannels = 4_096
    /// Most groups of one stream.
    static let mostGroups = 1_024

    /// Most channels of all groups together.
    static let mostChannelsOfGroups = 1 << 16

    /// What a column of a delimited line is for.
    enum Role: Equatable, Sendable {
        case ignored
        case time
        /// The time of day beside a date in the column with the role ``time``.
        case clock
        case series
        /// Names the channel of the line's one value.
        case name
        /// Says whether the values are good.
        case quality
        /// A value; 0 is the one of a long-form line.
        case channel(Int)
    }

    /// The parts that only delimited lines have.
    struct Columns: Equatable, Sendable {
        /// `,`, `;`, tab or `|`.
        var delimiter: UInt8
        /// The decimal mark, `.` or `,`.
        var mark: UInt8
        /// Whether the other mark may group digits in whole numbers too (`1.234` for 1234).
        var readsGroups = false
        /// What each column is for.
        var roles: [Role]
        /// Names of the columns as written, none without a header.
        var names: [String]
        /// Lines that are skipped wherever they stand: the header, and the line of units below it.
        var headerLines: [[UInt8]]
        /// The channels that long-form lines name; empty when each line is a whole sample.
        var channelNames: [[UInt8]] = []
    }

    /// The parts that only keyed lines have. Keys are paths: `a.b` of `{"a":{"b":1}}`.
    struct Keys: Equatable, Sendable {
        /// How keys and values are written.
        var notation = Notation.json
        /// The first time with a year, from which times without one are told; only of syslog lines.
        var reference: Timestamp?
        /// The key of the time; empty when lines have none.
        var time: [UInt8]
        /// The key of the series; empty when lines name none.
        var series: [UInt8]
        /// The keys of the channels, or the one of a long-form line's value.
        var channels: [[UInt8]]
        /// Whether `true` and `false` are 1 and 0 (the channels were named) or missing.
        var readsBooleans: Bool
        /// The key of the list of records of each line; empty when the line itself is the record.
        var records: [UInt8] = []
        /// The key that names the channel of a long-form line's value; empty when each line is a whole sample.
        var name: [UInt8] = []
        /// The channels that long-form lines name.
        var channelNames: [[UInt8]] = []
        /// The key that says whether a value is good; empty when none does.
        var quality: [UInt8] = []
        /// Whether the objects stand in a list that is spread over lines.
        var isList = false
    }

    /// The parts that only InfluxDB lines have.
    struct Measurements: Equatable, Sendable {
        /// One measurement: a group of the stream.
        struct Measurement: Equatable, Sendable {
            /// Its name as written.
            var name: [UInt8]
            /// Its numeric fields as written, in the order of the channels.
            var fields: [[UInt8]]
        }

        /// The measurements in the order of the groups.
        var list: [Measurement]
        /// The tag whose value alone tells series apart; empty for all tags.
        var tag: [UInt8]
        /// The fields that are watched; empty for all numeric ones.
        var watched: [[UInt8]]
    }

    /// The line format.
    enum Format: Equatable, Sendable {
        case columns(Columns)
        case keys(Keys)
        case measurements(Measurements)
        case flows(FlowDialect)
        /// StatsD lines, with the kind of metric of each group.
        case metrics([MetricKind])
    }

    /// How lines are read.
    var format: Format
    /// How the time is written; `nil` when lines have none.
    var time: TimeFormat?
    /// The order of day, month and year of dates that must be rewritten; `nil` for those ``TimeParser`` reads as they are.
    var dates: SourceConfiguration.DateOrder?
    /// The channels and the summary.
    var schema: StreamSchema

    /// Whether lines name their series.
    var namesSeries: Bool {
        switch format {
        case .columns(let columns): columns.roles.contains(.series)
        case .keys(let keys): !keys.series.isEmpty
        case .measurements, .flows, .metrics: true
        }
    }
}
