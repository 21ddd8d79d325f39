public import Logging
import TimeSeries

/// How a failing sink is tried again: after `first`, then twice as long each time, up to `longest`.
public struct RetryBackOff: Equatable, Sendable {
    /// The wait after the first failure.
    public var first: Duration
    /// The longest wait.
    public var longest: Duration

    /// Creates a back-off.
    public init(first: Duration = .seconds(1), longest: Duration = .seconds(300)) {
        self.first = first
        self.longest = longest
    }

    /// The wait after so many failures in a row.
    ///
    /// - Precondition: `failures >= 1`.
    public func wait(afterFailures failures: Int) -> Duration {
        precondition(failures >= 1, "no wait after \(failures) failures")
        // 2^30 firsts is beyond any longest wait; the shift stays small.
        return min(longest, first * (1 << min(failures - 1, 30)))
    }
}

/// What one sink has done since the start.
public struct SinkStatus: Equatable, Sendable {
    /// The sink's name.
    public var name: String
    /// Messages written.
    public var delivered: UInt64 = 0
    /// Failed tries.
    public var failures: UInt64 = 0
    /// Failed tries since the last success.
    public var failuresInARow = 0
    /// Stored messages that could not be read back and were passed over.
    public var unreadable: UInt64 = 0
    /// Why the last try failed; `nil` when it did not.
    public var lastError: String?
    /// Whether all that was submitted is written.
    public var isCaughtUp = false
    /// Whether the sink's place is there.
    public var isReachable = true
}

