import Alerting
import MonitorRuntime
import TimeSeries

/// One channel over time as lines of text: its values, the band around what was expected, and where the incident was.
///
///     64.2 ┤                     ●
///          ┤                  ●●●
///     61.0 ┤░░░░░░░░░░░░░░░░░●░░░░░░
///     59.8 ┤●●●●●●●●●●●●●●●●●░░░░░░░
///           ════════════════▲▲▲▲▲▲▲
///           06:48:00        06:50:24
struct SampleChart {
    /// What the cells are drawn with.
    struct Marks: Sendable {
        var value: Character
        var band: Character
        var missing: Character
        var axis: Character
        var edge: Character
        var incident: Character

        static let unicode = Marks(value: "●", band: "░", missing: "·", axis: "─", edge: "┤", incident: "▲")
        static let ascii = Marks(value: "*", band: ":", missing: ".", axis: "-", edge: "|", incident: "^")
    }

    /// What the samples of one column add up to.
    private struct Column {
        var low: Double?
        var high: Double?
        var bandLow: Double?
        var bandHigh: Double?
        var isIncident = false
        var isKnown = false
    }

    /// Cells of the drawing.
    static let height = 10
    static let width = 64

    private let columns: [Column]
    private let samples: [HistorySample]
    private let channel: Int
    private let marks: Marks

    /// Puts samples into columns.
    ///
    /// - Parameters:
    ///   - samples: in order of time, at least 2 of different times.
    ///   - channel: which of their channels.
    ///   - incident: from its onset to its end, which may be the last sample.
    init?(_ samples: [HistorySample], channel: Int, incident: ClosedRange<Timestamp>, marks: Marks = .unicode) {
        guard let first = samples.first?.time, let last = samples.last?.time, first < last,
            samples.allSatisfy({ $0.channels.indices.contains(channel) })
        else { return nil }
        let span = last.seconds(since: first)
        var columns = [Column](repeating: Column(), count: min(Self.width, samples.count))
        for sample in samples {
            let place = min(
                columns.count - 1, Int(sample.time.seconds(since: first) / span * Double(columns.count)))
            let part = sample.channels[channel]
            columns[place].isKnown = true
            columns[place].isIncident = columns[place].isIncident || incident.contains(sample.time)
            if let value = part.value {
                columns[place].low = min(columns[place].low ?? value, value)
                columns[place].high = max(columns[place].high ?? value, value)
            }
            if let low = part.low.map(Double.init), let high = part.high.map(Double.init) {
                columns[place].bandLow = min(columns[place].bandLow ?? low, low)
                columns[place].bandHigh = max(columns[place].bandHigh ?? high, high)
            }
        }
        guard columns.contains(where: { $0.low != nil }) else { return nil }
        self.columns = columns
        self.samples = samples
        self.channel = channel
        self.marks = marks
    }

    /// The drawing, line by line.
    var lines: [String] {
        let ends = columns.flatMap { [$0.low, $0.high, $0.bandLow, $0.bandHigh].compactMap { $0 } }.filter(\.isFinite)
        guard let lowest = ends.min(), let highest = ends.max() else { return [] }
        // A line that never moves is drawn in the middle.
        let range = highest > lowest ? highest - lowest : max(1, highest.magnitude)
        let bottom = highest > lowest ? lowest : lowest - range / 2
        let step = range / Double(Self.height)
        let numbers = ReadableNumbers([lowest, highest], distances: [range])
        var labels: [String] = []
        for row in 0..<Self.height {
            let middle = bottom + step * (Double(Self.height - 1 - row) + 0.5)
            labels.append(row % 3 == 0 ? numbers.text(middle) : "")
        }
        let margin = labels.map { $0.count }.max() ?? 0
        func padded(_ text: String) -> String { String(repeating: " ", count: margin - text.count) + text }
        var lines = (0..<Self.height).map { row in
            let low = bottom + step * Double(Self.height - 1 - row)
            let high = row == 0 ? Double.infinity : low + step
            let cells = columns.map { cell($0, low: low, high: high, isBottom: row == Self.height - 1) }
            return "\(padded(labels[row])) \(marks.edge)\(String(cells))".trimmingEnd
        }
        let axis = String(columns.map { $0.isIncident ? marks.incident : marks.axis })
        lines.append(padded("") + "  " + axis)
        lines.append(padded("") + "  " + times)
        return lines
    }

    private func cell(_ column: Column, low: Double, high: Double, isBottom: Bool) -> Character {
        func covers(_ from: Double?, _ to: Double?) -> Bool {
            guard let from, let to else { return false }
            return to >= low && (from < high) || isBottom && to < low
        }
        if covers(column.low, column.high) { return marks.value }
        if covers(column.bandLow, column.bandHigh) { return marks.band }
        return !column.isKnown && isBottom ? marks.missing : " "
    }

    /// The first and the last time below the ends of the drawing.
    private var times: String {
        let first = "\(samples[0].time)".clock
        let last = "\(samples[samples.count - 1].time)".clock
        let gap = columns.count - first.count - last.count
        return gap > 0 ? first + String(repeating: " ", count: gap) + last : "\(first) to \(last)"
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    /// `2026-03-16 06:50:24` of an instant's text.
    fileprivate var clock: String { utf8.count >= 20 ? "\(prefix(10)) \(dropFirst(11).prefix(8))" : self }
}
