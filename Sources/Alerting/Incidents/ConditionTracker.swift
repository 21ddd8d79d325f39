public import TimeSeries

/// Turns a condition that holds or does not hold (a stalled, stuck or drifting series, unreadable input) into incidents.
///
/// What decides whether it holds, and any patience near its limit, lies with the one who reports it; this only makes one
/// opening and one closing of it.
public struct ConditionTracker: Equatable, Sendable {
    /// What the incident is about.
    public let kind: AlertKind
    private let severity: AlertSeverity
    private var open: Onset?

    /// Whether an incident is open.
    public var isOpen: Bool { open != nil }

    /// Creates a tracker without an incident.
    public init(kind: AlertKind, severity: AlertSeverity = .warning) {
        self.kind = kind
        self.severity = severity
    }

    /// Opens the incident when none is open.
    ///
    /// - Parameters:
    ///   - since: the onset in event time; for a stalled series its last sample plus the silence it is used to.
    ///   - onsetSample: number of the last sample before or at the onset.
    ///   - time: event time of what showed it.
    ///   - learning: how far the learning has come.
    ///   - detail: facts for the message, as part of a sentence.
    public mutating func begin(
        since: Timestamp, onsetSample: UInt64, time: Timestamp, learning: LearningState, detail: String? = nil
    ) -> IncidentChange? {
        guard open == nil else { return nil }
        open = Onset(since: since, sample: onsetSample)
        return IncidentChange(
            event: .open, kind: kind, time: time, since: since, onsetSample: onsetSample, severity: severity,
            learning: learning, detail: detail)
    }

    /// Closes the incident when one is open; it lasted until `time`.
    public mutating func end(time: Timestamp, learning: LearningState, detail: String? = nil) -> IncidentChange? {
        guard let opened = open else { return nil }
        open = nil
        return IncidentChange(
            event: .close, kind: kind, time: time, since: opened.since, onsetSample: opened.sample, until: time,
            severity: severity, learning: learning, detail: detail)
    }

    /// Writes the tracker; kind and severity are given again when it is read.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(open != nil)
        writer.write(open?.since.nanoseconds ?? 0)
        writer.write(open?.sample ?? 0)
    }

    /// Reads a tracker; an open incident goes on.
    public init(kind: AlertKind, severity: AlertSeverity = .warning, from reader: inout StateReader)
        throws(StateCodingError)
    {
        self.init(kind: kind, severity: severity)
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a condition tracker") }
        let isOpen = try reader.readBool()
        let since = Timestamp(nanoseconds: try reader.read())
        let sample: UInt64 = try reader.read()
        open = isOpen ? Onset(since: since, sample: sample) : nil
    }
}
