import Foundation
import TestSupport
import Testing

/// Attacks in the traffic of a simulated network, from its log to the alerts.
@Suite("detection in network flows", .needsBinary) struct FlowDetectionTests {
    private struct Alert: Decodable {
        struct Part: Decodable {
            var name: String
            var share: Double
        }
        struct Detector: Decodable { var name: String }
        var event: String
        var time: String
        var series: String
        var kind: String
        var pattern: String?
        var channels: [Part]
        var detectors: [Detector]
        var message: String
    }

    /// Openings of a replay of two and a quarter days, up to Tuesday 06:00, of 25 hosts.
    private func openings(_ anomalies: [String]) throws -> [Alert] {
        let directory = try TemporaryDirectory()
        let planted = anomalies.flatMap { ["--anomaly", $0] }
        let log = try monitord(
            [
                "simulate", "--kind", "flows", "--hosts", "25", "--start", "2026-03-15", "--duration", "54h", "--seed",
                "4",
            ]
                + planted
        ).output
        let alerts = directory.path("alerts")
        let result = try monitord(["replay", "--alerts", alerts, try directory.write(log, to: "conn.log")])
        #expect(result.exitCode == 0, "\(result.errors)")
        return try String(contentsOfFile: alerts, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Alert.self, from: Data($0.utf8))
        }.filter { $0.event == "open" && $0.kind == "anomaly" }
    }

    @Test func `a scan and a flood are told in the bin in which they begin, each as what it is`() throws {
        let found = try openings(["10.22.0.1.scan:600@48h+10min", "10.26.0.1.flood:3000@51h+10min"])
        let scan = try #require(found.first { $0.series == "10.22.0.1" && $0.time == "2026-03-17T00:00:00Z" })
        #expect(scan.pattern == "scan")
        #expect(scan.detectors.map(\.name) == ["peaks"])
        #expect(["ports", "failed", "syn_only"].contains(scan.channels.first?.name))
        #expect(abs(scan.channels.reduce(0) { $0 + $1.share } - 1) < 1e-6)
        let flood = try #require(found.first { $0.series == "10.26.0.1" && $0.time == "2026-03-17T03:00:00Z" })
        #expect(flood.detectors.map(\.name) == ["peaks"])
        // The same night without them.
        let quiet = try openings([]).filter { $0.time >= "2026-03-17" }
        #expect(quiet.isEmpty, "\(quiet.map(\.message))")
    }

    @Test func `data going out, a beacon and a dead controller are told, each as what it is`() throws {
        let found = try openings([
            "10.26.0.1.exfiltration:2000@48h+10min", "10.21.0.2.outage:1@50h+30min", "10.23.0.1.beacon:5@52h+30min",
        ])
        let theft = try #require(found.first { $0.pattern == "exfiltration" })
        #expect(theft.series == "10.26.0.1" && theft.time <= "2026-03-17T00:00:20Z", "\(theft.message)")
        #expect(theft.detectors.map(\.name) == ["uploads"])
        #expect(theft.channels.first?.name == "bytes_out")
        let outage = try #require(found.first { $0.pattern == "service" })
        // Its panel asks it twice a minute.
        #expect(outage.series == "10.22.0.1" && outage.time <= "2026-03-17T02:10:00Z", "\(outage.message)")
        #expect(outage.detectors.map(\.name) == ["failures"])
        let beacon = try #require(found.first { $0.pattern == "beacon" })
        #expect(beacon.series == "10.23.0.1" && beacon.time <= "2026-03-17T04:10:00Z", "\(beacon.message)")
        #expect(beacon.detectors.map(\.name) == ["new_contact"])
    }
}
