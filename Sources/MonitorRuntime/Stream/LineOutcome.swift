import Alerting
import AnomalyDetection
import TimeSeries

/// What came of one line, in the order of the input.
///
/// Nearly every line changes no incident: what one does change stands apart, so that the others are small to hand on.
struct LineOutcome: Sendable {
    /// What a line did to incidents.
    private struct News: Sendable {
        var change: IncidentChange?
        var explanation: Explanation?
        var findings: [ChannelFinding] = []
    }

    /// The line's place.
    var step: StreamSequencer.Step
    /// The verdict; that of the last sample when the line is late or a duplicate, `nil` when it is not usable.
    var verdict: Verdict?
    /// One, or none.
    private var news: [News] = []

    init(step: StreamSequencer.Step, verdict: Verdict? = nil) {
        self.step = step
        self.verdict = verdict
    }

    /// What the sample did to the incident of its series.
    var change: IncidentChange? {
        get { news.first?.change }
        set { if newValue != nil || hasNews { note { $0.change = newValue } } }
    }

    /// Why, for a sample that changed an incident.
    var explanation: Explanation? {
        get { news.first?.explanation }
        set { if newValue != nil || hasNews { note { $0.explanation = newValue } } }
    }

    /// Incidents of single channels that it changed.
    var findings: [ChannelFinding] {
        get { news.first?.findings ?? [] }
        set { if !newValue.isEmpty || hasNews { note { $0.findings = newValue } } }
    }

    /// Whether it changed any incident.
    var hasChange: Bool { hasNews && (change != nil || !findings.isEmpty) }

    private var hasNews: Bool { !news.isEmpty }

    private mutating func note(_ write: (inout News) -> Void) {
        if news.isEmpty { news.append(News()) }
        write(&news[0])
    }
}
