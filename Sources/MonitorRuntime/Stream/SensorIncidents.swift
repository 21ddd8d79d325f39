import Alerting
import AnomalyDetection
import TimeSeries

/// A change of an incident that is about single channels of a series.
struct ChannelFinding: Equatable, Sendable {
    /// The change, of kind `stuck`, `stalled` or `drift`.
    var change: IncidentChange
    /// The channels it is about.
    var explanation: Explanation
}

/// The incidents of one series that are about its channels: a value that is stuck, a channel that is missing.
///
/// One thing is one incident. What the values do because of it belongs to it and opens no incident of the series: an
/// event that is the stuck detector's begins a stuck value, a state that comes from a channel that is told of as stuck is
/// its, and in the first samples after values come back, of a channel or of a whole series that paused, what looks
/// strange is the way back. The scores stay as they are.
struct SensorIncidents: Equatable, Sendable {
    /// Samples after a pause, or after a stuck value, in which no incident opens: about what the smoothed members need to
    /// forget a jump.
    static let quietSamples: UInt8 = 8
    /// Missed ticks that are a pause, from the least that a series is ever said to be used to: over so many the networks are
    /// shown the last value, and the step behind it is the pause's. After more, the windows begin anew and there is no step.
    private static let pauseTicks = 5...SampleConditioner.mostFilledTicks

    private var watch: ChannelWatch
    private var stuck = ConditionTracker(kind: .stuck)
    private var missing = ConditionTracker(kind: .stalled)
    /// Samples left of the way back.
    private var quiet: UInt8 = 0
    private var changes: [ChannelWatch.Change] = []

    /// Creates the incidents of a new series.
    init(channelCount: Int, falseAlarmsPerSecond: Double, missing: SampleConditions.Missing) {
        watch = ChannelWatch(
            channelCount: channelCount, falseAlarmsPerSecond: falseAlarmsPerSecond, missing: missing)
    }

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - values: as measured.
    ///   - isTold: whether an incident of the series is open.
    ///   - findings: takes what changed.
    mutating func observe(
        _ values: Span<Double>, _ input: SampleInput, _ verdict: Verdict, isTold: Bool,
        into findings: inout [ChannelFinding]
    ) {
        if quiet > 0 { quiet -= 1 }
        if Self.pauseTicks.contains(input.missedTicks) { quiet = Self.quietSamples }
        watch.observe(
            values, at: input.time, number: verdict.sampleNumber, interval: input.interval,
            restarts: input.windowRestarts, isTold: isTold, into: &changes)
        tell(verdict, into: &findings)
    }

    /// Whether values have come back only just now, so that what looks strange is the way back.
    var isOnTheWayBack: Bool { quiet > 0 }

    /// Whether an incident that the series would open belongs to one of its channels.
    mutating func covers(
        _ verdict: Verdict, _ explanation: Explanation, isStuckEvidence: Bool, into findings: inout [ChannelFinding]
    ) -> Bool {
        if let first = explanation.channels.first, watch.isStuck(channel: first.channel) { return true }
        guard verdict.isEvent, isStuckEvidence else { return false }
        let begins = watch.beginStuck(at: verdict.time, into: &changes)
        tell(verdict, into: &findings)
        return begins
    }

    private mutating func tell(_ verdict: Verdict, into findings: inout [ChannelFinding]) {
        guard !changes.isEmpty else { return }
        for change in changes {
            switch change {
            case .begins(let finding):
                let begun =
                    finding.kind == .stuck
                    ? stuck.begin(
                        since: finding.since, onsetSample: finding.sampleNumber, time: verdict.time,
                        learning: verdict.learning, detail: Self.detail(finding))
                    : missing.begin(
                        since: finding.since, onsetSample: finding.sampleNumber, time: verdict.time,
                        learning: verdict.learning, detail: Self.detail(finding))
                guard let begun else { continue }
                findings.append(
                    ChannelFinding(
                        change: begun, explanation: Self.explanation(finding.channels, value: finding.value)))
            case .ends(let kind, let channels, let time):
                quiet = Self.quietSamples
                let ended =
                    kind == .stuck
                    ? stuck.end(time: time, learning: verdict.learning)
                    : missing.end(time: time, learning: verdict.learning)
                guard let ended else { continue }
                findings.append(ChannelFinding(change: ended, explanation: Self.explanation(channels, value: nil)))
            }
        }
        changes.removeAll(keepingCapacity: true)
    }

    private static func explanation(_ channels: [Int], value: Double?) -> Explanation {
        let share = 1 / Double(channels.count)
        let parts = channels.enumerated().map { place, channel in
            Explanation.ChannelPart(
                channel: channel, value: place == 0 ? value : nil, expected: nil, low: nil, high: nil, share: share,
                direction: .high)
        }
        return Explanation(channels: parts, detectors: [], raritySeconds: nil)
    }

    private static func detail(_ finding: ChannelWatch.Finding) -> String {
        let length = Int64(min(1e15, finding.length))
        let longest = Int64(min(1e15, finding.longest))
        switch finding.kind {
        case .stuck where longest < length:
            return "though it never stayed the same for more than \(longest) sample\(longest == 1 ? "" : "s")"
        case .stuck: return "though it seldom stays the same for \(length) samples"
        case .missing where longest == 0: return "though it never lacked one before"
        case .missing where longest < length:
            return "though it never lacked one for more than \(longest) sample\(longest == 1 ? "" : "s")"
        case .missing: return "though it seldom lacks one for \(length) samples"
        }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { watch.memoryBytes }

    /// Writes the incidents.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        watch.encode(to: &writer)
        stuck.encode(to: &writer)
        missing.encode(to: &writer)
        writer.write(quiet)
    }

    /// Reads what ``encode(to:)`` wrote; open incidents go on.
    init(
        channelCount: Int, falseAlarmsPerSecond: Double, missing policy: SampleConditions.Missing,
        from reader: inout StateReader
    ) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "the incidents of channels") }
        watch = try ChannelWatch(
            channelCount: channelCount, falseAlarmsPerSecond: falseAlarmsPerSecond, missing: policy, from: &reader)
        stuck = try ConditionTracker(kind: .stuck, from: &reader)
        missing = try ConditionTracker(kind: .stalled, from: &reader)
        quiet = try reader.read()
    }
}

extension Verdict {
    /// The same sample with nothing unusual in it.
    var calm: Verdict {
        var calm = self
        calm.score = score.map { _ in 0 }
        calm.isAbnormal = false
        return calm
    }
}

extension IncidentChange {
    /// The change that stands for one of a filled tick and this one together: an opening stays one.
    func following(_ earlier: IncidentChange) -> IncidentChange {
        guard earlier.event == .open, event == .update else { return self }
        var both = self
        both.event = .open
        return both
    }
}
