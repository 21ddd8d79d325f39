import Alerting
import Synchronization
import TestSupport
import Testing

@testable import Onward

/// Time that passes only while somebody waits; what is due is done when it comes.
private final class VirtualTime: Sendable {
    private let state = Mutex<(now: Duration, due: (at: Duration, body: @Sendable () -> Void)?)>((.zero, nil))

    var now: Duration { state.withLock { $0.now } }

    /// Does something at a time.
    func at(_ time: Duration, _ body: @escaping @Sendable () -> Void) { state.withLock { $0.due = (time, body) } }

    func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        let due = state.withLock { state in
            state.now += duration
            guard let due = state.due, due.at <= state.now else { return nil as (@Sendable () -> Void)? }
            state.due = nil
            return due.body
        }
        due?()
        await Task.yield()
    }
}

@Suite struct DeliveryTests {
    /// Runs a router until everything is acknowledged by the sinks.
    private func run(_ router: AlertRouter, _ outbox: MemoryOutbox, until count: UInt64, _ names: [String]) async {
        let running = Task { await router.run() }
        while await !names.allSatisfies({ await outbox.acknowledged[$0] == count }) { await Task.yield() }
        running.cancel()
        await running.value
    }

    @Test func `a receiver that is down for ten minutes gets everything in order afterwards, and delays no other`()
        async throws
    {
        let receiver = try HTTPReceiver(starts: false)
        let prompt = try HTTPReceiver()
        let sinks = try [webhook(receiver.address).sink(), webhook(prompt.address).sink()]
        let records = (0..<100).map { record("\($0)", series: "pump\($0)") }
        let outbox = MemoryOutbox()
        let time = VirtualTime()
        let router = AlertRouter(sinks: sinks, outbox: outbox, sleep: time.sleep)
        try await router.submit(Array(records[..<60]))
        time.at(.seconds(600)) {
            do { try receiver.start() } catch { Issue.record(error) }
        }
        let running = Task { await router.run() }
        // The rest comes while it is down.
        while await router.status[0].failures < 3 { await Task.yield() }
        try await router.submit(Array(records[60...]))
        for sink in sinks { while await outbox.acknowledged[sink.name] != 100 { await Task.yield() } }
        running.cancel()
        await running.value
        let expected = records.map { $0.jsonLine(stamp: stamp) }
        #expect(receiver.requests.all.map(\.body) == expected)
        #expect(prompt.requests.all.map(\.body) == expected)
        let status = await router.status
        // 1, 2, 4, … 32 s, then each minute: fifteen tries see ten minutes through.
        #expect(status[0].failures == 15 && status[0].deadLetters == 0 && status[0].lastError == nil)
        #expect(time.now < .seconds(660))
        #expect(status[1].failures == 0)
    }

    @Test func `what will never be taken is counted, said, and passed over`() async throws {
        let receiver = try HTTPReceiver { request, _ in .init(request.body.contains("bad") ? 422 : 200, body: "no") }
        let sink = try webhook(receiver.address).sink()
        let outbox = MemoryOutbox()
        let router = AlertRouter(sinks: [sink], outbox: outbox)
        try await router.submit([record("1"), record("2", series: "bad"), record("3")])
        await run(router, outbox, until: 3, [sink.name])
        let status = await router.status[0]
        #expect(status.delivered == 2 && status.deadLetters == 1 && status.failures == 0)
        #expect(status.lastDeadLetter == "http://127.0.0.1:\(receiver.port) answers 422: no")
        #expect(receiver.requests.all.count == 3)
    }

    @Test func `a receiver is left alone as long as it asks, an hour at most`() async throws {
        for (asked, waited) in [(90, 90), (86_400, 3_600)] {
            let receiver = try HTTPReceiver { _, number in
                number == 0 ? .init(429, headers: ["Retry-After: \(asked)"]) : .init(200)
            }
            let sink = try webhook(receiver.address).sink()
            let outbox = MemoryOutbox()
            let time = VirtualTime()
            let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: time.sleep)
            try await router.submit([record()])
            await run(router, outbox, until: 1, [sink.name])
            #expect(time.now == .seconds(waited))
        }
    }

    @Test func `what is not severe enough is passed over, and the end of what was is not`() async throws {
        let receiver = try HTTPReceiver()
        var configuration = try webhook(receiver.address)
        configuration.lowestSeverity = .critical
        let sink = try configuration.sink()
        let outbox = MemoryOutbox()
        let router = AlertRouter(sinks: [sink], outbox: outbox)
        let told = [
            record("2", seq: 1, event: .update, severity: .critical),
            record("2", seq: 2, event: .close, severity: .critical),
        ]
        try await router.submit([record("1"), record("1", seq: 1, event: .close), record("2")] + told)
        await run(router, outbox, until: 5, [sink.name])
        #expect(receiver.requests.all.map(\.body) == told.map { $0.jsonLine(stamp: stamp) })
        #expect(await router.status[0].delivered == 2)
    }
}

extension Sequence {
    fileprivate func allSatisfies(_ predicate: (Element) async -> Bool) async -> Bool {
        for element in self where await !predicate(element) { return false }
        return true
    }
}
