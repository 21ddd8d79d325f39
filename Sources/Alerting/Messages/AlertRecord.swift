public import TimeSeries

/// How urgent an incident is.
public enum AlertSeverity: String, Codable, Comparable, Sendable, CaseIterable {
    /// Something is not as usual.
    case warning
    /// Far beyond the threshold; somebody should look now.
    case critical

    /// A warning comes before a critical one.
    public static func < (left: AlertSeverity, right: AlertSeverity) -> Bool { left == .warning && right == .critical }
}

/// What an incident is about.
public enum AlertKind: String, Codable, Sendable, CaseIterable {
    /// The values of a series are not as usual.
    case anomaly
    /// A series, or a whole source, has gone silent.
    case stalled
    /// A channel repeats one value.
    case stuck
    /// A series has moved to another level.
    case drift
    /// Much of the input cannot be read.
    case input
    /// The daemon's own budget is spent and incidents are held back.
    case budget
}

/// Which message of an incident a record is.
public enum AlertEvent: String, Codable, Sendable, CaseIterable {
    /// The incident begins.
    case open
    /// Its severity has risen.
    case update
    /// It is over.
    case close
}

/// One message about an incident: what the sinks write, the outbox keeps and the history shows.
///
/// A record is immutable; later ones of the same incident carry its ``id`` and a higher ``seq``. All times are event
/// time. `host`, `version` and `emitted` are not part of it: sinks of a live run add them, see ``EmissionStamp``.
public struct AlertRecord: Equatable, Sendable {
    /// The version of the schema that is written.
    public static let schemaVersion = 1

    /// One channel's part in the incident, in the channel's own unit.
    public struct ChannelPart: Equatable, Codable, Sendable {
        /// The channel's name.
        public var name: String
        /// Its unit, when the input names one.
        public var unit: String?
        /// The value seen; absent when it was missing.
        public var value: Double?
        /// The value expected; absent when nothing was expected yet.
        public var expected: Double?
        /// Lower end of the expected band.
        public var low: Double?
        /// Upper end of the expected band.
        public var high: Double?
        /// Share of the anomaly, 0 to 1.
        public var share: Double
        /// `high` or `low`: which way it went.
        public var direction: String

        /// Creates a channel's part.
        public init(
            name: String, unit: String? = nil, value: Double?, expected: Double?, low: Double?, high: Double?,
            share: Double, direction: String
        ) {
            self.name = name
            self.unit = unit
            self.value = value
            self.expected = expected
            self.low = low
            self.high = high
            self.share = share
            self.direction = direction
        }
    }

    /// One detector's part in the incident.
    public struct DetectorPart: Equatable, Codable, Sendable {
        /// The detector's name.
        public var name: String
        /// −log10 of the calibrated probability of its raw score.
        public var score: Double
        /// Its share of the evidence, 0 to 1.
        public var weight: Double

        /// Creates a detector's part.
        public init(name: String, score: Double, weight: Double) {
            self.name = name
            self.score = score
            self.weight = weight
        }
    }

    /// A past incident of the series that this one is like.
    public struct SimilarPart: Equatable, Sendable {
        /// When it began.
        public var time: Timestamp
        /// How far from it this one is: 0 the same, told up to 0.35.
        public var distance: Double
        /// Seconds that it lasted; absent when it is not known to have ended.
        public var lasted: Double?
        /// Whether it ended because what the series did was taken for usual.
        public var becameUsual: Bool

        /// Creates a part.
        public init(time: Timestamp, distance: Double, lasted: Double? = nil, becameUsual: Bool = false) {
            self.time = time
            self.distance = distance
            self.lasted = lasted
            self.becameUsual = becameUsual
        }
    }

