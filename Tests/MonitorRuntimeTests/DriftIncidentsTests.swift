import Alerting
import AnomalyDetection
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct DriftIncidentsTests {
    private final class Heard: Sendable {
        let records = Mutex<[AlertRecord]>([])
    }

    /// Watches a channel at 61 that goes to 67 (twenty deviations) from sample 6,000 on, at one sample in five minutes.
    private func watch(from start: Int, samples: Int) async throws -> [AlertRecord] {
        let heard = Heard()
        var configuration = MonitorConfiguration()
        configuration.detection.allowsNetworks = false
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { records in
            heard.records.withLock { $0 += records }
        }
        let pipeline = Pipeline(
            name: "input", interval: 300, configuration: configuration, timesByRow: true, shardCount: 1, desk: desk)
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), seriesName: "input", admission: .atOnce)
        var generator = SeededGenerator(seed: 5)
        var lines = "time,temp\n"
        for tick in 0..<11_000 {
            let moved = min(1, max(0, Double(tick - start) / Double(samples))) * 6
            lines += "\(1_767_225_600 + 300 * tick),\(61 + moved + 0.3 * normal(&generator))\n"
        }
        var batch = RecordBatch()
        decoder.decode(Array(lines.utf8), into: &batch)
        try await pipeline.process(batch)
        return heard.records.withLock { $0 }.filter { $0.kind == .drift }
    }

    @Test func `a slow change is told once, as a warning out of the budget, with its end`() async throws {
        let records = try await watch(from: 6_000, samples: 4_000)
        #expect(records.map(\.event) == [.open, .close], "\(records.map(\.message))")
        let open = try #require(records.first)
        #expect(open.severity == .warning && open.score == nil && open.awaits == nil)
        #expect(open.message.hasPrefix("input.temp has moved from 6"), "\(open.message)")
        #expect(open.message.contains("what is learned follows it."))
        #expect(open.time.seconds(since: open.since) >= 3_600)
        #expect(records.last?.message.contains("it stays at 6") == true, "\(records.map(\.message))")
    }
}
