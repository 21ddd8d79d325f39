import Alerting
import AnomalyDetection
import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct ReplayRunTests {
    /// Three pumps in one file, a line a second each, with a fault of pump b; some lines late, doubled or unusable.
    private static func recording(rows: Int) -> String {
        var generator = SeededGenerator(seed: 5)
        var text = "time,unit,temp [°C],flow\n"
        for tick in 0..<rows {
            for unit in ["a", "b", "c"] {
                let fault = unit == "b" && (700..<740).contains(tick) ? 12.0 : 0
                let temp = 60 + 3 * cosine(Double(tick) / 50) + 0.3 * normal(&generator) + fault
                let flow = 4 + 0.1 * normal(&generator)
                text += "\(1_767_225_600 + tick),\(unit),\(temp),\(flow)\n"
                if tick % 97 == 5 { text += "\(1_767_225_600 + tick - 3),\(unit),60,4\n" }
                if tick % 131 == 7 { text += "\(1_767_225_600 + tick),\(unit),sixty,4\n" }
            }
        }
        return text
    }

    /// Scores and alerts of a replay.
    private func replay(
        _ path: String, series: String? = "unit", readSize: Int = 1 << 16, shards: Int = 1
    ) async throws -> (scores: Data, alerts: Data, summary: ReplaySummary) {
        let directory = try TemporaryDirectory()
        var source = SourceConfiguration(input: .file(pattern: path))
        source.series = series
        var request = ReplayRequest(paths: [path], configuration: MonitorConfiguration(sources: [source]))
        request.scoresPath = directory.path("scores")
        request.alertsPath = directory.path("alerts")
        request.readSize = readSize
        request.shards = shards
        let summary = try await ReplayRun(request, logger: nil).run()
        return (
            try Data(contentsOf: URL(fileURLWithPath: directory.path("scores"))),
            try Data(contentsOf: URL(fileURLWithPath: directory.path("alerts"))), summary
        )
    }

    @Test func `the same bytes with any read size and any number of shards`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Self.recording(rows: 900), to: "pumps.csv")
        let reference = try await replay(path)
        #expect(reference.summary.counts.late > 0)
        #expect(reference.summary.unusableLines > 0)
        #expect(!reference.alerts.isEmpty, "the fault is told")
        for (readSize, shards) in [(1 << 16, 1), (1, 1), (7, 1), (4_096, 2), (1 << 20, 3), (333, 4)] {
            let again = try await replay(path, readSize: readSize, shards: shards)
            #expect(again.scores == reference.scores, "read size \(readSize), \(shards) shards")
            #expect(again.alerts == reference.alerts, "read size \(readSize), \(shards) shards")
            #expect(again.summary.secondHalf.forecastCount == reference.summary.secondHalf.forecastCount)
            #expect(again.summary.secondHalf.reconstructionCount == reference.summary.secondHalf.reconstructionCount)
        }
    }

    @Test func `the same bytes with any read size also where the forecaster has learned and rests`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Self.recording(rows: 3_000), to: "pumps.csv")
        let reference = try await replay(path)
        #expect(reference.summary.training.learned > 100, "\(reference.summary.training)")
        #expect(reference.summary.training.notFinite == 0)
        let again = try await replay(path, readSize: 1_777, shards: 2)
        #expect(again.scores == reference.scores)
        #expect(again.alerts == reference.alerts)
        #expect(again.summary.training == reference.summary.training)
    }

    @Test func `every data line has its row, and the alert column follows the incidents`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Self.recording(rows: 900), to: "pumps.csv")
        let result = try await replay(path)
        let rows = String(decoding: result.scores, as: UTF8.self).split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(UInt64(rows.count) == result.summary.counts.lines)
        let alerts = String(decoding: result.alerts, as: UTF8.self).split(separator: "\n")
        for series in ["a", "b", "c"] {
            let levels = rows.filter { $0[1] == series }.map { $0[6] }
            let rises = zip(["0"] + levels, levels).count { $0 == "0" && $1 == "1" }
            let openings = alerts.count { $0.contains("\"event\":\"open\"") && $0.contains("\"\(series)\"") }
            #expect(rises == openings, "series \(series)")
        }
        #expect(rows.allSatisfy { $0.count == 7 })
    }

    @Test func `two recordings are one stream and a header met again is no row`() async throws {
        let directory = try TemporaryDirectory()
        let text = Self.recording(rows: 120)
        let lines = text.split(separator: "\n").map { $0 + "\n" }
        let whole = try directory.write(text, to: "whole.csv")
        let first = try directory.write(lines[..<200].joined(), to: "first.csv")
        let second = try directory.write(lines[0] + lines[200...].joined(), to: "second.csv")
        let reference = try await replay(whole)
        let scores = directory.path("both.scores")
        var source = SourceConfiguration(input: .file(pattern: first))
        source.series = "unit"
        var request = ReplayRequest(
            paths: [first, second], configuration: MonitorConfiguration(sources: [source]))
        request.scoresPath = scores
        _ = try await ReplayRun(request, logger: nil).run()
        #expect(try Data(contentsOf: URL(fileURLWithPath: scores)) == reference.scores)
    }

    @Test func `the second half begins at the same row however the lines are spread over files`() async throws {
        let directory = try TemporaryDirectory()
        let text = Self.recording(rows: 600)
        let lines = text.split(separator: "\n").map { $0 + "\n" }
        let whole = try directory.write(text, to: "whole.csv")
        let first = try directory.write(lines[..<500].joined(), to: "first.csv")
        let second = try directory.write(lines[500...].joined(), to: "second.csv")
        var source = SourceConfiguration(input: .file(pattern: first))
        source.series = "unit"
        let configuration = MonitorConfiguration(sources: [source])
        var halves: [Double] = []
        for paths in [[whole], [first, second]] {
            let request = ReplayRequest(paths: paths, configuration: configuration)
            halves.append(try await ReplayRun(request, logger: nil).run().secondHalf.forecastCount)
        }
        #expect(halves[0] > 0)
        #expect(halves[0] == halves[1])
    }

    @Test func `unusable lines end a strict replay`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("time,a\n1,2\n2,3\n3,4\n4,x\n", to: "bad.csv")
        var request = ReplayRequest(paths: [path], configuration: MonitorConfiguration())
        request.isStrict = true
        await #expect(throws: ReplayError.unusable(lines: 1)) { try await ReplayRun(request, logger: nil).run() }
    }

    @Test func `a burst of unreadable lines is an incident of the source`() async throws {
        let directory = try TemporaryDirectory()
        var text = "time,a\n"
        for tick in 0..<400 { text += (150..<260).contains(tick) ? "\(tick),?!\n" : "\(tick),\(tick % 5)\n" }
        let result = try await replay(try directory.write(text, to: "burst.csv"), series: nil)
        let events = String(decoding: result.alerts, as: UTF8.self).split(separator: "\n")
            .filter { $0.contains("\"kind\":\"input\"") }
        #expect(events.count == 2)
        #expect(events.first?.contains("\"event\":\"open\"") == true)
        #expect(events.last?.contains("\"event\":\"close\"") == true)
    }

    @Test func `a machine that starts in 1970 and is set raises nothing for it`() async throws {
        let directory = try TemporaryDirectory()
        func recording(setAt jump: Int?, seed: UInt64) -> String {
            var generator = SeededGenerator(seed: seed)
            var text = "time,temp\n"
            for tick in 0..<1_500 {
                let time = tick * 60 + (jump.map { tick >= $0 } ?? true ? 1_792_000_020 : 20)
                text += "\(time),\(60 + cosine(Double(tick) / 40) + 0.2 * normal(&generator))\n"
            }
            return text
        }
        /// Messages within the hundred samples from the setting on.
        func events(_ text: String, _ name: String) async throws -> (near: Int, summary: ReplaySummary) {
            let result = try await replay(try directory.write(text, to: name), series: nil)
            let span = Timestamp(nanoseconds: (1_792_000_020 + 900 * 60) * 1_000_000_000)
            let lines = String(decoding: result.alerts, as: UTF8.self).split(separator: "\n")
            let near = try lines.count { line in
                let record = try JSONDecoder().decode(AlertRecord.self, from: Data(line.utf8))
                return (0...6_000).contains(record.time.seconds(since: span))
            }
            return (near, result.summary)
        }
        // By chance a recording has an incident there, one in twenty-five; a clock that raised something would in all four.
        var (set, always) = (0, 0)
        for seed: UInt64 in 3...6 {
            let result = try await events(recording(setAt: 900, seed: seed), "set.csv")
            #expect(result.summary.counts.samples == 1_500)
            #expect(result.summary.counts.late == 0)
            set += result.near
            always += try await events(recording(setAt: nil, seed: seed), "always.csv").near
        }
        #expect(set <= always + 1)
    }
}
