import MonitorRuntime
import TimeSeries

/// Makes the machines of a request and writes their stream.
struct Simulation {
    /// What was written.
    struct Summary {
        var rows = 0
        var rowsInGaps = 0
        var channelCount = 0
        var anomalies: [AnomalyKind: Int] = [:]
        var maintenanceCount = 0
    }

    let request: SimulationRequest
    let pace: SimulationPace
    let output: SimulationOutput
    /// Each row goes out by itself, and there is no header.
    let isDatagram: Bool
    let labelsPath: String?

    /// Writes the whole stream, or until its reader has gone.
    ///
    /// - Throws: ``ArgumentProblem`` before anything is written; ``SimulationOutputError``.
    func run() throws -> Summary {
        let interval = Double(request.interval) / 1e9
        switch request.machine {
        case .pump: return try run { PumpModel(seed: $0, interval: interval) }
        case .boiler: return try run { BoilerModel(seed: $0, interval: interval) }
        case .motor: return try run { MotorModel(seed: $0, interval: interval) }
        case .generic:
            // All series of a group have the same channels, so these are drawn once.
            let seed = seriesSeed(-1)
            return try run { _ in
                GenericModel(seed: seed, interval: interval, channelCount: request.channelCount)
            }
        }
    }

    private func run<Model: MachineModel>(_ make: (UInt64) -> Model) throws -> Summary {
        let machines = (0..<request.seriesCount).map { series($0, make(seriesSeed($0))) }
        try request.check(machines[0].channels)
        let labels = try LabelWriter(path: labelsPath, start: request.start, interval: request.interval)
        var run = SimulationRun(self, machines: machines, labels: labels)
        do {
            try run.writeAll()
        } catch {
            // A reader that goes away has seen enough.
            guard error.isReaderGone else { throw error }
        }
        var summary = run.summary
        summary.anomalies = run.labels.counts
        summary.maintenanceCount = run.labels.maintenanceCount
        return summary
    }

    private func series<Model: MachineModel>(_ index: Int, _ model: Model) -> SimulatedSeries<Model> {
        let seed = seriesSeed(index)
        return SimulatedSeries(
            model: model, seed: seed,
            gaps: GapSchedule(
                seed: splitMix(seed &+ 4), perDay: request.gapsPerDay, longest: request.longestGap,
                interval: request.interval),
            missingShare: request.missingShare,
            schedule: AnomalySchedule(
                requests: request.anomalies, channels: model.channels, seed: splitMix(seed &+ 5),
                interval: request.interval, rowCount: request.rowCount))
    }

    private func seriesSeed(_ index: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(request.machine.rawValue)
        hash.combine(request.seed)
        hash.combine(UInt64(bitPattern: Int64(index)))
        return hash.value
    }
}
