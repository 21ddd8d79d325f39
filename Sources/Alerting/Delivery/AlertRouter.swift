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
    /// Messages that it never had, because more were waiting for it than the outbox keeps.
    public var dropped: UInt64 = 0
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
/// that fails or hangs delays nobody else. Workers start with what an earlier run left.
///
/// A disk that takes nothing must not keep alerts from people: what the outbox refuses is told all the same, from memory,
/// and once it is stored later no sink gets it again. Only a crash in between makes it come twice.
public actor AlertRouter {
    private static let batch = 64
    /// The longest wait between two looks for a place that is not there.
    private static let longestSearch = Duration.seconds(10)
    /// The longest wait of a sink that works for an outbox that does not: an alert told meanwhile is late by so much.
    private static let longestToAcknowledge = Duration.seconds(1)

    /// Records told ahead of their being stored, at most.
    private static let mostAhead = 5_000

    /// What a record's messages are known by.
    private struct MessageName: Hashable {
        let id: String
        let seq: Int
    }

    /// The outbox did not take note of what a sink has had.
    private struct Unacknowledged: Error, CustomStringConvertible {
        let cause: any Error
        var description: String { "what it has had cannot be noted: \(cause)" }
    }

    private struct Lane {
        let sink: any AlertSink
        let wake: AsyncStream<Void>
        let waker: AsyncStream<Void>.Continuation
        var status: SinkStatus
        /// The last of the outbox that was delivered, acknowledged or not.
        var deliveredUpTo: UInt64 = 0
        /// Waits to be told although it is not stored.
        var ahead: [AlertRecord] = []
        /// Was told so, and comes again by the outbox.
        var toldAhead: Set<MessageName> = []
    }

    private let outbox: any AlertOutbox
    private let backOff: RetryBackOff
    private let logger: Logger?
    private let sleep: @Sendable (Duration) async throws -> Void
    private var lanes: [Lane]
    /// Refused by the outbox and told ahead; not stored yet.
    private var refused: Set<MessageName> = []
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
    /// - Throws: what the outbox throws; then nothing is stored and the caller still has the records, but they are told.
    public func submit(_ records: [AlertRecord]) async throws {
        guard !records.isEmpty else { return }
        do {
            try await outbox.append(records.map { OutboxMessage($0) })
        } catch {
            tellAhead(records)
            throw error
        }
        if !refused.isEmpty { forgetAhead(records) }
        wake()
    }

    private func wake() {
        generation += 1
        for index in lanes.indices {
            lanes[index].status.isCaughtUp = false
            lanes[index].waker.yield()
        }
    }

    private func tellAhead(_ records: [AlertRecord]) {
        if refused.isEmpty { logger?.error(Telemetry.toldAhead) }
        for record in records where refused.count < Self.mostAhead && refused.insert(Self.name(record)).inserted {
            for index in lanes.indices { lanes[index].ahead.append(record) }
        }
        wake()
    }

    /// What is stored comes by the outbox.
    private func forgetAhead(_ records: [AlertRecord]) {
        let stored = Set(records.map(Self.name))
        refused.subtract(stored)
        for index in lanes.indices { lanes[index].ahead.removeAll { stored.contains(Self.name($0)) } }
    }

    private static func name(_ record: AlertRecord) -> MessageName { MessageName(id: record.id, seq: record.seq) }

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
            try await deliverAhead(index)
            if seen == generation { markCaughtUp(index) }
            return seen != generation
        }
        var refusal: Unacknowledged?
        for message in messages {
            try Task.checkCancellation()
            // One that could not be acknowledged is not written again.
            if message.number > lanes[index].deliveredUpTo {
                try await deliver(message, index)
                lanes[index].deliveredUpTo = message.number
                noteDropped(message.droppedBefore, index)
            }
            guard refusal == nil else { continue }
            do { try await outbox.acknowledge(sink: sink.name, upTo: message.number) } catch {
                refusal = Unacknowledged(cause: error)
            }
        }
        if let refusal {
            try await deliverAhead(index)
            throw refusal
        }
        lanes[index].status.failuresInARow = 0
        lanes[index].status.lastError = nil
        return true
    }

    /// Delivers what the outbox has refused.
    private func deliverAhead(_ index: Int) async throws {
        while let record = lanes[index].ahead.first {
            try Task.checkCancellation()
            let name = Self.name(record)
            try await lanes[index].sink.deliver(record)
            // It may have been stored meanwhile: then it is not there any more, and comes by the outbox.
            lanes[index].ahead.removeAll { Self.name($0) == name }
            lanes[index].toldAhead.insert(name)
            lanes[index].status.delivered += 1
        }
    }

    /// Tells of what a sink has missed, once it is back.
    private func noteDropped(_ count: UInt64, _ index: Int) {
        guard count > 0 else { return }
        lanes[index].status.dropped += count
        logger?.error(
            Telemetry.dropped, metadata: ["sink": "\(lanes[index].status.name)", "alerts.dropped": "\(count)"])
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
        if lanes[index].toldAhead.remove(Self.name(record)) != nil { return }
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
            let longest: Duration? =
                error is Unacknowledged ? Self.longestToAcknowledge : isReachable ? nil : Self.longestSearch
            try await sleep(longest.map { min(wait, $0) } ?? wait)
            return true
        } catch {
            return false
        }
    }
}
