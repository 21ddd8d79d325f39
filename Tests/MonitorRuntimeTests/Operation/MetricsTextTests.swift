import AnomalyDetection
import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Alerting
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

    @Test func `what waits for a sink, and births of Sparkplug, are told`() {
        var counters = SourceTelemetry.Counters()
        counters.broker = BrokerCounters()
        counters.broker?.sparkplug = SparkplugCounters()
        counters.broker?.sparkplug?.births = 7
        var all = status(sources: [SourceStatus(name: "b", counters: counters)])
        all.sinks = [SinkStatus(name: "webhook a")]
        all.sinks[0].waiting = 2
        let text = MetricsText(all).text
        #expect(text.contains("monitord_sink_waiting_messages{sink=\"webhook a\"} 2\n"))
        #expect(text.contains("monitord_sparkplug_births_total{source=\"b\"} 7\n"))
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

    /// All that there is to tell: each list has something in it.
    private var full: String {
        let counts = LineCounts(
            lines: 5, samples: 3, late: 1, duplicates: 0, counted: 0, roundsWithoutTraining: 0, flows: nil)
        var all = status(
            sources: [SourceStatus(name: "s", counters: .init())],
            streams: [
                StreamStatus(
                    name: "a", counts: counts, standing: StreamStanding(), training: .init(),
                    lastTime: Timestamp(nanoseconds: 999_000_000_000))
            ])
        all.sinks = [SinkStatus(name: "console")]
        return MetricsText(all).text
    }

    @Test func `the dashboard asks for metrics that there are, and for nearly all of them`() throws {
        let file = try Data(contentsOf: repositoryRoot.appending(path: "etc/grafana/monitord.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let questions = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }.compactMap { $0["expr"] as? String }
        #expect(questions.count >= 30)
        let names = /\b(?:monitord|process)_[a-z_]+/
        let asked = Set(questions.flatMap { $0.matches(of: names).map { String($0.output) } })
        // Reasons are told once there are any.
        let given = Set(full.matches(of: names).map { String($0.output) }).union([
            "monitord_source_unusable_lines_total"
        ])
        #expect(asked.isSubset(of: given), "\(asked.subtracting(given)) is not served")
        #expect(given.subtracting(asked).count <= 2, "\(given.subtracting(asked)) is on no panel")
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
    }

    @Test func `the metrics do not grow with the series`() {
        var (few, many) = (status(), status())
        (few.seriesCount, many.seriesCount) = (1, 1_000_000)
        many.series = (0..<100).map {
            SeriesStatus(stream: "a", series: "s\($0)", verdict: nil, isAlerting: false, interval: 1)
        }
        #expect(MetricsText(few).text == MetricsText(many).text)
    }
}
