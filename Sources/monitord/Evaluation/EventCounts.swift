/// How alerts and labelled events meet, event by event, in the scored part of one series.
///
/// Alerted rows that follow each other are one alert. An alert that touches no event is false; an event that an alert
/// touches is found. There is no point adjustment: a found event does not make its other rows right.
struct EventCounts {
    private(set) var events = 0
    private(set) var found = 0
    /// Found events whose last row no alert covers: they went on when their alert had closed.
    private(set) var closedBeforeEnd = 0
    private(set) var alerts = 0
    private(set) var falseAlerts = 0
    /// From each found event's first scored row to its first alerted one, in seconds.
    private(set) var delaySeconds: [Double] = []
    /// The same in rows.
    private(set) var delayRows: [Double] = []
    /// Scored rows that no label covers.
    private(set) var quietRows = 0
    private(set) var falseRows = 0
    /// Seconds from the first scored row to the last, without the events.
    private(set) var quietSeconds = 0.0

    /// Nothing counted yet.
    init() {}

    /// Counts a series.
    ///
    /// - Parameters:
    ///   - gap: alerted rows at most so many rows apart are one alert.
    ///   - tolerance: seconds after an event in which an alert still belongs to it.
    /// - Precondition: the series has alerts.
    /// - Complexity: O(rows + rows of the events).
    init(_ series: ScoredSeries, gap: Int, tolerance: Double) {
        guard let given = series.alerts else { preconditionFailure("\(series.name) has no alerts") }
        let first = series.firstScored
        var alert = given
        for row in 0..<first { alert[row] = false }
        let judged = series.events.filter { $0.upperBound >= first }.map {
            max($0.lowerBound, first)...$0.upperBound
        }
        events = judged.count
        let reach = judged.map { rows in
            guard tolerance > 0 else { return rows }
            let end = series.times.firstPlace(above: series.times[rows.upperBound] + tolerance) - 1
            return rows.lowerBound...max(end, rows.upperBound)
        }
        for (rows, event) in zip(reach, judged) {
            guard let row = rows.first(where: { alert[$0] }) else { continue }
            found += 1
            if row <= event.upperBound, !alert[event.upperBound] { closedBeforeEnd += 1 }
            delayRows.append(Double(row - rows.lowerBound))
            delaySeconds.append(series.times[row] - series.times[rows.lowerBound])
        }
        let inEvent = Coverage(judged, count: series.count)
        let inReach = Coverage(reach, count: series.count)
        let inIgnored = Coverage(series.ignored, count: series.count)
        for rows in Self.joined(alert.stretches, gap: gap) where !inIgnored.touches(rows) || inEvent.touches(rows) {
            alerts += 1
            if !inReach.touches(rows) { falseAlerts += 1 }
        }
        for row in first..<series.count where series.isKept[row] && !series.isAnomalous[row] {
            quietRows += 1
            if alert[row] { falseRows += 1 }
        }
        guard first < series.count, let end = series.times.last else { return }
        let labelled = (judged + series.ignored).reduce(0.0) { sum, rows in
            sum + max(series.times[rows.upperBound] - series.times[max(rows.lowerBound, first)], 0)
        }
        quietSeconds = max(max(end - series.times[first], 0) - labelled, 0)
    }

    /// Adds what was counted of another series.
    static func += (sum: inout EventCounts, other: EventCounts) {
        sum.events += other.events
        sum.found += other.found
        sum.closedBeforeEnd += other.closedBeforeEnd
        sum.alerts += other.alerts
        sum.falseAlerts += other.falseAlerts
        sum.delaySeconds += other.delaySeconds
        sum.delayRows += other.delayRows
        sum.quietRows += other.quietRows
        sum.falseRows += other.falseRows
        sum.quietSeconds += other.quietSeconds
    }

    /// Share of the alerts that belong to an event; `nil` without alerts.
    var precision: Double? { alerts > 0 ? Double(alerts - falseAlerts) / Double(alerts) : nil }

    /// Share of the events that are found; `nil` without events.
    var recall: Double? { events > 0 ? Double(found) / Double(events) : nil }

    /// Harmonic mean of the two; 0 when nothing is found or told, `nil` without events.
    var f1: Double? {
        guard let recall else { return nil }
        guard let precision, precision + recall > 0 else { return 0 }
        return 2 * precision * recall / (precision + recall)
    }

    private static func joined(_ stretches: [ClosedRange<Int>], gap: Int) -> [ClosedRange<Int>] {
        var joined: [ClosedRange<Int>] = []
        for rows in stretches {
            if let last = joined.last, rows.lowerBound - last.upperBound - 1 <= gap {
                joined[joined.count - 1] = last.lowerBound...rows.upperBound
            } else {
                joined.append(rows)
            }
        }
        return joined
    }

    /// Which rows some stretches cover, so that a question costs the same however many they are.
    private struct Coverage {
        /// Covered rows before each row.
        private var before: [Int]

        init(_ stretches: [ClosedRange<Int>], count: Int) {
            var depth = [Int](repeating: 0, count: count + 1)
            for rows in stretches {
                depth[rows.lowerBound] += 1
                depth[rows.upperBound + 1] -= 1
            }
            before = [0]
            var current = 0
            for row in 0..<count {
                current += depth[row]
                before.append(before[row] + (current > 0 ? 1 : 0))
            }
        }

        func touches(_ rows: ClosedRange<Int>) -> Bool { before[rows.upperBound + 1] > before[rows.lowerBound] }
    }
}
