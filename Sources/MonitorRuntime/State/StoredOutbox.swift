import Alerting
import Persistence

/// The outbox as the router knows it, kept by the state's database.
struct StoredOutbox: AlertOutbox {
    let store: StateStore

    func append(_ messages: [OutboxMessage]) async throws {
        try await store.appendToOutbox(
            messages.map { StoredMessage(id: $0.id, seq: $0.seq, payload: $0.payload) })
    }

    func pending(sink: String, limit: Int) async throws -> [OutboxMessage] {
        try await store.pending(sink: sink, limit: limit).map(OutboxMessage.init)
    }

    func latest(ofIncidents ids: [String], acknowledgedBy sink: String) async throws -> [OutboxMessage] {
        try await store.latest(ofIncidents: ids, acknowledgedBy: sink).map(OutboxMessage.init)
    }

    func waiting(sink: String) async throws -> UInt64 { try await store.waiting(sink: sink) }

    func acknowledge(sink: String, upTo number: UInt64) async throws {
        try await store.acknowledge(sink: sink, upTo: number)
    }
}

extension OutboxMessage {
    fileprivate init(_ stored: StoredMessage) {
        self.init(
            id: stored.id, seq: stored.seq, payload: stored.payload, number: stored.number,
            droppedBefore: stored.droppedBefore)
    }
}
