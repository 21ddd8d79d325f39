/// A place that alerts are written to.
///
/// A sink is handed one record at a time, in order. When it returns, the record is where it belongs; when it throws, the
/// same record comes again later. A record may also come twice after a crash: (`id`, `seq`) makes it one.
public protocol AlertSink: Sendable {
    /// The name under which the outbox remembers what this sink has acknowledged; never changed between versions.
    var name: String { get }
    /// Writes a record.
    ///
    /// - Throws: an error with words when the record is not written; it is retried.
    func deliver(_ record: AlertRecord) async throws
    /// Whether the place is there at all: a sink whose place is missing is tried again and again, but nobody waits for it
    /// at the end.
    var isReachable: Bool { get }
}

extension AlertSink {
    /// A place is there unless the sink says otherwise.
    public var isReachable: Bool { true }
}
