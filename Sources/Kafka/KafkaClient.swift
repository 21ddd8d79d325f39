import CKafka
import Glibc
import Synchronization

/// A connection to a cluster: what reader and writer have in common.
///
/// `@unchecked Sendable`: librdkafka's handle and queue may be used on any thread at once, and live as long as this does.
@safe final class KafkaClient: @unchecked Sendable {
    let library: KafkaLibrary
    /// The client.
    let handle: OpaquePointer
    /// Where its events come.
    let queue: OpaquePointer
    private let isConsumer: Bool
    /// Whether the client stays when nobody has it any more, until the process ends; see ``KafkaConsumer``.
    let stays = Atomic(false)

    /// Makes a client; it connects by itself.
    ///
    /// - Parameters:
    ///   - settings: librdkafka's, in the order in which they are set.
    ///   - events: `RD_KAFKA_EVENT_…` that are wanted.
    /// - Throws: ``KafkaError/badSetting(name:value:reason:)``, ``KafkaError/failed(attempt:reason:)``.
    init(
        _ library: KafkaLibrary, isConsumer: Bool, settings: [(name: String, value: String)], events: Int32
    ) throws(KafkaError) {
        self.library = library
        self.isConsumer = isConsumer
        let calls = library.calls
        var reason = [CChar](repeating: 0, count: 512)
        // The configuration is this call's until the client takes it over; texts and reason live for each call.
        let configuration = unsafe calls.rd_kafka_conf_new()
        for (name, value) in settings {
            guard unsafe calls.rd_kafka_conf_set(configuration, name, value, &reason, reason.count) == RD_KAFKA_CONF_OK
            else {
                unsafe calls.rd_kafka_conf_destroy(configuration)
                throw .badSetting(name: name, value: value, reason: KafkaLibrary.text(reason))
            }
        }
        unsafe calls.rd_kafka_conf_set_events(configuration, events)
        let kind = isConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER
        guard let handle = unsafe calls.rd_kafka_new(kind, configuration, &reason, reason.count) else {
            unsafe calls.rd_kafka_conf_destroy(configuration)
            throw .failed(attempt: "make a Kafka client", reason: KafkaLibrary.text(reason))
        }
        unsafe self.handle = handle
        // What it has to say of itself comes where messages come.
        if isConsumer { unsafe _ = calls.rd_kafka_poll_set_consumer(handle) }
        unsafe _ = calls.rd_kafka_set_log_queue(handle, nil)
        let found =
            unsafe isConsumer
            ? calls.rd_kafka_queue_get_consumer(handle) : calls.rd_kafka_queue_get_main(handle)
        guard let queue = unsafe found else {
            unsafe calls.rd_kafka_destroy_flags(handle, 0)
            throw .failed(attempt: "make a Kafka client", reason: "it has no queue")
        }
        unsafe self.queue = queue
    }

    /// Ends the client on a thread of its own: it may wait for brokers that do not answer, and nobody else should.
    deinit {
        guard !stays.load(ordering: .relaxed) else { return }
        let end = unsafe KafkaEnd(library: library, handle: handle, queue: queue, isConsumer: isConsumer)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(end)
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                // The reference was retained for this thread, which gives it back once.
                if let argument = unsafe argument {
                    unsafe Unmanaged<KafkaEnd>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, unsafe argument.toOpaque())
        if code == 0 {
            unsafe pthread_detach(thread)
        } else {
            unsafe argument.takeRetainedValue().run()
        }
    }

    /// The next event, which `body` gets; waits at most so long.
    ///
    /// - Returns: what `body` returns; `nil` when nothing came.
    func next<Result>(milliseconds: Int32, _ body: (OpaquePointer) throws -> Result) rethrows -> Result? {
        guard let event = unsafe library.calls.rd_kafka_queue_poll(queue, milliseconds) else { return nil }
        defer { unsafe library.calls.rd_kafka_event_destroy(event) }
        return unsafe try body(event)
    }

    /// Calls `body` with a list of partitions.
    ///
    /// - Parameter partitions: each with the offset to be stored in the list.
    func withList<Result>(
        _ partitions: [(KafkaPartition, offset: Int64)],
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws -> Result
    ) rethrows -> Result {
        // The list is of this call, with an entry for each partition.
        guard let list = unsafe library.calls.rd_kafka_topic_partition_list_new(Int32(partitions.count)) else {
            preconditionFailure("the library ends the process where there is no memory for a list")
        }
        defer { unsafe library.calls.rd_kafka_topic_partition_list_destroy(list) }
        for (partition, offset) in partitions {
            let entry = unsafe library.calls.rd_kafka_topic_partition_list_add(list, partition.topic, partition.number)
            unsafe entry?.pointee.offset = offset
        }
        return unsafe try body(list)
    }

    /// The partitions of an event.
    func partitions(of event: OpaquePointer) -> [KafkaPartition] {
        guard let list = unsafe library.calls.rd_kafka_event_topic_partition_list(event) else { return [] }
        // The list belongs to the event and has as many entries as it says.
        return (0..<Int(unsafe list.pointee.cnt)).map { index in
            let entry = unsafe list.pointee.elems[index]
            return unsafe KafkaPartition(topic: library.text(entry.topic), number: entry.partition)
        }
    }

    /// Throws when a call says so by an error object.
    func check(_ attempt: String, _ error: OpaquePointer?) throws(KafkaError) {
        guard let error = unsafe error else { return }
        defer { unsafe library.calls.rd_kafka_error_destroy(error) }
        throw .failed(attempt: attempt, reason: unsafe library.text(library.calls.rd_kafka_error_string(error)))
    }

    /// Throws when a call says so by a code.
    func check(_ attempt: String, _ code: rd_kafka_resp_err_t) throws(KafkaError) {
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .failed(attempt: attempt, reason: library.text(code)) }
    }

    /// The first and one past the last offset of a partition, asked of its broker.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    func offsets(of partition: KafkaPartition, milliseconds: Int32) throws(KafkaError) -> Range<Int64> {
        var low: Int64 = 0
        var high: Int64 = 0
        try check(
            "ask for the offsets of \(partition)",
            // Both are written within the call only.
            unsafe library.calls.rd_kafka_query_watermark_offsets(
                handle, partition.topic, partition.number, &low, &high, milliseconds))
        return low..<max(low, high)
    }
}

/// What is left of a client: ended once, by one thread.
///
/// `@unchecked Sendable`: it goes from the client's `deinit` to that thread, and nobody else has it.
@safe private final class KafkaEnd: @unchecked Sendable {
    private let library: KafkaLibrary
    private let handle: OpaquePointer
    private let queue: OpaquePointer
    private let isConsumer: Bool

    init(library: KafkaLibrary, handle: OpaquePointer, queue: OpaquePointer, isConsumer: Bool) {
        self.library = library
        unsafe self.handle = handle
        unsafe self.queue = queue
        self.isConsumer = isConsumer
    }

    func run() {
        unsafe library.calls.rd_kafka_queue_destroy(queue)
        // A reader has left its group before, or leaves it to the group to find out: no more is waited for.
        unsafe library.calls.rd_kafka_destroy_flags(
            handle, isConsumer ? Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) : 0)
    }
}
