import Alerting
import Logging
import Synchronization
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Hands each line on with its metadata.
private struct LinesHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let line: @Sendable (String) -> Void

    init(_ line: @escaping @Sendable (String) -> Void) { self.line = line }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
        line(([event.message.description] + facts).joined(separator: " "))
    }
}

@Suite struct AlertDeskTests {
    /// Whether a partition is held.
    private final class Flag: Sendable {
        private let state = Mutex(true)
        var value: Bool { state.withLock { $0 } }
        func set(_ value: Bool) { state.withLock { $0 = value } }
    }

    private struct Full: Error {}

    /// An output that refuses records while it is full.
    private final class Box: Sendable {
        let state = Mutex<(isFull: Bool, ids: [String])>((true, []))

        func write(_ records: [AlertRecord]) throws {
            try state.withLock { state in
                if state.isFull { throw Full() }
                state.ids += records.map { "\($0.series) \($0.event)" }
            }
        }
    }

    private func change(_ event: AlertEvent, _ series: String, at second: Int64) -> SeriesChange {
        let time = Timestamp(nanoseconds: second * 1_000_000_000)
        let learning = LearningState(learnedSamples: 500, neededSamples: 200, learnedSeconds: 500)
        return SeriesChange(
            stream: "input", series: series,
            change: IncidentChange(
                event: event, kind: .anomaly, time: time, since: time, onsetSample: 7, severity: .warning, score: 6,
                threshold: 5, learning: learning))
    }

    @Test func `records that are refused are kept in order and handed on later`() async throws {
        let box = Box()
        let desk = AlertDesk(
            policy: AlertPolicy(), retryLogger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            try box.write($0)
        }
        let first = Timestamp(nanoseconds: 1_000_000_000)
        #expect(try await desk.admit([change(.open, "a", at: 1)], at: first) == [true])
        #expect(await desk.waitingRecords == 1)
        #expect(await desk.state() == nil, "what nobody was told of is not stored as told")
        box.state.withLock { $0.isFull = false }
        _ = try await desk.admit([change(.close, "a", at: 99)], at: Timestamp(nanoseconds: 99_000_000_000))
        #expect(box.state.withLock { $0.ids } == ["a open", "a close"])
        #expect(await desk.waitingRecords == 0)
        #expect(await desk.state() != nil)
    }

    @Test func `more than can be kept are counted, and told once when the rest is handed on`() async throws {
        let box = Box()
        let said = Mutex<[String]>([])
        let logger = Logger(label: "test") { _ in LinesHandler { line in said.withLock { $0.append(line) } } }
        let desk = AlertDesk(policy: AlertPolicy(), retryLogger: logger, mostWaiting: 2) { try box.write($0) }
        for (second, event, series) in [(1, .open, "a"), (50, .close, "a"), (200, .open, "b"), (300, .close, "b")]
            as [(Int64, AlertEvent, String)]
        {
            let time = Timestamp(nanoseconds: second * 1_000_000_000)
            _ = try await desk.admit([change(event, series, at: second)], at: time)
        }
        #expect(await desk.waitingRecords == 2)
        #expect(said.withLock { $0.allSatisfy { !$0.contains("alerts.lost") } })
        box.state.withLock { $0.isFull = false }
        try await desk.handOn()
        try await desk.handOn()
        #expect(box.state.withLock { $0.ids } == ["a open", "a close"])
        let told = said.withLock { $0.filter { $0.contains("alerts.lost") } }
        #expect(told.count == 1 && told.first?.contains("2") == true, "\(told)")
    }

    @Test func `without a second try a refusal is the caller's`() async {
        let box = Box()
        let desk = AlertDesk(policy: AlertPolicy()) { try box.write($0) }
        await #expect(throws: Full.self) {
            try await desk.admit([change(.open, "a", at: 1)], at: Timestamp(nanoseconds: 1_000_000_000))
        }
        #expect(await desk.waitingRecords == 1)
    }

    @Test func `a partition has a policy of its own that goes with it, and tells nothing once it is lost`() async throws
    {
        let box = Box()
        box.state.withLock { $0.isFull = false }
        let isHeld = Flag()
        let desk = AlertDesk(policy: AlertPolicy()) { try box.write($0) }
        let alerting = AlertingConfiguration(daemonFalseAlarmsPerSecond: 1)
        try await desk.open(branch: "t/3", stored: nil, configuration: alerting, share: 0.25) { isHeld.value }
        func change(_ event: AlertEvent, at second: Int64) -> SeriesChange {
            var change = self.change(event, "pump", at: second)
            change.stream = "t/3"
            return change
        }
        let time = Timestamp(nanoseconds: 1_000_000_000)
        #expect(try await desk.admit([change(.open, at: 1)], at: time) == [true])
        #expect(await desk.openIncidents().count == 1)
        #expect(await desk.policy.openIncidents.isEmpty, "the daemon's own policy knows nothing of it")
        let stored = try #require(await desk.state(of: "t/3"))
        isHeld.set(false)
        await #expect(throws: PartitionLost(stream: "t/3")) {
            _ = try await desk.admit([change(.close, at: 9)], at: Timestamp(nanoseconds: 9_000_000_000))
        }
        #expect(box.state.withLock { $0.ids } == ["pump open"])
        await desk.close(branch: "t/3")
        #expect(await desk.openIncidents().isEmpty)
        // The next worker goes on with what was open.
        let next = AlertDesk(policy: AlertPolicy()) { try box.write($0) }
        try await next.open(branch: "t/3", stored: stored, configuration: alerting, share: 0.25) { true }
        #expect(try await next.admit([change(.close, at: 9)], at: Timestamp(nanoseconds: 9_000_000_000)) == [false])
        #expect(box.state.withLock { $0.ids } == ["pump open", "pump close"])
    }
}
