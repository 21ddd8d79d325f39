#if Kafka
    import Ingest
    import Kafka
    import Synchronization
    import TimeSeries

    /// The member of a group and the decoders of its partitions: what the reading thread works with.
    final class KafkaReading: Sendable {
        /// What one turn has brought: the rows of each partition that had messages, and what came behind them.
        struct Turn: Sendable {
            struct Part: Sendable {
                var partition: KafkaPartition
                /// `nil` while the first lines are looked at.
                var batch: RecordBatch?
                /// The offset behind the last message.
                var next: Int64
                /// One past the last offset that the broker has.
                var end: Int64?
            }
            var parts: [Part] = []
            /// Messages received.
            var messages = 0
            var event: KafkaEvent?
        }

        /// A partition that is read.
        private struct Reading {
            var stream: MessageStream
            /// The offset of the next message: the library may begin again further back after a pause.
            var next: Int64
        }

        let consumer: KafkaConsumer
        private let readings = Mutex<[KafkaPartition: Reading]>([:])
        /// Messages of one turn: a round or so of many series, and little enough to notice soon what the group says.
        private static let mostMessages = 4_096

        init(_ consumer: KafkaConsumer) { self.consumer = consumer }

        /// The messages of a partition are decoded from an offset on; without it they are passed over.
        func begin(_ partition: KafkaPartition, _ stream: MessageStream, at next: Int64) {
            readings.withLock { $0[partition] = Reading(stream: stream, next: next) }
        }

        /// No more messages of a partition are decoded.
        func end(_ partition: KafkaPartition) { readings.withLock { $0[partition] = nil } }

        /// Takes what is there, or waits for it a little.
        ///
        /// - Throws: `IngestError` when lines can be read in two ways.
        func turn(milliseconds: Int32) throws -> Turn {
            try readings.withLock { readings in
                var turn = Turn()
                // One partition's reading is taken out while its messages come: they come in runs.
                var current: (partition: KafkaPartition, reading: Reading)?
                var met: Set<KafkaPartition> = []
                turn.event = consumer.poll(most: Self.mostMessages, milliseconds: milliseconds) {
                    partition, place, key, value in
                    if current?.partition != partition {
                        if let (partition, reading) = current.take() { readings[partition] = reading }
                        guard let reading = readings.removeValue(forKey: partition) else { return }
                        current = (partition, reading)
                        met.insert(partition)
                    }
                    guard let next = current?.reading.next, place.offset >= next else { return }
                    let time = place.milliseconds.map { Timestamp(nanoseconds: $0 &* 1_000_000) }
                    current?.reading.stream.take(value, key: key, sentAt: time, next: place.offset + 1)
                    current?.reading.next = place.offset + 1
                    turn.messages += 1
                }
                if let (partition, reading) = current { readings[partition] = reading }
                for partition in met.sorted() {
                    guard let next = readings[partition]?.next else { continue }
                    turn.parts.append(
                        Turn.Part(
                            partition: partition, batch: try readings[partition]?.stream.takeBatch(), next: next,
                            end: consumer.end(of: partition)))
                }
                return turn
            }
        }
    }
#endif
