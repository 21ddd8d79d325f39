import Alerting
import AnomalyDetection
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct PipelineReloadTests {
    /// What a pipeline said of each line, and the alerts of it.
    private final class Heard: Sendable {
        let thresholds = Mutex<[Double]>([])
        let records = Mutex<[AlertRecord]>([])
    }

    /// A quiet hour in short, with a fault at its end.
    private static let lines: [String] = {
        var generator = SeededGenerator(seed: 11)
        return (0..<400).map { tick in
            let value = 60 + 0.3 * normal(&generator) + ((380..<400).contains(tick) ? 30 : 0)
            return "\(1_767_225_600 + tick),\(value)\n"
        }
    }()

    /// Watches the lines, a few at once, and reloads after so many of them.
    private func watch(batch size: Int, reloadAfter: Int?, _ next: MonitorConfiguration) async throws -> Heard {
        let heard = Heard()
        let configuration = MonitorConfiguration()
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { records in
            heard.records.withLock { $0 += records }
        }
        let pipeline = Pipeline(
            name: "input", interval: 1, configuration: configuration, timesByRow: true, shardCount: 1, desk: desk,
            observer: { outcome, _, _ in heard.thresholds.withLock { $0.append(outcome.verdict?.threshold ?? 0) } })
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), seriesName: "input", admission: .atOnce)
        var batch = RecordBatch()
        // The first lines come together, when it is known how they are to be read.
        decoder.decode(Array(("time,temp\n" + Self.lines[..<100].joined()).utf8), into: &batch)
        try await pipeline.process(batch)
        var done = 100
        while done < Self.lines.count {
            let end = min(done + size, Self.lines.count, reloadAfter.map { $0 > done ? $0 : .max } ?? .max)
            batch = RecordBatch()
            decoder.decode(Array(Self.lines[done..<end].joined().utf8), into: &batch)
            try await pipeline.process(batch)
            done = end
            if done == reloadAfter { await pipeline.reconfigure(next) }
        }
        try await pipeline.finish()
        return heard
    }

    @Test(arguments: [(203, 208), (208, 216), (209, 216)])
    func `another budget is in force from the next round on, with any size of batches`(after: Int, from: Int)
        async throws
    {
        var next = MonitorConfiguration()
        next.detection.falseAlarmsPerSecond = 1.0 / 3_600
        let before = try await watch(batch: 7, reloadAfter: nil, next).thresholds.withLock { $0 }
        let first = try await watch(batch: 7, reloadAfter: after, next).thresholds.withLock { $0 }
        let second = try await watch(batch: 64, reloadAfter: after, next).thresholds.withLock { $0 }
        #expect(before.count == Self.lines.count)
        #expect(first == second)
        #expect(zip(before, first).enumerated().first { $0.element.0 != $0.element.1 }?.offset == from)
    }

    @Test func `a rule's runbook is in the alerts, also one that was reloaded`() async throws {
        var next = MonitorConfiguration()
        next.seriesRules = [SeriesRule(pattern: "in*", runbook: "call Ann")]
        let records = try await watch(batch: 10, reloadAfter: 300, next).records.withLock { $0 }
        #expect(!records.isEmpty)
        #expect(records.allSatisfy { $0.runbook == "call Ann" })
    }
}
