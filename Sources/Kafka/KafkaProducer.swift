import CKafka
import Synchronization

/// A record to be written.
public struct KafkaRecord: Equatable, Sendable {
    /// Where to.
    public var partition: KafkaPartition
    /// Its key.
    public var key: [UInt8]
    /// Its bytes; `nil` says of the key that it is gone.
    public var value: [UInt8]?

    /// Creates a record.
    public init(partition: KafkaPartition, key: [UInt8], value: [UInt8]?) {
        self.partition = partition
        self.key = key
        self.value = value
    }
}

/// Writes records to partitions, and knows when they are there.
///
/// All calls block; they belong on a thread of their own.
public final class KafkaProducer: Sendable {
    private let client: KafkaClient
    /// The library's own names of topics.
    private let topics = Mutex<[String: UInt]>([:])

    /// Makes a writer whose records keep their order and come once.
    ///
    /// - Parameter settings: librdkafka's.
    /// - Throws: ``KafkaError``.
    public init(_ library: KafkaLibrary, settings: [(name: String, value: String)]) throws(KafkaError) {
        client = try KafkaClient(
            library, isConsumer: false,
            settings: settings + [("enable.idempotence", "true"), ("acks", "all"), ("linger.ms", "5")],
            events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
    }

    deinit {
        let calls = client.library.calls
        topics.withLock { topics in
            for topic in topics.values { unsafe calls.rd_kafka_topic_destroy(OpaquePointer(bitPattern: topic)) }
        }
    }

    /// Writes records in their order and waits until all replicas that count have them.
    ///
    /// - Parameter milliseconds: how long that may take.
    /// - Throws: ``KafkaError``; then some of them may be there.
    public func write(_ records: some Sequence<KafkaRecord>, milliseconds: Int32) throws(KafkaError) {
        var waiting = 0
        var failure: KafkaError?
        for record in records {
            while try !produce(record) { collect(&waiting, &failure, milliseconds: 100) }
            waiting += 1
            collect(&waiting, &failure, milliseconds: 0)
            if let failure { throw failure }
        }
        var left = milliseconds
        while waiting > 0, failure == nil, left > 0 {
            let before = waiting
            collect(&waiting, &failure, milliseconds: 50)
            if waiting == before { left -= 50 }
        }
        if let failure { throw failure }
        guard waiting == 0 else { throw .failed(attempt: "write to Kafka", reason: "no answer in \(milliseconds) ms") }
    }

    /// Makes topics of which only the last record of each key is kept, where they are not there yet.
    ///
    /// - Parameter topics: each with its number of partitions.
    /// - Returns: what the brokers had against it, by topic; one that is there already is no fault.
    /// - Throws: ``KafkaError/failed(attempt:reason:)`` when nobody answers.
    public func makeCompacted(_ topics: [(name: String, partitions: Int32)], milliseconds: Int32) throws(KafkaError)
        -> [String: String]
    {
        guard !topics.isEmpty else { return [:] }
        let calls = client.library.calls
        var reason = [CChar](repeating: 0, count: 256)
        var wanted = unsafe [OpaquePointer?]()
        defer { while let topic = unsafe wanted.popLast() { unsafe calls.rd_kafka_NewTopic_destroy(topic) } }
        for (name, partitions) in topics {
            // -1: as many replicas as the cluster has by default. The descriptions are freed at the end of the call.
            guard
                let topic = unsafe calls.rd_kafka_NewTopic_new(name, partitions, -1, &reason, reason.count)
            else { throw .failed(attempt: "make the topic \(name)", reason: KafkaLibrary.text(reason)) }
            unsafe _ = calls.rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "compact")
            unsafe wanted.append(topic)
        }
        unsafe calls.rd_kafka_CreateTopics(client.handle, &wanted, wanted.count, nil, client.queue)
        var left = milliseconds
        while left > 0 {
            let answer = unsafe client.next(milliseconds: 100) { event -> [String: String]? in
                guard unsafe calls.rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT else { return nil }
                return unsafe faults(of: event, topics.map(\.name))
            }
            if let answer = answer ?? nil { return answer }
            left -= 100
        }
        throw .failed(attempt: "make topics", reason: "no answer in \(milliseconds) ms")
    }

