import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTSourceTests {
    @Test func `a plain number is the channel value of the series that its topic names`() async throws {
        let broker = try TestBroker()
        let result = try await receive(broker, MQTTSettings(topics: ["plant/+/temp"])) { delivered, _ in
            let publisher = try Publisher(broker.address)
            for number in 1...6 {
                publisher.publish("plant/p\(number % 2)/temp", "\(20 + number).5")
                publisher.publish("plant/p1/other", "1")
            }
            await delivered.wait(forRows: 6)
        }
        let rows = await result.delivered.rows
        #expect(rows.map(\.values) == (1...6).map { [20.5 + Double($0)] })
        #expect(rows.map(\.series) == (1...6).map { "plant/p\($0 % 2)/temp" })
        #expect(await result.delivered.channels(of: "plant/p1/temp") == ["value"])
        #expect(result.counters.broker?.messages == 6)
    }

    @Test func `JSON objects have their keys as channels, and parts of the topic as series`() async throws {
        let broker = try TestBroker()
        let settings = MQTTSettings(
            topics: ["plant/#"], series: try #require(TopicTemplate("{3}@{2}")))
        let result = try await receive(broker, settings) { delivered, _ in
            let publisher = try Publisher(broker.address)
            for number in 1...5 {
                let payload = #"{"t": \#(1_770_000_000 + number), "v": 21.\#(number), "q": 192, "id": "x"}"#
                publisher.publish("plant/hall2/pump\(number % 2)/state", payload)
            }
            // As people write it, over several lines.
            publisher.publish("plant/hall2/pump0/state", "{\n  \"t\": 1770000009,\n  \"v\": 7,\n  \"q\": 192\n}\n")
            await delivered.wait(forRows: 6)
        }
        let rows = await result.delivered.rows
        #expect(rows.prefix(5).map(\.series) == [1, 0, 1, 0, 1].map { "pump\($0)@hall2" })
        #expect(rows.last?.values.first == 7)
        #expect(rows.allSatisfy { !$0.isMalformed })
        #expect(rows[0].time == Timestamp(nanoseconds: 1_770_000_001_000_000_000))
    }

    @Test func `CSV lines, several in a message, belong to the series of its topic`() async throws {
        let broker = try TestBroker()
        let result = try await receive(
            broker, MQTTSettings(topics: ["a/b"]),
            configure: { $0.columns = ["time", "temp", "flow"] }
        ) { delivered, _ in
            let publisher = try Publisher(broker.address)
            publisher.publish("a/b", "1770000000,21.5,3\n1770000001,21.6,4")
            publisher.publish("a/b", "1770000002,21.7,5\n")
            publisher.publish("a/b", "1770000003,broken,5")
            publisher.publish("a/b", "1770000004,21.9,6")
            await delivered.wait(forRows: 5)
        }
        let rows = await result.delivered.rows
        #expect(rows.filter { !$0.isMalformed }.map(\.values) == [[21.5, 3], [21.6, 4], [21.7, 5], [21.9, 6]])
        #expect(rows.filter { !$0.isMalformed }.allSatisfy { $0.series == "a/b" })
        #expect(await result.delivered.channels(of: "a/b") == ["temp", "flow"])
        #expect(result.counters.decoded.malformed == 1)
    }

    @Test func `InfluxDB lines name their series themselves, and so does a column that is asked for`() async throws {
        let broker = try TestBroker()
        let influx = try await receive(broker, MQTTSettings(topics: ["telegraf/#"])) { delivered, _ in
            let publisher = try Publisher(broker.address)
            for number in 1...5 {
                publisher.publish("telegraf/h", "cpu,host=a usage=\(number) 177000000\(number)000000000")
            }
            await delivered.wait(forRows: 5)
        }
        #expect(await influx.delivered.rows.allSatisfy { $0.series == "cpu,host=a" })
        let column = try await receive(
            broker, MQTTSettings(topics: ["all"]), client: "second", configure: { $0.series = "id" }
        ) { delivered, _ in
            let publisher = try Publisher(broker.address)
            for number in 1...5 { publisher.publish("all", #"{"id":"p\#(number % 2)","v":\#(number)}"#) }
            await delivered.wait(forRows: 5)
        }
        #expect(await column.delivered.rows.map(\.series) == [1, 0, 1, 0, 1].map { "p\($0)" })
    }

    @Test(arguments: MQTTSettings.Retained.allCases, [true, false])
    func `a retained message is old: used when it has a time, or as one says`(
        _ retained: MQTTSettings.Retained, isDated: Bool
    ) async throws {
        let broker = try TestBroker()
        let publisher = try Publisher(broker.address)
        func payload(_ value: Int) -> String { isDated ? #"{"t":177000000\#(value),"v":\#(value)}"# : "\(value)" }
        publisher.publish("p/old", payload(1), retained: true)
        let result = try await receive(broker, MQTTSettings(topics: ["p/#"], retained: retained)) { delivered, _ in
            for value in 2...6 { publisher.publish("p/new", payload(value)) }
            await delivered.wait { $0.last?.values == [6] }
        }
        let isUsed = retained == .use || (retained == .dated && isDated)
        let values = await result.delivered.rows.map(\.values)
        #expect(values == ((isUsed ? [[1]] : []) + (2...6).map { [Double($0)] }))
        #expect(result.counters.broker?.retainedSkipped == (isUsed ? 0 : 1))
    }

    @Test func `bytes that are no text and names that are none are counted, and the rest goes on`() async throws {
        let broker = try TestBroker()
        let settings = MQTTSettings(topics: ["#"], series: try #require(TopicTemplate("{2}")))
        let result = try await receive(broker, settings) { delivered, _ in
            let publisher = try Publisher(broker.address)
            for value in 1...4 { publisher.publish("a/s", "\(value)") }
            publisher.publish("a/s", [0, 255, 1, 2])
            publisher.publish("a/s", [UInt8]())
            publisher.publish("onepart", "5")
            publisher.publish("a/" + String(repeating: "x", count: 300), "5")
            publisher.publish("spBv1.0/STATE/host", "5")
            publisher.publish("a/s", "6")
            await delivered.wait { $0.last?.values == [6] }
        }
        #expect(result.counters.decoded.malformed == 1)
        #expect(result.counters.broker?.unusable == 2)
        #expect(await result.delivered.rows.count { !$0.isMalformed } == 5)
    }

    @Test func `what is known of series and their lines is gone on with`() async throws {
        let broker = try TestBroker()
        let publisher = try Publisher(broker.address)
        let first = try await receive(broker, MQTTSettings(topics: ["p/+"])) { delivered, _ in
            for value in 1...5 { publisher.publish("p/\(value % 2)", #"{"b":1,"a":\#(value)}"#) }
            await delivered.wait(forRows: 5)
        }
        let state = try #require(await first.delivered.batches.last).decoding
        // Published while nobody listens: the broker has kept it.
        publisher.publish("p/0", #"{"a":6,"b":2}"#)
        let second = try await receive(broker, MQTTSettings(topics: ["p/+"]), resume: ["input": state]) {
            delivered, _ in
            await delivered.wait(forRows: 1)
        }
        let rows = await second.delivered.rows
        #expect(rows.map(\.values) == [[2, 6]])
        #expect(rows.map(\.series) == ["p/0"])
        #expect(await second.delivered.batches.last?.seriesNames == ["p/1", "p/0"])
    }

    @Test func `a broker is not read while the pipeline is behind, and nothing is lost`() async throws {
        let broker = try TestBroker()
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let total = 40_000
        let result = try await receive(
            broker, MQTTSettings(topics: ["n"]),
            deliver: { batch in if batch.rows.first.map({ $0.endOffset < 20 }) == true { for await _ in gate {} } }
        ) { delivered, telemetry in
            let publisher = try Publisher(broker.address, window: 100)
            for value in 0..<total { publisher.publish("n", "\(value)") }
            publisher.settle()
            // All is at the broker, and no more of it here than the few batches that may wait.
            let taken = try #require(telemetry.counters.broker).messages
            #expect(taken < UInt64(total))
            opener.finish()
            await delivered.wait(forRows: total)
        }
        #expect(await result.delivered.rows.map(\.values) == (0..<total).map { [Double($0)] })
    }
}
