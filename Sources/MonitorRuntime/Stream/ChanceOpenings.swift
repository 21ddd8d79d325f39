import AnomalyDetection
import TimeSeries

/// What the budgets of a stream's series add up to, as the desk was told last.
struct ChanceOpenings: Sendable {
    /// Event time after which the desk is told again though nothing has changed: an incident of what was held back closes
    /// when the desk hears of the time.
    static let secondsBetween = 3_600.0

    /// The budgets of the series met so far, in incidents a second, by number.
    private var budgets: [Double] = []
    /// What the desk was told last, and when: stored, for it is told at the same times after a restart.
    private(set) var told: (rate: Double, time: Timestamp)?

    /// Creates the sum of a stream without series.
    init() {}

    /// Goes on from what the desk was told last.
    init(told: (rate: Double, time: Timestamp)?) { self.told = told }

    /// Adds up the budgets of the active series.
    ///
    /// - Parameters:
    ///   - names: of all series, by number.
    ///   - budget: of the series of a name; asked once for each.
    /// - Returns: the sum, when the desk should hear of it; `nil` when it has not changed for less than an hour.
    /// - Complexity: linear in the series; allocates only for new ones.
    mutating func add(
        at time: Timestamp, names: [String], isDue: Bool = false, isActive: (Int) -> Bool,
        budget: (String) -> Double
    ) -> Double? {
        while budgets.count < names.count { budgets.append(budget(names[budgets.count])) }
        var rate = 0.0
        for (series, budget) in budgets.enumerated() where isActive(series) { rate += budget }
        if !isDue, let told, told.rate == rate, abs(time.seconds(since: told.time)) < Self.secondsBetween { return nil }
        told = (rate, time)
        return rate
    }
}

extension Pipeline {
    /// Tells the desk at a round's border how many anomalies the active series may open by chance.
    func expectChance(names: [String]) async throws {
        // Names come before the first sample of their series does.
        let known = min(names.count, sequencer.seriesCount)
        let rate = expected.add(
            at: lastTime, names: names.count == known ? names : Array(names.prefix(known)),
            isDue: nextEndOfSilence.map { $0 <= lastTime } ?? false,
            isActive: { sequencer.isActive($0) },
            budget: { configuration.detection(forSeries: $0).falseAlarmsPerSecond })
        guard let rate else { return }
        try await desk.expect(chanceOpeningsPerSecond: rate, of: name, at: lastTime)
        if nextEndOfSilence != nil { nextEndOfSilence = await desk.nextEndOfSilence(of: name) }
    }
}
