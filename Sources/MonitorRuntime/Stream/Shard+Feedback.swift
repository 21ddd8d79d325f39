import Alerting
import AnomalyDetection
import TimeSeries

/// What people answer about incidents, and what the next ones are judged by.
extension Shard {
    /// Lets what was answered about others count for an opening, and remembers the opening for an answer of its own.
    ///
    /// - Returns: `false` when the incident does not open: with what is taken off, its score does not reach the threshold.
    func follow(
        _ index: Int, _ verdict: Verdict, _ change: inout IncidentChange, _ explanation: inout Explanation
    ) -> Bool {
        guard series[index].openings != nil else { return true }
        let score = verdict.isEvent ? verdict.score : nil
        let features = OpeningFeatures(
            explanation, score: score, threshold: verdict.threshold, channelCount: channelCount)
        let adjustment = feedback?.adjustment(features) ?? 0
        if adjustment < 0 {
            // What opens by its state has no score to compare: it needs a clear answer.
            let margin = score.map { $0 - verdict.threshold } ?? Self.marginOfState
            if margin + adjustment < 0 {
                heldByFeedback += 1
                series[index].tracker.yieldOpening()
                return false
            }
        }
        series[index].openings?.note(features, score: score, since: change.since)
        if adjustment.magnitude >= Self.leastTold {
            change.score = change.score.map { max(0, $0 + adjustment) }
            explanation.detectors.append(
                Explanation.Vote(name: Self.nameOfFeedback, score: (adjustment * 100).rounded() / 100, weight: 0))
        }
        return true
    }

    /// How the part of people's answers is called among those of the detectors.
    static let nameOfFeedback = "feedback"
    /// What an opening by its state is taken to be above its threshold.
    static let marginOfState = 0.5
    /// Adjustments below it are not worth a word.
    static let leastTold = 0.05

    /// Takes an answer about an incident of a series; its calibration moves at the next round's border.
    ///
    /// - Parameters:
    ///   - number: of the series in its stream.
    ///   - since: the incident's onset.
    /// - Returns: what the group is to learn; `nil` when nothing is known of such an incident, or the same was answered before.
    func answer(_ isReal: Bool, series number: Int, since: Timestamp) -> FeedbackHead.Answer? {
        guard let index = members[number] else { return nil }
        let interval = max(1, series[index].monitor.interval)
        guard let opening = series[index].openings?.answer(isReal, since: since, tolerance: 2 * interval) else {
            return nil
        }
        touch(index)
        if !isReal, let score = opening.score { series[index].falseAlarmScores.append(score) }
        return FeedbackHead.Answer(opening.features, isReal: isReal)
    }
}
