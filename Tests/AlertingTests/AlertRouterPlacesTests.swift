import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Alerting

/// Sinks that come, change and go, refuse for good, and hear of open incidents again.
@Suite struct AlertRouterPlacesTests {
    /// Refuses some records for good, and asks for rest.
    private struct Answer: DeliveryError, CustomStringConvertible {
        var isFinal: Bool
        var retryAfter: Duration?
        let description = "refused"
    }

    /// A place that does as it is told.
    private final class ToldSink: AlertSink {
        struct State {
            var answers: [Answer?] = []
            var records: [AlertRecord] = []
            var repeated: [[AlertRecord]] = []
        }

        let name: String
        let state = Mutex(State())
        let interval: Duration?
        let lowest: AlertSeverity

        init(
            _ name: String, answers: [Answer?] = [], every interval: Duration? = nil,
            from lowest: AlertSeverity = .warning
        ) {
            self.name = name
            self.interval = interval
            self.lowest = lowest
            state.withLock { $0.answers = answers }
        }

        var records: [AlertRecord] { state.withLock { $0.records } }
        var repeated: [[AlertRecord]] { state.withLock { $0.repeated } }
        var repeatInterval: Duration? { interval }
        var backOff: RetryBackOff? { RetryBackOff(first: .seconds(3), longest: .seconds(12)) }

        func wants(_ record: AlertRecord) -> Bool { record.severity >= lowest }

        func deliver(_ record: AlertRecord) async throws {
            try state.withLock { state in
                if !state.answers.isEmpty, let answer = state.answers.removeFirst() { throw answer }
                state.records.append(record)
            }
        }

        func repeatOpen(_ records: [AlertRecord]) async throws {
            try state.withLock { state in
                if !state.answers.isEmpty, let answer = state.answers.removeFirst() { throw answer }
                state.repeated.append(records)
            }
        }
    }

    /// Waits are written down and end when the test says so, or at once.
    private final class Steps: Sendable {
        let waits = Mutex<[Duration]>([])
        private let endless: Duration

        init(endless: Duration = .seconds(1_000_000)) { self.endless = endless }

        func sleep(_ duration: Duration) async throws {
            waits.withLock { $0.append(duration) }
            if duration >= endless {
                let (never, keep) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                withExtendedLifetime(keep) {}
                try Task.checkCancellation()
            }
            await Task.yield()
        }
    }

    private func running(_ router: AlertRouter, _ body: () async throws -> Void) async throws {
        let run = Task { await router.run() }
        try await body()
        run.cancel()
        await run.value
    }

    private func until(_ isSo: () async -> Bool) async { while await !isSo() { await Task.yield() } }

