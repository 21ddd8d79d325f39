import Logging
import Persistence

/// What a commit of the daemon's whole state is made of.
protocol CommittedState: Sendable {
    /// The streams and the policy, all of one moment, or some streams alone; `nil` when that cannot be now, which is tried
    /// again.
    func cut() async -> (streams: [StreamCut], policy: [UInt8]?)?
}

/// Stores the state when it is due: everything of one moment, while the streams go on.
///
///     cut     between two batches: small things are copied, each series gets a mark
///     stage   series by series, what has changed since it was stored
///     seal    it counts
///
/// It takes one part in ten of the time at most, and writes no more a day than it is allowed: a state that is large is
/// stored less often than `commit_every`.
actor Committer {
    private let store: StateStore
    private let snapshots: DailySnapshots?
    private var every: Double
    private var mostBytesPerDay: Double
    private let first: Double
    private let clock: @Sendable () -> Double
    private let logger: Logger
    private var lastBegin: Double
    private var isStoring = false
    /// Who wants to store something and waits for a commit to end, in order.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Whether a stream's place is stored; before, a crash would not know which file was read when it is rotated meanwhile.
    private var hasStored = false
    /// Seconds that the last commit took, and bytes that it wrote to the disk.
    private var lastSeconds = 0.0
    private var lastBytes = 0.0
    /// Bytes that may be written now, as of `lastBegin`: what a day allows comes in evenly, and an hour of it is saved up.
    private var credit: Double
    private var hasToldRarely = false
    private static let shareOfTime = 10.0

    /// Creates a committer.
    ///
    /// - Parameters:
    ///   - every: seconds between two commits.
    ///   - first: seconds before the first commit of a stream at most, however seldom the others are.
    ///   - mostBytesPerDay: that commits may write to the disk in the long run.
    ///   - snapshots: kept of what is committed, when one is due.
    ///   - clock: seconds of a monotonic clock.
    init(
        store: StateStore, every: Double, first: Double = 1, mostBytesPerDay: Double, snapshots: DailySnapshots? = nil,
        logger: Logger,
        clock: @escaping @Sendable () -> Double
    ) {
        self.store = store
        self.snapshots = snapshots
        self.every = every
        self.first = first
        self.mostBytesPerDay = mostBytesPerDay
        self.logger = logger
        self.clock = clock
        lastBegin = clock()
        credit = mostBytesPerDay / 24
    }

    /// Applies other bounds from the next commit on.
    func reconfigure(every seconds: Double, mostBytesPerDay: Double, snapshots kept: Int) async {
        every = seconds
        self.mostBytesPerDay = mostBytesPerDay
        hasToldRarely = false
        await snapshots?.reconfigure(kept: kept)
    }

    /// Seconds between two commits as things are: as often as is wished, or as time and the disk allow.
    private var interval: Double {
        max(every, Self.shareOfTime * lastSeconds, (lastBytes - credit) * 86_400 / mostBytesPerDay)
    }

    /// Whether the state is to be stored.
    var isDue: Bool { !isStoring && clock() - lastBegin >= (hasStored ? interval : min(interval, first)) }

    /// Stores the state as it is now; a failure is told, and tried again when the state is due next.
    ///
    /// - Returns: whether it is stored.
    @discardableResult
    func store(_ state: some CommittedState, with desk: AlertDesk) async -> Bool {
        guard !isStoring else { return false }
        isStoring = true
        defer { endTurn() }
        return await storeInTurn(state, with: desk)
    }

    /// Stores the state of a partition as it is now, after the commit in progress if there is one.
    ///
    /// - Returns: whether it is stored.
    func storeNow(_ state: some CommittedState, with desk: AlertDesk) async -> Bool {
        await takeTurn()
        defer { endTurn() }
        return await storeInTurn(state, with: desk)
    }

    /// Stores pieces in the place of all that there is under a scope, after the commit in progress if there is one.
    ///
    /// - Throws: `DatabaseError`; then what was there is there still.
    func replace(scope: String, with pieces: [String: [UInt8]]) async throws {
        await takeTurn()
        defer { endTurn() }
        let before = try await store.load(scope: scope)
        let gone = before.keys.filter { pieces[$0] == nil }.sorted()
        _ = try await store.commit(
            gone.map { StatePart(scope: scope, name: $0, content: .removed) }
                + pieces.sorted { $0.key < $1.key }.map { StatePart(scope: scope, name: $0.key, bytes: $0.value) })
    }

    private func takeTurn() async {
        guard isStoring else { return isStoring = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// The next who waits has the turn at once: it never looks free in between.
    private func endTurn() {
        if waiting.isEmpty { isStoring = false } else { waiting.removeFirst().resume() }
    }

    private func storeInTurn(_ state: some CommittedState, with desk: AlertDesk) async -> Bool {
        let begin = clock()
        credit = min(mostBytesPerDay / 24, credit + (begin - lastBegin) * mostBytesPerDay / 86_400)
        lastBegin = begin
        // Alerts that the outbox refused are tried again first: the state may not stand for what nobody was told.
        do { try await desk.handOn() } catch {
            logger.error("alerts still cannot be stored", metadata: ["error": "\(error)"])
        }
        guard let cut = await state.cut() else {
            // Else a tick is being put together, which is of the moment.
            if await desk.waitingRecords > 0 {
                logger.warning("the state is not stored: alerts wait to be stored first")
            }
            return false
        }
        let written = await store.bytesOnDisk
        do {
            for stream in cut.streams {
                try await store.stage(stream.parts())
                try await stream.saveSeries { try await store.stage($0) }
            }
            if let policy = cut.policy {
                try await store.stage([StatePart(scope: Self.daemonScope, name: "policy", bytes: policy)])
            }
            _ = try await store.seal(at: "\(WallClock.now())")
        } catch {
            logger.error("the state was not stored; it is tried again", metadata: ["error": "\(error)"])
            await store.discard()
            for stream in cut.streams { await stream.end(isStored: false) }
            return false
        }
        for stream in cut.streams { await stream.end(isStored: true) }
        hasStored = hasStored || !cut.streams.isEmpty
        // What it replaces may stay for a while; it does not count.
        while (try? await store.clearSome()) == true {}
        lastSeconds = clock() - lastBegin
        lastBytes = Double(await store.bytesOnDisk - written)
        credit -= lastBytes
        tellIfRare()
        await snapshots?.look(at: clock())
        return true
    }

    private func tellIfRare() {
        guard interval > every, !hasToldRarely else { return }
        hasToldRarely = true
        let reason =
            interval == Self.shareOfTime * lastSeconds
            ? "takes long" : "is large, and state_writes bounds what is written"
        logger.warning(
            "storing the state \(reason): it is done less often than commit_every",
            metadata: [
                "state.seconds": "\(Int(lastSeconds.rounded(.up)))", "state.bytes": "\(Int(lastBytes))",
                "state.every": "\(Int(interval.rounded(.up)))",
            ])
    }

    /// The scope of what belongs to no stream.
    static let daemonScope = "daemon"
}

extension StreamTable: CommittedState {}
