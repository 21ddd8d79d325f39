public import TimeSeries

/// What is known of a stream once its first lines were read.
///
/// Series with the same channels are a group. Most streams have one; a stream of several measurements (InfluxDB lines)
/// has one for each, and later lines may add groups at the end.
public struct StreamSchema: Equatable, Sendable {
    /// The channels of each group, in the order of the values of a row.
    public var groups: [[Channel]]
    /// Whether lines are flow records, which are put together to samples (``FlowGatherer``).
    public var isFlows = false
    /// The kind of metric of each group, of StatsD lines: their values of an interval are put together to samples. Empty of
    /// other lines.
    public var metrics: [MetricKind] = []
    /// Seconds of that interval where the source says none.
    public static let flushInterval = 10.0
    /// Names of channels that the format says to be counters, whatever the source's configuration says: watched as rates.
    public var counters: [String] = []
    /// The channels of the first group.
    public var channels: [Channel] { groups.first ?? [] }
    /// Whether lines carry a time; without one the row is timed by its arrival (`run`) or its number (`replay`).
    public var hasTime: Bool
    /// The zone in which the series have their days.
    public var zone: TimeZoneRules
    /// How the lines are read, in words, for the start-up message: `csv, comma, header, time in "timestamp" (ISO 8601,
    /// read as UTC), 8 channels`.
    public var summary: String
    /// What was found one by one, with what showed it; empty after a restart, when nothing was looked for.
    public var findings: [Finding]

    /// Creates the schema of a stream with one group.
    public init(
        channels: [Channel], hasTime: Bool, zone: TimeZoneRules = .utc, counters: [String] = [], summary: String,
        findings: [Finding] = []
    ) {
        self.init(groups: [channels], hasTime: hasTime, zone: zone, summary: summary, findings: findings)
        self.counters = counters
    }

    /// Creates a schema.
    public init(
        groups: [[Channel]], hasTime: Bool, zone: TimeZoneRules = .utc, summary: String, findings: [Finding] = []
    ) {
        self.groups = groups
        self.hasTime = hasTime
        self.zone = zone
        self.summary = summary
        self.findings = findings
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
    /// A datagram that is no export of flows, among such.
    case notAnExport
    /// A datagram that ends before what it says it holds.
    case cutShort
    /// A template of an export that cannot be used.
    case badTemplate

    /// In words.
    public var words: String {
        switch self {
        case .tooLong: "the line is too long"
        case .fieldCount: "another number of fields than the columns"
        case .notANumber: "a field that should be a number is none"
        case .outOfRange: "a number is too large"
        case .badTime: "the time is missing or cannot be read"
        case .badSyntax: "the line is broken"
        case .openQuote: "a quote is never closed"
        case .controlBytes: "control bytes"
        case .noValues: "no value that is watched"
        case .notAnExport: "the datagram is no export of flows"
        case .cutShort: "the datagram ends before what it says it holds"
        case .badTemplate: "a template that cannot be used"
        }
    }
}

/// Lines of one stream, decoded, in input order: the unit that crosses from a source's thread to the pipeline.
///
/// Rows refer into flat arrays, so that a batch costs four allocations however many lines it holds. Header lines, blank
/// lines, comments and lines in which nothing is watched give no row; every other line gives one, the unusable ones
/// included, and a line that holds a list of records gives one for each.
public struct RecordBatch: Sendable {
    /// One data line.
    public struct Row: Sendable, Equatable {
        /// `nil` for a usable line.
        public var malformed: MalformedReason?
        /// Index of the series among ``RecordBatch/seriesNames`` of the stream; 0 when lines name none, -1 for a key that is
        /// only counted so far (``SeriesAdmission``).
        public var series: Int32
        /// Event time; `nil` when the line has none.
        public var time: Timestamp?
        /// Seconds from ``time`` to the other instant that its text can mean, in an hour that clocks show twice; 0 when it
        /// means one. Which it is depends on the series' rows before: `SeriesClock.reading(_:repeatedAfter:)`.
        public var repeatedAfter: Int32
        /// The time as written, in ``RecordBatch/text``; empty when there is none.
        public var timeText: Range<Int32>
        /// Bytes of ``RecordBatch/text`` behind the time that are the key of a row that is only counted.
        public var keyLength: Int32
        /// The channel of the one value of a long-form row (`time, series, channel, value`), which is gathered with
        /// others into a sample; -1 for a row that is a whole sample. Of a metric's reading 0.
        public var channel: Int32
        /// Offset in ``RecordBatch/values`` of the row's values: one for each channel of its series' group, or the one of a
        /// long-form row, or a metric's value and what it stands for; unused when malformed.
        public var firstValue: Int32
        /// Bytes from the start of the stream (file) to the byte after this line.
        public var endOffset: Int64
        /// Whether the number ``series`` is another series' from this row on: its place was taken over.
        public var beginsSeries = false
        /// Whether it is no sample: the series has ended, and ``firstValue`` is its place in ``RecordBatch/endings``.
        public var endsSeries = false
        /// Whether it is no sample: the series is reported to have stopped at ``time``.
        public var stopsSeries = false
        /// Whether the value of a metric changes the one before and does not replace it.
        public var isChange = false

