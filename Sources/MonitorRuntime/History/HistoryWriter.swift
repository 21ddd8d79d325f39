import Logging
import Persistence
import TimeSeries

/// Writes the history behind the streams' backs: now and then, a few chunks at a time, and never waited for.
actor HistoryWriter {
    private let store: StateStore
    private let logger: Logger
    private var keptSeconds: Double
    private var mostBytes: Int
    private var isFailing = false
    private var lost = 0
    /// Chunks in one transaction, between two of which the outbox has its turn.
    private static let chunksAtOnce = 100

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - keptSeconds: for how long samples are kept.
    ///   - mostBytes: that they may take.
    init(store: StateStore, keptSeconds: Double, mostBytes: Int, logger: Logger) {
        self.store = store
        self.keptSeconds = keptSeconds
        self.mostBytes = mostBytes
        self.logger = logger
    }

    /// Applies other bounds from the next chunk on.
    func reconfigure(keptSeconds: Double, mostBytes: Int) {
        self.keptSeconds = keptSeconds
        self.mostBytes = mostBytes
    }

    /// Writes what the streams have collected. What cannot be written is dropped, counted and told: it is no alert.
    func write(_ taken: (chunks: [HistoryChunk], dropped: Int)) async {
        lost += taken.dropped
        var rest = taken.chunks[...]
        let now = Int(WallClock.now().nanoseconds / 1_000_000_000)
        while !rest.isEmpty {
            let some = rest.prefix(Self.chunksAtOnce)
            do {
                try await store.appendHistory(
                    Array(some), now: now, keeping: keptSeconds, mostBytes: mostBytes)
                if isFailing {
                    isFailing = false
                    logger.notice("the history is written again", metadata: ["history.lost": "\(lost)"])
                    lost = 0
                }
            } catch {
                lost += rest.count
                if !isFailing {
                    isFailing = true
                    logger.error(
                        "the history cannot be written; samples are missing from it until it can",
                        metadata: ["error": "\(error)"])
                }
                return
            }
            rest = rest.dropFirst(some.count)
        }
    }
}
