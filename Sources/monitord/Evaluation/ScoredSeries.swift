/// One scored file or series: its scores and alerts by row, and which rows the labels call anomalous.
struct ScoredSeries {
    /// Key of the labels: a file's relative name, or the series.
    let name: String
    /// Times as they stand in the scores, by row.
    let stamps: [String]
    /// Seconds since 1970, by row; not necessarily in order.
    let times: [Double]
    /// Higher is more anomalous, by row; −∞ where there is none.
    let scores: [Double]
    /// Whether an alert is on, by row; `nil` when the scores do not say.
    let alerts: [Bool]?
    /// Whether a row lies in a labelled interval.
    private(set) var isAnomalous: [Bool]
    /// Rows of each labelled interval, by their first row.
    private(set) var events: [ClosedRange<Int>] = []
    /// Labelled intervals without a row.
    private(set) var unmatchedCount = 0
    /// The first row that is scored.
    private(set) var firstScored = 0
    /// Whether a row counts in the figures by row.
    private(set) var isKept: [Bool]
    /// Events that are left out altogether.
    private(set) var ignored: [ClosedRange<Int>] = []
    /// Whether a row is neither an anomaly nor normal (maintenance): it counts nowhere.
    private(set) var isExcused: [Bool]

    /// How many rows there are.
    var count: Int { scores.count }

    /// Creates a series and finds the rows of its labels.
    ///
    /// - Precondition: the arrays have the same length.
    init(
        name: String, stamps: [String], times: [Double], scores: [Double], alerts: [Bool]?,
        labels: [LabelledInterval]
    ) {
        precondition(stamps.count == scores.count && times.count == scores.count, "times and scores differ in number")
        precondition(alerts.map { $0.count == scores.count } ?? true, "alerts and scores differ in number")
        self.name = name
        self.stamps = stamps
        self.times = times
        self.scores = scores
        self.alerts = alerts
        isAnomalous = Array(repeating: false, count: scores.count)
        isKept = Array(repeating: true, count: scores.count)
        isExcused = Array(repeating: false, count: scores.count)
        let places = firstPlaces(of: labels)
        for label in labels {
            guard let rows = rows(of: label, places) else {
                if !label.isExcuse { unmatchedCount += 1 }
                continue
            }
            if label.isExcuse { ignored.append(rows) } else { events.append(rows) }
        }
        events.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        if labels.contains(where: \.mayOverlap) { unite() }
        for rows in events { for row in rows { isAnomalous[row] = true } }
        for rows in ignored {
            for row in rows where !isAnomalous[row] {
                isKept[row] = false
                isExcused[row] = true
            }
        }
    }

    /// Scores from row `first` on.
    ///
    /// - Parameter dropsStarted: forget the events that are under way there: whoever learns without labels cannot tell them
    ///   from normal.
    mutating func start(at first: Int, dropsStarted: Bool) {
        firstScored = min(first, count)
        for row in 0..<firstScored { isKept[row] = false }
        guard dropsStarted else { return }
        let started = events.filter { $0.lowerBound < firstScored && firstScored <= $0.upperBound }
        events.removeAll { started.contains($0) }
        ignored += started
        for rows in started { for row in rows { isKept[row] = false } }
    }

    /// Those of some values by row that count.
    func kept<Value>(_ values: [Value]) -> [Value] {
        precondition(values.count == count, "\(values.count) values for \(count) rows")
        return values.indices.filter { isKept[$0] }.map { values[$0] }
    }

    /// The first row of each text that begins or ends a label.
    private func firstPlaces(of labels: [LabelledInterval]) -> [String: Int] {
        var places: [String: Int] = [:]
        for label in labels where label.includesEnd {
            places[label.start] = -1
            places[label.end] = -1
        }
        guard !places.isEmpty else { return [:] }
        for (row, stamp) in stamps.enumerated() where places[stamp] == -1 { places[stamp] = row }
        return places
    }

    /// The first and last row of a label.
    ///
    /// The text counts before the time, which survives stamps that come twice or go back.
    private func rows(of label: LabelledInterval, _ places: [String: Int]) -> ClosedRange<Int>? {
        if label.includesEnd, let first = places[label.start], let last = places[label.end], first >= 0, first <= last {
            return first...last
        }
        func isInside(_ time: Double) -> Bool {
            label.startTime <= time && (time < label.endTime || label.includesEnd && time == label.endTime)
        }
        guard let first = times.firstIndex(where: isInside), let last = times.lastIndex(where: isInside) else {
            return nil
        }
        return first...last
    }

    /// Faults of several channels at once are one event.
    private mutating func unite() {
        var united: [ClosedRange<Int>] = []
        for rows in events {
            if let before = united.last, rows.lowerBound <= before.upperBound {
                united[united.count - 1] = before.lowerBound...max(before.upperBound, rows.upperBound)
            } else {
                united.append(rows)
            }
        }
        events = united
    }
}
