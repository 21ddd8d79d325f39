public import Logging
import TimeSeries

/// Takes alerts to the sinks: durable first, then each sink at its own pace.
///
///     submit ─▶ outbox (synced) ─▶ wake ─┬─▶ worker: console ─▶ acknowledge
///                                        ├─▶ worker: log     ─▶ acknowledge
///                                        └─▶ worker: journal ─▶ back-off, again
///
/// Each sink has one worker that reads what the sink has not acknowledged, oldest first, so its order is kept and a sink
/// that fails or hangs delays nobody else. Workers start with what an earlier run left.
///
/// Sinks may come and go while it runs. One whose place forgets what it does not hear of again is told of the open incidents
/// from time to time, by the same worker and so never between a message and the next.
///
/// A disk that takes nothing must not keep alerts from people: what the outbox refuses is told all the same, from memory,
/// and once it is stored later no sink gets it again. Only a crash in between makes it come twice.
public actor AlertRouter {
    static let batch = 64
    /// The longest wait between two looks for a place that is not there.
    static let longestSearch = Duration.seconds(10)
    /// The longest wait of a sink that works for an outbox that does not: an alert told meanwhile is late by so much.
    static let longestToAcknowledge = Duration.seconds(1)
    /// The longest wait that a place may ask for.
    static let longestAsked = Duration.seconds(3_600)

    /// Records told ahead of their being stored, at most.
    private static let mostAhead = 5_000

    /// What a record's messages are known by.
    struct MessageName: Hashable {
        let id: String
        let seq: Int
    }

    /// The outbox did not take note of what a sink has had.
    struct Unacknowledged: Error, CustomStringConvertible {
        let cause: any Error
        var description: String { "what it has had cannot be noted: \(cause)" }
    }

    struct Lane {
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
        /// The wait after a failure, which ends early when it is cancelled.
        var pause: Task<Void, any Error>?
        /// Whether somebody sees to ``isRepeatDue``.
        var isTimed = false
        /// Whether the open incidents are to be told again.
        var isRepeatDue = false
        /// Whether its failure was told, so that its end is to be told as well.
        var isFailureTold = false
        /// Whether the sink was taken away.
        var isRetired = false

        init(_ sink: any AlertSink) {
            self.sink = sink
            (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            status = SinkStatus(name: sink.name)
        }
    }

    /// What a lane has running.
    enum Job: Sendable {
        case work(Int)
        case time(Int)
    }

    let outbox: any AlertOutbox
    let backOff: RetryBackOff
    let logger: Logger?
    let sleep: @Sendable (Duration) async throws -> Void
    private let jobs: AsyncStream<Job>
    let employer: AsyncStream<Job>.Continuation
    /// One for each sink that was ever there: their places never change.
    var lanes: [Lane]
    /// The incidents that are told and open.
    var openIncidents: @Sendable () async -> [String] = { [] }
    /// Refused by the outbox and told ahead; not stored yet.
    private var refused: Set<MessageName> = []
    var generation: UInt64 = 0
    var flushes: [UInt64: CheckedContinuation<Bool, Never>] = [:]
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
        (jobs, employer) = AsyncStream.makeStream(of: Job.self)
        lanes = sinks.map(Lane.init)
        for index in lanes.indices {
            employer.yield(.work(index))
            if lanes[index].sink.repeatInterval != nil {
                (lanes[index].isTimed, lanes[index].isRepeatDue) = (true, true)
                employer.yield(.time(index))
            }
        }
    }

    /// What each sink that writes somewhere has done, in the order they came.
    public var status: [SinkStatus] {
        lanes.filter { !$0.isRetired && !$0.sink.isSwitchedOff }.map { lane in
            var status = lane.status
            status.isReachable = lane.sink.isReachable
            return status
        }
    }

    /// ``status``, with what waits in the outbox for each.
    public func statusWithWaiting() async -> [SinkStatus] {
        var all = status
        for index in all.indices where !all[index].isCaughtUp {
            // A store that does not answer is told of elsewhere; what it would say is then not known.
            all[index].waiting = (try? await outbox.waiting(sink: all[index].name)) ?? 0
        }
        return all
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

    static func name(_ record: AlertRecord) -> MessageName { MessageName(id: record.id, seq: record.seq) }

    /// Runs the workers until the task is cancelled; only once.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            // Ended by cancellation. Sinks that come later have their workers here, too.
            for await job in jobs {
                group.addTask {
                    switch job {
                    case .work(let index): await self.work(index)
                    case .time(let index): await self.keepTime(index)
                    }
                }
            }
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
    var isCaughtUp: Bool { lanes.allSatisfy { $0.status.isCaughtUp || !$0.sink.isReachable } }

    func finishFlush(_ ticket: UInt64, _ isDone: Bool) {
        flushes.removeValue(forKey: ticket)?.resume(returning: isDone)
    }
}
