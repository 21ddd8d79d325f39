public import TimeSeries

/// What an incident looked like when it opened, in numbers that mean the same for every series of a group.
///
///     0 … 7    weights of the aspects, of the stuck detector and of the rest, 0 to 1
///     8        how far the furthest channel was out of its band: log₂ of half band widths / 4, 0 to 2
///     9        how far the score was above the threshold, / 3, 0 to 2
///     10       1 where it opened by its state, without an event
///     11       how the parts lie: 1 for one channel, 1 / d for d equal ones
///     12 …     of the first ``mostChannels`` channels the root of the share, below 0 for low
public struct OpeningFeatures: Equatable, Sendable {
    static let common = 12
    static let mostChannels = 64

    /// `[featureCount]`.
    let values: [Float]

    /// How many there are of a series with so many channels.
    static func count(channels: Int) -> Int { common + min(channels, mostChannels) }

    /// Takes an opening's features.
    ///
    /// - Parameters:
    ///   - score: `nil` where it opened by its state.
    ///   - channelCount: of the series.
    public init(_ explanation: Explanation, score: Double?, threshold: Double, channelCount: Int) {
        var values = [Float](repeating: 0, count: Self.count(channels: channelCount))
        for vote in explanation.detectors {
            guard let kind = DetectorKind(name: vote.name) else { continue }
            values[kind.aspect.map(\.rawValue) ?? (kind == .stuck ? 6 : 7)] += Float(vote.weight)
        }
        var size = 1.0
        var concentration = 0.0
        for part in explanation.channels {
            let share = max(0, min(1, part.share))
            concentration += share * share
            if part.channel < Self.mostChannels, part.channel < channelCount {
                let root = Float(share.squareRoot())
                values[Self.common + part.channel] = part.direction == .high ? root : -root
            }
            guard let value = part.value, let expected = part.expected, let low = part.low, let high = part.high,
                high > low
            else { continue }
            size = max(size, min((value - expected).magnitude / ((high - low) / 2), 256))
        }
        values[8] = Float(Transcendental.log(size) * 1.442_695_040_888_963 / 4)
        if let score, score >= threshold {
            values[9] = Float(min(2, (score - threshold) / 3))
        } else {
            values[10] = 1
        }
        values[11] = Float(min(1, concentration))
        self.values = values
    }

    init(values: [Float]) { self.values = values }

    func encode(to writer: inout StateWriter) { for value in values { writer.write(value) } }

    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        var values: [Float] = []
        for _ in 0..<Self.count(channels: channelCount) {
            let value = try reader.readFloat()
            guard value.isFinite, value.magnitude <= 16 else { throw .invalid("a feature of \(value)") }
            values.append(value)
        }
        self.values = values
    }
}
