import Alerting
import Logging
import Persistence
import Synchronization
import TimeSeries

/// Stores the state of the streams when it is due.
///
/// A stream asks between two batches: its state is whole there, the rows of an unfinished round included. What a stream stores and the desk's policy go into one transaction, the policy as it is a
/// moment later: it then knows at least every incident that the stream's series hold open.
final class Committer: Sendable {
    private let store: StateStore
    private let every: Mutex<Double>
    private let clock: @Sendable () -> Double
    private let logger: Logger
    private let began: Double
    /// When each stream's state was stored last.
    private let lastCommits = Mutex<[String: Double]>([:])
    /// Seconds that storing each stream took last.
    private let costs = Mutex<[String: Double]>([:])
    /// Storing may take one part in so many of the time.
    private static let shareOfTime = 10.0

    /// Creates a committer.
    ///
    /// - Parameters:
    ///   - every: seconds between two commits of a stream.
    ///   - clock: seconds of a monotonic clock.
    init(store: StateStore, every: Double, logger: Logger, clock: @escaping @Sendable () -> Double) {
        self.store = store
        self.every = Mutex(every)
        self.logger = logger
        self.clock = clock
        began = clock()
    }

    /// Applies another time between two commits.
    func reconfigure(every seconds: Double) { every.withLock { $0 = seconds } }

    /// Whether a stream's state is to be stored.
    func isDue(_ stream: String) -> Bool {
        let patience = max(every.withLock { $0 }, Self.shareOfTime * costs.withLock { $0[stream] ?? 0 })
        return clock() - lastCommits.withLock { $0[stream] ?? began } >= patience
    }

    /// The monotonic clock, to be handed to ``weigh(_:since:)``.
    var now: Double { clock() }

    /// Notes what all of storing a stream took. The more it takes, the less often it is done: a stream of thousands of series
    /// would do nothing else.
    func weigh(_ stream: String, since begin: Double) {
        let seconds = clock() - begin
        let before = costs.withLock { $0.updateValue(seconds, forKey: stream) } ?? 0
        let wanted = every.withLock { $0 }
        // Told when it begins to matter.
        guard seconds * Self.shareOfTime > wanted, before * Self.shareOfTime <= wanted else { return }
        logger.warning(
            "storing the state takes long: it is done less often than commit_every",
            metadata: [
                "stream.name": "\(stream)", "state.seconds": "\(Int(seconds.rounded(.up)))",
                "state.every": "\(Int((seconds * Self.shareOfTime).rounded(.up)))",
            ])
    }

    /// Says what a person should know of a restored state.
    func tell(_ text: String) { logger.warning("\(text)") }

    /// Stores a stream's pieces with the policy; a failure is told and tried again when the state is due next.
    func store(_ parts: [StatePart], of stream: String, with desk: AlertDesk) async {
        lastCommits.withLock { $0[stream] = clock() }
        // Alerts that the outbox refused are tried again first: the state may not stand for what nobody was told.
        do { try await desk.handOn() } catch {
            logger.error("alerts still cannot be stored", metadata: ["error": "\(error)"])
        }
        guard let policy = await desk.state() else {
            logger.warning("the state is not stored: alerts wait to be stored first")
            return
        }
        do {
            _ = try await store.commit(parts + [StatePart(scope: Self.daemonScope, name: "policy", bytes: policy)])
        } catch {
            logger.error("the state was not stored; it is tried again", metadata: ["error": "\(error)"])
        }
    }

    /// The scope of what belongs to no stream.
    static let daemonScope = "daemon"
}