/// Takes alerts to the sinks: durable first, then each sink at its own pace.
///
///     submit ─▶ outbox (synced) ─▶ wake ─┬─▶ worker: console ─▶ acknowledge
///                                        ├─▶ worker: log     ─▶ acknowledge
///                                        └─▶ worker: journal ─▶ back-off, again
///
/// Each sink has one worker that reads what the sink has not acknowledged, oldest first, so its order is kept and a sink
/// that fails or hangs delays nobody else. Workers start with what an earlier run left. Nothing is held here but counters.
public actor AlertRouter {
    private static let batch = 64
    /// The longest wait between two looks for a place that is not there.
    private static let longestSearch = Duration.seconds(10)

    private struct Lane {
        let sink: any AlertSink
        let wake: AsyncStream<Void>
        let waker: AsyncStream<Void>.Continuation
        var status: SinkStatus
    }

    private let outbox: any AlertOutbox
    private let backOff: RetryBackOff
    private let logger: Logger?
    private let sleep: @Sendable (Duration) async throws -> Void
    private var lanes: [Lane]
    private var generation: UInt64 = 0
    private var flushes: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    private var nextFlush: UInt64 = 0

    /// Creates a router; ``run()`` starts the workers.
    ///
    /// - Parameters:
    ///   - sinks: where alerts go; their names differ.
    ///   - outbox: the store.
    ///   - backOff: how a failing sink is tried again.
    ///   - logger: where trouble is told; `nil` for nowhere.
    ///   - sleep: waits; tests pass a clock of their own.
    public init(
        sinks: [any AlertSink], outbox: any AlertOutbox, backOff: RetryBackOff = RetryBackOff(), logger: Logger? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        precondition(Set(sinks.map(\.name)).count == sinks.count, "two sinks of one name")
        self.outbox = outbox
        self.backOff = backOff
        self.logger = logger
        self.sleep = sleep
        lanes = sinks.map { sink in
            let (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            return Lane(sink: sink, wake: wake, waker: waker, status: SinkStatus(name: sink.name))
        }
    }

    /// What each sink has done, in the order they were given.
    public var status: [SinkStatus] {
        lanes.map { lane in
            var status = lane.status
            status.isReachable = lane.sink.isReachable
            return status
        }
    }

    /// Stores records and wakes the sinks; returns when they are durable, not when they are written.
    ///
    /// - Throws: what the outbox throws; then nothing is stored, and the caller still has the records.
    public func submit(_ records: [AlertRecord]) async throws {
        guard !records.isEmpty else { return }
        try await outbox.append(records.map { OutboxMessage($0) })
        generation += 1
        for index in lanes.indices {
            lanes[index].status.isCaughtUp = false
            lanes[index].waker.yield()
        }
    }

    /// Runs the workers until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for index in lanes.indices { group.addTask { await self.work(index) } }
        }
    }

    /// Waits until every sink has written all that was submitted.
    ///
    /// One whose place is not there is not waited for.
    ///
    /// - Returns: false when `limit` was over first; what is left stays in the outbox for the next run.
    public func flush(within limit: Duration) async -> Bool {
        if isCaughtUp { return true }
        let ticket = nextFlush
        nextFlush += 1
        let sleep = sleep
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // A cancelled wait is no time-out: the flush was decided already.
                do { try await sleep(limit) } catch { return }
                await self.finishFlush(ticket, false)
            }
            let isDone = await withCheckedContinuation { flushes[ticket] = $0 }
            group.cancelAll()
            return isDone
        }
    }

    /// A sink whose place is not there is not waited for: what it lacks waits in the outbox.
    private var isCaughtUp: Bool { lanes.allSatisfy { $0.status.isCaughtUp || !$0.sink.isReachable } }

    private func finishFlush(_ ticket: UInt64, _ isDone: Bool) {
        flushes.removeValue(forKey: ticket)?.resume(returning: isDone)
    }

    private func work(_ index: Int) async {
        var wakes = lanes[index].wake.makeAsyncIterator()
        while !Task.isCancelled {
            do {
                if try await deliverBatch(index) { continue }
                // The iterator of a stream is not shared: this worker is its only reader.
                guard await wakes.next(isolation: self) != nil else { return }
            } catch is CancellationError {
                return
            } catch {
                guard await pause(index, after: error) else { return }
            }
        }
    }

    /// Delivers what is waiting, up to a batch.
    ///
    /// - Returns: whether there was anything.
    private func deliverBatch(_ index: Int) async throws -> Bool {
        let sink = lanes[index].sink
        let seen = generation
        let messages = try await outbox.pending(sink: sink.name, limit: Self.batch)
        guard !messages.isEmpty else {
            if seen == generation { markCaughtUp(index) }
            return seen != generation
        }
        for message in messages {
            try Task.checkCancellation()
            try await deliver(message, index)
            try await outbox.acknowledge(sink: sink.name, upTo: message.number)
            lanes[index].status.failuresInARow = 0
            lanes[index].status.lastError = nil
        }
        return true
    }

    private func deliver(_ message: OutboxMessage, _ index: Int) async throws {
        let record: AlertRecord
        do {
            record = try AlertRecord(json: message.payload)
        } catch {
            // It will not become readable by waiting, and the later ones must not wait for it.
            lanes[index].status.unreadable += 1
            logger?.error(Telemetry.unreadable, metadata: ["alert.id": "\(message.id)", "error": "\(error)"])
            return
        }
        try await lanes[index].sink.deliver(record)
        lanes[index].status.delivered += 1
    }

    private func markCaughtUp(_ index: Int) {
        lanes[index].status.isCaughtUp = true
        guard isCaughtUp else { return }
        for ticket in flushes.keys.sorted() { finishFlush(ticket, true) }
    }

    private func pause(_ index: Int, after error: any Error) async -> Bool {
        lanes[index].status.failures += 1
        lanes[index].status.failuresInARow += 1
        lanes[index].status.lastError = "\(error)"
        let failures = lanes[index].status.failuresInARow
        // A place that is not there was told at the start, and looking for it costs nothing.
        let isReachable = lanes[index].sink.isReachable
        // Told once a run of failures; the count and the reason are in the status.
        if failures == 1, isReachable {
            logger?.warning(
                Telemetry.sinkFailed, metadata: ["sink": "\(lanes[index].sink.name)", "error": "\(error)"])
        }
        do {
            let wait = backOff.wait(afterFailures: failures)
            try await sleep(isReachable ? wait : min(wait, Self.longestSearch))
            return true
        } catch {
            return false
        }
    }
}
