internal import Ingest

/// The keys of a source that is topics of a Kafka cluster; unset ones have the defaults of ``KafkaInput``.
struct KafkaDraft: Equatable, Sendable {
    var brokers: String?
    var topics: [String]?
    var group: String?
    var member: String?
    var beginning: KafkaInput.Beginning?
    var snapshotsTopic: String?
    var snapshotEvery: Double?
    var sessionTimeout: Double?
    var options: [String]?
    var library: String?

    /// The input; `nil` when brokers or topics are not named.
    var input: KafkaInput? {
        guard let brokers, let topics else { return nil }
        var input = KafkaInput(brokers: brokers, topics: topics)
        input.group = group ?? input.group
        input.member = member
        input.beginning = beginning ?? input.beginning
        input.snapshotsTopic = snapshotsTopic ?? input.snapshotsTopic
        input.snapshotEvery = snapshotEvery ?? input.snapshotEvery
        input.sessionTimeout = sessionTimeout ?? input.sessionTimeout
        input.library = library
        for option in options ?? [] {
            if let (name, value) = Self.parts(option) { input.options[name] = value }
        }
        return input
    }

    /// Name and value of `name=value`.
    static func parts(_ option: String) -> (name: String, value: String)? {
        guard let sign = option.firstIndex(of: "="), sign != option.startIndex else { return nil }
        return (String(option[..<sign]), String(option[option.index(after: sign)...]))
    }
}

extension ConfigurationKeys {
    /// What other tools call a key of a source that is topics of a Kafka cluster.
    static let kafkaSynonyms = [
        "brokers": "kafka", "broker": "kafka", "bootstrap_servers": "kafka", "group_id": "group",
        "consumer_group": "group", "offset": "begin", "auto_offset_reset": "begin", "topic": "topics",
    ]

    /// What is wrong with a topic; whether it is one of Kafka's is known with the source.
    static func faultOfTopic(_ topic: String) -> String? {
        topic.hasPrefix("^") ? nil : MQTTSettings.fault(ofFilter: topic)
    }

    /// The keys of a source that is topics of a Kafka cluster.
    static let kafka: [ConfigurationKey<SourceDraft>] = [
        .init(
            "kafka", expected: "one or more brokers, such as \"10.0.0.5:9092,10.0.0.6:9092\"", \.kafka.brokers,
            parse: { text($0).flatMap { KafkaInput.fault(ofBrokers: $0) == nil ? $0 : nil } },
            format: TOMLDocument.quoted
        ).telling { text($0).flatMap(KafkaInput.fault(ofBrokers:)) },
        .init(
            "group", expected: "the name of a consumer group", \.kafka.group, parse: text, format: TOMLDocument.quoted),
        .init(
            "member", expected: "a name that no other worker of the group has", \.kafka.member, parse: text,
            format: TOMLDocument.quoted),
        .init(
            "begin",
            expected: "one of "
                + KafkaInput.Beginning.allCases.map { TOMLDocument.quoted($0.rawValue) }.joined(separator: ", "),
            \.kafka.beginning, parse: { text($0).flatMap(KafkaInput.Beginning.init) },
            format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "snapshots_topic", expected: "the name of a topic, in which {topic} and {group} may stand, or \"none\"",
            \.kafka.snapshotsTopic, parse: text, format: TOMLDocument.quoted),
        .init(
            "snapshot_every", expected: "a duration from \"1s\" to \"1d\"", \.kafka.snapshotEvery,
            parse: { duration($0, in: 1...86_400) }, format: durationText),
        .init(
            "session_timeout", expected: "a duration from \"3s\" to \"30min\"", \.kafka.sessionTimeout,
            parse: { duration($0, in: 3...1_800) }, format: durationText),
        .init(
            "kafka_options",
            expected: "a list of settings of librdkafka as \"name=value\", without those that monitord sets itself",
            \.kafka.options,
            parse: { node in texts(node).flatMap { $0.contains { KafkaInput.fault(ofOption: $0) != nil } ? nil : $0 } },
            format: listText
        ).telling { texts($0)?.lazy.compactMap(KafkaInput.fault(ofOption:)).first },
        .init(
            "kafka_library", expected: "a path, or a name that the loader finds", \.kafka.library, parse: text,
            format: TOMLDocument.quoted),
    ]
}
