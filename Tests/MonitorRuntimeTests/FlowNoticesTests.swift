import AnomalyDetection
import Ingest
import Logging
import Synchronization
import TestSupport
import Testing

@testable import MonitorRuntime

@Suite struct FlowNoticesTests {
    /// Keeps what was said, with the facts that begin with `flows.`.
    private struct ListedLog: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        let take: @Sendable (String) -> Void

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).filter { $0.key.hasPrefix("flows.") }
            guard !facts.isEmpty else { return }
            take(facts.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " "))
        }
    }

    private final class Heard: Sendable {
        let lines = Mutex<[String]>([])
        var logger: Logger {
            Logger(label: "test") { _ in ListedLog { line in self.lines.withLock { $0.append(line) } } }
        }
    }

    private static let fields = [
        "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "conn_state", "orig_pkts",
        "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
    ]

    private static func line(_ host: Int, at second: Int) -> String {
        "\(1_792_000_200 + second)\tC\t10.0.0.\(host)\t50000\t10.1.0.1\t443\ttcp\t0.1\tSF\t4\t400\t4\t400\n"
    }

    private func replay(_ lines: [String], mostSeries: Int) async throws -> (ReplaySummary, [String]) {
        let directory = try TemporaryDirectory()
        let head = "#separator \\x09\n#path\tconn\n#fields\t" + Self.fields.joined(separator: "\t") + "\n"
        let path = try directory.write(head + lines.joined(), to: "conn.log")
        var configuration = MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: path))])
        configuration.detection.allowsNetworks = false
        configuration.mostSeries = mostSeries
        let heard = Heard()
        var request = ReplayRequest(paths: [path], configuration: configuration)
        request.readSize = 200
        let summary = try await ReplayRun(request, logger: heard.logger).run()
        return (summary, heard.lines.withLock { $0 })
    }

    @Test func `what was counted is told when it first happens, tenfold, and at the end`() async throws {
        // One host talks all the time; a second one stops, and a third finds no room until then.
        var lines = (0..<400).flatMap { bin in
            let others = bin >= 40 ? [] : (10..<20).contains(bin) ? [2, 4] : [2]
            return ([1] + others).map { Self.line($0, at: 20 * bin) }
        }
        lines += (400..<404).map { Self.line(3, at: 20 * $0) } + [Self.line(1, at: 8_100)]
        lines += (0..<12).map { _ in Self.line(1, at: 8_000) }
        lines += [Self.line(1, at: 100), Self.line(1, at: 900_000), Self.line(1, at: 8_101)]
        let (summary, heard) = try await replay(lines, mostSeries: 2)
        let flows = try #require(summary.counts.flows)
        #expect(flows.records.records == UInt64(lines.count))
        #expect(flows.records.late == 12)
        #expect(flows.records.misdated == 2)
        #expect(flows.series.admitted == 3 && flows.series.idle == 0)
        #expect(flows.series.evicted == 1 && flows.series.refused == 8)
        // How many there are by then depends on how much is read at once.
        #expect(
            heard.map { $0.prefix { $0 != "=" } }
                == ["flows.refused", "flows.evicted", "flows.late", "flows.late", "flows.misdated"], "\(heard)")
    }

    @Test func `what was told before a restart is not told again`() {
        let fresh = FlowGatherer(FlowGatherer.Settings(), admission: .atOnce, writesTimes: false)
        var counts = FlowCounts(records: fresh.counts, series: fresh.seriesCounts, candidates: 0, bins: 0)
        counts.records.late = 7
        let heard = Heard()
        var notices = FlowNotices(logger: heard.logger)
        notices.goOn(from: counts)
        notices.look(at: counts, stream: "input")
        #expect(heard.lines.withLock { $0 } == [])
        counts.records.late = 30
        counts.series.idle = .max
        notices.look(at: counts, stream: "input")
        notices.look(at: counts, stream: "input")
        #expect(heard.lines.withLock { $0.prefix(2) } == ["flows.late=30", "flows.idle=\(UInt64.max)"])
    }
}
