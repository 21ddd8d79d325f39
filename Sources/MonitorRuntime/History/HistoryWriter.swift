import Logging
import Persistence
import TimeSeries

/// Writes the history behind the streams' backs: now and then, and never waited for.
///
/// It takes its part of what may be written to the disk in a day. Where the samples are too many for that, chunks with
/// something unusual in them are kept and of the others as many as there is room for.
actor HistoryWriter {
    /// Bounds of what is kept and written.
    struct Bounds: Sendable {
        /// For how long samples are kept, in seconds.
        var keptSeconds: Double
        /// Bytes that they may take.
        var mostBytes: Int
        /// Bytes that may be written in a day.
        var mostBytesPerDay: Double
    }

    private let store: StateStore
    private let logger: Logger
    private let clock: @Sendable () -> Double
    private var bounds: Bounds
    /// Bytes that may be written now, as of `lastTime`: an hour of them is saved up.
    private var credit: Double
    private var lastTime: Double
    private var isFailing = false
    private var lost = 0
    private var hasToldThinning = false
    /// Chunks in one row, between two of which the outbox has its turn.
    static let chunksInRow = 500
    /// A row is written to the log, and once more into the file.
    private static let writings = 2.0

    /// Creates a writer.
    ///
    /// - Parameter clock: seconds of a monotonic clock.
    init(store: StateStore, bounds: Bounds, logger: Logger, clock: @escaping @Sendable () -> Double) {
        self.store = store
        self.bounds = bounds
        self.logger = logger
        self.clock = clock
        credit = bounds.mostBytesPerDay / 24
        lastTime = clock()
    }

    /// Applies other bounds from the next chunk on.
    func reconfigure(_ bounds: Bounds) { self.bounds = bounds }

    /// Writes what the streams have collected. What cannot be written is dropped, counted and told: it is no alert.
    func write(_ collected: [CollectedHistory]) async {
        let now = clock()
        credit = min(bounds.mostBytesPerDay / 24, credit + (now - lastTime) * bounds.mostBytesPerDay / 86_400)
        lastTime = now
        for stream in collected { await write(stream) }
    }

    private func write(_ collected: CollectedHistory) async {
        lost += collected.dropped
        var rest = collected.chunks[...]
        let now = Int(WallClock.now().nanoseconds / 1_000_000_000)
        while !rest.isEmpty {
            let some = kept(rest.prefix(Self.chunksInRow))
            rest = rest.dropFirst(Self.chunksInRow)
            guard !some.isEmpty else { continue }
            do {
                let size = try await store.appendHistory(
                    some, of: collected.stream, now: now, keeping: bounds.keptSeconds, mostBytes: bounds.mostBytes)
                credit -= Self.writings * Double(size)
                if isFailing {
                    isFailing = false
                    logger.notice("the history is written again", metadata: ["history.lost": "\(lost)"])
                    lost = 0
                }
            } catch {
                lost += some.count + rest.count
                if !isFailing {
                    isFailing = true
                    logger.error(
                        "the history cannot be written; samples are missing from it until it can",
                        metadata: ["error": "\(error)"])
                }
                return
            }
        }
    }

    /// All chunks while there is credit enough; of what is then left only the notable ones take.
    private func kept(_ chunks: ArraySlice<HistoryChunk>) -> [HistoryChunk] {
        func cost(_ chunks: some Sequence<HistoryChunk>) -> Double {
            // Packed they are less; how much less is not known before.
            chunks.reduce(0) { $0 + Self.writings * Double($1.bytes.count) }
        }
        if credit - cost(chunks) > bounds.mostBytesPerDay / 48 { return Array(chunks) }
        if !hasToldThinning {
            hasToldThinning = true
            logger.warning(
                "there are more samples than may be written to the history: of quiet ones only some are kept (state_writes)"
            )
        }
        var notable = chunks.filter(\.isNotable)
        if credit < cost(notable) { notable = [] }
        lost += chunks.count - notable.count
        return notable
    }
}

extension MonitorConfiguration {
    /// What the history may take: a half of what may be written in a day.
    var historyBounds: HistoryWriter.Bounds {
        HistoryWriter.Bounds(
            keptSeconds: historySeconds, mostBytes: historyBytes,
            mostBytesPerDay: Double(mostStateWrites) * Self.shareOfHistory)
    }

    /// What commits may write in a day.
    var mostCommittedBytesPerDay: Double { Double(mostStateWrites) * (keepsHistory ? 1 - Self.shareOfHistory : 1) }

    private static let shareOfHistory = 0.5
}
