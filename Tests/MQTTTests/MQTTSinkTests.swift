import Alerting
import Glibc
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTSinkTests {
    private static func record(_ series: String, seq: Int) -> AlertRecord {
        let time = Timestamp(nanoseconds: 1_770_000_000_000_000_000)
        return AlertRecord(
            id: "7f3c91a2b4d5e6f7", seq: seq, event: .open, time: time, since: time, until: nil, severity: .warning,
            kind: .anomaly, series: series, allSeries: [], score: 6, threshold: 5, rarity: nil, channels: [])
    }

    private static func sink(_ broker: TestBroker, _ topic: String = "monitord/alerts/{series}") throws -> MQTTSink {
        try MQTTSink(
            MQTTSink.Configuration(access: try BrokerAccess(broker.address, client: "sink"), topic: topic, patience: 3),
            stamp: { EmissionStamp(host: "gw", version: "1", emitted: Timestamp(nanoseconds: 0)) })
    }

    @Test func `an alert is published as the rolling log has it, and delivered once it is acknowledged`() async throws {
        let broker = try TestBroker()
        let reader = try Publisher(broker.address, client: "reader")
        reader.subscribe("monitord/alerts/#")
        let sink = try Self.sink(broker)
        let record = Self.record("hall2/pump3", seq: 0)
        try await sink.deliver(record)
        reader.waitForMessage(count: 1)
        let message = try #require(reader.received.first)
        #expect(message.topic == "monitord/alerts/hall2/pump3")
        let stamp = EmissionStamp(host: "gw", version: "1", emitted: Timestamp(nanoseconds: 0))
        #expect(String(decoding: message.payload, as: UTF8.self) == record.jsonLine(stamp: stamp))
        #expect(sink.isReachable)
    }

    @Test func `without a broker a delivery fails in words, and the next one finds it again`() async throws {
        let broker = try TestBroker()
        let sink = try Self.sink(broker)
        try await sink.deliver(Self.record("a", seq: 0))
        broker.stop(SIGKILL)
        await #expect(throws: MQTTError.self) { try await sink.deliver(Self.record("a", seq: 1)) }
        #expect(!sink.isReachable)
        do {
            try await sink.deliver(Self.record("a", seq: 1))
            Issue.record("nobody is there")
        } catch {
            #expect("\(error)" == "cannot connect to \(broker.address): connection refused")
        }
        try broker.start()
        let reader = try Publisher(broker.address, client: "reader")
        reader.subscribe("monitord/alerts/#")
        try await sink.deliver(Self.record("a", seq: 1))
        reader.waitForMessage(count: 1)
        #expect(reader.received.count == 1)
        #expect(sink.isReachable)
    }

    @Test(arguments: [
        ("monitord/alerts/{series}", "monitord/alerts/hall/pump_1_"),
        ("{host}/{kind}/{severity}", "g_w/anomaly/warning"),
        ("plain", "plain"), ("{unknown}/{series", "{unknown}/{series"),
    ])
    func `what is filled into a topic makes no wildcard`(template: String, topic: String) {
        #expect(MQTTSink.topic(template, of: Self.record("hall/pump+1#", seq: 0), host: "g/w") == topic)
    }
}