    /// `v`: the version of the schema.
    public var v: Int
    /// `id`: 16 hexadecimal digits, the same for all messages of an incident, see ``IncidentIdentifier``.
    public var id: String
    /// `seq`: 0 opens, 1… update, the last closes; (`id`, `seq`) names a message.
    public var seq: Int
    /// `event`: which message of the incident this is.
    public var event: AlertEvent
    /// `time`: the sample, or the end of the tick, that made this message.
    public var time: Timestamp
    /// `since`: the onset, the first unusual sample.
    public var since: Timestamp
    /// `until`: the first sample that was normal again; only in the message that closes.
    public var until: Timestamp?
    /// `severity`: the incident's severity at this message.
    public var severity: AlertSeverity
    /// `kind`: what the incident is about.
    public var kind: AlertKind
    /// `pattern`: what the behaviour looks like (scan, flood, silence, beacon, service…), when known.
    public var pattern: String?
    /// `series`: the incident's first series by key.
    public var series: String
    /// `all_series`: every series of the incident by key, the first included; empty, and then absent from the line,
    /// when there is only one.
    public var allSeries: [String]
    /// `score`: the highest score of the incident so far; absent for kinds that have none.
    public var score: Double?
    /// `threshold`: the score at which the series' budget is spent; absent for kinds that have none.
    public var threshold: Double?
    /// `rarity`: seconds between samples that score so high; absent when not known.
    public var rarity: Double?
    /// `channels`: the channels' parts, the largest share first.
    public var channels: [ChannelPart]
    /// `detectors`: the detectors' parts, the largest weight first.
    public var detectors: [DetectorPart]
    /// `evidence`: with whom and about what a host talked most; only of series of flows.
    public var evidence: ActivityEvidence?
    /// `similar`: the past incident of the series that this one is most like; only in the message that opens, and absent when
    /// none is near.
    public var similar: SimilarPart?
    /// `learning`: share of the way to the first vote of the networks, 0 to 1; 1 once they vote.
    public var learning: Double
    /// `awaits`: `acceptance` under `adapt = "ask"`, when what is told of is unusual until the series returns or somebody
    /// accepts it; absent otherwise.
    public var awaits: String?
    /// `message`: one or two sentences for the person called.
    public var message: String
    /// `hint`: what to do about incidents of this kind.
    public var hint: String
    /// `runbook`: where the person called finds more, as configured.
    public var runbook: String?

    /// Creates a record.
    public init(
        v: Int = AlertRecord.schemaVersion, id: String, seq: Int, event: AlertEvent, time: Timestamp, since: Timestamp,
        until: Timestamp? = nil, severity: AlertSeverity, kind: AlertKind, pattern: String? = nil, series: String,
        allSeries: [String] = [], score: Double? = nil, threshold: Double? = nil, rarity: Double? = nil,
        channels: [ChannelPart] = [], detectors: [DetectorPart] = [],
        evidence: ActivityEvidence? = nil, similar: SimilarPart? = nil, learning: Double = 1,
        awaits: String? = nil, message: String = "",
        hint: String = "", runbook: String? = nil
    ) {
        self.v = v
        self.id = id
        self.seq = seq
        self.event = event
        self.time = time
        self.since = since
        self.until = until
        self.severity = severity
        self.kind = kind
        self.pattern = pattern
        self.series = series
        self.allSeries = allSeries
        self.score = score
        self.threshold = threshold
        self.rarity = rarity
        self.channels = channels
        self.detectors = detectors
        self.evidence = evidence
        self.similar = similar
        self.learning = learning
        self.awaits = awaits
        self.message = message
        self.hint = hint
        self.runbook = runbook
    }

    /// Every series of the incident: ``allSeries``, or the one of ``series``.
    public var seriesNames: [String] { allSeries.isEmpty ? [series] : allSeries }
}

/// What a sink of a live run adds to each record.
public struct EmissionStamp: Equatable, Sendable {
    /// `host`: the machine's name.
    public var host: String
    /// `version`: monitord's version.
    public var version: String
    /// `emitted`: the wall clock when the sink wrote it.
    public var emitted: Timestamp

    /// Creates a stamp.
    public init(host: String, version: String, emitted: Timestamp) {
        self.host = host
        self.version = version
        self.emitted = emitted
    }
}
