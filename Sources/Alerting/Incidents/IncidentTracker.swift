public import TimeSeries

/// Where an incident begins.
struct Onset: Equatable, Sendable {
    /// Event time of the first unusual sample.
    var since: Timestamp
    /// Its number within the series.
    var sample: UInt64
}

/// Turns the verdicts of one series into at most one incident at a time.
///
///     normal ──(event, or abnormal begins and the budget has an opening)──▶ open ──(score ≥ threshold + margin)──▶ critical
///        ▲                                                                   │                                      │
///        └──────(quiet for `quietSamples` samples, or taken for usual)──────┴──────────────────────────────────────┘
///
/// An *event* always opens and takes an opening from the series' budget, on credit if need be: the threshold has already
/// paid for it. The *state* opens only at the sample at which it turns abnormal, and only when a whole opening is left;
/// what it was refused there it does not get later in the same excursion. An excursion is a run of samples that are
/// abnormal or events; the onset is its first sample, also when the incident opens later. While the series is learning the
/// severity stays at warning. A score that rises by a power of ten above the last one reported is reported too, for the
/// fleet may have held back what was weaker.
public struct IncidentTracker: Equatable, Sendable {
    /// An incident that is open.
    struct Incident: Equatable, Sendable {
        var since: Timestamp
        var onsetSample: UInt64
        var severity: AlertSeverity
        var score: Double
        var quiet = 0
        var quietSince: Timestamp?
        /// The score at the last change that was reported.
        var reportedScore: Double
        /// Whether it was held against what was usual before, so that its end is a return.
        var wasHeld = false
        /// Where it began; `nil` when every channel was within its band.
        var departure: Departure?
        /// Since when nothing but the departure keeps it open.
        var lingersSince: Timestamp?
        /// Seconds for which that does, at most.
        static let longestLinger = 3_600.0
    }

    /// The rule in force.
    public private(set) var rule: IncidentRule
    private var budget: OpeningBudget
    private var excursion: Onset?
    private var incident: Incident?

    /// Whether an incident is open, published or not.
    public var isOpen: Bool { incident != nil }
    /// Openings left, from −1 to the capacity.
    public var openingsLeft: Double { budget.tokens }

    /// Creates a tracker without an incident.
    public init(rule: IncidentRule = IncidentRule()) {
        self.rule = rule
        budget = OpeningBudget(
            tokensPerSecond: rule.falseAlarmsPerSecond, capacity: rule.budgetCapacity, tokens: rule.initialBudget)
    }

    /// Applies another rule from the next sample on; an open incident stays as it is.
    public mutating func reconfigure(_ rule: IncidentRule) {
        self.rule = rule
        budget.reconfigure(tokensPerSecond: rule.falseAlarmsPerSecond, capacity: rule.budgetCapacity)
    }

    /// Seconds between two samples that count for the budget: behind a longer gap, or a clock that was set by years, a young
    /// series has not been watched for as long as its times say.
    private static let longestStep = 86_400.0

    /// Notes where the incident began that has just opened.
    public mutating func note(_ departure: Departure?) { incident?.departure = departure }

    /// Whether the channel that the open incident began with has not come back.
    ///
    /// - Parameter values: of all channels, in their units; NaN where missing.
    public func isAway(_ values: Span<Double>) -> Bool { incident?.departure?.holds(values) ?? false }

    /// Takes the verdict of the next sample.
    ///
    /// - Parameter isAway: see ``isAway(_:)``.
    /// - Returns: what it changes; `nil` for most samples.
    /// - Complexity: constant; allocates nothing.
    public mutating func observe(_ verdict: Verdict, isAway: Bool = false) -> IncidentChange? {
        budget.refill(to: verdict.time, longestStep: Self.longestStep)
        let isUnusual = verdict.isEvent || verdict.isAbnormal
        let begins = isUnusual && excursion == nil
        if begins { excursion = Onset(since: verdict.time, sample: verdict.sampleNumber) }
        if !isUnusual || verdict.isNewNormal { excursion = nil }
        if let open = incident, verdict.isNewNormal {
            incident = nil
            return open.settled(verdict)
        }
        if var open = incident {
            let change = open.observe(verdict, isUnusual: isUnusual, isAway: isAway, rule: rule)
            incident = change?.event == .close ? nil : open
            return change
        }
        guard let onset = excursion, opens(verdict, begins: begins) else { return nil }
        let opened = Incident(
            since: onset.since, onsetSample: onset.sample, severity: rule.severity(of: verdict),
            score: verdict.score ?? 0, reportedScore: verdict.score ?? 0)
        incident = opened
        return opened.change(.open, verdict)
    }

    /// The series is gone: an open incident closes as it stands.
    ///
    /// - Parameters:
    ///   - last: the verdict of the series' last sample; `nil` when it had none since a restart.
    ///   - time: event time at which it is given up.
    ///   - lastSeen: event time until which there was something of it.
    ///   - isReplaced: whether another series has its place; else it was given up because it had not come for long.
    public mutating func end(
        after last: Verdict?, at time: Timestamp, lastSeen: Timestamp, isReplaced: Bool
    ) -> IncidentChange? {
        guard let open = incident else { return nil }
        incident = nil
        excursion = nil
        let seen = "it has not been seen since \(AlertMessage.clock(lastSeen, seenFrom: time))"
        return IncidentChange(
            event: .close, kind: .anomaly, time: time, since: open.since, onsetSample: open.onsetSample, until: time,
            severity: open.severity, score: open.score, threshold: last?.threshold,
            learning: last?.learning ?? LearningState(learnedSamples: 0, neededSamples: 0, learnedSeconds: 0),
            detail: isReplaced
                ? seen + ", and another series has its place (max_series, max_memory)" : seen + ", and is given up")
    }

