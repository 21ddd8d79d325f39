public import TimeSeries

/// What happened to the incident of one series at one sample.
public struct IncidentChange: Equatable, Sendable {
    /// Opens, rises or closes.
    public var event: AlertEvent
    /// What the incident is about.
    public var kind: AlertKind
    /// Event time of the sample, or the end of the tick, that made the change.
    public var time: Timestamp
    /// The onset: the first unusual sample of the excursion.
    public var since: Timestamp
    /// Number of the onset's sample within its series.
    public var onsetSample: UInt64
    /// The first sample that was normal again; only of a close.
    public var until: Timestamp?
    /// The incident's severity from here on.
    public var severity: AlertSeverity
    /// The highest score of the incident so far; `nil` for kinds that have none.
    public var score: Double?
    /// The score at which the budget is spent; `nil` for kinds that have none.
    public var threshold: Double?
    /// How far the learning has come.
    public var learning: LearningState
    /// Facts that the values do not show, as part of a sentence: `132 of 200 lines cannot be read`.
    public var detail: String?
    /// The silence that it is about; only of `stalled`.
    public var silence: Silence?
    /// Whether an update says only that the score has risen further: nothing to tell of an incident that is told.
    public var isStrengthening = false

    /// Creates a change.
    public init(
        event: AlertEvent, kind: AlertKind, time: Timestamp, since: Timestamp, onsetSample: UInt64,
        until: Timestamp? = nil, severity: AlertSeverity, score: Double? = nil, threshold: Double? = nil,
        learning: LearningState, detail: String? = nil, silence: Silence? = nil
    ) {
        self.event = event
        self.kind = kind
        self.time = time
        self.since = since
        self.onsetSample = onsetSample
        self.until = until
        self.severity = severity
        self.score = score
        self.threshold = threshold
        self.learning = learning
        self.detail = detail
        self.silence = silence
    }
}
