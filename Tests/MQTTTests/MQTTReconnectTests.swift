import Glibc
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTReconnectTests {
    private static func payload(_ number: Int) -> String { #"{"t":\#(1_770_000_000 + number),"v":\#(number)}"# }

    @Test func `through restarts of the broker every message comes once while the publisher goes on`() async throws {
        let broker = try TestBroker(keeping: .atStop)
        let total = 3_000
        let result = try await receive(broker, MQTTSettings(topics: ["n/+"])) { delivered, telemetry in
            let publisher = try Publisher(broker.address, window: 1)
            for number in 0..<total {
                // Each time it is back and at work before the next.
                if number % 1_000 == 400, number > 1_000 {
                    while telemetry.counters.broker?.losses != UInt64(number / 1_000) {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                    try await telemetry.waitUntilConnected()
                }
                if number % 1_000 == 500 {
                    // In the middle of its work, with messages on their way to us.
                    broker.stop(SIGTERM)
                    try broker.start()
                }
                publisher.publish("n/\(number % 3)", Self.payload(number))
            }
            await delivered.wait { $0.contains { $0.values == [Double(total - 1)] } }
            let values = await delivered.rows.map { $0.values[0] }
            #expect(Set(values) == Set((0..<total).map(Double.init)), "nothing is lost")
            // What the publisher itself had to send twice, because its own acknowledgement was lost, comes twice by right.
            let twice = Set(publisher.uncertain)
            let repeated = Dictionary(grouping: values) { $0 }.filter { $0.value.count > 1 }.map(\.key)
            #expect(repeated.allSatisfy { twice.contains(Self.payload(Int($0))) })
            #expect(telemetry.counters.broker?.losses == 3)
        }
        #expect(await result.delivered.rows.allSatisfy { !$0.isMalformed })
    }

    @Test func `a broker that is killed has kept the session, and what came before we were back is not lost`()
        async throws
    {
        let broker = try TestBroker(keeping: .always)
        let result = try await receive(broker, MQTTSettings(topics: ["n/+"])) { delivered, telemetry in
            let publisher = try Publisher(broker.address)
            for number in 0..<200 { publisher.publish("n/a", Self.payload(number)) }
            await delivered.wait(forRows: 200)
            broker.stop(SIGKILL)
            try broker.start()
            // The publisher is back before the source, which waits a second.
            for number in 200..<400 { publisher.publish("n/a", Self.payload(number)) }
            await delivered.wait { $0.contains { $0.values == [399] } }
            let values = await delivered.rows.map { $0.values[0] }
            #expect(values == (0..<400).map(Double.init))
            #expect(telemetry.counters.broker?.losses == 1)
        }
        #expect(result.counters.broker?.isConnected == false)
    }

    @Test func `a broker that is not there is waited for, and a stop does not wait for it`() async throws {
        let broker = try TestBroker()
        broker.stop(SIGTERM)
        let telemetry = SourceTelemetry()
        var configuration = SourceConfiguration(input: .mqtt(address: broker.address, client: nil))
        configuration.mqtt = MQTTSettings(topics: ["n"])
        let source = try MQTTSource(
            address: broker.address, client: "waiting", configuration: configuration,
            arrival: { Timestamp(nanoseconds: 5) }, telemetry: telemetry, admission: .atOnce)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await source.run { _ in } }
            try broker.start()
            try await telemetry.waitUntilConnected()
            tasks.cancelAll()
            // A stop that waited for the broker would not end here.
            try await tasks.waitForAll()
        }
    }

    /// A listener that takes connections and says nothing: the broker that never answers.
    @Test func `a stop does not wait for a machine that does not answer`() async throws {
        let silent = try LoopbackListener { connection in
            var byte: UInt8 = 0
            while unsafe recv(connection, &byte, 1, 0) > 0 {}
        }
        defer { silent.stop() }
        let address = "mqtt://127.0.0.1:\(silent.port)"
        var configuration = SourceConfiguration(input: .mqtt(address: address, client: nil))
        configuration.mqtt = MQTTSettings(topics: ["n"])
        let telemetry = SourceTelemetry()
        let source = try MQTTSource(
            address: address, client: "waiting", configuration: configuration,
            arrival: { Timestamp(nanoseconds: 5) }, telemetry: telemetry)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await source.run { _ in } }
            while telemetry.activity.turns < 2 { await Task.yield() }
            tasks.cancelAll()
            // A stop that waited for the broker would not end here.
            try await tasks.waitForAll()
        }
    }
}

@Suite struct RecentMessagesTests {
    @Test func `only what came before a loss and comes again behind it is a duplicate, once`() {
        var recent = RecentMessages()
        func isDuplicate(_ number: Int32, _ hash: UInt64) -> Bool { recent.take(number: number, hash: hash) }
        for number in 1...5 { #expect(!isDuplicate(Int32(number), 7)) }
        // Without a loss nothing is: two sensors may say the same under the same number by and by.
        #expect(!isDuplicate(5, 7))
        recent.sessionGoesOn()
        #expect(isDuplicate(4, 7))
        #expect(!isDuplicate(4, 8), "another payload")
        #expect(!isDuplicate(6, 7), "sent again, but never seen")
        #expect(!isDuplicate(4, 7), "the second time it is a new one")
        #expect(!isDuplicate(0, 7), "without acknowledgement nothing comes twice")
        recent.sessionGoesOn()
        recent.sessionBegins()
        #expect(!isDuplicate(1, 7))
    }

    @Test func `the look behind a loss has an end`() {
        var recent = RecentMessages()
        func isDuplicate(_ number: Int32) -> Bool { recent.take(number: number, hash: 7) }
        #expect(!isDuplicate(1))
        recent.sessionGoesOn()
        for number in 2..<(RecentMessages.remembered + 2) { #expect(!isDuplicate(Int32(number))) }
        #expect(!isDuplicate(1))
    }
}
