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
        try await store.pending(sink: sink, limit: limit).map {
            OutboxMessage(
                id: $0.id, seq: $0.seq, payload: $0.payload, number: $0.number, droppedBefore: $0.droppedBefore)
        }
    }

    func acknowledge(sink: String, upTo number: UInt64) async throws {
        try await store.acknowledge(sink: sink, upTo: number)
    }
}
