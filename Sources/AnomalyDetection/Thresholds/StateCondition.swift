import TimeSeries

/// Decides whether a series is normal or abnormal now, on two kinds of evidence that must agree.
///
/// The **state's level** hears `slow-shift`, which compares the last minute with the last quarter of an hour (in
/// samples of a second): it says that something has moved, also where a young series merely wanders, and goes on saying so
/// for a hundred samples after all is as before. The **departure** hears only what is seen at this moment: how far
/// the values are from their usual place (`level`) and from their reconstruction. The series is abnormal while the
/// state's level is raised and the samples of the last seconds depart from usual by more than normal ones do in the mean.
///
/// On faults that were injected (five sets of 150 to 240 short recordings, two of them on real backgrounds) this finds
/// somewhat more of each at fewer normal samples called abnormal. The learning gate does not ask the departure:
/// with it the gate opened too early in faults, which were learned.
///
/// 9 bytes; allocates nothing.
struct StateCondition: Sendable, Equatable {
    /// Rate of the departure's running mean: about ten samples.
    static let departureRate = 0.1
    /// Least departure of an abnormal series. The evidence of normal samples, −log10 of a uniform probability, has the mean
    /// log10 e = 0.434.
    static let leastDeparture = 0.45
    /// The state's level is raised from its threshold on, and no longer below this share of it.
    static let levelRelease = 0.9

    /// Running mean of the evidence, −log10 of a probability, at most ``DetectionRecipe/stateCap``.
    private(set) var departure = DetectionRecipe.restingLevel
    /// Whether the state's level is raised.
    private(set) var isRaised = false

    init() {}

    /// Takes the evidence of a sample that the members of the departure have a say in, 0 or more.
    mutating func note(departure evidence: Double) { departure += Self.departureRate * (evidence - departure) }

    /// Judges a sample, after ``note(departure:)``.
    ///
    /// - Parameters:
    ///   - level: the state's level, 0 or more.
    ///   - threshold: the state's threshold, above 0.
    ///   - knowsDeparture: whether any member tells of a departure; without one the level decides alone.
    /// - Returns: whether the series is abnormal.
    mutating func judge(level: Double, threshold: Double, knowsDeparture: Bool) -> Bool {
        isRaised = level >= (isRaised ? Self.levelRelease * threshold : threshold)
        return isRaised && (departure >= Self.leastDeparture || !knowsDeparture)
    }

    /// Writes the condition.
    func encode(to writer: inout StateWriter) {
        writer.write(departure)
        writer.write(isRaised)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        departure = try reader.readDouble()
        isRaised = try reader.readBool()
        guard departure >= 0, departure <= DetectionRecipe.stateCap else {
            throw .invalid("a departure of \(departure)")
        }
    }
}
