/// How incidents are opened, told and written.
public struct AlertingConfiguration: Equatable, Sendable {
    /// `false_alarms` (rate, "1/day", global): incidents that the whole daemon may open, in incidents a second.
    public var daemonFalseAlarmsPerSecond: Double
    /// `false_alarms_burst` (count, 3): incidents of the whole daemon that may be saved up, at least 1.
    public var daemonBurst: Double
    /// `critical_above` (number, 2): an incident is critical when its score is at least threshold + this.
    public var criticalMargin: Double
    /// `runbook` (text, none): where the person called will find what to do; copied into every alert.
    public var runbook: String?
    /// `log` (path, see README): the rolling log; `nil` for none.
    public var logPath: String?
    /// `log_size`, `log_age`, `log_keep`, `log_total`: when the rolling log is rotated, and how much of it is kept.
    public var logLimits: RollingLogLimits
    /// `journal` (Boolean, true when its socket is there): whether alerts go to journald.
    public var writesJournal: Bool

    /// Creates a configuration.
    public init(
        daemonFalseAlarmsPerSecond: Double = 1.0 / 86_400, criticalMargin: Double = 2, runbook: String? = nil,
        logPath: String? = nil, logLimits: RollingLogLimits = RollingLogLimits(), writesJournal: Bool = true,
        daemonBurst: Double = 3
    ) {
        self.daemonFalseAlarmsPerSecond = daemonFalseAlarmsPerSecond
        self.daemonBurst = daemonBurst
        self.criticalMargin = criticalMargin
        self.runbook = runbook
        self.logPath = logPath
        self.logLimits = logLimits
        self.writesJournal = writesJournal
    }
}
