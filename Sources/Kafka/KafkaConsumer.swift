import CKafka
import Synchronization

/// What a group's coordinator or the library itself has to say, in order with the messages around it.
public enum KafkaEvent: Equatable, Sendable {
    /// Partitions are this member's from now on; ``KafkaConsumer/assign(_:)`` begins to read them.
    case assigned([KafkaPartition])
    /// Partitions are to be given up; ``KafkaConsumer/release(_:)`` does it.
    ///
    /// - Parameter isLost: whether another member may have them already.
    case revoked([KafkaPartition], isLost: Bool)
    /// The group has taken note of what ``KafkaConsumer/commit(_:)`` told it: this was a member when it did.
    case committed
    /// Something is wrong that the library goes on trying to mend.
    case problem(String)
    /// No broker can be reached; the library goes on trying.
    case unreachable(String)
    /// The client cannot go on.
    case fatal(String)
}

/// Where a message is, and when it was sent.
public struct KafkaMessagePlace: Equatable, Sendable {
    /// Its place in the partition.
    public var offset: Int64
    /// Milliseconds since 1970; `nil` when it does not say.
    public var milliseconds: Int64?
}

/// A member of a consumer group: reads the partitions that the group gives it.
///
/// All calls may block; they belong on a thread of their own, one at a time.
public final class KafkaConsumer: Sendable {
    /// Gets a message: where it was, its key's bytes and its own; either may be empty, both are there for the call.
    public typealias Take =
        (_ partition: KafkaPartition, _ message: KafkaMessagePlace, _ key: Span<UInt8>, _ value: Span<UInt8>) throws
        -> Void

    private let client: KafkaClient
    private let topics: [String]
    /// The partition of the message before, by the library's own name of its topic: messages come in runs.
    private let last = Mutex<(topic: UInt, partition: KafkaPartition)?>(nil)

    /// Joins a group; partitions come with ``poll(most:milliseconds:_:)``.
    ///
    /// - Parameters:
    ///   - topics: names, or patterns that begin with `^`.
    ///   - settings: librdkafka's.
    /// - Throws: ``KafkaError``.
    public init(
        _ library: KafkaLibrary, topics: [String], settings: [(name: String, value: String)]
    ) throws(KafkaError) {
        self.topics = topics
        client = try KafkaClient(
            library, isConsumer: true, settings: settings,
            events: RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG
                | RD_KAFKA_EVENT_OFFSET_COMMIT)
        // librdkafka 2.0.2 asserts `assignor_state` when it ends a member that never had an assignment from its group
        // (its issue 4312): such a one is left as it is.
        client.stays.store(true, ordering: .relaxed)
        try subscribe()
    }

    /// Takes what has come: messages until there are so many or none is left, or until something else comes.
    ///
    /// - Parameters:
    ///   - most: messages, at most.
    ///   - milliseconds: how long the first may be waited for.
    ///   - take: gets each message, for the call.
    /// - Returns: what came behind the messages; `nil` when nothing did.
    public func poll(
        most: Int, milliseconds: Int32, _ take: Take
    ) rethrows -> KafkaEvent? {
        var messages = 0
        while messages < most {
            let found = unsafe try client.next(milliseconds: messages == 0 ? milliseconds : 0) { event in
                guard unsafe client.library.calls.rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH else {
                    return unsafe self.event(event)
                }
                messages += unsafe try takeMessages(of: event, take)
                return nil as KafkaEvent?
            }
            // Nothing came, or something that says nothing.
            guard let found else { return nil }
            if let found { return found }
        }
        return nil
    }

