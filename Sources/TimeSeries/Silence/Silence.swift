/// The silence of a series, or of a whole source, that lasts longer than it is used to.
public struct Silence: Equatable, Sendable {
    /// Who is silent.
    public enum Subject: Equatable, Sendable {
        /// All of the stream.
        case source
        /// One of its series, by number.
        case series(Int)
    }

    /// What the length that was exceeded rests on.
    public enum Measure: Equatable, Sendable {
        /// On what was learned of this series.
        case learned
        /// On the configuration: `stalled_after`, or `missing = "alarm"`.
        case declared
        /// On no length: somebody said that it has stopped.
        case reported
    }

    /// Who is silent.
    public var subject: Subject
    /// Its last sample.
    public var lastSample: Timestamp
    /// The onset: the last sample and the silence it is used to.
    public var since: Timestamp
    /// Number of the last sample among its own.
    public var sampleNumber: UInt64
    /// Seconds between two of its samples, as a rule; `nil` when that is not known.
    public var interval: Double?
    /// The longest silence remembered, in seconds; 0 before there was one.
    public var longest: Double
    /// The silence it is used to, in seconds.
    public var limit: Double
    /// How many silences, at most eight, are remembered that lasted longer than that.
    public var longer: Int
    /// What the limit rests on.
    public var measure: Measure

    /// Creates a silence.
    public init(
        subject: Subject, lastSample: Timestamp, since: Timestamp, sampleNumber: UInt64, interval: Double?,
        longest: Double, limit: Double, longer: Int, measure: Measure
    ) {
        self.subject = subject
        self.lastSample = lastSample
        self.since = since
        self.sampleNumber = sampleNumber
        self.interval = interval
        self.longest = longest
        self.limit = limit
        self.longer = longer
        self.measure = measure
    }
}
