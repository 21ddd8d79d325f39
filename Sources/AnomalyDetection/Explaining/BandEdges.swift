import TimeSeries

/// How far to either side of what is expected a channel usually stays: in 99 % of samples, half of the rest on each side.
///
/// An error e, in whatever unit its caller scales it by, lies within −``below`` … ``above``. While the channel is young the
/// edges are the largest errors seen, as conformal prediction has it for fewer than 199 of them, with those of a usual
/// distribution to start with; one wild error widens an edge by half at most. From then on each edge is followed by adaptive
/// conformal inference: it moves out by η (1 − ½ %) when an error lies beyond it and in by η ½ % when none does. Summed up,
/// the share of errors beyond an edge differs from ½ % by no more than (change of the edge's logarithm) / (η n), whatever
/// the errors' distribution and however they hang together.
///
/// Gibbs and Candès 2021, "Adaptive Conformal Inference Under Distribution Shift", doi 10.48550/arXiv.2106.00170. Where we
/// differ: the edge itself moves, not the level at which a stored sample of errors is asked, so that nothing needs to be
/// stored; and it moves by a share of itself, which serves light and heavy tails with the same η and keeps it above 0.
/// 10 bytes.
struct BandEdges: Equatable, Sendable {
    /// Share of errors beyond either edge.
    static let shareBeyond: Float = 0.005
    /// Errors from which the edges are the largest seen.
    static let youngErrors: UInt16 = 200
    /// η: an edge forgets in about 1 / (η · ½ %) · (tail scale / edge) samples, 400 for a normal distribution.
    private static let rate: Float = 0.06
    /// An edge that is young grows by no more at once.
    private static let mostGrowth: Float = 1.5
    /// In edges: what lies further out behind a closed gate is not learned.
    private static let nearEdge: Float = 1.5
    /// Limits of an edge: a channel that stands still has errors of 0, and ±50 is where scaled values end.
    private static let range: ClosedRange<Float> = 0.05...1_000

    /// How far the lower edge lies below what is expected, above 0.
    private(set) var below: Float
    /// How far the upper edge lies above it, above 0.
    private(set) var above: Float
    /// Errors learned from, up to ``youngErrors``.
    private(set) var count: UInt16 = 0

    /// Creates edges at a half width that is usual before anything is known.
    init(halfWidth: Float) {
        below = halfWidth
        above = halfWidth
    }

    /// Learns an error; one that is not finite is passed over, and one far beyond its edge behind a closed gate.
    ///
    /// What lies near the edge counts behind a closed gate too: the gate closes on the crests of a slow wave and on the long
    /// excursions of a series that wanders, and edges that never learn from these shrink to the rest. A fault lies further out.
    mutating func learn(_ error: Float, isOpen: Bool = true) {
        guard error.isFinite else { return }
        guard isOpen || error <= Self.nearEdge * above && -error <= Self.nearEdge * below else { return }
        let isYoung = count < Self.youngErrors
        below = Self.moved(below, by: -error, isYoung: isYoung)
        above = Self.moved(above, by: error, isYoung: isYoung)
        if isYoung { count += 1 }
    }

    private static func moved(_ edge: Float, by error: Float, isYoung: Bool) -> Float {
        let next =
            isYoung
            ? max(edge, min(error, mostGrowth * edge))
            : edge * (1 + rate * ((error > edge ? 1 : 0) - shareBeyond))
        return max(range.lowerBound, min(range.upperBound, next))
    }

    /// Writes the edges.
    func encode(to writer: inout StateWriter) {
        writer.write(below)
        writer.write(above)
        writer.write(count)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        below = try reader.readFloat()
        above = try reader.readFloat()
        count = try reader.read()
        guard Self.range.contains(below), Self.range.contains(above), count <= Self.youngErrors else {
            throw .invalid("a band of −\(below) to \(above) after \(count) errors")
        }
    }
}
