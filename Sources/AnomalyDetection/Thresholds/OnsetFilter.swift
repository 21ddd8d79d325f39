import TimeSeries

/// Lets through only what begins: evidence above 1.1 times the largest of the last 120 samples.
///
/// An anomaly that lasts is one event at its first samples, not one at each. A later, stronger stage passes again.
struct OnsetFilter: Sendable, Equatable {
    private var recent = SlidingMaximum(length: DetectionRecipe.onsetLength)

    init() {}

    /// Whether something begins at this sample; then remembers its evidence.
    mutating func admit(_ evidence: Double) -> Bool {
        evidence > DetectionRecipe.onsetFactor * (recent.push(evidence) ?? -1)
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { DetectionRecipe.onsetLength * 16 }

    /// Writes the filter.
    func encode(to writer: inout StateWriter) { recent.encode(to: &writer) }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        recent = try SlidingMaximum(from: &reader, length: DetectionRecipe.onsetLength)
    }
}
