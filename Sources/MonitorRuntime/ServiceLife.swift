import Alerting
import Ingest
import Logging
import Persistence
import StatusServer

/// What the daemon tells the service manager while it runs: that it lives, how it stands, and that it reads its
/// configuration again.
///
/// A sign of life goes out only after a look at every stage: each stream's batches and each reading thread must have moved
/// or have nothing in hand, and the desk, the router and the database each have to answer, which none of them can while it
/// hangs. So the sign says that the work goes on, also when there is none to do; whatever hangs, it stops, and the service
/// manager ends the process and starts it again.
struct ServiceLife: Sendable {
    let notifier: ServiceNotifier
    let report: ServiceReport
    let streams: StreamTable
    let desk: AlertDesk
    let router: AlertRouter
    let store: StateStore
    let committer: Committer
    let history: HistoryWriter
    let sinks: DaemonSinks
    let logger: Logger

    /// Time between two looks: twice as often as signs are due, so that one look at an unlucky moment costs none.
    var interval: Duration {
        min(notifier.signInterval.map { $0 / 2 } ?? .seconds(5), .seconds(5))
    }

    /// Looks at every stage, and tells that they live.
    func look() async {
        let hanging = streams.work.look()
        // In order: each can only answer when it is free.
        _ = await desk.waitingRecords
        _ = await router.status
        _ = await store.bytesWritten
        let now = ProcessUsage.now().seconds
        if hanging.isEmpty {
            notifier.workMoved(at: Int64(now * 1e9))
        } else {
            logger.warning(
                "work does not go on; if it stays so, the watchdog ends it",
                metadata: ["stages": "\(hanging.joined(separator: ", "))"])
        }
    }

    /// Tells how things stand. Apart from ``look()``, which must not wait for a pipeline that hangs to say that it does.
    func tell() async {
        let now = ProcessUsage.now().seconds
        let standing = await streams.standing()
        notifier.status(
            report.line(
                lines: standing.lines, series: standing.series, learning: standing.learning,
                awaiting: standing.awaiting, skippedRounds: standing.skippedRounds, at: now))
    }

    /// Reads the configuration again, says what that changes, and applies it, but for new sources.
    ///
    /// - Returns: what changes; `nil` when it was refused as a whole.
    func reload(
        _ reload: DaemonReload, after current: LoadedConfiguration, allowance: SeriesAllowance
    ) async -> ConfigurationChange? {
        notifier.reloading(at: UInt64(ProcessUsage.now().seconds * 1e6))
        let outcome = reload.read(after: current)
        let words = logger.reloaded(outcome)
        report.note(reload: words)
        defer { notifier.ready(words) }
        guard case .read(let change) = outcome else { return nil }
        let next = change.result.configuration
        do {
            try await sinks.apply(next, router: router, store: store)
        } catch {
            logger.error("reload: alerts go where they went", metadata: ["error": "\(error)"])
        }
        allowance.reconfigure(mostSeries: next.mostSeries, mostBytes: next.mostMemory)
        await committer.reconfigure(
            every: next.commitEvery, mostBytesPerDay: next.mostCommittedBytesPerDay, snapshots: next.keptSnapshots)
        await history.reconfigure(next.historyBounds)
        await streams.reconfigure(next)
        return change
    }
}
