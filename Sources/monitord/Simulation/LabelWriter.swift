import MonitorRuntime
import TimeSeries

/// Writes the ground truth: `series,channel,kind,size,from,until`, a line when something begins.
///
/// `from` is the first row touched, `until` the first that no longer is, in RFC 3339 at UTC. A channel `*` stands for all.
struct LabelWriter {
    private let output: SimulationOutput?
    private let start: Timestamp
    private let interval: Int64
    private(set) var counts: [AnomalyKind: Int] = [:]
    private(set) var maintenanceCount = 0

    /// - Parameter path: `nil` only counts.
    init(path: String?, start: Timestamp, interval: Int64) throws(SimulationOutputError) {
        self.start = start
        self.interval = interval
        output = if let path { try SimulationOutput.file(path) } else { nil }
        try output?.write("series,channel,kind,size,from,until\n")
    }

    mutating func write(
        _ planned: PlannedAnomaly, series: String, channels: [SimulatedChannel]
    ) throws(SimulationOutputError) {
        counts[planned.kind, default: 0] += 1
        let size = planned.kind.sizeMeaning == nil ? "" : Self.text(planned.size)
        let channel = planned.channel.map { channels[$0].name } ?? "*"
        try write(series, channel, planned.kind.rawValue, size, planned.rows)
    }

    /// A machine that is off is no anomaly, but whoever scores alerts wants to know of it.
    mutating func writeMaintenance(series: String, rows: Range<Int>) throws(SimulationOutputError) {
        maintenanceCount += 1
        try write(series, "*", "maintenance", "", rows)
    }

    private func write(
        _ series: String, _ channel: String, _ kind: String, _ size: String, _ rows: Range<Int>
    ) throws(SimulationOutputError) {
        guard let output else { return }
        try output.write("\(series),\(channel),\(kind),\(size),\(time(rows.lowerBound)),\(time(rows.upperBound))\n")
    }

    private func time(_ row: Int) -> Timestamp { Timestamp(nanoseconds: start.nanoseconds &+ Int64(row) &* interval) }

    private static func text(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(number)" }
}
