/// A place that alerts are written to.
///
/// A sink is handed one record at a time, in order. When it returns, the record is where it belongs; when it throws, the
/// same record comes again later. A record may also come twice after a crash: (`id`, `seq`) makes it one.
public protocol AlertSink: Sendable {
    /// The name under which the outbox remembers what this sink has acknowledged; never changed between versions.
    var name: String { get }
    /// Writes a record.
    ///
    /// - Throws: an error with words when the record is not written; it is retried, unless it is a ``DeliveryError`` that
    ///   says that this record will never be taken.
    func deliver(_ record: AlertRecord) async throws
    /// Whether the place is there at all: a sink whose place is missing is tried again and again, but nobody waits for it
    /// at the end.
    var isReachable: Bool { get }
    /// Whether a record is for this place at all; one that is not is passed over.
    func wants(_ record: AlertRecord) -> Bool
    /// Whether it writes nowhere for now: it is no sink to show then.
    var isSwitchedOff: Bool { get }
    /// How this sink is tried again when it fails; `nil` for as the router does.
    var backOff: RetryBackOff? { get }
    /// The time between two tellings of the incidents that are open, for a place that forgets those it does not hear of;
    /// `nil` for a place that remembers.
    var repeatInterval: Duration? { get }
    /// Tells again of incidents that are open.
    ///
    /// - Parameter records: the latest message of each that this sink has had. It is never called while one is delivered.
    /// - Throws: as ``deliver(_:)``.
    func repeatOpen(_ records: [AlertRecord]) async throws
}

extension AlertSink {
    /// A place is there unless the sink says otherwise.
    public var isReachable: Bool { true }
    /// A sink wants everything unless it says otherwise.
    public func wants(_ record: AlertRecord) -> Bool { true }
    /// A sink writes somewhere.
    public var isSwitchedOff: Bool { false }
    /// The router's way.
    public var backOff: RetryBackOff? { nil }
    /// A place remembers.
    public var repeatInterval: Duration? { nil }
    /// Nothing is told again.
    public func repeatOpen(_ records: [AlertRecord]) async throws {}
}

/// A failed delivery that says more than that it failed.
public protocol DeliveryError: Error {
    /// Whether this record will never be taken, however often it is tried: it is then counted as a dead letter, and later
    /// records do not wait for it.
    var isFinal: Bool { get }
    /// How long the place asks to be left alone; `nil` when it does not say.
    var retryAfter: Duration? { get }
}
