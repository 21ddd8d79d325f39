import TimeSeries

/// Decides whether the series may learn from a sample: not while its state level is high.
///
/// Hot above 0.85, cold again below 0.53125 (hysteresis, so that a fault is not learned in its pauses). A series cannot
/// stay hot for ever, for a new normal must be learned some day: after an eighth of what was learned, at least 600 and
/// at most 2,000 samples, the gate asks for a **re-baseline** and opens. It does so by itself under `adapt = "auto"`, when the
/// new normal is accepted under `"ask"`, and never under `"off"` (``Adaptation``).
struct LearningGate: Sendable, Equatable {
    /// What the gate says of a sample.
    enum Decision: Sendable, Equatable {
        /// Learn.
        case open
        /// Do not learn.
        case closed
        /// Do not learn this one, but take what the series does now for normal from here on.
        case rebaseline
    }

    /// Closes above.
    static let closingLevel = 0.85
    /// Opens again below: 0.625 of ``closingLevel``.
    static let openingLevel = 0.53125
    /// Shortest and longest time closed, in samples.
    static let closedSamples = 600.0...2_000.0

    /// Samples learned from.
    private(set) var learned: UInt64 = 0
    /// Samples since it closed; 0 while it is open.
    private(set) var closed: UInt64 = 0

    init() {}

    /// Decides for a sample.
    ///
    /// - Parameters:
    ///   - level: the state level at this sample.
    ///   - adaptation: what happens when it has been closed for long enough.
    ///   - isAccepted: whether what the series does now has been accepted for normal: it then need not have been long.
    mutating func admit(level: Double, adaptation: Adaptation = .auto, isAccepted: Bool = false) -> Decision {
        let isHot = level > (closed > 0 ? Self.openingLevel : Self.closingLevel)
        guard isHot || isAccepted else {
            closed = 0
            learned += 1
            return .open
        }
        closed += 1
        guard isAccepted || (adaptation == .auto && isPatienceOver) else { return .closed }
        closed = 0
        return .rebaseline
    }

    /// Samples that it stays closed before a new normal may be taken for the usual.
    var patience: Double {
        max(Self.closedSamples.lowerBound, min(Self.closedSamples.upperBound, Double(learned) / 8))
    }

    /// Whether it has been closed for so long.
    var isPatienceOver: Bool { Double(closed) >= patience }

    /// Counts a sample that is learned before the gate may close.
    mutating func admitUnguarded() { learned += 1 }

    /// Writes the gate.
    func encode(to writer: inout StateWriter) {
        writer.write(learned)
        writer.write(closed)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        learned = try reader.read()
        closed = try reader.read()
    }
}
