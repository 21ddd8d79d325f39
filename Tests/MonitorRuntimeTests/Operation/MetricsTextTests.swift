import Alerting
import AnomalyDetection
import Testing
import TimeSeries

@testable import Ingest
@testable import MonitorRuntime

@Suite struct MetricsTextTests {
    private func status(sources: [SourceStatus] = [], streams: [StreamStatus] = []) -> DaemonStatus {
        DaemonStatus(
            pid: 1, uptime: 100, now: Timestamp(nanoseconds: 1_000_000_000_000), cpuSeconds: 1.5,
            residentBytes: 1 << 20, sources: sources, streams: streams, sinks: [], openIncidents: ["00aa"],
            heldBack: 3, waitingAlerts: 0, series: [], seriesCount: 10_000)
    }

    @Test func `each metric is introduced once, and what is not known is left out`() {
        let text = MetricsText(status()).text
        for line in [
            "# TYPE monitord_incidents_open gauge", "monitord_incidents_open 1",
            "monitord_incidents_held_back_total 3", "process_cpu_seconds_total 1.5", "process_start_time_seconds 900",
            "process_resident_memory_bytes 1048576", "monitord_build_info{version=\"\(Version.text)\"} 1",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(!text.contains("monitord_source_") && !text.contains("monitord_stream_"))
        let introduced = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(Set(introduced).count == introduced.count)
    }

    @Test func `names that would break a line are escaped`() {
        let source = SourceStatus(name: "C:\\log\n\"x\"", counters: .init())
        let text = MetricsText(status(sources: [source])).text
        #expect(text.contains(#"monitord_source_bytes_total{source="C:\\log\n\"x\""} 0"#))
    }

    @Test func `a stream without a sample has no lag`() {
        let counts = LineCounts(
            lines: 5, samples: 3, late: 1, duplicates: 0, counted: 0, roundsWithoutTraining: 0, flows: nil)
        func stream(_ name: String, _ nanoseconds: Int64) -> StreamStatus {
            StreamStatus(
                name: name, counts: counts, standing: StreamStanding(), training: .init(),
                lastTime: Timestamp(nanoseconds: nanoseconds))
        }
        let text = MetricsText(status(streams: [stream("a", 999_000_000_000), stream("b", 0)])).text
        #expect(text.contains("monitord_stream_lag_seconds{stream=\"a\"} 1\n"))
        #expect(!text.contains("monitord_stream_lag_seconds{stream=\"b\"}"))
        #expect(text.contains("monitord_stream_late_lines_total{stream=\"b\"} 1\n"))
    }
}
