import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct SensitivityRunTests {
    /// The recording of ``TrialBenchTests`` as a file.
    private func file(_ directory: TemporaryDirectory, rows: Int = 1_500) throws -> String {
        let recording = TrialBenchTests.recording(rows: rows)
        let lines = recording.rows.indices.map { row in
            "\(1_767_225_600 + row),\((recording.value(row, 0) * 100).rounded() / 100),1\n"
        }
        return try directory.write("time,temp [°C],on\n" + lines.joined(), to: "pump.csv")
    }

    private func run(_ path: String, series: String? = nil) async throws -> SensitivityReport {
        var configuration = MonitorConfiguration()
        configuration.sources = [SourceConfiguration(input: .file(pattern: path))]
        var request = SensitivityRequest(.recordings([path]), configuration: configuration)
        request.effort = .quick
        request.series = series
        return try await SensitivityRun(request, logger: nil).run()
    }

    @Test func `it says how small a fault would be found, the same each time`() async throws {
        let directory = try TemporaryDirectory()
        let path = try file(directory)
        let report = try await run(path)
        let series = try #require(report.series.first)
        #expect(series.omission == nil)
        #expect(series.name == "input" && series.interval == 1)
        let temp = try #require(series.channels.first)
        #expect(abs(temp.middle - 60) < 0.2 && (0.5...1).contains(temp.spread))
        let findings = Dictionary(uniqueKeysWithValues: temp.findings.map { ($0.kind, $0) })
        // 0.3 °C of noise on a wave of 1 °C: a fault of the order of the wave is found, one far below the noise is not.
        for kind in [AnomalyKind.spike, .step] {
            let size = try #require(findings[kind]?.size)
            #expect((0.5...16).contains(size), "\(kind) \(size)")
            #expect((findings[kind]?.found ?? 0) >= 4, "four of five")
        }
        #expect(findings[.spike]?.delay == 0)
        #expect(series.channels[1].findings.isEmpty, "what never changes is not tried")
        #expect(report.text.contains("input / on: not tried, it never changes"))
        #expect(report.text.contains("input / temp (usual "))
        #expect(try await run(path) == report)
    }

    @Test func `without normal stretches enough it says so`() async throws {
        let directory = try TemporaryDirectory()
        let report = try await run(try file(directory, rows: 40))
        #expect(report.series.first?.omission != nil)
        #expect(report.text.contains("not tried"))
        await #expect(throws: TryingError.noSeries(name: "inputs", nearest: "input")) {
            _ = try await run(try file(directory, rows: 40), series: "inputs")
        }
    }
}
