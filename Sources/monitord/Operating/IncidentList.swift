import Alerting
import MonitorRuntime
import TimeSeries

/// Messages put together to incidents, in the order in which these began.
struct IncidentList {
    /// One incident, with the messages of it that are kept.
    struct Incident {
        /// In order; at least one.
        var messages: [AlertRecord]

        var first: AlertRecord { messages[0] }
        var last: AlertRecord { messages[messages.count - 1] }

        /// Whether a series, or one that a pattern names, is part of it.
        func concerns(_ pattern: String) -> Bool {
            let rule = SeriesRule(pattern: pattern)
            return rule.matches(first.series) || first.allSeries.contains { rule.matches($0) }
        }

        /// When, how bad, how long, and what was said first.
        var line: String {
            let worst = messages.contains { $0.severity == .critical } ? "critical" : "warning "
            let state =
                if last.event != .close {
                    "open"
                } else if let until = last.until {
                    HumanDuration.text(seconds: until.seconds(since: first.since))
                } else {
                    "closed"
                }
            return "\(first.since)  \(worst)  \(state)  \(first.message)"
        }
    }

    /// In the order of their first messages.
    private(set) var incidents: [Incident] = []

    /// Puts messages together.
    ///
    /// - Parameter records: in the order in which they were told.
    init(_ records: [AlertRecord]) {
        var places: [String: Int] = [:]
        for record in records {
            if let place = places[record.id] {
                incidents[place].messages.append(record)
            } else {
                places[record.id] = incidents.count
                incidents.append(Incident(messages: [record]))
            }
        }
    }
}
