import TimeSeries

/// The two clocks of a series' calibration, one calibrator for each member and clock that uses it.
///
/// Events need a tail that re-normalises in minutes: the **fast** clock remembers 2,048 scores and is fed by every
/// sample. The state needs one that does not swallow a fault of five minutes: the **slow** clock remembers 8,192 and is
/// not fed while the series is abnormal. It is the calibration, not the models, that decides which question is answered.
struct ScoreCalibration: Sendable {
    private let members: [DetectorKind]
    private let memory: ScoreMemory
    private var fast: CalibratorClock
    private var slow: CalibratorClock
    /// Bins of the last scores of the slow members, for a re-baseline.
    private var recent: RecentBins
    /// Evidence of the sample judged last, for who asks why: of the fast clock's members and then of the slow one's.
    private var told: [Double]

    init(fastMembers: [DetectorKind], slowMembers: [DetectorKind], memory: ScoreMemory = .long) {
        self.memory = memory
        members = DetectorSet(fastMembers + slowMembers).kinds
        fast = CalibratorClock(
            fastMembers, length: DetectionRecipe.fastCalibrationLength, memory: memory, dropsFirst: false)
        slow = CalibratorClock(
            slowMembers, length: DetectionRecipe.slowCalibrationLength, memory: memory, dropsFirst: true)
        recent = RecentBins(columns: slowMembers.count, memory: memory)
        told = Array(repeating: 0, count: fastMembers.count + slowMembers.count)
    }

    /// Members of the fast clock.
    var fastMembers: [DetectorKind] { fast.members }
    /// Members of the slow clock.
    var slowMembers: [DetectorKind] { slow.members }

    /// Fast evidence of the sample judged last, one for each ``DetectorKind``; 0 without a fast calibrator. Allocates.
    var fastEvidence: [Double] { evidence(of: fast, from: 0) }
    /// Slow evidence, likewise.
    var slowEvidence: [Double] { evidence(of: slow, from: fast.members.count) }

    private func evidence(of clock: CalibratorClock, from first: Int) -> [Double] {
        var evidence = Array(repeating: 0.0, count: DetectorKind.count)
        for (index, member) in clock.members.enumerated() { evidence[member.rawValue] = told[first + index] }
        return evidence
    }

    /// Reads off the evidence of the raw scores.
    mutating func judge(_ evidence: inout Evidence) {
        // The memory is that of other series too, which may have other members.
        evidence.clear()
        for kind in members {
            evidence.transformed[kind.rawValue] = TailCalibrator.transformed(evidence.raw[kind.rawValue])
        }
        fast.judge(evidence.transformed, into: &evidence.fast, told: &told, from: 0)
        slow.judge(evidence.transformed, into: &evidence.slow, told: &told, from: fast.members.count)
    }

    /// Feeds the scores judged last.
    ///
    /// - Parameters:
    ///   - feedsFast: whether the fast clock is fed; not during the first samples.
    ///   - feedsSlow: whether the slow clock is fed; not while the series is abnormal.
    ///   - feeds: which members had something to say.
    ///   - transformed: the scores, as ``judge(_:)`` left them.
    mutating func learn(feedsFast: Bool, feedsSlow: Bool, feeds: DetectorMask, _ transformed: [Double]) {
        if feedsFast {
            for (index, member) in fast.members.enumerated() where feeds[member.rawValue] {
                fast.push(transformed[member.rawValue], at: index)
            }
        }
        for (index, member) in slow.members.enumerated() {
            let value = transformed[member.rawValue]
            if feedsSlow, feeds[member.rawValue] { slow.push(value, at: index) }
            recent.note(memory.bin(of: value), column: index)
        }
        recent.endRow()
    }

    /// Takes the scores of the unsettled first samples out of the slow clock.
    mutating func dropFirstScores() { slow.dropFirstScores() }

    /// Makes the slow clock take what the series does now for half of what is normal.
    mutating func rebaseline(seed: UInt64) {
        for index in slow.members.indices {
            slow.rebaseline(at: index, recent: recent.column(index), seed: splitMix(seed &+ UInt64(index)))
        }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        fast.memoryBytes + slow.memoryBytes + recent.memoryBytes + told.count * 8
    }

    /// Writes both clocks, each calibrator with its member's name and length.
    func encode(to writer: inout StateWriter) {
        fast.encode(to: &writer)
        slow.encode(to: &writer)
        recent.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote. Calibrators of members that no longer take part are left out; new members begin
    /// without a score.
    ///
    /// - Parameter newcomers: members that begin without a score although some are stored: their detectors know nothing yet.
    mutating func restore(
        from reader: inout StateReader, without newcomers: [DetectorKind] = []
    ) throws(StateCodingError) {
        _ = try fast.restore(from: &reader, without: newcomers)
        let stored = try slow.restore(from: &reader, without: newcomers)
        let columns = slowMembers.map { member in
            newcomers.contains(member) ? nil : stored.firstIndex(of: member.name)
        }
        recent = try RecentBins(from: &reader, stored: stored.count, columns: columns, memory: memory)
    }
}
