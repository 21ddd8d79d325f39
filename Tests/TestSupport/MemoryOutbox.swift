public import Alerting

/// An outbox in memory that behaves as the contract of ``AlertOutbox`` says.
public actor MemoryOutbox: AlertOutbox {
    /// It takes nothing now.
    public struct Full: Error {}

    /// What was stored, in order.
    public private(set) var messages: [OutboxMessage] = []
    /// How far each sink is.
    public private(set) var acknowledged: [String: UInt64] = [:]
    private var isFull = false
    private var interruption: (@Sendable () async throws -> Void)?

    /// Nothing is stored.
    public init() {}

    /// Runs something once, after the next `pending` has read and before it returns.
    public func interruptNextPending(_ body: @escaping @Sendable () async throws -> Void) { interruption = body }

    /// Drops the oldest; nothing can be appended afterwards.
    public func drop(upTo number: UInt64) { messages.removeAll { $0.number <= number } }

    /// Whether it takes something.
    public func setFull(_ isFull: Bool) { self.isFull = isFull }

    /// As the contract says.
    public func append(_ new: [OutboxMessage]) async throws {
        if isFull { throw Full() }
        for message in new where !messages.contains(where: { $0.id == message.id && $0.seq == message.seq }) {
            var stored = message
            stored.number = UInt64(messages.count + 1)
            messages.append(stored)
        }
    }

    /// As the contract says.
    public func pending(sink: String, limit: Int) async throws -> [OutboxMessage] {
        let last = acknowledged[sink, default: 0]
        var found = Array(messages.filter { $0.number > last }.prefix(limit))
        if let first = found.first { found[0].droppedBefore = first.number - last - 1 }
        let interruption = interruption
        self.interruption = nil
        try await interruption?()
        return found
    }

    /// As the contract says.
    public func waiting(sink: String) async throws -> UInt64 {
        UInt64(messages.count { $0.number > acknowledged[sink, default: 0] })
    }

    /// As the contract says.
    public func acknowledge(sink: String, upTo number: UInt64) async throws {
        if isFull { throw Full() }
        acknowledged[sink] = number
    }

    /// As the contract says.
    public func latest(ofIncidents ids: [String], acknowledgedBy sink: String) async throws -> [OutboxMessage] {
        let had = messages.filter { $0.number <= acknowledged[sink, default: 0] }
        return ids.compactMap { id in had.last { $0.id == id } }.sorted { $0.number < $1.number }
    }
}
