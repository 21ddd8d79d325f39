import Synchronization

/// For how long this worker may take the partitions it was given for its own.
///
/// The group's coordinator takes partitions away from a member of which it hears nothing for the session's time-out; the
/// library sends signs of life for as long as the process runs, and says when they are not answered. What it cannot see is
/// that the process itself was stopped. So a lease lasts for most of the session's time-out from turn to turn of the worker,
/// by a clock that goes on meanwhile. A turn that comes later finds it run out: the partitions may be another's, and the group
/// has to be asked.
final class PartitionLease: Sendable {
    private let end = Mutex(0.0)
    private let seconds: Double
    private let clock: @Sendable () -> Double
    /// Part of the session's time-out that the lease lasts: clocks differ, and what is in hand at its end takes a moment.
    private static let part = 0.8

    /// Creates a lease that has run out.
    ///
    /// - Parameters:
    ///   - session: the session's time-out in seconds.
    ///   - clock: seconds of a monotonic clock.
    init(session: Double, clock: @escaping @Sendable () -> Double) {
        seconds = session * Self.part
        self.clock = clock
    }

    /// Whether it lasts still.
    var isHeld: Bool {
        let now = clock()
        return end.withLock { now < $0 }
    }

    /// The worker is at work: the lease goes on, unless it has run out.
    func turn() {
        let now = clock()
        end.withLock { if now < $0 { $0 = now + seconds } }
    }

    /// The coordinator has answered what was sent at a time.
    func renew(sentAt: Double) { end.withLock { $0 = max($0, sentAt + seconds) } }

    /// The partitions are gone.
    func end(at time: Double) { end.withLock { $0 = time } }
}
