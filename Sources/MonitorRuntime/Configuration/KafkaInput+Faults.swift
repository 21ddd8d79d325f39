internal import Ingest

/// What is wrong with a source of Kafka's topics, as far as that shows without a cluster.
extension KafkaInput {
    /// What is wrong with a list of brokers; `nil` when nothing is.
    static func fault(ofBrokers text: String) -> String? {
        for broker in KafkaInput(brokers: text, topics: []).brokerList {
            if let sign = broker.firstRange(of: "://") {
                let scheme = broker[..<sign.lowerBound]
                // librdkafka's own words for what `security.protocol` says.
                if ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"].contains(scheme.lowercased()) { continue }
                return "brokers have no scheme: write \(TOMLDocument.quoted(String(broker[sign.upperBound...])))"
                    + "; TLS is kafka_options = [\"security.protocol=ssl\"]"
            }
            guard let colon = broker.lastIndex(of: ":"), !broker.hasSuffix("]") else { continue }
            guard let port = UInt16(broker[broker.index(after: colon)...]), port > 0, colon > broker.startIndex else {
                return "\(TOMLDocument.quoted(broker)) is no broker: expected HOST:PORT, with commas between several"
            }
        }
        return nil
    }

    /// What is wrong with a topic or a pattern of topics, to follow its name; `nil` when nothing is.
    static func fault(ofTopic topic: String) -> String? {
        if topic.hasPrefix("^") { return TopicPattern.fault(topic).map { "is no regular expression: \($0)" } }
        if topic.contains(where: { $0 == "#" || $0 == "+" }) {
            return "is a filter of MQTT: of Kafka write a topic, or a pattern such as \"^plant\\\\..*\""
        }
        let isName = topic.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isName && topic.utf8.count <= 249
            ? nil
            : "is no topic of Kafka: at most 249 of letters, digits, \".\", \"_\" and \"-\"; a pattern begins with ^"
    }

    /// The topic of snapshots of a topic; `nil` when there are none.
    func snapshotTopic(of topic: String) -> String? {
        guard snapshotsTopic != "none" else { return nil }
        return snapshotsTopic.replacing("{topic}", with: topic).replacing("{group}", with: group)
    }

    /// A topic of those that are read, or a pattern of them, into which the snapshots would be written; `nil` when none is.
    var topicOfOwnSnapshots: String? {
        // Of topics that a pattern finds only the name around theirs is known.
        let names = Set(topics.map { snapshotTopic(of: $0.hasPrefix("^") ? "" : $0) }.compactMap(\.self))
        return topics.first { topic in
            names.contains { topic.hasPrefix("^") ? TopicPattern.matches(topic, $0) : topic == $0 }
        }
    }

    /// Why an option of librdkafka is not for `kafka_options`; `nil` when it is.
    static func fault(ofOption option: String) -> String? {
        guard let (name, _) = KafkaDraft.parts(option) else {
            return "\(TOMLDocument.quoted(option)) is no setting: expected \"name=value\""
        }
        guard ownOptions.contains(name) else { return nil }
        let keys = [
            "bootstrap.servers": "kafka", "metadata.broker.list": "kafka", "group.id": "group",
            "group.instance.id": "member", "auto.offset.reset": "begin", "session.timeout.ms": "session_timeout",
        ]
        return keys[name].map { "\(name) is set by monitord's own key \($0)" }
            ?? "\(name) is monitord's own: what it does rests on it"
    }
}