    /// Takes back the opening that the last sample gave: it is told as an incident of another kind. What it cost of the
    /// budget stays spent, and its excursion opens no other by its state.
    public mutating func yieldOpening() { incident = nil }

    /// Takes an opening for an incident of another kind out of the same budget, when no incident is open: on credit as an event
    /// does, but not beyond the largest debt, and what it took the series' own state must wait for.
    public mutating func takeOpening() -> Bool {
        incident == nil && budget.take(upToDebt: OpeningBudget.largestDebt)
    }

    private mutating func opens(_ verdict: Verdict, begins: Bool) -> Bool {
        if verdict.isEvent {
            budget.takeOnCredit()
            return true
        }
        return begins && budget.take()
    }

    /// Writes the tracker; the rule is configuration and is not written.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(4))
        budget.encode(to: &writer)
        writer.write(excursion != nil)
        if let excursion {
            writer.write(excursion.since.nanoseconds)
            writer.write(excursion.sample)
        }
        writer.write(incident != nil)
        incident?.encode(to: &writer)
    }

    /// Reads a tracker; an open incident goes on.
    public init(rule: IncidentRule, from reader: inout StateReader) throws(StateCodingError) {
        self.init(rule: rule)
        let version = try reader.read(UInt8.self)
        guard (1...4).contains(version) else { throw .unknownVersion(of: "an incident tracker") }
        try budget.restore(from: &reader)
        if try reader.readBool() {
            let since = Timestamp(nanoseconds: try reader.read())
            excursion = Onset(since: since, sample: try reader.read())
        }
        if try reader.readBool() { incident = try Incident(from: &reader, version: version) }
    }
}

extension IncidentRule {
    /// The severity that a verdict gives: as configured, else by the score; warning while learning.
    func severity(of verdict: Verdict) -> AlertSeverity {
        if verdict.learning.isLearning { return .warning }
        if let fixedSeverity { return fixedSeverity }
        return (verdict.score ?? 0) >= verdict.threshold + criticalMargin ? .critical : .warning
    }
}

extension IncidentTracker.Incident {
    /// Takes a sample while the incident is open.
    mutating func observe(_ verdict: Verdict, isUnusual: Bool, isAway: Bool, rule: IncidentRule) -> IncidentChange? {
        score = max(score, verdict.score ?? 0)
        wasHeld = wasHeld || verdict.learning.isHeld
        if isUnusual { lingersSince = nil }
        if !isUnusual, isAway, quiet == 0 {
            let since = lingersSince ?? verdict.time
            lingersSince = since
            if verdict.time.seconds(since: since) < Self.longestLinger { return nil }
        }
        guard isUnusual else {
            if quiet == 0 { quietSince = verdict.time }
            quiet += 1
            guard quiet >= rule.quietSamples else { return nil }
            var end = change(.close, verdict, until: quietSince)
            if wasHeld { end.detail = "it has returned to what was usual before" }
            return end
        }
        quiet = 0
        quietSince = nil
        let risen = rule.severity(of: verdict)
        let isRise = risen > severity
        guard isRise || verdict.isEvent && score >= reportedScore + 1 else { return nil }
        severity = max(severity, risen)
        reportedScore = score
        var update = change(.update, verdict)
        update.isStrengthening = !isRise
        return update
    }

    /// Closes at once: what it was about is usual from here on.
    func settled(_ verdict: Verdict) -> IncidentChange {
        var settled = self
        settled.score = max(score, verdict.score ?? 0)
        var change = settled.change(.close, verdict, until: verdict.time)
        change.detail =
            verdict.isAccepted
            ? "it was accepted and is usual from here on" : "it has stayed so and is taken for usual from here on"
        return change
    }

    func change(_ event: AlertEvent, _ verdict: Verdict, until: Timestamp? = nil) -> IncidentChange {
        IncidentChange(
            event: event, kind: .anomaly, time: verdict.time, since: since, onsetSample: onsetSample, until: until,
            severity: severity, score: score, threshold: verdict.threshold, learning: verdict.learning)
    }

    func encode(to writer: inout StateWriter) {
        writer.write(since.nanoseconds)
        writer.write(onsetSample)
        writer.write(severity == .critical)
        writer.write(score)
        writer.write(UInt32(quiet))
        writer.write(quietSince != nil)
        writer.write(quietSince?.nanoseconds ?? 0)
        writer.write(reportedScore)
        writer.write(wasHeld)
        writer.write(departure != nil)
        if let departure {
            writer.write(UInt32(departure.channel))
            writer.write(departure.edge)
            writer.write(departure.isAbove)
        }
        writer.write(lingersSince != nil)
        writer.write(lingersSince?.nanoseconds ?? 0)
    }

    init(from reader: inout StateReader, version: UInt8) throws(StateCodingError) {
        since = Timestamp(nanoseconds: try reader.read())
        onsetSample = try reader.read()
        severity = try reader.readBool() ? .critical : .warning
        score = try reader.readDouble()
        quiet = Int(try reader.read(UInt32.self))
        let isQuiet = try reader.readBool()
        let nanoseconds: Int64 = try reader.read()
        quietSince = isQuiet ? Timestamp(nanoseconds: nanoseconds) : nil
        reportedScore = version == 1 ? score : try reader.readDouble()
        wasHeld = version < 3 ? false : try reader.readBool()
        guard version > 3 else { return }
        if try reader.readBool() {
            let channel = Int(try reader.read(UInt32.self))
            let edge = try reader.readDouble()
            departure = Departure(channel: channel, edge: edge, isAbove: try reader.readBool())
        }
        let lingers = try reader.readBool()
        let since: Int64 = try reader.read()
        lingersSince = lingers ? Timestamp(nanoseconds: since) : nil
    }
}
