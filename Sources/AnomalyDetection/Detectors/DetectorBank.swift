import TimeSeries

/// The detectors of one series, in the order of its ``DetectorSet``.
struct DetectorBank: Sendable {
    /// What takes part.
    let kinds: [DetectorKind]
    private var members: [any Detector]
    /// Number of the sample at which each member began: not 0 when the set was changed on a series that was already known.
    private(set) var began: [UInt64]
    /// The forecaster's place among them; `nil` when it takes no part.
    private let forecastIndex: Int?

    /// Creates detectors that know nothing.
    ///
    /// - Parameter beganAt: number of the sample at which they begin.
    init(_ set: DetectorSet, channelCount: Int, seed: UInt64, beganAt: UInt64 = 0) {
        kinds = set.kinds
        members = kinds.map { $0.makeDetector(channelCount: channelCount, seed: seed) }
        began = Array(repeating: beganAt, count: kinds.count)
        forecastIndex = kinds.firstIndex(of: .forecast)
    }

    /// Scores a sample with every detector; `raw` has one element for each ``DetectorKind``.
    mutating func score(_ frame: Frame, into raw: inout [Float]) {
        for index in kinds.indices { raw[kinds[index].rawValue] = members[index].score(frame) }
    }

    /// Lets every detector learn the sample scored last.
    mutating func learn(_ frame: Frame, weight: Double) {
        for index in members.indices { members[index].learn(frame, weight: weight) }
    }

    /// What holds only for samples that follow one another begins anew.
    mutating func restart() {
        for index in members.indices { members[index].restart() }
    }

    /// Makes the detectors quick to learn again.
    mutating func rebaseline() {
        for index in members.indices { members[index].rebaseline() }
    }

    /// Tells the detectors that the usual places have moved, in scales.
    mutating func recentre(by moves: [Float]) {
        for index in members.indices { members[index].recentre(by: moves) }
    }

    /// Detectors that choose at random begin with another seed.
    mutating func sow(_ seed: UInt64, channelCount: Int) {
        for (index, kind) in kinds.enumerated() where kind.isSeeded {
            members[index] = kind.makeDetector(channelCount: channelCount, seed: seed)
        }
    }

    /// A detector begins as on the first day: what it knows is another model's.
    mutating func beginAnew(_ kind: DetectorKind, channelCount: Int, seed: UInt64) {
        guard let index = kinds.firstIndex(of: kind) else { return }
        members[index] = kind.makeDetector(channelCount: channelCount, seed: seed)
    }

    /// How large the forecaster's errors are on this series, in its own scale; 1 without it. See
    /// ``ForecastDetector/bandCorrection(channel:)``.
    func bandCorrection(channel: Int) -> Double {
        forecastIndex.map { members[$0].bandCorrection(channel: channel) } ?? 1
    }

    /// A member, for what is not done for every sample.
    subscript(_ kind: DetectorKind) -> (any Detector)? { kinds.firstIndex(of: kind).map { members[$0] } }

    /// Bytes that the members' arrays take.
    var memoryBytes: Int { members.reduce(0) { $0 + $1.memoryBytes } }

    // MARK: State

    /// Writes every detector, each with its name, version and length.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(kinds.count))
        for (index, detector) in members.enumerated() {
            writer.write(kinds[index].name)
            writer.write(began[index])
            writer.writePart(version: kinds[index].codingVersion) { detector.encode(to: &$0) }
        }
    }

    /// Reads what ``encode(to:)`` wrote. Detectors that no longer take part are left out, new ones begin at this sample, and so
    /// do those whose coding is another than the stored one.
    ///
    /// - Parameters:
    ///   - isFramed: whether each has a version; an older build wrote none.
    ///   - anew: detectors that take part and begin anew because of their coding are added to it.
    init(
        from reader: inout StateReader, set: DetectorSet, channelCount: Int, seed: UInt64, sampleCount: UInt64,
        isFramed: Bool, anew: inout [DetectorKind]
    ) throws(StateCodingError) {
        self.init(set, channelCount: channelCount, seed: seed, beganAt: sampleCount)
        for _ in 0..<Int(try reader.read(UInt32.self)) {
            let name = try reader.readString()
            let since = try reader.read(UInt64.self)
            let version = isFramed ? try reader.read(UInt8.self) : 1
            var part = try reader.readPart()
            guard let index = kinds.firstIndex(where: { $0.name == name }) else { continue }
            guard since <= sampleCount else { throw .invalid("detector \(name) begins at sample \(since)") }
            guard version == kinds[index].codingVersion else {
                anew.append(kinds[index])
                continue
            }
            try Self.restore(&members[index], from: &part, channelCount: channelCount)
            began[index] = since
        }
    }

    private static func restore(
        _ detector: inout any Detector, from reader: inout StateReader, channelCount: Int
    ) throws(StateCodingError) {
        func read<Kind: Detector>(_ fresh: Kind) throws(StateCodingError) -> any Detector {
            try Kind(from: &reader, channelCount: channelCount)
        }
        let name = detector.name
        detector = try read(detector)
        guard detector.name == name else { throw .invalid("detector \(detector.name) stored as \(name)") }
    }
}

extension DetectorKind {
    /// Version of what the detector writes: to be counted up when older bytes no longer mean the same, in a `switch` by kind. It
    /// then learns anew, alone.
    var codingVersion: UInt8 { 1 }

    /// Whether the detector chooses at random.
    var isSeeded: Bool { self == .neighbours || self == .isolation || self == .oneClass }

    /// Creates the detector.
    ///
    /// - Parameter seed: the series' own, for those that choose at random.
    func makeDetector(channelCount: Int, seed: UInt64) -> any Detector {
        switch self {
        case .level: LevelDetector(channelCount: channelCount)
        case .difference: DifferenceDetector(channelCount: channelCount)
        case .volatility: VolatilityDetector(channelCount: channelCount)
        case .range: RangeDetector(channelCount: channelCount)
        case .shift: ShiftDetector(channelCount: channelCount, pace: .tens)
        case .slowShift: ShiftDetector(channelCount: channelCount, pace: .hundreds)
        case .correlation: CorrelationDetector(channelCount: channelCount)
        case .forecast: ForecastDetector(channelCount: channelCount)
        case .reconstruction: ReconstructionDetector(channelCount: channelCount, view: .lastSample)
        case .reconstructionWindow: ReconstructionDetector(channelCount: channelCount, view: .window)
        case .stuck: StuckDetector(channelCount: channelCount)
        case .zScore: ZScoreDetector(channelCount: channelCount)
        case .hampel: HampelDetector(channelCount: channelCount)
        case .quantile: QuantileDetector(channelCount: channelCount)
        case .seasonal: SeasonalDetector(channelCount: channelCount)
        case .likelihood: LikelihoodDetector(channelCount: channelCount)
        case .subspace: SubspaceDetector(channelCount: channelCount, view: .hotelling)
        case .subspaceResidual: SubspaceDetector(channelCount: channelCount, view: .residual)
        case .clusters: ClusterDetector(channelCount: channelCount)
        case .neighbours: NeighbourDetector(channelCount: channelCount, seed: seed)
        case .isolation: IsolationDetector(channelCount: channelCount, seed: seed)
        case .oneClass: OneClassDetector(channelCount: channelCount, seed: seed)
        case .matrixProfile: MatrixProfileDetector(channelCount: channelCount)
        case .latent: LatentDetector(channelCount: channelCount)
        }
    }
}
