import Logging
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Alerting

/// A sleeper that never waits: short waits end at once and are written down, long ones last until they are cancelled.
private final class HandClock: Sendable {
    private let log = Mutex<[Duration]>([])
    private let endless: Duration

    init(endless: Duration) { self.endless = endless }

    var waits: [Duration] { log.withLock { $0 } }

    func sleep(_ duration: Duration) async throws {
        if duration >= endless {
            let (never, keep) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            withExtendedLifetime(keep) {}
            try Task.checkCancellation()
        }
        log.withLock { $0.append(duration) }
        await Task.yield()
    }
}

/// What was said.
private final class SaidWords: Sendable {
    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        let words: SaidWords

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { words.messages.withLock { $0.append("\(event.message)") } }
    }

    private let messages = Mutex<[String]>([])
    var all: [String] { messages.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(words: self) } }
}

@Suite struct AlertRouterTests {
    private let records = (0..<5).map { record(seq: $0) }

    /// Runs a router while a body runs, and stops it.
    private func running(_ router: AlertRouter, _ body: () async throws -> Void) async throws {
        let run = Task { await router.run() }
        try await body()
        run.cancel()
        await run.value
    }

    @Test func `every sink gets everything in order, and the outbox knows`() async throws {
        let outbox = MemoryOutbox()
        let sinks = [CollectingSink("a"), CollectingSink("b")]
        let clock = HandClock(endless: .seconds(1_000))
        let router = AlertRouter(sinks: sinks, outbox: outbox, sleep: clock.sleep)
        try await running(router) {
            try await router.submit(Array(records[..<2]))
            try await router.submit(Array(records[2...]))
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(sinks.map(\.records) == [records, records])
        #expect(await outbox.acknowledged == ["a": 5, "b": 5])
        #expect(await router.status.map(\.delivered) == [5, 5])
    }

    @Test func `a sink that fails is tried again with a growing wait, in order, and delays no other`() async throws {
        let outbox = MemoryOutbox()
        let failing = CollectingSink("failing", failing: 4)
        let said = SaidWords()
        let good = CollectingSink("good")
        let clock = HandClock(endless: .seconds(1_000))
        let router = AlertRouter(
            sinks: [failing, good], outbox: outbox, backOff: RetryBackOff(first: .seconds(1), longest: .seconds(5)),
            logger: said.logger, sleep: clock.sleep)
        try await running(router) {
            try await router.submit(records)
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(said.all == [Telemetry.sinkFailed, Telemetry.sinkWorks].map { "\($0)" })
        #expect(failing.records == records && good.records == records)
        #expect(clock.waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        let status = await router.status[0]
        #expect(status.failures == 4 && status.failuresInARow == 0 && status.lastError == nil)
    }

    @Test func `what cannot be stored is told all the same, and not again once it is stored`() async throws {
        let outbox = MemoryOutbox()
        let sinks = [CollectingSink("a"), CollectingSink("b")]
        let clock = HandClock(endless: .seconds(1_000))
        let router = AlertRouter(sinks: sinks, outbox: outbox, sleep: clock.sleep)
        try await running(router) {
            await outbox.setFull(true)
            for count in 1...3 {
                // Whoever submits keeps what was refused, and submits it again with what comes.
                await #expect(throws: MemoryOutbox.Full.self) { try await router.submit(Array(records[..<count])) }
            }
            #expect(await router.flush(within: .seconds(1_000)))
            #expect(sinks.map(\.records) == [Array(records[..<3]), Array(records[..<3])])
            await outbox.setFull(false)
            try await router.submit(records)
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(sinks.map(\.records) == [records, records])
        #expect(await outbox.acknowledged == ["a": 5, "b": 5])
    }

    @Test func `what cannot be acknowledged is not written again and again`() async throws {
        let outbox = MemoryOutbox()
        let sink = CollectingSink("a")
        let tries = Mutex(0)
        let router = AlertRouter(
            sinks: [sink], outbox: outbox,
            sleep: { _ in
                // The disk has room again after the third wait.
                if tries.withLock({
                    $0 += 1; return $0
                }) == 3 {
                    await outbox.setFull(false)
                }
                await Task.yield()
            })
        try await router.submit(records)
        await outbox.setFull(true)
        let run = Task { await router.run() }
        while await outbox.acknowledged["a"] != 5 { await Task.yield() }
        run.cancel()
        await run.value
        #expect(sink.records == records)
    }

    @Test func `a sink that missed the oldest is told apart from one that had them all`() async throws {
        let outbox = MemoryOutbox()
        let sinks = [CollectingSink("late"), CollectingSink("prompt")]
        let clock = HandClock(endless: .seconds(1_000))
        let router = AlertRouter(sinks: sinks, outbox: outbox, sleep: clock.sleep)
        try await router.submit(records)
        try await outbox.acknowledge(sink: "prompt", upTo: 3)
        await outbox.drop(upTo: 3)
        try await running(router) { #expect(await router.flush(within: .seconds(1_000))) }
        #expect(sinks.map(\.records) == [Array(records[3...]), Array(records[3...])])
        #expect(await router.status.map(\.dropped) == [3, 0])
    }

    @Test func `a sink that never works does not keep the others from being flushed, and says why`() async throws {
        let outbox = MemoryOutbox()
        let broken = CollectingSink("broken", failing: .max)
        let good = CollectingSink("good")
        // Back-off waits for ever; the flush's own limit is the short one.
        let clock = HandClock(endless: .seconds(60))
        let router = AlertRouter(
            sinks: [broken, good], outbox: outbox, backOff: RetryBackOff(first: .seconds(60)), sleep: clock.sleep)
        try await running(router) {
            try await router.submit(records)
            var status = await router.status
            while status[0].failures == 0 || !status[1].isCaughtUp {
                await Task.yield()
                status = await router.status
            }
            #expect(await router.flush(within: .seconds(5)) == false)
        }
        #expect(good.records == records && broken.records.isEmpty)
        #expect(await router.status[0].lastError == "the sink is away")
        #expect(try await outbox.pending(sink: "broken", limit: 100).count == 5)
    }

    @Test func `what an earlier run left is delivered first, and no message twice`() async throws {
        let outbox = MemoryOutbox()
        try await outbox.append(records.prefix(3).map { OutboxMessage($0) })
        try await outbox.acknowledge(sink: "a", upTo: 1)
        let sink = CollectingSink("a")
        let router = AlertRouter(
            sinks: [sink], outbox: outbox, sleep: HandClock(endless: .seconds(1_000)).sleep)
        try await running(router) {
            // Raised again after a crash: 1 and 2 are stored already.
            try await router.submit(Array(records[1...]))
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(sink.records == Array(records[1...]))
    }

    @Test func `a full outbox is the caller's to know`() async throws {
        let outbox = MemoryOutbox()
        await outbox.setFull(true)
        let router = AlertRouter(sinks: [CollectingSink("a")], outbox: outbox)
        await #expect(throws: MemoryOutbox.Full.self) { try await router.submit(records) }
        await outbox.setFull(false)
        try await router.submit(records)
        #expect(await outbox.messages.count == 5)
    }

    @Test func `a stored message that cannot be read is counted and passed over`() async throws {
        let outbox = MemoryOutbox()
        try await outbox.append([OutboxMessage(id: "x", seq: 0, payload: Array("garbage".utf8))])
        let sink = CollectingSink("a")
        let router = AlertRouter(
            sinks: [sink], outbox: outbox, sleep: HandClock(endless: .seconds(1_000)).sleep)
        try await running(router) {
            try await router.submit(records)
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(sink.records == records)
        #expect(await router.status[0].unreadable == 1)
    }

    @Test func `what is submitted while a worker looks does not count as written`() async throws {
        /// Notes for each delivery whether the router thinks it is done.
        final class AskingSink: AlertSink {
            let name = "asking"
            let router = Mutex<AlertRouter?>(nil)
            let answers = Mutex<[Bool]>([])

            func deliver(_ record: AlertRecord) async throws {
                let isDone = await router.withLock { $0 }?.status.first?.isCaughtUp
                answers.withLock { $0.append(isDone ?? true) }
            }
        }
        let outbox = MemoryOutbox()
        let sink = AskingSink()
        let router = AlertRouter(
            sinks: [sink], outbox: outbox, sleep: HandClock(endless: .seconds(1_000)).sleep)
        sink.router.withLock { $0 = router }
        let records = records
        await outbox.interruptNextPending { try await router.submit(records) }
        try await running(router) { #expect(await router.flush(within: .seconds(1_000))) }
        #expect(sink.answers.withLock { $0 } == Array(repeating: false, count: 5))
        sink.router.withLock { $0 = nil }
    }

    /// A sink whose place comes and goes.
    private final class AbsentSink: AlertSink {
        let name = "absent"
        let isThere = Mutex(false)
        let records = Mutex<[AlertRecord]>([])

        var isReachable: Bool { isThere.withLock { $0 } }

        func deliver(_ record: AlertRecord) async throws {
            guard isReachable else { throw AlertingError.journal(code: 2, reason: "not there") }
            records.withLock { $0.append(record) }
        }
    }

    @Test func `a sink whose place is not there holds up no end, and gets all that waits once it is there`()
        async throws
    {
        let outbox = MemoryOutbox()
        let (absent, good) = (AbsentSink(), CollectingSink("good"))
        let clock = HandClock(endless: .seconds(1_000))
        let router = AlertRouter(sinks: [absent, good], outbox: outbox, sleep: clock.sleep)
        try await running(router) {
            try await router.submit(records)
            #expect(await router.flush(within: .seconds(1_000)))
            #expect(good.records == records)
            #expect(absent.records.withLock { $0 }.isEmpty)
            #expect(await router.statusWithWaiting().map(\.waiting) == [5, 0])
            absent.isThere.withLock { $0 = true }
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(absent.records.withLock { $0 } == records)
        #expect(clock.waits.allSatisfy { $0 <= .seconds(10) })
    }

    @Test func `a sink that is switched off acknowledges, and goes on with what comes after it is switched on`()
        async throws
    {
        let outbox = MemoryOutbox()
        let target = CollectingSink("a")
        let sink = ReplaceableSink(name: "a", target: nil)
        let router = AlertRouter(
            sinks: [sink], outbox: outbox, sleep: HandClock(endless: .seconds(1_000)).sleep)
        try await running(router) {
            try await router.submit(Array(records[..<2]))
            #expect(await router.flush(within: .seconds(1_000)))
            #expect(await router.status.isEmpty, "nobody asked for it")
            sink.replace(with: target)
            try await router.submit(Array(records[2...]))
            #expect(await router.flush(within: .seconds(1_000)))
        }
        #expect(target.records == Array(records[2...]))
        #expect(await router.status.map(\.delivered) == [3], "what it let pass is not written")
    }

    @Test func `without sinks a flush is done at once`() async {
        #expect(await AlertRouter(sinks: [], outbox: MemoryOutbox()).flush(within: .zero))
    }

    @Test(arguments: [(1, 1), (2, 2), (9, 256), (10, 300), (1_000, 300)])
    func `the wait doubles up to the longest`(failures: Int, seconds: Int) {
        #expect(RetryBackOff().wait(afterFailures: failures) == .seconds(seconds))
    }
}
