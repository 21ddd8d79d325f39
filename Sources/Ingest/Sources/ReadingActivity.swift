import Synchronization

/// Whether a reading thread waits or works, for who watches that it does not hang.
///
/// One counter that moves each time the thread begins or ends to wait: even while it waits for as long as it takes, odd
/// otherwise. A thread that shows the same odd number for much longer than its waits with an end is stuck: in a read, in
/// an open, in its decoder.
public final class ReadingActivity: Sendable {
    private let counter = Atomic<UInt64>(0)

    /// Creates the activity of a thread that has not begun.
    public init() {}

    /// Number of turns so far.
    public var turns: UInt64 { counter.load(ordering: .relaxed) }

    /// Whether a thread that has turned so often is at work.
    public static func isWorking(_ turns: UInt64) -> Bool { turns % 2 == 1 }

    /// The thread begins to work.
    public func work() { if !Self.isWorking(turns) { counter.add(1, ordering: .relaxed) } }

    /// The thread goes on to something else that has an end.
    public func turn() { counter.add(Self.isWorking(turns) ? 2 : 1, ordering: .relaxed) }

    /// The thread begins to wait for as long as it takes, or is over.
    public func rest() { if Self.isWorking(turns) { counter.add(1, ordering: .relaxed) } }
}
