#if Kafka
    import Ingest
    import Testing

    @testable import MonitorRuntime

    @Suite("settings of Kafka's library") struct KafkaSettingsTests {
        @Test func `topics are looked for each half minute, unless the options say otherwise`() {
            var input = KafkaInput(brokers: "a:9092, b:9092", topics: ["t"])
            func values(_ name: String) -> [String] {
                KafkaClients.commonSettings(input, worker: "w").filter { $0.name == name }.map(\.value)
            }
            #expect(values("bootstrap.servers") == ["a:9092,b:9092"])
            #expect(values("topic.metadata.refresh.interval.ms") == ["30000"])
            input.options["topic.metadata.refresh.interval.ms"] = "10000"
            #expect(values("topic.metadata.refresh.interval.ms").last == "10000")
        }
    }
#endif