        /// Creates a row.
        public init(
            malformed: MalformedReason?, series: Int32, time: Timestamp?, repeatedAfter: Int32 = 0,
            timeText: Range<Int32>, keyLength: Int32 = 0, channel: Int32 = -1, firstValue: Int32, endOffset: Int64,
            beginsSeries: Bool = false, endsSeries: Bool = false
        ) {
            self.malformed = malformed
            self.series = series
            self.time = time
            self.repeatedAfter = repeatedAfter
            self.timeText = timeText
            self.keyLength = keyLength
            self.channel = channel
            self.firstValue = firstValue
            self.endOffset = endOffset
            self.beginsSeries = beginsSeries
            self.endsSeries = endsSeries
        }
    }

    /// A series of gathered flows that has ended.
    public struct Ending: Sendable, Equatable {
        /// Its name; its number may be another's at the end of the batch.
        public var name: String
        /// The end of the bin of its last flow.
        public var lastSeen: Timestamp
        /// Whether it gave way to a newcomer; else it had no flow for long.
        public var isEvicted: Bool
    }

    /// The rows in input order.
    public var rows: [Row] = []
    /// Values of all usable rows, `schema.channels.count` for each; NaN is missing.
    public var values: [Double] = []
    /// Flow records: a usable row of a stream of flows has one, at its ``Row/firstValue``.
    public var flows: [FlowRecord] = []
    /// Of gathered flows: what the samples were made of, in the order of the usable rows.
    public var evidence: [FlowEvidence] = []
    /// Of gathered flows: the series that have ended, in the order of their rows.
    public var endings: [Ending] = []
    /// Verbatim time texts.
    public var text: [UInt8] = []
    /// Names of all series met in this stream so far, in order of first appearance.
    public var seriesNames: [String] = []
    /// The group of each of those series: an index into ``StreamSchema/groups``.
    public var seriesGroups: [Int32] = []
    /// The keys that are no series yet, after this batch.
    public var candidates = SeriesCandidates()
    /// The schema; `nil` while the first lines are still being looked at (such a batch has no rows).
    public var schema: StreamSchema?
    /// Wall clock when the bytes arrived; stamped by a source of `run`, `nil` in `replay`.
    public var arrival: Timestamp?
    /// Name of the stream: `input`, or the file's stem when a pattern with a wildcard found it.
    public var stream = "input"
    /// The file that all rows of this batch come from, for a followed file; with a row's `endOffset` it makes the
    /// ``FilePosition`` to read on from.
    public var file: FileIdentity?
    /// The files before that one which were read to their ends a short while ago, each with its end as it was read: a writer that
    /// was told late to reopen may add to them yet.
    public var retired: [FilePosition] = []
    /// Bytes of the files read before the one of this batch: with a row's `endOffset` its place in all of a recording.
    public var bytesBefore: Int64 = 0
    /// How the lines are read: with the series and candidates what
    /// ``LineDecoder/init(configuration:seriesName:restoring:offset:admission:)`` needs to read on after this batch; empty
    /// while the first lines are still being looked at.
    public var dialect: [UInt8] = []

    /// Whether so much waits behind this batch that its source may soon have to drop some: a source that cannot wait (UDP)
    /// says so, and learning gives way to scoring.
    public var isBehind = false
    /// Whether the rows are ticks gathered from lines of long form or from flows, not lines.
    public var isGathered = false

    /// Creates an empty batch.
    public init() {}

    /// How much its arrays hold.
    struct Sizes: Sendable {
        var rows = 0
        var values = 0
        var text = 0
        var flows = 0
    }

    /// How much its arrays hold.
    var sizes: Sizes { Sizes(rows: rows.count, values: values.count, text: text.count, flows: flows.count) }

    /// Makes room, a little more than that: arrays that grow are copied again and again.
    mutating func reserve(_ sizes: Sizes) {
        rows.reserveCapacity(sizes.rows + sizes.rows / 16)
        values.reserveCapacity(sizes.values + sizes.values / 16)
        text.reserveCapacity(sizes.text + sizes.text / 16)
        flows.reserveCapacity(sizes.flows + sizes.flows / 16)
    }

    /// What a decoder needs to read on after this batch.
    public var decoding: DecodingState {
        DecodingState(
            dialect: dialect, seriesNames: seriesNames, seriesGroups: seriesGroups, candidates: candidates)
    }
}

/// What a decoder has found out about its stream: with it another one reads on in the middle.
public struct DecodingState: Equatable, Sendable {
    /// How lines are read; empty while the first lines are still being looked at.
    public var dialect: [UInt8]
    /// Names of the series, in order of their admission.
    public var seriesNames: [String]
    /// The group of each series.
    public var seriesGroups: [Int32]
    /// Keys that are no series yet.
    public var candidates: SeriesCandidates

    /// Creates the state of a decoder that has read nothing.
    public init(
        dialect: [UInt8] = [], seriesNames: [String] = [], seriesGroups: [Int32] = [],
        candidates: SeriesCandidates = SeriesCandidates()
    ) {
        self.dialect = dialect
        self.seriesNames = seriesNames
        self.seriesGroups = seriesGroups
        self.candidates = candidates
    }

    /// Writes the state.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(dialect)
        writer.write(UInt32(seriesNames.count))
        for name in seriesNames { writer.write(name) }
        writer.write(seriesGroups)
        candidates.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == 1 || version == 2 else { throw .unknownVersion(of: "what a decoder knows") }
        self.init(dialect: try reader.readIntegers())
        for _ in 0..<(try reader.read(UInt32.self)) { seriesNames.append(try reader.readString()) }
        seriesGroups = try reader.readIntegers()
        candidates = try SeriesCandidates(from: &reader, hasRecent: version > 1)
        guard seriesGroups.count == seriesNames.count else { throw .invalid("a series without a group") }
    }
}
