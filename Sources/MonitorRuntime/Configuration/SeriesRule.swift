public import AnomalyDetection
public import TimeSeries

/// What differs for the series whose key matches a pattern: one `[series."pattern"]` table.
///
/// When several rules match a series the one that was first named later wins, key by key. A key that is `nil` leaves `[defaults]` in force.
public struct SeriesRule: Equatable, Sendable {
    /// The pattern: `*` stands for any characters, `?` for one, everything else for itself.
    public var pattern: String
    /// `false_alarms` (rate, `[defaults]`): the alarm budget of each of these series, in incidents a second.
    public var falseAlarmsPerSecond: Double?
    /// `critical_above` (number, `[defaults]`): score above the threshold that makes an incident critical.
    public var criticalMargin: Double?
    /// `runbook` (text, `[defaults]`): where the person called will find what to do.
    public var runbook: String?

    /// `adapt` ("auto", "ask" or "off", `[defaults]`): what becomes of a new level or behaviour that stays.
    public var adaptation: Adaptation?
    /// `explain` ("occlusion" or "shapley", `[defaults]`): how a score is divided among the channels.
    public var explanation: ExplanationMethod?
    /// `silence` (list of windows, `[defaults]`): when maintenance is planned: incidents that begin then are told only if they
    /// are open still when it is over.
    public var silence: [MaintenanceWindow]?

    /// Creates a rule that changes nothing but what is given.
    public init(
        pattern: String, falseAlarmsPerSecond: Double? = nil, criticalMargin: Double? = nil, runbook: String? = nil,
        adaptation: Adaptation? = nil, explanation: ExplanationMethod? = nil,
        silence: [MaintenanceWindow]? = nil
    ) {
        self.pattern = pattern
        self.falseAlarmsPerSecond = falseAlarmsPerSecond
        self.criticalMargin = criticalMargin
        self.runbook = runbook
        self.adaptation = adaptation
        self.explanation = explanation
        self.silence = silence
    }

    /// Whether the rule applies to a series.
    ///
    /// - Parameter series: the key of the series.
    /// - Complexity: O(pattern × series) at worst; asked once when a series appears.
    public func matches(_ series: String) -> Bool { NamePattern(pattern).matches(series) }
}
