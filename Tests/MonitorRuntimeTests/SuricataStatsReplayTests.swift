import Alerting
import AnomalyDetection
import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Suricata's own counters, from lines to rates and alerts.
@Suite struct SuricataStatsReplayTests {
    /// An event each 8 s: packets at about 1,000/s and drops that `drops` gives for each.
    private static func line(_ number: Int, packets: Int, drops: Int, memuse: Int = 7_834_776) -> String {
        let (hours, minutes, seconds) = (number * 8 / 3_600, number * 8 / 60 % 60, number * 8 % 60)
        let time = [hours, minutes, seconds].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return
            #"{"timestamp":"2026-11-21T\#(time).000000+0000","event_type":"stats","stats":{"uptime":\#(number * 8),"#
            + #""capture":{"kernel_packets":\#(packets),"kernel_drops":\#(drops)},"decoder":{"pkts":\#(packets - drops),"#
            + #""bytes":\#(700 * packets)},"flow":{"memuse":\#(memuse)}}}"# + "\n"
    }

    private static func recording(_ events: Int, dropping: Range<Int>) -> String {
        var generator = SeededGenerator(seed: 3)
        var (packets, drops) = (0, 0)
        return (0..<events).map { number in
            packets += 7_500 + Int(generator.next() % 1_000)
            if dropping.contains(number) { drops += 4_000 } else { drops += Int(generator.next() % 3) }
            return line(number, packets: packets, drops: drops)
        }.joined()
    }

    /// What the detectors see of each line.
    private func rates(_ lines: [String]) throws -> [[Double?]] {
        let configuration = SourceConfiguration(input: .standardInput, format: .suricataStats)
        var decoder = LineDecoder(configuration: configuration)
        var batch = RecordBatch()
        decoder.decode(Array(lines.joined().utf8), into: &batch)
        decoder.finish(into: &batch)
        let schema = try #require(batch.schema)
        #expect(
            schema.channels.map(\.name) == [
                "capture.kernel_packets", "capture.kernel_drops", "decoder.pkts", "decoder.bytes", "flow.memuse",
            ])
        var conditioner = SampleConditioner(
            channels: schema.channels, conditions: SampleConditions(counters: schema.counters))
        let count = schema.channels.count
        var values = [Double](repeating: 0, count: count)
        var measured = values
        return try batch.rows.map { row in
            let first = Int(row.firstValue)
            let raw = Array(batch.values[first..<(first + count)])
            conditioner.condition(
                raw.span, at: try #require(row.time), restarts: false, into: &values, measured: &measured)
            return values.map { $0.isNaN ? nil : $0 }
        }
    }

    @Test func `two events give rates a second, and levels as they are`() throws {
        let found = try rates([
            Self.line(0, packets: 1_000, drops: 0, memuse: 7_000_000),
            Self.line(1, packets: 9_000, drops: 16, memuse: 7_100_000),
        ])
        #expect(found == [[nil, nil, nil, nil, 7_000_000], [1_000, 2, 998, 700_000, 7_100_000]])
    }

    @Test func `counters that fall because Suricata began anew say nothing once`() throws {
        let found = try rates([
            Self.line(0, packets: 1_000_000, drops: 500), Self.line(1, packets: 1_008_000, drops: 500),
            Self.line(2, packets: 4_000, drops: 0), Self.line(3, packets: 12_000, drops: 0),
        ])
        #expect(found.map { $0[0] } == [nil, 1_000, nil, 1_000])
        #expect(found.map { $0[1] } == [nil, 0, nil, 0])
    }

    @Test func `a counter of 32 bits that goes round is a rate`() throws {
        let top = 1 << 32
        let found = try rates([
            Self.line(0, packets: top - 12_000, drops: 0), Self.line(1, packets: top - 4_000, drops: 0),
            Self.line(2, packets: 4_000, drops: 0),
        ])
        #expect(found.map { $0[0] } == [nil, 1_000, 1_000])
    }

    @Test func `a counter that was absent is the mean rate over the events between`() throws {
        let bare =
            #"{"timestamp":"2026-11-21T00:00:16+0000","event_type":"stats","stats":{"capture":{"kernel_drops":0}}}"#
            + "\n"
        let found = try rates([
            Self.line(0, packets: 1_000, drops: 0), Self.line(1, packets: 9_000, drops: 0), bare,
            Self.line(3, packets: 41_000, drops: 0),
        ])
        #expect(found.map { $0[0] } == [nil, 1_000, nil, 2_000])
        #expect(found.map { $0[1] } == [nil, 0, 0, 0])
    }

    @Test func `drops that begin are an incident in drops a second`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Self.recording(1_500, dropping: 1_300..<1_360), to: "stats.json")
        var configuration = MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: path))])
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.detection.allowsNetworks = false
        var request = ReplayRequest(paths: [path], configuration: configuration)
        request.alertsPath = directory.path("alerts")
        _ = try await ReplayRun(request, logger: nil).run()
        let lines = try String(contentsOfFile: directory.path("alerts"), encoding: .utf8).split(separator: "\n")
        let records = try lines.map { try AlertRecord(json: $0.utf8) }
        let open = try #require(
            records.first { record in
                record.event == .open && record.channels.contains { $0.name == "capture.kernel_drops" }
            }, "\(lines)")
        let channel = try #require(open.channels.first { $0.name == "capture.kernel_drops" })
        #expect(channel.unit == "1/s" && channel.value == 500, "\(open.message)")
        #expect(open.since.seconds(since: Timestamp(nanoseconds: 1_795_219_200_000_000_000)) == 1_300 * 8)
    }

    @Test func `check tells the rates, and of a mixed file what it passes over`() async throws {
        let directory = try TemporaryDirectory()
        let flow =
            #"{"timestamp":"2026-11-21T00:00:09+0000","event_type":"flow","src_ip":"192.168.2.14","src_port":50096,"dest_ip":"209.53.113.5","dest_port":80,"proto":"TCP","flow":{"pkts_toserver":5,"bytes_toserver":742,"start":"2026-11-21T00:00:05+0000","end":"2026-11-21T00:00:08+0000"}}"#
            + "\n"
        let stats = Self.recording(30, dropping: 0..<0)
        let mixed = try directory.write(flow + stats + flow, to: "eve.json")
        func check(_ format: SourceConfiguration.Format) async throws -> String {
            let source = SourceConfiguration(input: .file(pattern: mixed), format: format)
            let configuration = MonitorConfiguration(sources: [source])
            return try await SampleCheck(path: mixed, source: source, configuration: configuration).run().text
        }
        let flows = try await check(.auto)
        #expect(flows.contains("suricata, EVE"))
        #expect(
            flows.contains(
                #"stats events of Suricata are passed over here: a second source of the same file with format = "suricata-stats" reads them"#
            ))
        let rates = try await check(.suricataStats)
        #expect(rates.contains("5 channels, 4 of them as rates"), "\(rates)")
        #expect(
            rates.contains("channels: capture.kernel_packets [1/s], capture.kernel_drops [1/s], decoder.pkts [1/s], "))
        #expect(rates.contains("lines: 32, of them 30 usable, 0 unusable"))
        #expect(rates.contains("interval: 8s (29 of 29"), "\(rates)")
    }
}
