import AnomalyDetection
import TimeSeries

/// An anomaly in a copy of a recording: ``PlannedAnomaly`` over samples that were measured.
///
/// What a machine would do without noise is not known of a recording: the level at a sample is the mean of its
/// neighbours, four on each side, and the noise what it differs by.
struct Planting: Sendable {
    /// Samples on each side that make the level.
    private static let neighbours = 4

    private let recording: Recording
    private let channel: Int
    private let planned: PlannedAnomaly
    private let deviation: Double
    private let display: ChannelDisplay
    /// The row of each sample that is touched.
    private let numbers: [Int: Int]
    private let places: [Int]
    private let first: Int
    /// Samples by which the whole series is shifted.
    private let shift: Int

    /// Plants.
    ///
    /// - Parameters:
    ///   - planned: its rows are positions in `places`; its channel is ignored for a phase.
    ///   - places: the rows of the series in the recording.
    ///   - deviation: what sizes count in, in the channel's unit.
    ///   - shift: of a phase: how many samples ahead the values come from; they must be there.
    init(
        _ planned: PlannedAnomaly, in recording: Recording, at places: [Int], deviation: Double,
        display: ChannelDisplay, shift: Int = 0
    ) {
        self.recording = recording
        self.planned = planned
        self.places = places
        self.deviation = deviation
        self.display = display
        self.shift = shift
        channel = planned.channel ?? 0
        first = planned.rows.lowerBound
        var numbers: [Int: Int] = [:]
        for number in planned.rows { numbers[places[number]] = number }
        self.numbers = numbers
    }

    /// Changes the values of a row of the recording, when it is one that is touched.
    func change(_ row: Int, _ values: inout [Double]) {
        guard let number = numbers[row] else { return }
        switch planned.kind {
        case .phase:
            let other = places[number + shift]
            for index in values.indices { values[index] = recording.value(other, index) }
        case .stuck:
            guard values[channel] == values[channel] else { return }
            let held = recording.value(places[first], channel)
            if held == held { values[channel] = held }
        case .dropout: values[channel] = .nan
        case .spike, .step, .drift, .noise, .correlation:
            guard values[channel] == values[channel] else { return }
            let level = level(at: number)
            values[channel] = display.shown(
                planned.shown(at: number, level: level, noise: values[channel] - level, deviation: deviation))
        }
    }

    private func level(at number: Int) -> Double {
        var (sum, count) = (0.0, 0.0)
        for near in max(0, number - Self.neighbours)...min(places.count - 1, number + Self.neighbours) {
            let value = recording.value(places[near], channel)
            guard value == value else { continue }
            sum += value
            count += 1
        }
        return sum / count
    }
}