    @Test func `a record that is refused for good is passed over, and the reason stays to be seen`() async throws {
        let sink = ToldSink("a", answers: [nil, Answer(isFinal: true), Answer(isFinal: true)])
        let outbox = MemoryOutbox()
        let steps = Steps()
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: steps.sleep)
        let records = (0..<5).map { record(seq: $0) }
        try await running(router) {
            try await router.submit(records)
            await until { await outbox.acknowledged["a"] == 5 }
        }
        #expect(sink.records.map(\.seq) == [0, 3, 4])
        let status = await router.status[0]
        #expect(status.deadLetters == 2 && status.lastDeadLetter == "refused" && status.delivered == 3)
        #expect(status.failures == 0 && status.lastError == nil)
        #expect(steps.waits.withLock { $0 }.isEmpty)
    }

    @Test func `a sink is tried again in its own time, and later when it asks for that`() async throws {
        let failed = Answer(isFinal: false)
        let asking = Answer(isFinal: false, retryAfter: .seconds(100))
        let forever = Answer(isFinal: false, retryAfter: .seconds(1_000_000))
        let short = Answer(isFinal: false, retryAfter: .seconds(1))
        let sink = ToldSink("a", answers: [failed, failed, failed, failed, asking, forever, short])
        let outbox = MemoryOutbox()
        let steps = Steps()
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: steps.sleep)
        try await running(router) {
            try await router.submit([record()])
            await until { await outbox.acknowledged["a"] == 1 }
        }
        #expect(steps.waits.withLock { $0 } == [3, 6, 12, 12, 100, 3_600, 12].map { .seconds($0) })
        #expect(sink.records.count == 1)
    }

    @Test func `what a sink does not want is passed over and not counted as written`() async throws {
        let sink = ToldSink("a", from: .critical)
        let outbox = MemoryOutbox()
        let router = AlertRouter(sinks: [sink], outbox: outbox)
        try await running(router) {
            try await router.submit([record()])
            await until { await outbox.acknowledged["a"] == 1 }
        }
        #expect(sink.records.isEmpty)
        #expect(await router.status[0].delivered == 0)
    }

    @Test func `a sink that comes later gets what comes then, and one that goes is not shown any more`() async throws {
        let (first, later) = (ToldSink("first"), ToldSink("later"))
        let outbox = MemoryOutbox()
        let router = AlertRouter(sinks: [first], outbox: outbox)
        try await running(router) {
            try await router.submit([record(seq: 0)])
            await until { await outbox.acknowledged["first"] == 1 }
            // As the database does for one that it is told of.
            try await outbox.acknowledge(sink: "later", upTo: 1)
            await router.add(later)
            try await router.submit([record(seq: 1)])
            await until { await outbox.acknowledged == ["first": 2, "later": 2] }
            #expect(await router.status.map(\.name) == ["first", "later"])
            await router.retire("first")
            #expect(await router.status.map(\.name) == ["later"])
            await router.add(first)
            #expect(await router.status.map(\.name) == ["first", "later"])
            #expect(await router.flush(within: .seconds(60)))
        }
        #expect(later.records.map(\.seq) == [1])
    }

    @Test func `a sink whose place is changed is tried at once, without the wait of its last failure`() async throws {
        let sink = ToldSink("a", answers: [Answer(isFinal: false)])
        let outbox = MemoryOutbox()
        let steps = Steps(endless: .seconds(1))
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: steps.sleep)
        try await running(router) {
            try await router.submit([record()])
            await until { await router.status[0].failures == 1 && !steps.waits.withLock { $0.isEmpty } }
            await router.placeChanged("a")
            await until { await outbox.acknowledged["a"] == 1 }
        }
        #expect(sink.records.count == 1)
    }

    @Test func `what is open is told again at the start and at each interval, as it was told last`() async throws {
        let sink = ToldSink("a", every: .seconds(60))
        let outbox = MemoryOutbox()
        let ticks = AsyncStream.makeStream(of: Void.self)
        let router = AlertRouter(
            sinks: [sink], outbox: outbox,
            sleep: { _ in
                for await _ in ticks.stream { return }
                throw CancellationError()
            })
        try await outbox.append(
            [record("1"), record("2"), record("2", seq: 1, event: .update)].map { OutboxMessage($0) })
        try await outbox.acknowledge(sink: "a", upTo: 3)
        await router.setOpenIncidents { ["1", "2", "3"] }
        try await running(router) {
            await until { sink.repeated.count == 1 }
            // The third was open all the time, and is repeated once the sink has had it.
            try await router.submit([record("3"), record("1", seq: 1, event: .close)])
            await until { await outbox.acknowledged["a"] == 5 }
            ticks.continuation.yield()
            await until { sink.repeated.count == 2 }
        }
        ticks.continuation.finish()
        #expect(sink.repeated.map { $0.map { "\($0.id) \($0.seq)" } } == [["1 0", "2 1"], ["2 1", "3 0"]])
        #expect(sink.records.map(\.id) == ["3", "1"])
    }

    @Test func `a telling again that is refused for good waits for the next, and its reason is seen`() async throws {
        let sink = ToldSink("a", answers: [Answer(isFinal: true)], every: .seconds(1))
        let outbox = MemoryOutbox()
        let steps = Steps()
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: steps.sleep)
        try await outbox.append([OutboxMessage(record("1"))])
        try await outbox.acknowledge(sink: "a", upTo: 1)
        await router.setOpenIncidents { ["1"] }
        try await running(router) { await until { sink.repeated.count == 1 } }
        let status = await router.status[0]
        #expect(status.failures == 0 && status.deadLetters == 0 && status.lastDeadLetter == "refused")
    }

    @Test func `a telling again that fails is tried again, and seen in the status until it goes well`() async throws {
        let sink = ToldSink("a", answers: [Answer(isFinal: false), Answer(isFinal: false)], every: .seconds(5_000))
        let outbox = MemoryOutbox()
        let steps = Steps(endless: .seconds(5_000))
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: steps.sleep)
        try await outbox.append([OutboxMessage(record("1"))])
        try await outbox.acknowledge(sink: "a", upTo: 1)
        await router.setOpenIncidents { ["1"] }
        try await running(router) { await until { sink.repeated.count == 1 } }
        let status = await router.status[0]
        #expect(status.failures == 2 && status.failuresInARow == 0 && status.lastError == nil)
    }
}
