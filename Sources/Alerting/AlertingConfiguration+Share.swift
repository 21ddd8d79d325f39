extension AlertingConfiguration {
    /// The configuration with a part of the daemon's budget.
    ///
    /// - Parameter share: above 0, up to 1.
    public func sharing(_ share: Double) -> AlertingConfiguration {
        var result = self
        result.daemonFalseAlarmsPerSecond *= share
        return result
    }
}
