import Alerting
import AnomalyDetection
import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Hosts that are gone, from lines to alerts.
@Suite struct FlowLifecycleTests {
    private static let start = 1_792_000_200.0
    private static let interval = 600
    private static let gone = 5 * 86_400

    /// A connection log in which a host talks in every bin until it is gone.
    private static func log(seconds: Int, hosts: Int = 4, _ talks: (_ host: Int, _ second: Int) -> Bool) -> String {
        var generator = SeededGenerator(seed: 5)
        var text = "#separator \\x09\n#path\tconn\n#fields\t" + columns.joined(separator: "\t") + "\n"
        for second in stride(from: 0, to: seconds, by: 150) {
            for host in 0..<hosts where talks(host, second) {
                let bytes = 2_000 + generator.next() % 1_000
                text +=
                    "\(start + Double(second))\tC1\t10.0.5.\(host + 1)\t50000\t203.0.113.\(1 + generator.next() % 3)"
                text += "\t443\ttcp\t0.2\tSF\t4\t\(bytes)\t5\t\(2 * bytes)\n"
            }
        }
        return text
    }

    private static let columns = [
        "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "conn_state", "orig_pkts",
        "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
    ]

    private struct Replayed {
        var records: [AlertRecord]
        var scores: [String]

        /// The rows of a host.
        func rows(of series: String) -> [[Substring]] {
            scores.map { $0.split(separator: ",", omittingEmptySubsequences: false) }.filter { $0[1] == series }
        }
    }

    private func replay(
        _ text: String, mostSeries: Int = 100, readSize: Int = 1 << 16, shards: Int = 1
    ) async throws -> Replayed {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "conn.log")
        var configuration = MonitorConfiguration(
            sources: [SourceConfiguration(input: .file(pattern: path), interval: Double(Self.interval))])
        configuration.detection.allowsNetworks = false
        // What is unusual stays so until somebody returns.
        configuration.detection.adaptation = .off
        configuration.mostSeries = mostSeries
        var request = ReplayRequest(paths: [path], configuration: configuration)
        request.alertsPath = directory.path("alerts")
        request.scoresPath = directory.path("scores")
        request.readSize = readSize
        request.shards = shards
        _ = try await ReplayRun(request, logger: nil).run()
        let lines = try String(contentsOfFile: directory.path("alerts"), encoding: .utf8).split(separator: "\n")
        let scores = try String(contentsOfFile: directory.path("scores"), encoding: .utf8).split(separator: "\n")
        return Replayed(records: try lines.map { try AlertRecord(json: $0.utf8) }, scores: scores.map(String.init))
    }

    @Test func `the incident of a host that is not seen for a day closes, and the host begins anew`() async throws {
        let back = Self.gone + 129_600
        let text = Self.log(seconds: back + 43_200) { host, second in
            host != 1 || second < Self.gone || second >= back
        }
        let whole = try await replay(text)
        let ofHost = whole.records.filter { $0.series == "10.0.5.2" }
        let opened = try #require(ofHost.first { $0.event == .open && $0.pattern == "silence" })
        let closed = try #require(ofHost.first { $0.event == .close && $0.id == opened.id })
        #expect(closed.kind == .anomaly)
        #expect(closed.message.contains("it has not been seen since 2026-"), "\(closed.message)")
        #expect(closed.message.contains(" UTC, and is given up."), "\(closed.message)")
        let after = closed.time.seconds(since: Timestamp(nanoseconds: Int64((Self.start + Double(Self.gone)) * 1e9)))
        #expect((86_400 - 1_200...86_400 + 1_200).contains(after), "\(after)")
        // It has samples of zeros until then, none while it is given up, and then learns as one that was never seen.
        let rows = whole.rows(of: "10.0.5.2")
        let learned = try #require(whole.rows(of: "10.0.5.1").firstIndex { !$0[2].isEmpty })
        let again = try #require(
            rows.indices.dropFirst().first { rows[$0][2].isEmpty && !rows[$0 - 1][2].isEmpty })
        #expect(rows.dropFirst(again).prefix(learned).allSatisfy { $0[2].isEmpty && $0[6] == "0" })
        #expect(rows[again - 1][6] == "1")
        let other = try await replay(text, readSize: 1_013, shards: 3)
        #expect(other.records == whole.records && other.scores == whole.scores)
    }

    @Test func `the incident of a host whose place is taken closes, and says why`() async throws {
        let text = Self.log(seconds: Self.gone + 64_800, hosts: 5) { host, second in
            switch host {
            case 1: second < Self.gone
            case 4: second >= Self.gone + 39_900
            default: true
            }
        }
        let whole = try await replay(text, mostSeries: 4)
        let ofHost = whole.records.filter { $0.series == "10.0.5.2" }
        let opened = try #require(ofHost.first { $0.event == .open && $0.pattern == "silence" })
        let closed = try #require(ofHost.first { $0.event == .close && $0.id == opened.id })
        #expect(closed.message.contains("and another series has its place (max_series, max_memory)."))
        let newcomer = whole.rows(of: "10.0.5.5")
        #expect(newcomer.first.map { $0[2].isEmpty && $0[6] == "0" } == true)
        #expect(whole.rows(of: "10.0.5.2").last?[6] == "1")
        let other = try await replay(text, mostSeries: 4, readSize: 333, shards: 2)
        #expect(other.records == whole.records && other.scores == whole.scores)
    }
}
