public import TimeSeries

/// A change of one series' incident on its way to the policy, with what a message about it needs.
public struct SeriesChange: Equatable, Sendable {
    /// Name of the ordered input.
    public var stream: String
    /// Key of the series; the source's name when the whole source is meant.
    public var series: String
    /// What happened.
    public var change: IncidentChange
    /// Why, for the sample of the change; `nil` when the kind has none, and usually for a close.
    public var explanation: Explanation?
    /// The series' channels, which the explanation refers to by position.
    public var channels: [Channel]
    /// The series' interval in seconds, within which openings of several series count as one; `nil` or 0: only those of
    /// the same tick.
    public var interval: Double?
    /// What the behaviour looks like, when known.
    public var pattern: String?
    /// With whom the host talked, of a series of flows.
    public var evidence: ActivityEvidence?
    /// The series' runbook; `nil` for the one of the configuration.
    public var runbook: String?
    /// Until when maintenance is planned for the series: what opens before is told then, if it is open still.
    public var mutedUntil: Timestamp?
    /// Whether a whole source is meant (stalled, or its input unreadable); those are never held back.
    public var isWholeSource: Bool

    /// Creates a change.
    public init(
        stream: String, series: String, change: IncidentChange, explanation: Explanation? = nil,
        channels: [Channel] = [], interval: Double? = nil, pattern: String? = nil,
        evidence: ActivityEvidence? = nil, runbook: String? = nil,
        mutedUntil: Timestamp? = nil, isWholeSource: Bool = false
    ) {
        self.stream = stream
        self.series = series
        self.change = change
        self.explanation = explanation
        self.channels = channels
        self.interval = interval
        self.pattern = pattern
        self.evidence = evidence
        self.runbook = runbook
        self.mutedUntil = mutedUntil
        self.isWholeSource = isWholeSource
    }
}

/// What the policy made of the changes of one tick.
public struct PolicyDecision: Equatable, Sendable {
    /// The messages, in the order they are to be stored.
    public var records: [AlertRecord]
    /// For each change, in order: whether a published incident of its series is open after this tick. It is the `alert`
    /// column of that series until its next change.
    public var isPublished: [Bool]
}

/// Decides over the whole fleet which incidents are told: groups what goes at once and keeps the daemon's budget.
///
/// It is fed in sample-number order as each tick completes, holds no clock and draws no random numbers, so the same
/// changes give the same records.
///
/// - *Grouping*: incidents of one kind and one stream that open in the same call, or within one interval of the first
///   one's opening, are one incident. It is named for its first series by key and lists all; later members join without
///   a message. It rises when its severity does, and closes when its last member does.
/// - *Budget*: each opening takes a whole token of ``AlertingConfiguration/daemonFalseAlarmsPerSecond``, of which up to
///   ``AlertingConfiguration/daemonBurst`` are saved up. An incident without a token is held back to its end and counted.
///   Those of a whole source are facts and few; they take a token when there is one (none, when it is stalled) and
///   are never held back.
/// - *The fleet's bar*: when the budgets of all active series add up to more than the daemon's, an anomaly must stand as
///   far above its own threshold as ``FleetBar`` asks for, or it is held back without taking a token. One that does takes
///   a token on credit when there is none, and each token lacking raises the bar: what is strong is not stopped by what is
///   weak, and the debt is the ceiling. An anomaly held back for want of strength is told when it becomes stronger while
///   it is open: its `time` is then, its `since` the onset.
/// - *Both by timeline*: streams whose event times run together share a budget and a bar; a file of last year beside
///   them has its own (``BudgetTimeline``).
/// - *Silence*: what opens while its series are silenced is told when the silence is over, if it is open still.
/// - *What was held back* is one `budget` incident: it opens at the first, is never updated, and closes a day of event
///   time after the last, with the count and the strongest of them. It takes no token.
public struct AlertPolicy: Sendable {
    /// Seconds without anything held back after which the `budget` incident closes.
    public static let quietSecondsOfBudget = 86_400.0

    /// What each token lacking adds to the fleet's bar, in powers of ten.
    static let priceOfToken = 0.5
    /// Tokens of debt that strong anomalies of a fleet may leave: the ceiling is the budget and these.
    static let largestDebtOfAnomalies = 8.0

    struct Member: Hashable, Sendable {
        var stream: String
        var series: String
        var kind: AlertKind
        /// A source and its only series may have one name.
        var isWholeSource = false
    }

    /// A published incident that is open.
    struct Group: Equatable, Sendable {
        var id: String
        var seq: Int
        var stream: String
        var kind: AlertKind
        var severity: AlertSeverity
        var since: Timestamp
        var openedAt: Timestamp
        /// Seconds after the opening within which others join.
        var joinSeconds: Double
        var isWholeSource: Bool
        /// Of all members, in order of the key.
        var series: [String]
        /// Of those still open, in order of the key.
        var openSeries: [String]
        var score: Double?
        var rarity: Double?
        var until: Timestamp?
        var pattern: String?
        var runbook: String?
        /// When the silence ends in which it opened; `nil` once it is told.
        var mutedUntil: Timestamp?
        /// The channel that its opening had in front, of an anomaly.
        var opened: AlertRecord.ChannelPart?
    }

    /// The `budget` incident while it is open.
    struct HeldBack: Equatable, Sendable {
        var id: String
        var since: Timestamp
        var last: Timestamp
        var count: UInt64
        var firstSeries: String
        /// Told later, when they had become stronger; part of the count.
        var released: UInt64 = 0
        var strongest: Strongest?
        /// Whether the first was below the fleet's bar; else no token was left.
        var isBelowBar = false
    }

