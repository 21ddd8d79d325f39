/// Topics of a Kafka cluster, shared with the other members of a group.
public struct KafkaInput: Equatable, Sendable {
    /// Where a partition is read from of which nothing is known.
    public enum Beginning: String, CaseIterable, Equatable, Sendable {
        /// The first message that the brokers still have.
        case earliest
        /// The next one.
        case latest
    }

    /// `kafka` (string): brokers that the others are known by, `host:9092,other:9092`.
    public var brokers: String
    /// `topics` (strings): names, or patterns that begin with `^`.
    public var topics: [String]
    /// `group` (string, "monitord"): the consumer group that shares the partitions.
    public var group = "monitord"
    /// `member` (string, the machine's name): this worker's lasting name in the group; `nil` for the default.
    public var member: String?
    /// `begin` (string, "earliest"): where a partition is read from that has neither snapshot nor stored offset.
    public var beginning = Beginning.earliest
    /// `snapshots_topic` (string, "GROUP-monitord-TOPIC"): where snapshots go besides the local state, compacted; "none" for
    /// nowhere. `{topic}` stands for the topic that is read, `{group}` for the group.
    public var snapshotsTopic = "{group}-monitord-{topic}"
    /// `snapshot_every` (duration, "5min"): seconds between two snapshots of a partition to that topic.
    public var snapshotEvery = 300.0
    /// `session_timeout` (duration, "45s"): seconds without a sign of life after which the group gives a worker's partitions to
    /// others.
    public var sessionTimeout = 45.0
    /// `kafka_options` (texts "name=value"): settings of librdkafka, as for TLS and passwords.
    public var options: [String: String] = [:]
    /// `kafka_library` (path, "librdkafka.so.1"): the library.
    public var library: String?

    /// Names topics of a cluster.
    public init(brokers: String, topics: [String]) {
        self.brokers = brokers
        self.topics = topics
    }

    /// The brokers one by one.
    public var brokerList: [String] {
        brokers.split(separator: ",").map { $0.split(whereSeparator: \.isWhitespace).joined() }
    }

    /// Whether two sources of one process would be one member of one group. Lists of brokers that share one are of one cluster.
    public func isSameMember(as other: KafkaInput) -> Bool {
        group == other.group && member == other.member && !Set(brokerList).isDisjoint(with: other.brokerList)
    }

    /// Settings of librdkafka on which the division of labour rests; they are not for `kafka_options`.
    public static let ownOptions: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id", "enable.auto.commit",
        "enable.auto.offset.store", "partition.assignment.strategy", "auto.offset.reset", "session.timeout.ms",
        "heartbeat.interval.ms", "max.poll.interval.ms", "log.queue", "enable.partition.eof", "enable.idempotence",
        "acks", "transactional.id", "isolation.level",
    ]
}
