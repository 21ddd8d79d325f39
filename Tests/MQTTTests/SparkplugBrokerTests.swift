import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct SparkplugBrokerTests {
    @Test func `a session at a broker: late, asked for births, born, a gap, and dead`() async throws {
        let broker = try TestBroker()
        let result = try await receive(broker, MQTTSettings(topics: ["spBv1.0/#", "plain/+"])) { delivered, telemetry in
            let edge = try Publisher(broker.address, client: "edge")
            edge.subscribe("spBv1.0/G/NCMD/E")
            func data(_ value: Double, seq: UInt64) {
                edge.publish(
                    "spBv1.0/G/DDATA/E/P", sparkplugPayload([.real(alias: 7, value)], seq: seq, time: 1_000 + seq))
            }
            func births() {
                let session = TestMetric("bdSeq", .longValue(1), type: 8)
                edge.publish("spBv1.0/G/NBIRTH/E", sparkplugPayload([session], seq: 0, time: 1_000))
                edge.publish(
                    "spBv1.0/G/DBIRTH/E/P",
                    sparkplugPayload([.real("temp", alias: 7, 20, unit: "°C")], seq: 1, time: 1_001))
            }
            // monitord has come late: it asks, and the edge node answers as the specification has it.
            data(1, seq: 77)
            edge.waitForMessage(count: 1)
            let command = try #require(edge.received.first)
            #expect(command.topic == "spBv1.0/G/NCMD/E")
            let asked = try #require(SparkplugMessage(command.payload.span)?.metrics.first)
            #expect(asked.name == "Node Control/Rebirth" && asked.value == .real(1))
            births()
            for number in 2...5 { data(Double(20 + number), seq: UInt64(number)) }
            data(30, seq: 8)
            edge.publish("plain/x", "1")
            edge.publish("plain/x", "2")
            edge.publish("plain/x", "3")
            edge.publish(
                "spBv1.0/G/NDEATH/E", sparkplugPayload([TestMetric("bdSeq", .longValue(1), type: 8)], seq: nil))
            edge.publish("plain/x", "4")
            await delivered.wait { $0.contains { $0.stops } && $0.contains { $0.values == [4] } }
            while telemetry.counters.broker?.sparkplug?.deaths != 1 { try await Task.sleep(for: .milliseconds(2)) }
        }
        let rows = await result.delivered.rows
        let device = rows.filter { $0.stream == "input sparkplug" }
        #expect(device.allSatisfy { $0.series == "G/E/P" })
        #expect(device.map(\.values) == [[20], [22], [23], [24], [25], [30], []])
        #expect(device.last?.stops == true)
        #expect(await result.delivered.channels(of: "G/E/P") == ["temp [°C]"])
        #expect(rows.filter { $0.stream == "input" }.map(\.values) == [[1], [2], [3], [4]])
        let counters = try #require(result.counters.broker?.sparkplug)
        #expect(counters.lost == 2)
        #expect(counters.births == 2)
        #expect(counters.deaths == 1)
        #expect(counters.unknown == 1)
        #expect(counters.rebirthsAsked == 2)
    }
}
