import TimeSeries

/// The calibrators of one clock, one for each of its members, side by side in memory: each of its own on the heap would be one
/// more place to wait for, and in thousands of series that is most of what a sample costs.
struct CalibratorClock: Sendable {
    /// The members.
    let members: [DetectorKind]
    private let length: Int
    // One of the two, by the series' memory.
    private var long: [TailCalibrator] = []
    private var short: [FadingCalibrator] = []
    private let memory: ScoreMemory

    /// Creates calibrators that have seen nothing.
    ///
    /// - Parameters:
    ///   - length: scores that each remembers, or that what it remembers amounts to.
    ///   - dropsFirst: whether ``dropFirstScores()`` will be called.
    init(_ members: [DetectorKind], length: Int, memory: ScoreMemory, dropsFirst: Bool) {
        self.members = members
        self.length = length
        self.memory = memory
        switch memory {
        case .long: long = members.map { TailCalibrator(length: length, prior: Self.prior(of: $0)) }
        case .short:
            short = members.map {
                FadingCalibrator(length: length, prior: Self.prior(of: $0), dropsFirst: dropsFirst)
            }
        }
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

    /// Reads off the evidence of scores; both have one number for each ``DetectorKind``.
    ///
    /// - Parameters:
    ///   - told: takes the same, one number for each member.
    ///   - first: its first place there.
    mutating func judge(
        _ transformed: [Double], into evidence: inout [Double], told: inout [Double], from first: Int
    ) {
        switch memory {
        case .long:
            for index in long.indices {
                told[first + index] = long[index].evidenceInPlace(transformed[members[index].rawValue])
            }
        case .short:
            for index in short.indices {
                told[first + index] = short[index].evidenceInPlace(transformed[members[index].rawValue])
            }
        }
        for index in members.indices { evidence[members[index].rawValue] = told[first + index] }
    }

    /// Remembers a score of the member at a place.
    mutating func push(_ transformed: Double, at index: Int) {
        switch memory {
        case .long: long[index].push(transformed)
        case .short: short[index].push(transformed)
        }
    }

    /// Takes the scores of the unsettled first samples out.
    mutating func dropFirstScores() {
        for index in long.indices { long[index].dropFirstScores() }
        for index in short.indices { short[index].dropFirstScores() }
    }

    /// Takes in what the series does now, see ``ScoreCalibrator/rebaseline(recent:seed:)``.
    mutating func rebaseline(at index: Int, recent: [UInt16], seed: UInt64) {
        switch memory {
        case .long: long[index].rebaseline(recent: recent, seed: seed)
        case .short: short[index].rebaseline(recent: recent, seed: seed)
        }
    }

    /// Bytes that they take.
    var memoryBytes: Int {
        long.reduce(0) { $0 + $1.memoryBytes } + short.reduce(0) { $0 + $1.memoryBytes }
    }

    // MARK: State

    /// Writes each calibrator with its member's name and length.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(members.count))
        for (index, member) in members.enumerated() {
            writer.write(member.name)
            writer.writePart { part in
                switch memory {
                case .long: long[index].encode(to: &part)
                case .short: short[index].encode(to: &part)
                }
            }
        }
    }

    /// Reads what ``encode(to:)`` wrote; calibrators of members that no longer take part are left out.
    ///
    /// - Parameter newcomers: members that begin without a score although some are stored.
    /// - Returns: the names of the stored members in their order.
    mutating func restore(
        from reader: inout StateReader, without newcomers: [DetectorKind]
    ) throws(StateCodingError) -> [String] {
        var names: [String] = []
        for _ in 0..<Int(try reader.read(UInt32.self)) {
            let name = try reader.readString()
            var part = try reader.readPart()
            names.append(name)
            guard let index = members.firstIndex(where: { $0.name == name }), !newcomers.contains(members[index])
            else { continue }
            let prior = Self.prior(of: members[index])
            switch memory {
            case .long: long[index] = try TailCalibrator(from: &part, length: length, prior: prior)
            case .short: short[index] = try FadingCalibrator(from: &part, length: length, prior: prior)
            }
        }
        return names
    }
}
