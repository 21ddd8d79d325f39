import Alerting
import AnomalyDetection
import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Zeek's connection log, from lines to alerts.
@Suite struct FlowReplayTests {
    private static let start = 1_792_000_000.0

    /// A log of a few hosts that talk now and then for some hours, with what else `extra` adds for a second.
    private static func log(
        seconds: Int, hosts: Int = 5, _ extra: (_ second: Int) -> [String] = { _ in [] },
        talks: (_ host: Int, _ second: Int) -> Bool = { _, _ in true }
    ) -> String {
        var generator = SeededGenerator(seed: 11)
        var text = "#separator \\x09\n#path\tconn\n"
        text += "#fields\t" + columns.joined(separator: "\t") + "\n"
        for second in 0..<seconds {
            for host in 0..<hosts where generator.next() % 9 == 0 && talks(host, second) {
                let peer = "203.0.113.\(1 + generator.next() % 6)"
                text += line(host, peer, 443, second, bytes: 2_000 + Int(generator.next() % 4_000))
            }
            text += extra(second).joined()
        }
        return text
    }

    private static let columns = [
        "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "conn_state", "orig_pkts",
        "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
    ]

    private static func line(
        _ host: Int, _ peer: String, _ port: Int, _ second: Int, bytes: Int = 60, state: String = "SF"
    ) -> String {
        "\(start + Double(second))\tC1\t10.0.5.\(host + 1)\t50000\t\(peer)\t\(port)\ttcp\t0.2\t\(state)\t4\t\(bytes)\t5\t\(2 * bytes)\n"
    }

    private func replay(_ text: String, readSize: Int = 1 << 16, shards: Int = 1) async throws
        -> (records: [AlertRecord], scores: String)
    {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "conn.log")
        var configuration = MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: path))])
        configuration.detection.allowsNetworks = false
        var request = ReplayRequest(paths: [path], configuration: configuration)
        request.alertsPath = directory.path("alerts")
        request.scoresPath = directory.path("scores")
        request.readSize = readSize
        request.shards = shards
        _ = try await ReplayRun(request, logger: nil).run()
        let lines = try String(contentsOfFile: directory.path("alerts"), encoding: .utf8).split(separator: "\n")
        return (
            try lines.map { try AlertRecord(json: $0.utf8) },
            try String(contentsOfFile: directory.path("scores"), encoding: .utf8)
        )
    }

    @Test func `a scan is told with its host, its pattern and its peers`() async throws {
        let scanStart = 3 * 3_600
        let text = Self.log(seconds: 4 * 3_600) { second in
            guard (scanStart..<(scanStart + 60)).contains(second) else { return [] }
            return (0..<20).map {
                Self.line(1, "198.51.100.\(($0 + second) % 250)", 1 + ($0 * 7 + second) % 900, second, state: "S0")
            }
        }
        let (records, _) = try await replay(text)
        let opened = records.filter { $0.event == .open && $0.series == "10.0.5.2" }
        let alert = try #require(
            opened.first { $0.time >= Timestamp(nanoseconds: Int64((Self.start + Double(scanStart) - 20) * 1e9)) })
        #expect(alert.time.seconds(since: Timestamp(nanoseconds: Int64((Self.start + Double(scanStart)) * 1e9))) < 60)
        #expect(alert.pattern == "scan")
        #expect(alert.message.contains("It looks like a scan."))
        #expect(alert.evidence?.peers.isEmpty == false)
        #expect((alert.evidence?.flows ?? 0) >= alert.evidence?.peers.first?.flows ?? .max)
        #expect(alert.evidence?.peers.allSatisfy { $0.local == false } == true)
        #expect(records.filter { $0.event == .open }.count <= 2, "\(records.map(\.message))")
    }

    @Test func `read sizes and shards change nothing`() async throws {
        let text = Self.log(seconds: 2 * 3_600) { second in
            (5_000..<5_040).contains(second)
                ? (0..<30).map { Self.line(1, "198.51.100.\($0)", 22, second, state: "S0") } : []
        }
        let whole = try await replay(text)
        #expect(!whole.records.isEmpty)
        for (readSize, shards) in [(977, 1), (1 << 20, 3), (64, 2)] {
            let other = try await replay(text, readSize: readSize, shards: shards)
            #expect(other.records == whole.records)
            #expect(other.scores == whole.scores)
        }
    }
}
