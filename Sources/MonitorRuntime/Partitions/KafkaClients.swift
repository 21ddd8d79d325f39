#if Kafka
    import Alerting
    import Ingest
    import Kafka

    /// The connections of one worker to a cluster, and the threads that may block on them.
    struct KafkaClients: Sendable {
        let reading: KafkaReading
        /// The library's version.
        let version: String
        private let producer: KafkaProducer
        private let snapshots: KafkaPartitionReader
        /// For the member of the group; another for what is written and read beside it.
        private let readingThread: BlockingThread
        private let snapshotThread: BlockingThread
        private let input: KafkaInput

        /// Makes them; they connect by themselves.
        ///
        /// - Parameter worker: the worker's lasting name in the group.
        /// - Throws: `KafkaError`, `AlertingError` for a thread that cannot be had.
        init(_ input: KafkaInput, worker: String) throws {
            let library = try KafkaLibrary.load(input.library ?? KafkaLibrary.defaultPath)
            version = library.version
            let common = Self.commonSettings(input, worker: worker)
            let session = Int(input.sessionTimeout * 1_000)
            reading = KafkaReading(
                try KafkaConsumer(
                    library, topics: input.topics,
                    settings: common + [
                        ("group.id", input.group), ("group.instance.id", worker),
                        ("partition.assignment.strategy", "cooperative-sticky"),
                        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
                        ("auto.offset.reset", "earliest"), ("session.timeout.ms", "\(session)"),
                        ("heartbeat.interval.ms", "\(min(3_000, session / 5))"),
                        ("max.poll.interval.ms", "\(max(300_000, session))"),
                        // What waits in the library is beside max_memory.
                        ("queued.max.messages.kbytes", "16384"), ("fetch.wait.max.ms", "50"),
                    ]))
            producer = try KafkaProducer(library, settings: common)
            snapshots = try KafkaPartitionReader(library, settings: common + [("group.id", "\(input.group)-snapshots")])
            readingThread = try BlockingThread(name: "the Kafka reader", capacity: 4)
            snapshotThread = try BlockingThread(name: "Kafka snapshots", capacity: 4)
            self.input = input
        }

        /// What all clients are given: those of `kafka_options` last, which win over what stands before.
        static func commonSettings(_ input: KafkaInput, worker: String) -> [(name: String, value: String)] {
            [
                ("bootstrap.servers", input.brokerList.joined(separator: ",")), ("client.id", worker),
                ("log.queue", "true"),
                // A topic that is made later is found within a minute; the library's own is five.
                ("topic.metadata.refresh.interval.ms", "30000"),
            ] + input.options.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }

        /// Runs something with the member of the group.
        func read<Result: Sendable>(_ body: @escaping @Sendable (KafkaReading) throws -> Result) async throws -> Result
        {
            try await readingThread.run { [reading] in try body(reading) }
        }

        /// Whether any broker answers.
        func areAnswered() async throws -> Bool {
            try await snapshotThread.run { [producer] in producer.isAnswered(milliseconds: 1_000) }
        }

        /// The number of partitions of some topics.
        func partitionCounts(of topics: Set<String>) async throws -> [String: Int32] {
            try await snapshotThread.run { [producer] in
                try producer.partitionCounts(of: topics, milliseconds: Self.patience)
            }
        }

        /// Makes the topics of the snapshots that are missing.
        ///
        /// - Returns: what stands against it, by topic.
        func makeSnapshotTopics(for topics: [String: Int32]) async throws -> [String: String] {
            guard let name = topics.keys.first, snapshotTopic(of: name) != nil else { return [:] }
            let wanted = topics.compactMap { topic, count in snapshotTopic(of: topic).map { ($0, count) } }
            return try await snapshotThread.run { [producer] in
                let there = try producer.partitionCounts(of: Set(wanted.map(\.0)), milliseconds: Self.patience)
                let missing = wanted.filter { there[$0.0] == nil }.map { (name: $0.0, partitions: $0.1) }
                return try producer.makeCompacted(missing, milliseconds: Self.patience)
            }
        }

        /// All that is in the snapshots' topic of a partition.
        func snapshots(of partition: KafkaPartition) async throws -> SnapshotReader {
            guard let topic = snapshotTopic(of: partition.topic) else { return SnapshotReader() }
            return try await snapshotThread.run { [snapshots] in
                var reader = SnapshotReader()
                try snapshots.read(
                    KafkaPartition(topic: topic, number: partition.number), milliseconds: Self.patience
                ) { reader.take(key: $0, value: $1) }
                return reader
            }
        }

        /// Writes records into the snapshots' topic of a partition.
        func write(_ records: [SnapshotRecords.Record], of partition: KafkaPartition) async throws {
            guard let topic = snapshotTopic(of: partition.topic) else { return }
            let place = KafkaPartition(topic: topic, number: partition.number)
            try await snapshotThread.run { [producer] in
                try producer.write(
                    records.lazy.map { KafkaRecord(partition: place, key: Array($0.key.utf8), value: $0.value) },
                    milliseconds: Self.patience)
            }
        }

        /// The offsets that a partition's broker has.
        func offsets(of partition: KafkaPartition) async throws -> Range<Int64> {
            try await read { try $0.consumer.offsets(of: partition, milliseconds: Self.patience) }
        }

        /// Milliseconds for which an answer of a broker is waited for.
        private static let patience: Int32 = 15_000

        private func snapshotTopic(of topic: String) -> String? { input.snapshotTopic(of: topic) }
    }
#endif
