import MonitorRuntime
import TimeSeries

/// The machines that can be simulated.
enum SimulatedMachine: String, CaseIterable {
    case pump
    case boiler
    case motor
    case generic
}

/// Everything a simulation depends on: the same request gives the same bytes on any machine.
struct SimulationRequest {
    var machine: SimulatedMachine
    /// 1 to 10,000.
    var seriesCount: Int
    /// Of `generic` only; 1 to 1,000.
    var channelCount: Int
    /// Of each series; `nil` for no end.
    var rowCount: Int?
    /// Nanoseconds between rows, whole milliseconds.
    var interval: Int64
    var start: Timestamp
    var zone: CivilZone
    var timeForm: SimulatedTimeForm
    var format: SimulatedFormat
    var anomalies: [AnomalyRequest<AnomalyKind>]
    var seed: UInt64
    var gapsPerDay: Double
    /// Nanoseconds.
    var longestGap: Int64
    /// 0 to 1.
    var missingShare: Double
    var maintenance: Maintenance?

    /// Whether rows name their series.
    var hasSeries: Bool { seriesCount > 1 || format == .long }

    /// The names of the series; a stream without names is read as the series `input`.
    var seriesNames: [String] {
        hasSeries ? (1...seriesCount).map { "\(machine.rawValue)\($0)" } : ["input"]
    }

    /// Says what of the anomalies does not fit the channels or the stream.
    func check(_ channels: [SimulatedChannel]) throws(ArgumentProblem) {
        for anomaly in anomalies {
            if let name = anomaly.channel, !channels.contains(where: { $0.name == name && $0.noise > 0 }) {
                let able = channels.filter { $0.noise > 0 }.map(\.name).joined(separator: ", ")
                throw ArgumentProblem(
                    argument: "--anomaly \(name).\(anomaly.kind?.rawValue ?? "all")",
                    reason: "\(machine.rawValue) has no such channel to plant in; accepted are \(able)")
            }
            if case .once(let after) = anomaly.moment, let rowCount,
                (after + interval - 1) / interval >= Int64(rowCount)
            {
                let end = Timestamp(nanoseconds: start.nanoseconds + Int64(rowCount) * interval)
                throw ArgumentProblem(
                    argument: "--anomaly \(anomaly.kind?.rawValue ?? "all")@…",
                    reason: "its time is not before the end of the stream, \(end)")
            }
        }
    }

    /// Whether times need decimals.
    var hasMilliseconds: Bool { interval % 1_000_000_000 != 0 || start.nanoseconds % 1_000_000_000 != 0 }

    /// When a row is measured.
    func time(of row: Int) -> Timestamp {
        Timestamp(nanoseconds: start.nanoseconds &+ Int64(row) &* interval)
    }

    /// The rows of a maintenance that begins at a row, to the end of the stream at most.
    func maintenanceRows(from row: Int) -> Range<Int> {
        let length = maintenance?.length ?? 0
        let end = row + max(1, Int((length + interval - 1) / interval))
        return row..<min(end, rowCount ?? end)
    }

    /// Whether a machine is off somewhere in a span of rows; looked at twice in the length of a maintenance.
    func touchesMaintenance(_ rows: Range<Int>, firstDay: Int, series: Int) -> Bool {
        guard let maintenance else { return false }
        var clock = LocalClock(zone)
        let step = max(1, Int(maintenance.length / 2 / interval))
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
            if maintenance.isOff(clock.moment(time(of: row)), firstDay: firstDay, series: series) { return true }
        }
        return maintenance.isOff(clock.moment(time(of: rows.upperBound - 1)), firstDay: firstDay, series: series)
    }
}
