import Alerting
import AnomalyDetection
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// A level that stays, from the line to the message, under each of the ways with it.
@Suite struct AcceptanceTests {
    private final class Heard: Sendable {
        let records = Mutex<[AlertRecord]>([])
        var all: [AlertRecord] { records.withLock { $0 } }

        /// The messages of incidents that began at or after a tick.
        func since(_ tick: Int) -> [AlertRecord] {
            all.filter { $0.since.nanoseconds >= Int64(1_767_225_600 + 60 * tick) * 1_000_000_000 }
        }
    }

    /// A stream of one channel that is at 60 and goes to 66 and back.
    private struct Watched {
        let heard = Heard()
        let pipeline: Pipeline
        let desk: AlertDesk
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), seriesName: "input", admission: .atOnce)
        var generator = SeededGenerator(seed: 11)
        var tick = 0

        init(_ adaptation: String) throws {
            var configuration = MonitorConfiguration()
            configuration.detection.adaptation = try #require(.init(rawValue: adaptation))
            configuration.detection.allowsNetworks = false
            let heard = heard
            desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { records in
                heard.records.withLock { $0 += records }
            }
            pipeline = Pipeline(
                name: "input", interval: 60, configuration: configuration, timesByRow: true, shardCount: 1, desk: desk)
        }

        mutating func watch(_ level: Double, samples: Int) async throws {
            var lines = tick == 0 ? "time,temp\n" : ""
            for _ in 0..<samples {
                lines += "\(1_767_225_600 + 60 * tick),\(level + 0.3 * normal(&generator))\n"
                tick += 1
            }
            var batch = RecordBatch()
            decoder.decode(Array(lines.utf8), into: &batch)
            try await pipeline.process(batch)
        }
    }

    @Test func `under auto a level that stays is taken for usual, and the closing says so`() async throws {
        var watched = try Watched("auto")
        try await watched.watch(60, samples: 2_000)
        try await watched.watch(66, samples: 1_500)
        let records = watched.heard.since(1_900)
        #expect(records.map(\.event) == [.open, .close] || records.map(\.event) == [.open, .update, .close])
        #expect(records.allSatisfy { $0.awaits == nil })
        let last = try #require(records.last)
        #expect(last.message.contains("taken for usual from here on") || last.message.contains("now counts as usual"))
    }

    @Test(arguments: ["ask", "off"])
    func `an incident stays open until the series returns`(adaptation: String) async throws {
        var watched = try Watched(adaptation)
        try await watched.watch(60, samples: 2_000)
        try await watched.watch(66, samples: 3_000)
        // The state may have begun a few samples before, on noise.
        let open = watched.heard.since(1_900)
        let first = try #require(open.first)
        #expect(open.allSatisfy { $0.event != .close })
        #expect(first.awaits == (adaptation == "ask" ? "acceptance" : nil))
        #expect(first.jsonLine().contains("\"awaits\":\"acceptance\"") == (adaptation == "ask"))
        let until = adaptation == "ask" ? "it is unusual until it is accepted." : "unusual until the series returns."
        #expect(first.message.contains(until))
        #expect(await watched.pipeline.standing().awaiting == (adaptation == "ask" ? 1 : 0))
        try await watched.watch(60, samples: 600)
        let last = try #require(watched.heard.all.last)
        #expect(last.event == .close && last.id == first.id && last.awaits == nil)
        #expect(last.message.contains("it has returned to what was usual before."), "\(last.message)")
    }

    @Test(arguments: ["ask", "off"]) func `an acceptance closes the incident at the next round`(adaptation: String)
        async throws
    {
        var watched = try Watched(adaptation)
        try await watched.watch(60, samples: 2_003)
        try await watched.watch(66, samples: 1_000)
        let id = try #require(watched.heard.since(1_900).first?.id)
        let open = await watched.desk.openIncidents(prefix: String(id.prefix(6)))
        #expect(open.map(\.id) == [id])
        #expect(open.map(\.series) == [["input"]])
        #expect(await watched.desk.openIncidents(prefix: "").isEmpty)
        #expect(await watched.pipeline.accept(series: ["input", "other"]) == ["input"])
        try await watched.watch(66, samples: 20)
        let last = try #require(watched.heard.all.last)
        #expect(last.event == .close && last.id == id)
        #expect(last.message.contains("it was accepted and is usual from here on"), "\(last.message)")
        let told = watched.heard.all.count
        try await watched.watch(66, samples: 3_000)
        #expect(watched.heard.all.count == told)
        #expect(await watched.pipeline.standing().awaiting == 0)
    }
}
