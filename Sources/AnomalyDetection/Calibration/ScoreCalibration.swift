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
    /// Bins of the last scores of the slow members, `[256, members]` (128 of a short memory), for a re-baseline.
    private var recent: [UInt16] = []
    private var recentStart = 0
    /// Raw scores as ln(1 + raw), one for each member.
    private var transformed: [Double]
    /// Fast evidence, one for each member; 0 for members without a fast calibrator.
    private(set) var fastEvidence: [Double]
    /// Slow evidence, likewise.
    private(set) var slowEvidence: [Double]

    init(fastMembers: [DetectorKind], slowMembers: [DetectorKind], memory: ScoreMemory = .long) {
        self.memory = memory
        members = DetectorSet(fastMembers + slowMembers).kinds
        fast = CalibratorClock(
            fastMembers, length: DetectionRecipe.fastCalibrationLength, memory: memory, dropsFirst: false)
        slow = CalibratorClock(
            slowMembers, length: DetectionRecipe.slowCalibrationLength, memory: memory, dropsFirst: true)
        transformed = Array(repeating: 0, count: DetectorKind.count)
        fastEvidence = transformed
        slowEvidence = transformed
    }

    /// Members of the fast clock.
    var fastMembers: [DetectorKind] { fast.members }
    /// Members of the slow clock.
    var slowMembers: [DetectorKind] { slow.members }

    /// Reads off the evidence of the raw scores.
    mutating func judge(_ raw: [Float]) {
        for kind in members { transformed[kind.rawValue] = TailCalibrator.transformed(raw[kind.rawValue]) }
        fast.judge(transformed, into: &fastEvidence)
        slow.judge(transformed, into: &slowEvidence)
    }

    /// Feeds the scores judged last.
    ///
    /// - Parameters:
    ///   - feedsFast: whether the fast clock is fed; not during the first samples.
    ///   - feedsSlow: whether the slow clock is fed; not while the series is abnormal.
    ///   - feeds: which members had something to say.
    mutating func learn(feedsFast: Bool, feedsSlow: Bool, feeds: [Bool]) {
        if feedsFast {
            for (index, member) in fast.members.enumerated() where feeds[member.rawValue] {
                fast.push(transformed[member.rawValue], at: index)
            }
        }
        for (index, member) in slow.members.enumerated() {
            let value = transformed[member.rawValue]
            if feedsSlow, feeds[member.rawValue] { slow.push(value, at: index) }
            remember(memory.bin(of: value), slot: index)
        }
        let rows = memory.recentScores
        if recent.count == rows * slow.members.count { recentStart = recentStart + 1 == rows ? 0 : recentStart + 1 }
    }

    private mutating func remember(_ bin: UInt16, slot: Int) {
        if recent.count < memory.recentScores * slow.members.count {
            recent.append(bin)
        } else {
            recent[recentStart * slow.members.count + slot] = bin
        }
    }

    /// Takes the scores of the unsettled first samples out of the slow clock.
    mutating func dropFirstScores() { slow.dropFirstScores() }

    /// Makes the slow clock take what the series does now for half of what is normal.
    mutating func rebaseline(seed: UInt64) {
        let count = slow.members.count
        let rows = count == 0 ? 0 : recent.count / count
        for index in slow.members.indices {
            let bins = (0..<rows).map { recent[(($0 + recentStart) % rows) * count + index] }
            slow.rebaseline(at: index, recent: bins, seed: splitMix(seed &+ UInt64(index)))
        }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        fast.memoryBytes + slow.memoryBytes + recent.capacity * 2 + transformed.count * 24
    }

    /// Writes both clocks, each calibrator with its member's name and length.
    func encode(to writer: inout StateWriter) {
        fast.encode(to: &writer)
        slow.encode(to: &writer)
        writer.write(recent)
        writer.write(UInt32(recentStart))
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
        let bins = try reader.readIntegers(UInt16.self)
        recentStart = Int(try reader.read(UInt32.self))
        guard bins.count <= memory.recentScores * stored.count,
            stored.isEmpty ? bins.isEmpty : bins.count % stored.count == 0,
            recentStart < max(1, memory.recentScores),
            bins.allSatisfy({ Int($0) < memory.binCount })
        else { throw .invalid("\(bins.count) recent scores from \(recentStart) on") }
        let columns = slowMembers.map { member in
            newcomers.contains(member) ? nil : stored.firstIndex(of: member.name)
        }
        recent = []
        for row in 0..<(stored.isEmpty ? 0 : bins.count / stored.count) {
            for column in columns { recent.append(column.map { bins[row * stored.count + $0] } ?? 0) }
        }
    }
}