    /// Begins to read partitions that were assigned, each at an offset.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    public func assign(_ partitions: [(KafkaPartition, offset: Int64)]) throws(KafkaError) {
        let error = unsafe client.withList(partitions) { list in
            // The list is copied within the call.
            unsafe client.library.calls.rd_kafka_incremental_assign(client.handle, list)
        }
        try unsafe client.check("read \(Self.names(partitions.map(\.0)))", error)
    }

    /// Stops reading partitions that are revoked: then they may be another member's.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    public func release(_ partitions: [KafkaPartition]) throws(KafkaError) {
        let error = unsafe client.withList(partitions.map { ($0, 0) }) { list in
            // The list is copied within the call.
            unsafe client.library.calls.rd_kafka_incremental_unassign(client.handle, list)
        }
        try unsafe client.check("give up \(Self.names(partitions))", error)
    }

    /// Tells the group how far partitions are read, without waiting; it is for people who look at lags, nobody goes on
    /// from there who has a snapshot.
    public func commit(_ offsets: [(KafkaPartition, offset: Int64)]) {
        guard !offsets.isEmpty else { return }
        _ = unsafe client.withList(offsets) { list in
            // The list is copied within the call; the answer comes where messages come.
            unsafe client.library.calls.rd_kafka_commit_queue(client.handle, list, client.queue, nil, nil)
        }
    }

    /// Tells the group how far partitions are read and waits for its answer, which a member alone gets.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``: somebody else may have the partitions.
    public func commitAndWait(_ offsets: [(KafkaPartition, offset: Int64)]) throws(KafkaError) {
        let code = unsafe client.withList(offsets) { list in
            // The list is copied within the call.
            unsafe client.library.calls.rd_kafka_commit(client.handle, list, 0)
        }
        try client.check("commit to the group", code)
    }

    /// The first and one past the last offset of a partition, asked of its broker.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    public func offsets(of partition: KafkaPartition, milliseconds: Int32) throws(KafkaError) -> Range<Int64> {
        try client.offsets(of: partition, milliseconds: milliseconds)
    }

    /// Joins the group again after ``leave()``.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    public func subscribe() throws(KafkaError) {
        let code = unsafe client.withList(topics.map { (KafkaPartition(topic: $0, number: -1), 0) }) { list in
            // The list is read within the call.
            unsafe client.library.calls.rd_kafka_subscribe(client.handle, list)
        }
        try client.check("subscribe to \(topics.joined(separator: ", "))", code)
    }

    /// One past the last offset of a partition, as the last answer of its broker had it; `nil` before the first.
    public func end(of partition: KafkaPartition) -> Int64? {
        var low: Int64 = 0
        var high: Int64 = 0
        // Both are written within the call.
        let code = unsafe client.library.calls.rd_kafka_get_watermark_offsets(
            client.handle, partition.topic, partition.number, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Leaves the group; what is assigned is revoked by an event that is polled still.
    public func leave() { unsafe _ = client.library.calls.rd_kafka_unsubscribe(client.handle) }

    private static func names(_ partitions: [KafkaPartition]) -> String {
        partitions.map(\.description).joined(separator: ", ")
    }

    private func takeMessages(
        of event: OpaquePointer, _ take: Take
    ) rethrows -> Int {
        var count = 0
        while let pointer = unsafe client.library.calls.rd_kafka_event_message_next(event) {
            let message = unsafe pointer.pointee
            guard unsafe message.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            count += 1
            // The bytes are the event's, which lives for the call.
            let key = unsafe UnsafeRawBufferPointer(start: message.key, count: message.key_len)
            let value = unsafe UnsafeRawBufferPointer(start: message.payload, count: message.len)
            unsafe try take(
                partition(message), place(pointer), key.bindMemory(to: UInt8.self).span,
                value.bindMemory(to: UInt8.self).span)
        }
        return count
    }

    private func place(_ message: UnsafePointer<rd_kafka_message_t>) -> KafkaMessagePlace {
        // The message is the event's, which lives for the call.
        let milliseconds = unsafe client.library.calls.rd_kafka_message_timestamp(message, nil)
        return unsafe KafkaMessagePlace(
            offset: message.pointee.offset, milliseconds: milliseconds > 0 ? milliseconds : nil)
    }

    private func partition(_ message: rd_kafka_message_t) -> KafkaPartition {
        let topic = unsafe UInt(bitPattern: message.rkt)
        return last.withLock { last in
            if let last, last.topic == topic, unsafe last.partition.number == message.partition {
                return last.partition
            }
            let name = unsafe client.library.text(client.library.calls.rd_kafka_topic_name(message.rkt))
            let found = unsafe KafkaPartition(topic: name, number: message.partition)
            last = (topic, found)
            return found
        }
    }

    private func event(_ event: OpaquePointer) -> KafkaEvent? {
        let calls = client.library.calls
        switch unsafe calls.rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_REBALANCE:
            let partitions = unsafe client.partitions(of: event)
            if unsafe calls.rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                client.stays.store(false, ordering: .relaxed)
                return .assigned(partitions)
            }
            return .revoked(partitions, isLost: unsafe calls.rd_kafka_assignment_lost(client.handle) != 0)
        case RD_KAFKA_EVENT_ERROR:
            let text = unsafe client.library.text(calls.rd_kafka_event_error_string(event))
            let code = unsafe calls.rd_kafka_event_error(event)
            let isFatal = unsafe calls.rd_kafka_event_error_is_fatal(event) != 0
            if code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN { return .unreachable(text) }
            return isFatal ? .fatal(text) : .problem("\(text) (\(client.library.text(code)))")
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            let code = unsafe calls.rd_kafka_event_error(event)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return .committed }
            return .problem("the group did not take note of what was read: \(client.library.text(code))")
        default:
            // The library's log repeats what comes as an error.
            return nil
        }
    }
}
