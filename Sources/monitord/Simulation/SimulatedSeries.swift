import MonitorRuntime
import TimeSeries

/// One machine with its sensors: rows with noise, resolution, missing cells, gaps and planted anomalies.
///
/// The machine and the noise never know of what is planted: anomalies change only what the sensors show, row by row, so
/// outside the labelled spans a stream is the same with and without them.
struct SimulatedSeries<Model: MachineModel> {
    /// An anomaly that is under way.
    private struct Active {
        var planned: PlannedAnomaly
        /// What the channel showed (stuck) or what the machine did (correlation) at the first row.
        var reference: Double?
        /// The machine that lives by a shifted clock.
        var shadow: Model?
    }

    /// Stands for a missing cell.
    static var missing: Int { .min }

    /// What the sensors show, in steps of 10^−decimals; ``missing`` where there is nothing.
    private(set) var cells: [Int]
    /// What began at this row, for the labels.
    private(set) var begun: [PlannedAnomaly] = []
    /// Whether the whole row is missing.
    private(set) var isGap = false

    let channels: [SimulatedChannel]
    private var model: Model
    private var draws: NormalDraws
    private var noiseLevel: SmoothWander
    private var gaps: GapSchedule
    private var schedule: AnomalySchedule
    private var active: [Active] = []
    private var normals: [Double]
    private var values: [Double]
    private var factors: [Double]
    private var shadowValues: [Double]
    private var shadowFactors: [Double]
    private let cellSeed: UInt64
    /// A cell is missing when the upper half of its word is below this.
    private let missingBelow: UInt64
    private let scales: [Double]

    init(model: Model, seed: UInt64, gaps: GapSchedule, missingShare: Double, schedule: AnomalySchedule) {
        self.model = model
        channels = model.channels
        draws = NormalDraws(seed: splitMix(seed &+ 1))
        noiseLevel = SmoothWander(seed: splitMix(seed &+ 2), spacing: 28_800)
        cellSeed = splitMix(seed &+ 3)
        self.gaps = gaps
        self.schedule = schedule
        missingBelow = UInt64(missingShare * 0x1p32)
        // The draws come in pairs.
        let count = channels.count + Model.processDraws
        normals = [Double](repeating: 0, count: count + count % 2)
        values = [Double](repeating: 0, count: channels.count)
        factors = [Double](repeating: 1, count: channels.count)
        shadowValues = values
        shadowFactors = factors
        cells = [Int](repeating: 0, count: channels.count)
        scales = channels.map { channel in
            var scale = 1.0
            for _ in 0..<channel.decimals { scale *= 10 }
            return scale / Double(channel.step)
        }
    }

    /// Moves to a row; asked row by row from 0 on.
    ///
    /// - Parameter isOff: whether the machine is off for maintenance somewhere in a span of rows.
    mutating func advance(to row: Int, _ now: MachineConditions, isOff: (Range<Int>) -> Bool) {
        draws.fill(&normals)
        begun = schedule.beginning(at: row) { rows in gaps.overlaps(rows) || isOff(rows) }
        for planned in begun { active.append(Active(planned: planned, shadow: planned.kind == .phase ? model : nil)) }
        model.advance(now, draws: normals, values: &values, noise: &factors)
        if !active.isEmpty {
            active.removeAll { $0.planned.rows.upperBound <= row }
            bend(now)
        }
        // How noisy the sensors are changes by a fifth or so, over hours.
        let level = max(0.4, 1 + 0.15 * noiseLevel.value(at: now.seconds))
        for index in channels.indices {
            let noise = channels[index].noise * factors[index] * level * normals[Model.processDraws + index]
            cells[index] = shown(values[index] + noise, index)
        }
        if !active.isEmpty { falsify(row, level) }
        if missingBelow > 0 {
            for index in cells.indices where chance(row, index) < missingBelow { cells[index] = Self.missing }
        }
        isGap = gaps.contains(row)
    }

    /// What the machine itself does otherwise: a shifted season, a channel that no longer follows.
    private mutating func bend(_ now: MachineConditions) {
        for index in active.indices {
            let planned = active[index].planned
            switch planned.kind {
            case .phase:
                var shifted = now
                shifted.local = now.local.advanced(byHours: planned.size)
                active[index].shadow?.advance(
                    shifted, draws: normals, values: &shadowValues, noise: &shadowFactors)
                swap(&values, &shadowValues)
                swap(&factors, &shadowFactors)
            case .correlation:
                guard let channel = planned.channel else { continue }
                let reference = active[index].reference ?? values[channel]
                active[index].reference = reference
                values[channel] -= planned.size * (values[channel] - reference)
            default: continue
            }
        }
    }

    /// What a sensor shows otherwise.
    private mutating func falsify(_ row: Int, _ level: Double) {
        for index in active.indices {
            let planned = active[index].planned
            guard let channel = planned.channel else { continue }
            let deviation = channels[channel].noise
            let noise = deviation * factors[channel] * level * normals[Model.processDraws + channel]
            switch planned.kind {
            case .spike, .step, .drift, .noise:
                let value = planned.shown(at: row, level: values[channel], noise: noise, deviation: deviation)
                cells[channel] = shown(value, channel)
            case .stuck:
                let reference = active[index].reference ?? Double(cells[channel])
                active[index].reference = reference
                cells[channel] = Int(reference)
            case .dropout:
                let below = UInt64(planned.size * 0x1p32)
                if chance(row &+ 0x5000_0000_0000, channel) < below { cells[channel] = Self.missing }
            case .phase, .correlation: continue
            }
        }
    }

    /// What the display of a channel shows for a value, in steps of 10^−decimals.
    private func shown(_ value: Double, _ channel: Int) -> Int {
        let bounded = min(max(value, channels[channel].lowest), 1e12)
        return Int((bounded * scales[channel]).rounded()) * channels[channel].step
    }

    /// 32 random bits that belong to a cell.
    private func chance(_ row: Int, _ channel: Int) -> UInt64 {
        splitMix(cellSeed ^ splitMix(UInt64(bitPattern: Int64(row &* 4_096 &+ channel)))) >> 32
    }
}
