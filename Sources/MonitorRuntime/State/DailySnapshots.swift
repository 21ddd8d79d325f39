import Alerting
import Logging
import Persistence
import TimeSeries

/// Keeps a snapshot of the state a day, and the last few of them.
actor DailySnapshots {
    /// Seconds between two.
    static let period = 86_400.0
    /// Seconds after a start before one that is overdue is taken: a box that is switched on and off has them too.
    static let patience = 600.0

    private let folder: SnapshotFolder
    private let thread: BlockingThread
    private let logger: Logger
    private var kept: Int
    private var due: Double

    /// Creates a keeper for a state.
    ///
    /// - Parameters:
    ///   - kept: how many are kept; with 0 none is taken.
    ///   - now: seconds of the monotonic clock.
    ///   - wallClock: seconds since 1970, against which the age of the newest is reckoned once.
    /// - Throws: `AlertingError` when the system has no more threads.
    init(ofState directory: String, kept: Int, now: Double, wallClock: Int, logger: Logger) throws {
        folder = SnapshotFolder(ofState: directory)
        thread = try BlockingThread(name: "the snapshots")
        self.kept = kept
        self.logger = logger
        let newest = folder.list().filter { SnapshotFolder.isDated($0.name) }.map(\.seconds).max()
        let age = newest.map { Double(wallClock - $0) }
        // One of the future was taken by a clock that was wrong, then or now.
        let rest = age.map { (0...Self.period).contains($0) ? Self.period - $0 : 0 } ?? 0
        due = now + max(Self.patience, rest)
    }

    /// Applies another number to be kept from the next snapshot on.
    func reconfigure(kept: Int) { self.kept = kept }

    /// Takes a snapshot of what was just committed, if one is due.
    func look(at now: Double) async {
        guard kept > 0, now >= due else { return }
        due = now + Self.period
        let (folder, kept) = (folder, kept)
        do {
            // Copying a large state takes seconds of the disk: on a thread of its own, and the store goes on meanwhile.
            try await thread.run {
                try folder.save(named: StateKeeper.dateName())
                folder.prune(keeping: kept)
            }
        } catch {
            logger.error(
                "no snapshot of the state was taken; the next is tried in a day", metadata: ["error": "\(error)"])
        }
    }
}
