import Alerting
import Persistence
import TimeSeries

@testable import MonitorRuntime

/// From a verdict to a line in the rolling log: what the incident rule costs each sample, what an alert costs as text, and an
/// incident all the way, its two messages durable in the outbox and then written.
func registerAlerts() {
    registerTracker()
    registerLine()
    measureWaiting("alert: an incident from verdict to log, its opening and its end [incident]") {
        try await Operations()
    } run: { operations in
        try await operations.tellIncidents(10)
    }
}

private let threshold = 5.78
private let learned = LearningState(learnedSamples: 100_000, neededSamples: 1_000, learnedSeconds: 6e6)

private func verdict(_ sample: Int, score: Double) -> Verdict {
    Verdict(
        time: time(60 * sample), sampleNumber: UInt64(sample), score: score, threshold: threshold, severity: score / 3,
        isAbnormal: false, learning: learned)
}

private func registerTracker() {
    struct State {
        var tracker = IncidentTracker()
        var sample = 0
    }
    measure("alert: incident rule, nothing happens [sample]", .none) {
        State()
    } run: { state in
        for _ in 0..<20_000 {
            _ = state.tracker.observe(verdict(state.sample, score: 0.5))
            state.sample += 1
        }
        return Amount(units: 20_000)
    }
}

/// The samples of a series that has one incident after another, and what becomes of them.
private struct TroubledSeries {
    private var tracker = IncidentTracker()
    private var policy = AlertPolicy(
        configuration: AlertingConfiguration(daemonFalseAlarmsPerSecond: 1, daemonBurst: 100))
    private var sample = 0
    private let channels = (0..<8).map { Channel(name: "channel \($0)", unit: "bar") }

    /// The messages of the next incident.
    mutating func nextIncident() -> [AlertRecord] {
        var records = take(score: 9)
        repeat { records += take(score: 0.5) } while tracker.isOpen
        return records
    }

    private mutating func take(score: Double) -> [AlertRecord] {
        let verdict = verdict(sample, score: score)
        sample += 1
        guard let change = tracker.observe(verdict) else { return [] }
        let explained = change.event == .open ? explanation : nil
        let told = SeriesChange(
            stream: "input", series: "pump3", change: change, explanation: explained, channels: channels, interval: 60)
        return policy.admit([told], at: verdict.time).records
    }

    private var explanation: Explanation {
        let parts = channels.indices.map {
            Explanation.ChannelPart(
                channel: $0, value: 9.5, expected: 4.25, low: 3.5, high: 5, share: 0.125, direction: .high)
        }
        let votes = ["difference", "forecast", "reconstruction"].map {
            Explanation.Vote(name: $0, score: 8.5, weight: 0.33)
        }
        return Explanation(channels: parts, detectors: votes, raritySeconds: 6e7)
    }
}

private func registerLine() {
    measure("alert: a record as a line of JSON [record]", .counted) {
        var series = TroubledSeries()
        return series.nextIncident()
    } run: { records in
        var bytes = 0
        for _ in 0..<200 { bytes += records[0].jsonLine().utf8.count }
        return Amount(units: 200, bytes: bytes)
    }
}

// MARK: All the way

/// The outbox, the router and the log, as the daemon has them.
private actor Operations {
    private let folder: TemporaryFolder
    private let router: AlertRouter
    private let running: Task<Void, Never>
    private var series = TroubledSeries()

    init() async throws {
        folder = try TemporaryFolder()
        let store = try StateStore(directory: folder.path + "/state")
        let log = try RollingLogSink(path: folder.path + "/alerts.jsonl") {
            EmissionStamp(host: "benchmark", version: "0", emitted: time(0))
        }
        try await store.registerSinks([log.name])
        let router = AlertRouter(sinks: [log], outbox: StoredOutbox(store: store))
        self.router = router
        running = Task { await router.run() }
    }

    deinit { running.cancel() }

    /// Returns when all messages stand in the log.
    func tellIncidents(_ count: Int) async throws -> Amount {
        for _ in 0..<count {
            for record in series.nextIncident() {
                try await router.submit([record])
                guard await router.flush(within: .seconds(10)) else { throw NotWritten() }
            }
        }
        return Amount(units: count)
    }
}

/// The log did not take a message in time.
private struct NotWritten: Error {}
