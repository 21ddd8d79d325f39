import Alerting
import AnomalyDetection
import Foundation
import Ingest
import Logging
import Persistence
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct TrainingRunTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let directory: TemporaryDirectory
    private let header = "time,unit,temp\n"

    init() throws { directory = try TemporaryDirectory() }

    /// Two pumps, a line a second each, with a fault of one in each half.
    private func lines() -> [String] {
        var generator = SeededGenerator(seed: 9)
        return (0..<2_000).flatMap { tick in
            ["b", "a"].map { unit in
                let fault = unit == "a" && [600, 1_700].contains { ($0..<$0 + 40).contains(tick) } ? 9.0 : 0
                let temp = 60 + 2 * cosine(Double(tick) / 60) + 0.3 * normal(&generator) + fault
                return "\(1_767_225_600 + tick),\(unit),\(temp)\n"
            }
        }
    }

    private func configuration(_ path: String, state: String? = nil) -> MonitorConfiguration {
        var source = SourceConfiguration(input: .file(pattern: path))
        source.series = "unit"
        var configuration = MonitorConfiguration(sources: [source])
        // Both faults are to be told, half an hour apart.
        configuration.detection.falseAlarmsPerSecond = 1.0 / 600
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.stateDirectory = state
        return configuration
    }

    private func train(_ path: String, state: String, stream: String? = nil) async throws -> TrainingSummary {
        try await TrainingRun(
            TrainingRequest(paths: [path], configuration: configuration("live.csv", state: state), stream: stream),
            logger: Self.logger
        ).run()
    }

    private func replay(_ path: String, state: String?) async throws -> (scores: [Substring], alerts: [Substring]) {
        var request = ReplayRequest(paths: [path], configuration: configuration(path, state: state))
        request.scoresPath = directory.path("scores")
        request.alertsPath = directory.path("alerts")
        _ = try await ReplayRun(request, logger: nil).run()
        return (
            try String(contentsOfFile: directory.path("scores"), encoding: .utf8).split(separator: "\n"),
            try String(contentsOfFile: directory.path("alerts"), encoding: .utf8).split(separator: "\n")
        )
    }

    @Test(arguments: [2_000, 2_003]) func `what comes after is judged as if it had never been interrupted`(
        split: Int
    ) async throws {
        let lines = lines()
        let whole = try directory.write(header + lines.joined(), to: "whole.csv")
        let first = try directory.write(header + lines[..<split].joined(), to: "first.csv")
        let second = try directory.write(header + lines[split...].joined(), to: "second.csv")
        let state = directory.path("state")
        let summary = try await train(first, state: state)
        #expect(summary.stream == "input" && summary.counts.samples == UInt64(split - 4))
        #expect(summary.incidents >= 1 && summary.series == (2, 0))
        let reference = try await replay(whole, state: nil)
        let continued = try await replay(second, state: state)
        #expect(continued.scores.dropFirst() == reference.scores.dropFirst(1 + split))
        #expect(continued.alerts.count >= 2)
        #expect(continued.alerts[...] == reference.alerts.suffix(continued.alerts.count))
    }

    @Test func `the samples are in the history`() async throws {
        let path = try directory.write(header + lines().joined(), to: "all.csv")
        _ = try await train(path, state: directory.path("state"))
        let store = try StateStore(copyOf: directory.path("state"))
        // A name becomes a series with its third line.
        #expect(try await store.samples(of: "input", series: "a").count == 1_998)
        #expect(try await store.history(limit: 10).isEmpty, "alerts are told to nobody")
        // And what a state keeps can be tried on.
        var request = SensitivityRequest(.state(directory.path("state")), configuration: configuration("live.csv"))
        request.series = "a"
        request.effort = .quick
        let report = try await SensitivityRun(request, logger: nil).run()
        #expect(report.series.first?.name == "a")
        #expect(report.series.first?.omission == nil)
    }

    @Test func `a stream that is known, a state in use and one that is not named are refused`() async throws {
        let path = try directory.write(header + lines().prefix(400).joined(), to: "some.csv")
        let state = directory.path("state")
        _ = try await train(path, state: state)
        await #expect(throws: TrainingError.known(stream: "input", directory: state)) {
            try await train(path, state: state)
        }
        let other = try await train(path, state: state, stream: "north")
        #expect(other.stream == "north")
        let store = try StateStore(directory: state)
        await #expect(throws: PersistenceError.self) { try await train(path, state: state, stream: "south") }
        await store.close()
        await #expect(throws: TrainingError.unnamedStream(sources: 1)) {
            _ = try await TrainingRun(
                TrainingRequest(paths: [path], configuration: configuration("*.csv", state: directory.path("new"))),
                logger: Self.logger
            ).run()
        }
    }

    @Test func `a file that is followed goes on behind what was learned, another begins anew`() async throws {
        let path = try directory.write(header + lines().prefix(400).joined(), to: "live.csv")
        var request = TrainingRequest(
            paths: [path], configuration: configuration(path, state: directory.path("state")))
        let summary = try await TrainingRun(request, logger: Self.logger).run()
        #expect(summary.goesOnIn == path)
        let inventory = try await StateInventory(directory: directory.path("state"))
        let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
        #expect(inventory.streams.first?.offset == Int64(size))
        let old = try directory.write(header + lines().prefix(400).joined(), to: "old.csv")
        request = TrainingRequest(paths: [old], configuration: configuration(path, state: directory.path("other")))
        #expect(try await TrainingRun(request, logger: Self.logger).run().goesOnIn == nil)
        #expect(try await StateInventory(directory: directory.path("other")).streams.first?.offset == nil)
    }
}
