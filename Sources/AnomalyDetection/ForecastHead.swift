import TimeSeries

/// A series' own head on the shared forecaster, one for each channel: how much of the predicted change to believe.
///
/// The network is trained on a whole group and on what is long past; a series may move less than it says, or not at all.
/// The gain a follows the smallest mean of |Δ − a δ|, with δ the predicted and Δ the seen change: 1 believes the network,
/// 0 is persistence. Absolute errors, because single jumps must not decide: it is a median regression with one
/// regressor (Koenker and Bassett 1978, doi 10.2307/1913643), followed by steps along the subgradient
///
///     a ← a + η · sign(Δ − a δ) · δ / (usual |δ|),   the quotient within ±1, a within 0 … 1
struct ForecastHead: Equatable, Sendable {
    /// η: from believing to not believing takes about as many samples as its inverse.
    private static let step = 1.0 / 100

    /// The share of the predicted change that is believed, 0 to 1.
    private(set) var gain = 1.0
    private var usualPrediction = RunningDeviation()

    /// Creates a head that believes the network.
    init() {}

    /// Learns from a change that was predicted and then seen.
    mutating func learn(predicted: Double, seen: Double) {
        usualPrediction.update(predicted, gain: 1)
        guard usualPrediction.mean > 0 else { return }
        let error = seen - gain * predicted
        let direction = error > 0 ? 1.0 : error < 0 ? -1 : 0
        let part = max(-1, min(1, predicted / usualPrediction.mean))
        gain = max(0, min(1, gain + Self.step * direction * part))
    }

    /// Writes the head.
    func encode(to writer: inout StateWriter) {
        writer.write(gain)
        usualPrediction.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        gain = try reader.readDouble()
        usualPrediction = try RunningDeviation(from: &reader)
        guard (0...1).contains(gain) else { throw .invalid("a forecast head with a gain of \(gain)") }
    }
}
