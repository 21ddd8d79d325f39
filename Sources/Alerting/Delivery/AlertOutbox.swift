/// One message as the outbox stores it.
public struct OutboxMessage: Equatable, Sendable {
    /// The incident's id.
    public var id: String
    /// The message's number within its incident.
    public var seq: Int
    /// The record's JSON line in UTF-8, without host, version, time of writing and line end.
    public var payload: [UInt8]
    /// Position in the outbox: rises with every message stored, is never used twice. 0 before it is stored.
    public var number: UInt64
    /// Messages before this one that the sink never had, because more were waiting for it than the outbox keeps.
    public var droppedBefore: UInt64

    /// Creates a message.
    public init(id: String, seq: Int, payload: [UInt8], number: UInt64 = 0, droppedBefore: UInt64 = 0) {
        self.droppedBefore = droppedBefore
        self.id = id
        self.seq = seq
        self.payload = payload
        self.number = number
    }

    /// The message of a record, not stored yet.
    public init(_ record: AlertRecord) {
        self.init(id: record.id, seq: record.seq, payload: Array(record.jsonLine().utf8))
    }
}

/// The store in which messages are durable before they are sent.
///
/// The database implements it; the router depends on nothing but these five.
public protocol AlertOutbox: Sendable {
    /// Stores messages in a transaction of their own that is synced to the disk before this returns.
    ///
    /// A message whose (`id`, `seq`) was stored before, acknowledged or not, is passed over: input that is read again
    /// after a crash raises it again.
    ///
    /// - Throws: when nothing of it is stored.
    func append(_ messages: [OutboxMessage]) async throws
    /// The messages that a sink has not acknowledged, by rising number; the first says how many before it were dropped.
    ///
    /// - Parameters:
    ///   - sink: the sink's name. One never seen before has acknowledged all that was stored before it was first asked
    ///     for, or nothing, as the store decides.
    ///   - limit: most messages to return.
    func pending(sink: String, limit: Int) async throws -> [OutboxMessage]
    /// How many messages a sink has not acknowledged, of those that are kept; 0 for a sink that is not known.
    func waiting(sink: String) async throws -> UInt64
    /// Remembers that a sink has written all messages up to and including `number`.
    func acknowledge(sink: String, upTo number: UInt64) async throws
    /// The latest message of each of some incidents among those that a sink has acknowledged, by rising number; incidents of
    /// which it has had none, or of which none is kept any more, are left out.
    func latest(ofIncidents ids: [String], acknowledgedBy sink: String) async throws -> [OutboxMessage]
}
