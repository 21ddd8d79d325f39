import TimeSeries

/// The two clocks of a series' calibration, one calibrator for each member and clock that uses it.
///
/// Events need a tail that re-normalises in minutes: the **fast** clock remembers 2,048 scores and is fed by every
/// sample. The state needs one that does not swallow a fault of five minutes: the **slow** clock remembers 8,192 and is
/// not fed while the series is abnormal. It is the calibration, not the models, that decides which question is answered.
struct ScoreCalibration: Sendable {
    /// Members of the fast clock.
    let fastMembers: [DetectorKind]
    /// Members of the slow clock.
    let slowMembers: [DetectorKind]
    private let members: [DetectorKind]
    private let memory: ScoreMemory
    private var fast: [any ScoreCalibrator]
    private var slow: [any ScoreCalibrator]
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
        self.fastMembers = fastMembers
        self.slowMembers = slowMembers
        members = DetectorSet(fastMembers + slowMembers).kinds
        fast = fastMembers.map {
            memory.calibrator(
                length: DetectionRecipe.fastCalibrationLength, prior: Self.prior(of: $0),
                dropsFirst: false)
        }
        slow = slowMembers.map {
            memory.calibrator(
                length: DetectionRecipe.slowCalibrationLength, prior: Self.prior(of: $0),
                dropsFirst: true)
        }
        transformed = Array(repeating: 0, count: DetectorKind.count)
        fastEvidence = transformed
        slowEvidence = transformed
    }

    /// Runs of equal values come in whole samples: their tail may not be steeper than this. A range is hardly ever left, and
    /// without a belief the first time would be as rare as can be, by however little.
    private static func prior(of member: DetectorKind) -> TailPrior {
        switch member {
        case .stuck: .init(smallestScale: DetectionRecipe.stuckSmallestScale)
        case .range: .init(scale: DetectionRecipe.rangeTailScale, weight: DetectionRecipe.rangeTailWeight)
        default: .init()
        }
    }

    /// Reads off the evidence of the raw scores.
    mutating func judge(_ raw: [Float]) {
        for kind in members { transformed[kind.rawValue] = TailCalibrator.transformed(raw[kind.rawValue]) }
        // Held for the spans' lives; reference counts, no copies.
        let (fast, slow) = (fast, slow)
        Self.judge(transformed, by: fast.span, of: fastMembers, into: &fastEvidence)
        Self.judge(transformed, by: slow.span, of: slowMembers, into: &slowEvidence)
    }

    // Static and over a span, so that no calibrator is copied to be asked.
    private static func judge(
        _ transformed: [Double], by clock: Span<any ScoreCalibrator>, of members: [DetectorKind],
        into evidence: inout [Double]
    ) {
        for index in clock.indices {
            let member = members[index].rawValue
            evidence[member] = clock[index].evidence(transformed[member])
        }
    }

    /// Feeds the scores judged last.
    ///
    /// - Parameters:
    ///   - feedsFast: whether the fast clock is fed; not during the first samples.
    ///   - feedsSlow: whether the slow clock is fed; not while the series is abnormal.
    ///   - feeds: which members had something to say.
    mutating func learn(feedsFast: Bool, feedsSlow: Bool, feeds: [Bool]) {
        if feedsFast {
            for index in fast.indices where feeds[fastMembers[index].rawValue] {
                fast[index].push(transformed[fastMembers[index].rawValue])
            }
        }
        for index in slow.indices {
            let value = transformed[slowMembers[index].rawValue]
            if feedsSlow, feeds[slowMembers[index].rawValue] { slow[index].push(value) }
            remember(memory.bin(of: value), slot: index)
        }
        let rows = memory.recentScores
        if recent.count == rows * slow.count { recentStart = recentStart + 1 == rows ? 0 : recentStart + 1 }
    }

    private mutating func remember(_ bin: UInt16, slot: Int) {
        if recent.count < memory.recentScores * slow.count {
            recent.append(bin)
        } else {
            recent[recentStart * slow.count + slot] = bin
        }
    }

    /// Takes the scores of the unsettled first samples out of the slow clock.
    mutating func dropFirstScores() {
        for index in slow.indices { slow[index].dropFirstScores() }
    }

    /// Makes the slow clock take what the series does now for half of what is normal.
    mutating func rebaseline(seed: UInt64) {
        let rows = slow.isEmpty ? 0 : recent.count / slow.count
        for index in slow.indices {
            let bins = (0..<rows).map { recent[(($0 + recentStart) % rows) * slow.count + index] }
            slow[index].rebaseline(recent: bins, seed: splitMix(seed &+ UInt64(index)))
        }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        let calibrators = fast.reduce(0) { $0 + $1.memoryBytes } + slow.reduce(0) { $0 + $1.memoryBytes }
        return calibrators + recent.capacity * 2 + transformed.count * 24
    }

    /// Writes both clocks, each calibrator with its member's name and length.
    func encode(to writer: inout StateWriter) {
        for (members, calibrators) in [(fastMembers, fast), (slowMembers, slow)] {
            writer.write(UInt32(members.count))
            for (member, calibrator) in zip(members, calibrators) {
                writer.write(member.name)
                writer.writePart { calibrator.encode(to: &$0) }
            }
        }
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
        _ = try Self.restore(
            &fast, of: fastMembers, but: newcomers, length: DetectionRecipe.fastCalibrationLength, memory: memory,
            from: &reader)
        let stored = try Self.restore(
            &slow, of: slowMembers, but: newcomers, length: DetectionRecipe.slowCalibrationLength, memory: memory,
            from: &reader)
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

    /// Reads one clock; returns the names of the stored members in their order.
    private static func restore(
        _ calibrators: inout [any ScoreCalibrator], of members: [DetectorKind], but newcomers: [DetectorKind],
        length: Int, memory: ScoreMemory, from reader: inout StateReader
    ) throws(StateCodingError) -> [String] {
        var names: [String] = []
        for _ in 0..<Int(try reader.read(UInt32.self)) {
            let name = try reader.readString()
            var part = try reader.readPart()
            names.append(name)
            guard let index = members.firstIndex(where: { $0.name == name }), !newcomers.contains(members[index])
            else { continue }
            calibrators[index] = try memory.calibrator(from: &part, length: length, prior: prior(of: members[index]))
        }
        return names
    }
}
