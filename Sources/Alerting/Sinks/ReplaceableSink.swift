import Synchronization

/// A sink of a fixed name whose place can be changed, or taken away, while monitord runs.
///
/// The outbox knows a sink by its name. One that is switched off acknowledges without writing, so that nothing piles up
/// for it; switched on again it goes on with what comes then.
public final class ReplaceableSink: AlertSink {
    /// The name the outbox knows.
    public let name: String
    private let current: Mutex<(any AlertSink)?>

    /// Creates a sink.
    ///
    /// - Parameter target: where alerts go; `nil` for nowhere.
    /// - Precondition: the target has the same name.
    public init(name: String, target: (any AlertSink)?) {
        precondition(target.map { $0.name == name } ?? true, "a sink named \(name) for \(target?.name ?? "none")")
        self.name = name
        current = Mutex(target)
    }

    /// Where alerts go; `nil` for nowhere.
    public var target: (any AlertSink)? { current.withLock { $0 } }

    /// Sends alerts elsewhere from the next one on; one that is being written is written where it was.
    public func replace(with target: (any AlertSink)?) { current.withLock { $0 = target } }

    /// Whether the place is there; a sink that is switched off has nothing to miss.
    public var isReachable: Bool { target?.isReachable ?? true }

    /// Writes a record where alerts go now.
    public func deliver(_ record: AlertRecord) async throws { try await target?.deliver(record) }

    /// Whether the place that alerts go to now wants a record; without one nothing is wanted, or counted as written.
    public func wants(_ record: AlertRecord) -> Bool { target?.wants(record) ?? false }

    /// Whether alerts go nowhere.
    public var isSwitchedOff: Bool { target == nil }

    /// As the place that alerts go to now has it.
    public var backOff: RetryBackOff? { target?.backOff }

    /// As the place that alerts go to now has it.
    public var repeatInterval: Duration? { target?.repeatInterval }

    /// Tells again where alerts go now.
    public func repeatOpen(_ records: [AlertRecord]) async throws { try await target?.repeatOpen(records) }
}
