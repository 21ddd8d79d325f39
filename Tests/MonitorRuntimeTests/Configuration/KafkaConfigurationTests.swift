import Ingest
import Testing

@testable import MonitorRuntime

@Suite("sources of Kafka in the configuration") struct KafkaConfigurationTests {
    private func problems(of text: String) -> String {
        let access = ConfigurationFiles(
            read: { path in path.hasSuffix("monitord.toml") ? Array(text.utf8) : nil }, list: { _ in [] })
        do {
            _ = try ConfigurationLoader(environment: ["TZ": "UTC"], isRoot: false, files: access).load(
                ConfigurationOverrides())
            return "none"
        } catch {
            return error.description.replacing("/etc/monitord/", with: "")
        }
    }

    private func source(_ keys: String, brokers: String = "a:9092,b:9092", topics: String = "\"t\"") -> String {
        "[[source]]\nkafka = \"\(brokers)\"\ntopics = [\(topics)]\n\(keys)\n"
    }

    @Test func `two sources are not one member of one group`() {
        let first = source("")
        for second in [
            source("", topics: "\"u\""), source("", brokers: "b:9092, c:9092"),
            source("group = \"monitord\"", topics: "\"u\""),
        ] {
            let found = problems(of: first + second)
            #expect(
                found.contains(
                    "the source at monitord.toml:1:3 is the same member of the group \"monitord\" too; put all topics into "
                        + "one source, or give each a member = \"…\" of its own"), "\(found)")
        }
        let named = problems(of: source("member = \"m\"") + source("member = \"m\"", topics: "\"u\""))
        #expect(named.contains("monitord.toml:8:1: source.member"))
        #expect(named.contains("is the member \"m\" of the group"), "\(named)")
        for second in [
            source("member = \"m\"", topics: "\"u\""), source("group = \"g\"", topics: "\"u\""),
            source("", brokers: "c:9092", topics: "\"u\""),
        ] {
            #expect(problems(of: first + second) == "none")
        }
    }

    @Test(arguments: [
        ("a:9092,[::1]:9092, ssl://b:9093,c", nil), ("kafka://a:9092", "brokers have no scheme: write \"a:9092\""),
        ("a:9092,b:x", "\"b:x\" is no broker"), (":9092", "\":9092\" is no broker"),
    ])
    func `brokers are hosts and ports`(brokers: String, fault: String?) {
        let found = problems(of: source("", brokers: brokers))
        #expect(fault.map { found.contains("source.kafka: \($0)") } ?? (found == "none"), "\(found)")
    }

    @Test(arguments: [
        ("plant.hall_2-x", nil), ("^plant\\\\..*", nil), ("plant/+/temp", "is a filter of MQTT"),
        ("#", "is a filter of MQTT"), ("plant hall", "is no topic of Kafka"), ("^(a", "is no regular expression: "),
        ("^a{2,1}", "is no regular expression: "),
    ])
    func `topics are names or patterns`(topic: String, fault: String?) {
        let found = problems(of: source("", topics: "\"\(topic)\""))
        #expect(
            fault.map { found.contains("source.topics: \"") && found.contains("\" \($0)") } ?? (found == "none"),
            "\(found)")
    }

    @Test(arguments: [
        ("snapshots_topic = \"t\"", "\"t\"", false), ("snapshots_topic = \"{topic}\"", "\"u\"", false),
        ("", "\"t\", \"monitord-monitord-t\"", false), ("", "\"^.*\"", false), ("", "\"t\", \"^monitord\"", false),
        ("snapshots_topic = \"none\"", "\"^.*\"", true), ("", "\"^plant\"", true),
        ("snapshots_topic = \"u\"", "\"t\"", true),
    ])
    func `snapshots are not written into what is read`(keys: String, topics: String, isRight: Bool) {
        let found = problems(of: source(keys, topics: topics))
        #expect(isRight ? found == "none" : found.contains("source.snapshots_topic: snapshots would be"), "\(found)")
    }

    @Test func `the words of other tools lead to monitord's`() {
        for (word, key) in [
            ("brokers", "kafka"), ("bootstrap_servers", "kafka"), ("group_id", "group"), ("offset", "begin"),
            ("auto_offset_reset", "begin"),
        ] {
            let found = problems(of: source("\(word) = \"x\""))
            #expect(found.contains("unknown key \"source.\(word)\"; did you mean \"source.\(key)\"?"), "\(found)")
        }
        for (option, words) in [
            ("group.id=g", "group.id is set by monitord's own key group"),
            ("auto.offset.reset=latest", "auto.offset.reset is set by monitord's own key begin"),
            ("acks=0", "acks is monitord's own"), ("ssl", "\"ssl\" is no setting: expected \"name=value\""),
        ] {
            let found = problems(of: source("kafka_options = [\"\(option)\"]"))
            #expect(found.contains("source.kafka_options: \(words)"), "\(found)")
        }
    }
}
