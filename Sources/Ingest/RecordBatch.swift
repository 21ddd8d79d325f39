public import TimeSeries

/// What is known of a stream once its first lines were read.
///
/// Series with the same channels are a group. Most streams have one; a stream of several measurements (InfluxDB lines)
/// has one for each, and later lines may add groups at the end.
public struct StreamSchema: Equatable, Sendable {
    /// The channels of each group, in the order of the values of a row.
    public var groups: [[Channel]]
    /// The channels of the first group.
    public var channels: [Channel] { groups.first ?? [] }
    /// Whether lines carry a time; without one the row is timed by its arrival (`run`) or its number (`replay`).
    public var hasTime: Bool
    /// The zone in which the series have their days.
    public var zone: TimeZoneRules
    /// How the lines are read, in words, for the start-up message: `csv, comma, header, time in "timestamp" (ISO 8601,
    /// read as UTC), 8 channels`.
    public var summary: String

    /// Creates the schema of a stream with one group.
    public init(channels: [Channel], hasTime: Bool, zone: TimeZoneRules = .utc, summary: String) {
        self.init(groups: [channels], hasTime: hasTime, zone: zone, summary: summary)
    }

    /// Creates a schema.
    public init(groups: [[Channel]], hasTime: Bool, zone: TimeZoneRules = .utc, summary: String) {
        self.groups = groups
        self.hasTime = hasTime
        self.zone = zone
        self.summary = summary
    }
}

/// Why a line could not be used.
public enum MalformedReason: UInt8, CaseIterable, Sendable {
    /// Longer than `longestLine`.
    case tooLong
    /// Another number of fields than the header has.
    case fieldCount
    /// A field that should be a number is none.
    case notANumber
    /// A number too large for a Double (1e400), or infinite.
    case outOfRange
    /// The time is missing or cannot be read.
    case badTime
    /// Not valid JSON, or not an object.
    case badSyntax
    /// A quote that is never closed.
    case openQuote
    /// NUL or other control bytes.
    case controlBytes
    /// No usable value in the whole line.
    case noValues
}

/// Lines of one stream, decoded, in input order: the unit that crosses from a source's thread to the pipeline.
///
/// Rows refer into flat arrays, so that a batch costs four allocations however many lines it holds. Header lines, blank
/// lines and comments give no row; every other line gives one, the unusable ones included.
public struct RecordBatch: Sendable {
    /// One data line.
    public struct Row: Sendable, Equatable {
        /// `nil` for a usable line.
        public var malformed: MalformedReason?
        /// Index of the series among ``RecordBatch/seriesNames`` of the stream; 0 when lines name none.
        public var series: Int32
        /// Event time; `nil` when the line has none.
        public var time: Timestamp?
        /// Seconds from ``time`` to the other instant that its text can mean, in an hour that clocks show twice; 0 when it
        /// means one. Which it is depends on the series' rows before: `SeriesClock.reading(_:repeatedAfter:)`.
        public var repeatedAfter: Int32
        /// The time as written, in ``RecordBatch/text``; empty when there is none.
        public var timeText: Range<Int32>
        /// The channel of the one value of a long-form row (`time, series, channel, value`), which is gathered with
        /// others into a sample; -1 for a row that is a whole sample.
        public var channel: Int32
        /// Offset in ``RecordBatch/values`` of the row's values: one for each channel of its series' group, or the one of a
        /// long-form row; unused when malformed.
        public var firstValue: Int32
        /// Bytes from the start of the stream (file) to the byte after this line.
        public var endOffset: Int64

        /// Creates a row.
        public init(
            malformed: MalformedReason?, series: Int32, time: Timestamp?, repeatedAfter: Int32 = 0,
            timeText: Range<Int32>, channel: Int32 = -1, firstValue: Int32, endOffset: Int64
        ) {
            self.malformed = malformed
            self.series = series
            self.time = time
            self.repeatedAfter = repeatedAfter
            self.timeText = timeText
            self.channel = channel
            self.firstValue = firstValue
            self.endOffset = endOffset
        }
    }

    /// The rows in input order.
    public var rows: [Row] = []
    /// Values of all usable rows, `schema.channels.count` for each; NaN is missing.
    public var values: [Double] = []
    /// Verbatim time texts.
    public var text: [UInt8] = []
    /// Names of all series met in this stream so far, in order of first appearance.
    public var seriesNames: [String] = []
    /// The group of each of those series: an index into ``StreamSchema/groups``.
    public var seriesGroups: [Int32] = []
    /// The schema; `nil` while the first lines are still being looked at (such a batch has no rows).
    public var schema: StreamSchema?
    /// Wall clock when the bytes arrived; stamped by a source of `run`, `nil` in `replay`.
    public var arrival: Timestamp?
    /// Name of the stream: `input`, or the file's stem when a pattern with a wildcard found it.
    public var stream = "input"
    /// The file that all rows of this batch come from, for a followed file; with a row's `endOffset` it makes the
    /// ``FilePosition`` to read on from.
    public var file: FileIdentity?
    /// What ``LineDecoder/init(configuration:seriesName:restoring:seriesNames:offset:)`` needs beside ``seriesNames``
    /// to read on after this batch; empty while the first lines are still being looked at.
    public var dialect: [UInt8] = []

    /// Creates an empty batch.
    public init() {}
}
