import Glibc
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

/// What a source at a broker says of how it stands.
@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTStandingTests {
    private func running(
        _ address: String, silence: Double = 60, _ body: (SourceTelemetry) async throws -> Void
    ) async throws {
        let telemetry = SourceTelemetry()
        var configuration = SourceConfiguration(input: .mqtt(address: address, client: nil))
        configuration.mqtt = MQTTSettings(topics: ["n"])
        let source = try MQTTSource(
            address: address, client: "standing", configuration: configuration,
            arrival: { Timestamp(nanoseconds: 100_000_000_000) }, telemetry: telemetry, admission: .atOnce,
            silence: silence)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await source.run { _ in } }
            try await body(telemetry)
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    private func wait(_ telemetry: SourceTelemetry, _ isSo: (BrokerCounters) -> Bool) async throws -> BrokerCounters {
        while true {
            if let broker = telemetry.counters.broker, isSo(broker) { return broker }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func `since when and why a broker is away is known, and not while it is there`() async throws {
        let broker = try TestBroker()
        broker.stop(SIGTERM)
        try await running(broker.address) { telemetry in
            let away = try await wait(telemetry) { $0.awayReason != nil }
            #expect(!away.isConnected && away.awaySince == Timestamp(nanoseconds: 100_000_000_000))
            #expect(away.awayReason?.contains("refused") == true, "\(away.awayReason ?? "")")
            try broker.start()
            let there = try await wait(telemetry) { $0.isConnected }
            #expect(there.awaySince == nil && there.awayReason == nil)
        }
    }

    @Test func `that nothing comes is known after a while, and forgotten with the first message`() async throws {
        let broker = try TestBroker()
        try await running(broker.address, silence: 0.1) { telemetry in
            let silent = try await wait(telemetry) { $0.silentSince != nil }
            #expect(silent.isConnected && silent.messages == 0)
            let publisher = try Publisher(broker.address)
            publisher.publish("n", "1")
            let heard = try await wait(telemetry) { $0.messages > 0 }
            #expect(heard.silentSince == nil)
        }
    }

    @Test func `who is thrown out again and again is told that another may have its name`() async throws {
        let broker = try TestBroker()
        try await running(broker.address) { first in
            try await running(broker.address) { second in
                let told = { (counters: BrokerCounters) in counters.awayReason?.contains("client_id standing") == true }
                while true {
                    if first.counters.broker.map(told) == true || second.counters.broker.map(told) == true { return }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }
}

@Suite struct LossesInARowTests {
    @Test func `five in a minute are many, and are forgotten after it`() {
        var losses = LossesInARow()
        for second in 0..<4 { losses.note(at: Double(second)) }
        #expect(!losses.areMany)
        losses.note(at: 59)
        #expect(losses.areMany && losses.count == 5)
        losses.areTold = true
        losses.note(at: 200)
        #expect(!losses.areMany && !losses.areTold && losses.count == 1)
    }
}

@Suite struct TopicMixtureTests {
    private func mixture(_ topics: [String], series: String) -> TopicTable.Mixture? {
        var settings = MQTTSettings(topics: ["#"])
        settings.series = TopicTemplate(series) ?? .whole
        var table = TopicTable(settings)
        for topic in topics {
            let bytes = Array(topic.utf8)
            var hash = MessageHash()
            hash.add(bytes.span)
            guard case .lines(_, let number) = table.use(of: bytes.span, hash: hash.value) else { continue }
            table.note(bytes.span, hash: hash.value, of: number)
        }
        return table.mixture
    }

    @Test func `topics that make one series by turns are a mixture, with both named`() {
        let topics = ["p/1/press/temp", "p/1/press/bar", "p/1/press/temp", "p/1/press/bar"]
        #expect(
            mixture(topics, series: "{3}")
                == TopicTable.Mixture(series: "press", first: "p/1/press/bar", second: "p/1/press/temp"))
        #expect(mixture(topics, series: "{3}/{4}") == nil)
    }

    @Test func `a topic that takes the place of another is none`() {
        #expect(mixture(["a/x", "a/x", "b/x", "b/x", "b/x"], series: "{2}") == nil)
    }
}