    private func faults(of event: OpaquePointer, _ names: [String]) -> [String: String] {
        let calls = client.library.calls
        let whole = unsafe calls.rd_kafka_event_error(event)
        guard whole == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let reason = unsafe client.library.text(calls.rd_kafka_event_error_string(event))
            return Dictionary(uniqueKeysWithValues: names.map { ($0, reason) })
        }
        var faults: [String: String] = [:]
        var count = 0
        // The results belong to the event, in the order of the topics.
        let result = unsafe calls.rd_kafka_event_CreateTopics_result(event)
        let list = unsafe calls.rd_kafka_CreateTopics_result_topics(result, &count)
        for index in 0..<min(count, names.count) {
            let code = unsafe calls.rd_kafka_topic_result_error(list?[index])
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS else { continue }
            faults[names[index]] = client.library.text(code)
        }
        return faults
    }

    /// The number of partitions of each topic that is there.
    ///
    /// - Throws: ``KafkaError/failed(attempt:reason:)``.
    public func partitionCounts(of names: Set<String>, milliseconds: Int32) throws(KafkaError) -> [String: Int32] {
        let calls = client.library.calls
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try client.check(
            "ask for the topics",
            // Written within the call; freed at the end of this one.
            unsafe calls.rd_kafka_metadata(client.handle, 1, nil, &metadata, milliseconds))
        defer { unsafe calls.rd_kafka_metadata_destroy(metadata) }
        guard let found = unsafe metadata?.pointee else { return [:] }
        var counts: [String: Int32] = [:]
        for index in 0..<Int(unsafe found.topic_cnt) {
            let topic = unsafe found.topics[index]
            let name = unsafe client.library.text(topic.topic)
            if names.contains(name), unsafe topic.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                counts[name] = unsafe topic.partition_cnt
            }
        }
        return counts
    }

    /// Whether any broker answers.
    public func isAnswered(milliseconds: Int32) -> Bool {
        let calls = client.library.calls
        var metadata: UnsafePointer<rd_kafka_metadata>?
        // Written within the call; freed at the end of this one. Of topics only those are asked for that it has written to.
        let code = unsafe calls.rd_kafka_metadata(client.handle, 0, nil, &metadata, milliseconds)
        if unsafe metadata != nil { unsafe calls.rd_kafka_metadata_destroy(metadata) }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// Hands a record to the library.
    ///
    /// - Returns: false when its queue is full.
    private func produce(_ record: KafkaRecord) throws(KafkaError) -> Bool {
        let topic = try topic(record.partition.topic)
        let calls = client.library.calls
        // Key and value are copied within the call.
        let code = unsafe (record.value ?? []).withUnsafeBytes { value in
            unsafe record.key.withUnsafeBytes { key in
                unsafe calls.rd_kafka_produce(
                    OpaquePointer(bitPattern: topic), record.partition.number, RD_KAFKA_MSG_F_COPY,
                    record.value == nil ? nil : UnsafeMutableRawPointer(mutating: value.baseAddress), value.count,
                    key.baseAddress, key.count, nil)
            }
        }
        if code == 0 { return true }
        let reason = calls.rd_kafka_last_error()
        if reason == RD_KAFKA_RESP_ERR__QUEUE_FULL { return false }
        throw .failed(attempt: "write to \(record.partition)", reason: client.library.text(reason))
    }

    private func topic(_ name: String) throws(KafkaError) -> UInt {
        if let known = topics.withLock({ $0[name] }) { return known }
        guard let made = unsafe client.library.calls.rd_kafka_topic_new(client.handle, name, nil) else {
            throw .failed(
                attempt: "write to \(name)",
                reason: client.library.text(client.library.calls.rd_kafka_last_error()))
        }
        let address = UInt(bitPattern: made)
        topics.withLock { $0[name] = address }
        return address
    }

    /// Takes the reports of what was delivered.
    private func collect(_ waiting: inout Int, _ failure: inout KafkaError?, milliseconds: Int32) {
        let calls = client.library.calls
        var wait = milliseconds
        while true {
            let more: Void? = unsafe client.next(milliseconds: wait) { event in
                guard unsafe calls.rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR else {
                    if unsafe calls.rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR,
                        unsafe calls.rd_kafka_event_error_is_fatal(event) != 0
                    {
                        failure = .fatal(reason: unsafe client.library.text(calls.rd_kafka_event_error_string(event)))
                    }
                    return
                }
                while let message = unsafe calls.rd_kafka_event_message_next(event) {
                    waiting -= 1
                    let code = unsafe message.pointee.err
                    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                    failure = .failed(attempt: "write to Kafka", reason: client.library.text(code))
                }
            }
            if more == nil { return }
            wait = 0
        }
    }
}