    /// The incident held back that stood furthest above its threshold.
    struct Strongest: Equatable, Sendable {
        var series: String
        var score: Double
        var excess: Double
    }

    /// The configuration in force.
    public private(set) var configuration: AlertingConfiguration
    /// Under which name it says that incidents are held back: of several policies of one daemon each has its own, or their
    /// messages would be taken for one.
    var name = AlertPolicy.daemonName
    /// Incidents held back since the state began.
    public internal(set) var heldBackIncidents: UInt64 = 0
    /// What is left of the budget, for streams whose times run together; in order of their beginning.
    var timelines: [BudgetTimeline] = []
    /// `budget` incidents that ended when two timelines became one, to be told next.
    var closesOfAbsorbed: [AlertRecord] = []
    /// Open and published, in order of their opening.
    var groups: [Group] = []
    /// Silences that somebody asked for.
    public internal(set) var mutes: [Mute] = []
    /// The first message of each group that opened in a silence and was not told, by id.
    var untold: [String: AlertRecord] = [:]
    /// The id of the group in which a series is open: the same facts as `openSeries`, by member.
    var groupOfMember: [Member: String] = [:]
    /// Anomalies of a fleet that are open and held back, and may still be told.
    var heldMembers: Set<Member> = []

    /// Creates a policy without open incidents.
    public init(configuration: AlertingConfiguration = AlertingConfiguration()) {
        self.configuration = configuration
    }

    /// The policy under a name of its own: that of the one stream that it decides for.
    public func named(_ name: String) -> AlertPolicy {
        var policy = self
        policy.name = name
        return policy
    }

    /// A full budget of the configuration.
    var freshBudget: OpeningBudget {
        OpeningBudget(
            tokensPerSecond: configuration.daemonFalseAlarmsPerSecond, capacity: configuration.daemonBurst)
    }

    /// Applies another configuration from the next tick on; open incidents stay.
    public mutating func reconfigure(_ configuration: AlertingConfiguration) {
        self.configuration = configuration
        for place in timelines.indices {
            timelines[place].budget.reconfigure(
                tokensPerSecond: configuration.daemonFalseAlarmsPerSecond, capacity: configuration.daemonBurst)
        }
    }

    /// Whether a published incident of a series is open; for start-up, see ``PolicyDecision/isPublished`` for the rest.
    ///
    public func isPublished(stream: String, series: String, isWholeSource: Bool = false) -> Bool {
        AlertKind.allCases.contains {
            let member = Member(stream: stream, series: series, kind: $0, isWholeSource: isWholeSource)
            return groupOfMember[member].map { untold[$0] == nil } ?? false
        }
    }

    /// Ids of the incidents that are told and open, oldest first.
    ///
    /// What is held back by the budget is told as an incident, too, and is open like any other.
    public var openIncidents: [String] {
        let told = groups.filter { untold[$0.id] == nil }.map { (id: $0.id, since: $0.openedAt) }
        let budgets = timelines.compactMap(\.heldBack).map { (id: $0.id, since: $0.since) }
        return (told + budgets).sorted { $0.since < $1.since }.map(\.id)
    }

    /// The open incidents whose ids begin so, each with its stream and the series that are still open.
    ///
    /// - Parameter prefix: of the 16 digits of an ``AlertRecord/id``, or all of them.
    public func openIncidents(prefix: String) -> [(id: String, stream: String, series: [String])] {
        groups.filter { !prefix.isEmpty && $0.id.hasPrefix(prefix) && !$0.isWholeSource }.map {
            ($0.id, $0.stream, $0.openSeries)
        }
    }

    /// Takes the changes of one tick.
    ///
    /// - Parameters:
    ///   - changes: in order of the sample number; at most one of each series and kind.
    ///   - time: event time of the tick.
    ///     A series that is given up while its incident is open needs a closing change, or its incident stays open.
    public mutating func admit(_ changes: [SeriesChange], at time: Timestamp) -> PolicyDecision {
        var records: [AlertRecord] = []
        var openings: [[SeriesChange]] = []
        for change in changes {
            records += advance(change.stream, to: time)
            switch change.change.event {
            case .open: collect(change, into: &openings)
            case .update:
                if heldMembers.contains(Self.member(change)) {
                    if mutedUntil(change) == nil { collect(change, into: &openings) }
                } else if let record = update(change) {
                    records.append(record)
                }
            case .close: if let record = close(change) { records.append(record) }
            }
        }
        for members in openings { records += open(members, at: time) }
        let published = changes.map {
            isPublished(stream: $0.stream, series: $0.series, isWholeSource: $0.isWholeSource)
        }
        return PolicyDecision(records: records, isPublished: published)
    }

    private func collect(_ change: SeriesChange, into openings: inout [[SeriesChange]]) {
        let member = Self.member(change)
        // It is open already: a tracker that was set back reports it again.
        if groupOfMember[member] != nil { return }
        if change.change.event == .open, heldMembers.contains(member) { return }
        let place = openings.firstIndex {
            $0[0].stream == change.stream && $0[0].change.kind == change.change.kind
                && $0[0].isWholeSource == change.isWholeSource
                && (mutedUntil($0[0]) == nil) == (mutedUntil(change) == nil)
        }
        if let place { openings[place].append(change) } else { openings.append([change]) }
    }
}
