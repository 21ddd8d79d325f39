import Alerting
import AnomalyDetection
import Ingest
import Persistence
import Synchronization
import TimeSeries

/// A stream's pipeline at one row of a recording, to go on from any number of times.
struct WarmState: Sendable {
    /// The first row that it has not seen.
    var row: Int
    var stream: StoredStream
    /// The incidents that are open, and what is left of the daemon's budget.
    var policy: AlertPolicy
}

/// What a pipeline said of each row of a recording.
struct RowVerdicts: Sendable {
    /// One row.
    struct Row: Sendable, Equatable {
        /// 1 while an incident of its series is told and open.
        var level: UInt8 = 0
        /// Whether a detector voted.
        var isScored = false
        var isAbnormal = false
        var isLearning = true
    }

    /// By row of the recording.
    var rows: [Row]
    /// Incidents that were told, by the row at which their series' level rose.
    var openings: [Int] = []
    /// Levels by series.
    private var last: [Int: UInt8] = [:]

    init(count: Int) { rows = Array(repeating: Row(), count: count) }

    mutating func take(_ outcome: borrowing LineOutcome, level: Int, of batch: RecordBatch) {
        let (index, series) = (Int(batch.rows[outcome.step.row].endOffset), outcome.step.series)
        let level = UInt8(clamping: level)
        rows[index].level = level
        if let verdict = outcome.verdict {
            rows[index].isScored = verdict.score != nil
            rows[index].isAbnormal = verdict.isAbnormal
            rows[index].isLearning = verdict.learning.isLearning
        }
        if level > 0, last[series, default: 0] == 0 { openings.append(index) }
        last[series] = level
    }
}

/// Runs the daemon's own path over a recording, and over changed stretches of it from warm states.
///
///     untouched ──────────●───────●──────────●────────▶  verdict and level of each row
///                         │       │          │           ● a warm state, kept
///                         ╰─fault╮╰─fault╮   ╰─fault╮    trials, each from a copy of its state
struct TrialBench: Sendable {
    /// The stream's name, as its incidents have it.
    let stream: String
    let recording: Recording
    /// How the source is read; of this the interval and the meaning of values.
    let source: SourceConfiguration
    let configuration: MonitorConfiguration
    /// Rows that go to the pipeline together in a trial, which ends behind those with the incident.
    private static let trialRows = 16
    private static let rowsAtOnce = 2_048

    /// Runs over the recording as it is.
    ///
    /// - Parameters:
    ///   - cuts: rows before which a state is kept, rising; none is where an incident waited for the rest of its tick.
    ///   - progress: told the share done.
    func runUntouched(
        cuttingBefore cuts: [Int], progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> (verdicts: RowVerdicts, states: [WarmState]) {
        let verdicts = Mutex(RowVerdicts(count: recording.rows.count))
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { _ in }
        let pipeline = pipeline(desk: desk, from: nil) { outcome, level, batch in
            verdicts.withLock { $0.take(outcome, level: level, of: batch) }
        }
        var states: [WarmState] = []
        var row = 0
        var rest = cuts[...]
        while row < recording.rows.count {
            while let next = rest.first, next <= row { rest.removeFirst() }
            let end = min(recording.rows.count, row + Self.rowsAtOnce, rest.first ?? .max)
            try await pipeline.process(recording.batch(row..<end))
            row = end
            if row == rest.first, let image = try await pipeline.image() {
                states.append(WarmState(row: row, stream: image, policy: await desk.policy))
            }
            progress?(Double(row) / Double(recording.rows.count))
        }
        try await pipeline.finish(atEnd: true)
        return (verdicts.withLock { $0 }, states)
    }

    /// Runs over a changed stretch.
    ///
    /// - Parameters:
    ///   - state: where it begins.
    ///   - series: the one that is changed.
    ///   - end: the row behind the stretch.
    /// - Returns: the row of the series at which an incident of it opened; `nil` when none did.
    func firstOpening(
        from state: WarmState, of series: Int, until end: Int, changing planting: Planting
    ) async throws -> Int? {
        let opening = Mutex<Int?>(nil)
        let pipeline = pipeline(desk: AlertDesk(policy: state.policy) { _ in }, from: state.stream) {
            outcome, level, batch in
            guard level > 0, outcome.step.series == series else { return }
            let row = Int(batch.rows[outcome.step.row].endOffset)
            opening.withLock { $0 = $0 ?? row }
        }
        for row in stride(from: state.row, to: end, by: Self.trialRows) {
            let rows = row..<min(end, row + Self.trialRows)
            try await pipeline.process(recording.batch(rows, changing: planting.change))
            if let found = opening.withLock({ $0 }) { return found }
        }
        try await pipeline.finish()
        return opening.withLock { $0 }
    }

    private func pipeline(
        desk: AlertDesk, from stored: StoredStream?, _ observer: @escaping Pipeline.LineObserver
    ) -> Pipeline {
        Pipeline(
            name: stream, interval: source.interval, conditions: source.conditions, configuration: configuration,
            timesByRow: true, shardCount: 1, desk: desk, stored: stored, observer: observer)
    }
}
