import Alerting
import AnomalyDetection
import TimeSeries

/// The incidents of one series that are about a slow change of a channel.
///
/// A drift is learned and is no anomaly, so it is told once, as a warning, and only while the series' budget is not
/// overdrawn and nothing else of the series is open; otherwise it is told when it goes on and both hold.
struct DriftIncidents: Equatable, Sendable {
    private var tracker = ConditionTracker(kind: .drift)

    init() {}

    /// Takes what a sample showed.
    ///
    /// - Parameters:
    ///   - change: of the monitor, at this sample.
    ///   - budget: the series' incidents, whose budget it takes an opening of.
    /// - Returns: whether it is told of; a drift that begins and is not should be dismissed.
    mutating func observe(
        _ change: DriftChange, _ verdict: Verdict, interval: Double, budget: inout IncidentTracker,
        into findings: inout [ChannelFinding]
    ) -> Bool {
        switch change {
        case .begins(let drift):
            guard !verdict.learning.isLearning, !tracker.isOpen, budget.takeOpening() else { return false }
            let samples = UInt64(drift.samples)
            let begun = tracker.begin(
                since: verdict.time.advanced(bySeconds: -interval * Double(drift.samples)),
                onsetSample: verdict.sampleNumber - min(samples, verdict.sampleNumber), time: verdict.time,
                learning: verdict.learning, detail: Self.detail(drift))
            guard let begun else { return false }
            findings.append(ChannelFinding(change: begun, explanation: Self.explanation(drift)))
        case .ends(let drift):
            let ended = tracker.end(time: verdict.time, learning: verdict.learning, detail: Self.detail(drift))
            guard let ended else { return false }
            findings.append(ChannelFinding(change: ended, explanation: Self.explanation(drift)))
        }
        return true
    }

    private static func detail(_ drift: Drift) -> String? {
        guard drift.quantity == .roughness else { return nil }
        return drift.to > drift.from ? "changes more from sample to sample" : "changes less from sample to sample"
    }

    private static func explanation(_ drift: Drift) -> Explanation {
        let part = Explanation.ChannelPart(
            channel: drift.channel, value: drift.to, expected: drift.from, low: nil, high: nil, share: 1,
            direction: drift.to < drift.from ? .low : .high)
        return Explanation(channels: [part], detectors: [], raritySeconds: nil)
    }

    /// Writes the incidents.
    func encode(to writer: inout StateWriter) { tracker.encode(to: &writer) }

    /// Reads what ``encode(to:)`` wrote; an open incident goes on.
    init(from reader: inout StateReader) throws(StateCodingError) {
        tracker = try ConditionTracker(kind: .drift, from: &reader)
    }
}
