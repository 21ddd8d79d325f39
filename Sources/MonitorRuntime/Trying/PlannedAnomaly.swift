/// An anomaly with its place in a stream, made up or recorded.
public struct PlannedAnomaly: Equatable, Sendable {
    /// What it is.
    public var kind: AnomalyKind
    /// Index of the channel; `nil` for all of them.
    public var channel: Int?
    /// As ``AnomalyKind/sizeMeaning`` says; anything where it has none.
    public var size: Double
    /// The rows it touches.
    public var rows: Range<Int>

    /// Creates an anomaly.
    public init(kind: AnomalyKind, channel: Int?, size: Double, rows: Range<Int>) {
        self.kind = kind
        self.channel = channel
        self.size = size
        self.rows = rows
    }

    /// What a sensor shows in one of its rows, before the display rounds it.
    ///
    /// A spike and a step lie `size · deviation` beside what the sensor would show, a drift comes to that at its last row, and
    /// noise is `size` times as large. What other kinds show does not follow from the row alone: theirs is what the sensor
    /// would show.
    ///
    /// - Parameters:
    ///   - level: what the sensor would show without noise.
    ///   - noise: what it shows beside that.
    ///   - deviation: what sizes count in, in the channel's unit.
    public func shown(at row: Int, level: Double, noise: Double, deviation: Double) -> Double {
        switch kind {
        case .spike, .step: level + noise + size * deviation
        case .drift:
            level + noise + size * (Double(row - rows.lowerBound + 1) / Double(rows.count)) * deviation
        case .noise: level + size * noise
        case .stuck, .dropout, .phase, .correlation: level + noise
        }
    }
}
