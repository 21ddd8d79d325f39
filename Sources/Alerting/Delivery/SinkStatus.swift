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
    /// Messages that it will never take, and that were passed over.
    public var deadLetters: UInt64 = 0
    /// Why it took the last of these not; stays until the end.
    public var lastDeadLetter: String?
    /// Messages that it never had, because more were waiting for it than the outbox keeps.
    public var dropped: UInt64 = 0
    /// Why the last try failed; `nil` when it did not.
    public var lastError: String?
    /// Stored messages that it has not had yet.
    public var waiting: UInt64 = 0
    /// Whether all that was submitted is written.
    public var isCaughtUp = false
    /// Whether the sink's place is there.
    public var isReachable = true
}
