import CKafka

/// Reads all that is in a partition now, outside of any group.
///
/// All calls block; they belong on a thread of their own.
public final class KafkaPartitionReader: Sendable {
    private let client: KafkaClient

    /// Makes a reader.
    ///
    /// - Parameter settings: librdkafka's, with a `group.id`, in which nobody becomes a member.
    /// - Throws: ``KafkaError``.
    public init(_ library: KafkaLibrary, settings: [(name: String, value: String)]) throws(KafkaError) {
        client = try KafkaClient(
            library, isConsumer: true,
            settings: settings + [("enable.partition.eof", "true"), ("enable.auto.commit", "false")],
            events: RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
    }

    /// Hands every record of a partition to `take`, from the first to the one that is last now.
    ///
    /// - Parameters:
    ///   - milliseconds: how long nothing may come.
    ///   - take: gets a record's key, and its value or `nil` when it says that the key is gone.
    /// - Throws: ``KafkaError/failed(attempt:reason:)``, also for a partition of which nothing is heard.
    public func read(
        _ partition: KafkaPartition, milliseconds: Int32,
        _ take: (_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Void
    ) throws(KafkaError) {
        // A partition without records has no end that the library tells of.
        guard try !client.offsets(of: partition, milliseconds: milliseconds).isEmpty else { return }
        let beginning: Int64 = -2
        try assign([(partition, beginning)])
        defer { try? assign([]) }
        while true {
            let isOver = unsafe client.next(milliseconds: milliseconds) { event in unsafe isEnd(event, take) }
            guard let isOver else {
                throw .failed(attempt: "read \(partition)", reason: "nothing came in \(milliseconds) ms")
            }
            if isOver { return }
        }
    }

    private func assign(_ partitions: [(KafkaPartition, offset: Int64)]) throws(KafkaError) {
        let code = unsafe client.withList(partitions) { list in
            // The list is copied within the call.
            unsafe client.library.calls.rd_kafka_assign(client.handle, list)
        }
        try client.check("read \(partitions.first.map { "\($0.0)" } ?? "nothing more")", code)
    }

    /// Takes the records of an event; says whether it is the end of the partition.
    private func isEnd(_ event: OpaquePointer, _ take: (Span<UInt8>, Span<UInt8>?) -> Void) -> Bool {
        let calls = client.library.calls
        switch unsafe calls.rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_FETCH:
            while let message = unsafe calls.rd_kafka_event_message_next(event) {
                let message = unsafe message.pointee
                guard unsafe message.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                // The bytes are the event's, which lives for the call.
                let key = unsafe UnsafeRawBufferPointer(start: message.key, count: message.key_len)
                let value = unsafe UnsafeRawBufferPointer(start: message.payload, count: message.len)
                let isGone = unsafe message.payload == nil
                unsafe take(
                    key.bindMemory(to: UInt8.self).span, isGone ? nil : value.bindMemory(to: UInt8.self).span)
            }
            return false
        case RD_KAFKA_EVENT_ERROR:
            return unsafe calls.rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__PARTITION_EOF
        default: return false
        }
    }
}
