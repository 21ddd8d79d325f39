public import Alerting
public import AnomalyDetection
public import Ingest
public import Onward

/// Everything that one run of monitord is told: the built-in defaults, overridden by files, environment and flags.
///
/// A plain value. `ConfigurationLoader` fills and validates it once; it is then passed on by value. The keys that it is
/// filled from are listed in `ConfigurationKeys`, and with a sentence each in `etc/monitord/monitord.toml`.
public struct MonitorConfiguration: Equatable, Sendable {
    /// `[[source]]` (none): where lines come from, in the order of the files that name them.
    public var sources: [SourceConfiguration]
    /// `[[sink]]` (none): other systems that alerts are sent to, in the order of the files that name them.
    public var sinks: [SinkConfiguration] = []
    /// What the detectors of every series are told; its budget is `[defaults] false_alarms`.
    public var detection: DetectionConfiguration
    /// How incidents are told; its daemon budget is the global `false_alarms`, its margin and runbook are `[defaults]`.
    public var alerting: AlertingConfiguration
    /// `[series."pattern"]` (none): what differs for some series, in the order of the files that say so.
    public var seriesRules: [SeriesRule]
    /// `state` (path, `$STATE_DIRECTORY`): the folder that learning is kept in; `nil` when it lives in memory.
    public var stateDirectory: String?
    /// `commit_every` (duration, "1min"): seconds between two commits of the state, 1 to 86,400.
    public var commitEvery: Double
    /// `state_writes` (size, "4GiB"): bytes that commits may write to the disk in a day, 16 MiB to 1 TiB; where that is
    /// too little for `commit_every`, they are rarer.
    public var mostStateWrites = 4 << 30
    /// `snapshots` (whole number, 7): daily snapshots of the state that are kept, 0 to 365.
    public var keptSnapshots = 7
    /// `control` (path, see ``ControlPath``): the socket by which the verbs ask the running daemon; `nil` for none.
    public var controlPath: String?
    /// `http` (address, none): where the status page and the metrics are; `nil` for nowhere.
    public var httpAddress: HTTPAddress?
    /// `page` (true or false, true): whether the status page is at that address, and what its buttons do is done; the metrics
    /// are there in any case.
    public var hasPage = true
    /// `[defaults] silence` (none): when maintenance is planned.
    public var silence: [MaintenanceWindow] = []
    /// `history` (duration, "1week"): for how long samples are kept beside the state; 0 for not at all.
    public var historySeconds = 604_800.0
    /// `history_size` (size, "256MiB"): what they may take.
    public var historyBytes = 256 << 20

    /// Whether samples are kept.
    var keepsHistory: Bool { stateDirectory != nil && historySeconds > 0 }

    /// `max_series` (whole number, 10000): series that are watched at once, at most; keys beyond are counted only.
    public var mostSeries = 10_000
    /// `max_memory` (size, "512MiB"): resident memory of the process once all rings are full, at most; keys beyond are counted
    /// only.
    public var mostMemory = 512 << 20

    /// Creates a configuration; the defaults are the built-in ones.
    public init(
        sources: [SourceConfiguration] = [], detection: DetectionConfiguration = DetectionConfiguration(),
        alerting: AlertingConfiguration = AlertingConfiguration(), seriesRules: [SeriesRule] = [],
        stateDirectory: String? = nil, commitEvery: Double = 60
    ) {
        self.sources = sources
        self.detection = detection
        self.alerting = alerting
        self.seriesRules = seriesRules
        self.stateDirectory = stateDirectory
        self.commitEvery = commitEvery
    }

    /// What the detectors of one series are told: `detection`, overridden by every rule whose pattern matches.
    ///
    /// - Parameter series: the key of the series, as the input gives it.
    public func detection(forSeries series: String) -> DetectionConfiguration {
        var result = detection
        for rule in seriesRules where rule.matches(series) {
            result.falseAlarmsPerSecond = rule.falseAlarmsPerSecond ?? result.falseAlarmsPerSecond
            result.adaptation = rule.adaptation ?? result.adaptation
            result.explanation = rule.explanation ?? result.explanation
        }
        return result
    }

    /// How the incidents of one series are told: `alerting`, overridden by every rule whose pattern matches.
    ///
    /// The daemon's budget, the rolling log and the journal are the same for all series.
    /// - Parameter series: the key of the series, as the input gives it.
    public func alerting(forSeries series: String) -> AlertingConfiguration {
        var result = alerting
        for rule in seriesRules where rule.matches(series) {
            result.criticalMargin = rule.criticalMargin ?? result.criticalMargin
            result.runbook = rule.runbook ?? result.runbook
        }
        return result
    }

    /// The budgets as they are written: of all series together, and of each that has none of its own.
    public var budgetTexts: (daemon: String, series: String) {
        (
            ConfigurationUnits.text(rate: alerting.daemonFalseAlarmsPerSecond),
            ConfigurationUnits.text(rate: detection.falseAlarmsPerSecond)
        )
    }

    /// When maintenance is planned for one series: the windows of the last rule that names any, else of `[defaults]`.
    public func silence(forSeries series: String) -> [MaintenanceWindow] {
        seriesRules.last { $0.silence != nil && $0.matches(series) }?.silence ?? silence
    }
}
