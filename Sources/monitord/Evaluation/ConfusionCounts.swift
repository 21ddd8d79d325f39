/// How alerts and labels meet, row by row.
struct ConfusionCounts {
    private(set) var truePositives = 0
    private(set) var falsePositives = 0
    private(set) var falseNegatives = 0
    private(set) var trueNegatives = 0

    /// Nothing counted yet.
    init() {}

    /// Counts rows.
    ///
    /// - Precondition: the arrays have the same length.
    init(alerts: [Bool], isAnomalous: [Bool]) {
        precondition(alerts.count == isAnomalous.count, "\(alerts.count) alerts, \(isAnomalous.count) labels")
        for row in alerts.indices { count(alerts[row], isAnomalous[row]) }
    }

    /// Counts a row.
    mutating func count(_ isAlert: Bool, _ isAnomalous: Bool) {
        switch (isAlert, isAnomalous) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): trueNegatives += 1
        }
    }

    /// Share of the rows that are right, which says little where anomalies are rare; `nil` without rows.
    var accuracy: Double? {
        Self.ratio(truePositives + trueNegatives, truePositives + trueNegatives + falsePositives + falseNegatives)
    }

    /// Share of the alerted rows that are anomalous; without alerts 1 when there was nothing to find, else 0.
    var precision: Double {
        Self.ratio(truePositives, truePositives + falsePositives) ?? (falseNegatives == 0 ? 1 : 0)
    }

    /// Share of the anomalous rows that are alerted; `nil` without such rows.
    var recall: Double? { Self.ratio(truePositives, truePositives + falseNegatives) }

    /// Harmonic mean of precision and recall; `nil` without alerts and anomalies.
    var f1: Double? { Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

    /// Share of the normal rows that are alerted; `nil` without such rows.
    var falseAlarmRate: Double? { Self.ratio(falsePositives, falsePositives + trueNegatives) }

    /// Share of the anomalous rows that are not alerted; `nil` without such rows.
    var missedAlarmRate: Double? { Self.ratio(falseNegatives, falseNegatives + truePositives) }

    private static func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole > 0 ? Double(part) / Double(whole) : nil
    }
}
