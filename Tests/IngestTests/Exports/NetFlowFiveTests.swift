import Testing
import TimeSeries

@testable import Ingest

/// NetFlow v5: records of a fixed form, times by the exporter's uptime.
@Suite("NetFlow v5") struct NetFlowFiveTests {
    @Test func `a datagram is recognised by its version and length, and its records are flows of one way`() {
        let decoded = Decoded(datagrams: [
            five([recordOfFive(), recordOfFive(packets: 3, bytes: 120, ports: (52_000, 22), flags: 2)])
        ])
        #expect(decoded.kind == .netflow)
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:51514>10.0.5.1:502 6 established 44/5760 0/0 one way",
                "10.0.5.12:52000>10.0.5.1:22 6 unanswered 3/120 0/0 one way",
            ])
        #expect(decoded.flowTimes[0] == "2026-10-14T17:45:40.250Z 2026-10-14T17:46:39.250Z")
        #expect(decoded.times == decoded.flows.map { "\($0.end)" })
        #expect(decoded.reasons == [nil, nil])
        #expect(decoded.flows.allSatisfy { "\($0.exporter)" == "192.0.2.1" })
        #expect(
            decoded.summary.hasPrefix("netflow, v5, v9 and ipfix, a series for each source host, samples of 20 s"))
    }

    @Test func `an uptime that began anew within the flow is no flow in the future`() {
        let decoded = Decoded(datagrams: [
            five([recordOfFive(first: .max - 999, last: 500)], uptime: 1_000),
            five([recordOfFive(first: .max - 999, last: .max)], uptime: 1_000),
            // Of an exporter whose clock and count differ by a little.
            five([recordOfFive(first: 900, last: 1_010)], uptime: 1_000),
        ])
        #expect(
            decoded.flowTimes == [
                "2026-10-14T17:46:38.250Z 2026-10-14T17:46:39.750Z",
                "2026-10-14T17:46:38.250Z 2026-10-14T17:46:39.249Z",
                "2026-10-14T17:46:40.150Z 2026-10-14T17:46:40.260Z",
            ])
    }

    @Test func `counts are multiplied by the sampling interval, flows are not`() {
        // The upper two bits are the mode.
        let decoded = Decoded(datagrams: [five([recordOfFive()], sampling: 0x4000 | 100), five([recordOfFive()])])
        #expect(decoded.counts == [[576_000, 4_400], [5_760, 44]])
    }

    @Test func `of ICMP the port holds type and code, and an answer to a ping is what came back`() {
        let decoded = Decoded(datagrams: [
            five([
                recordOfFive(packets: 4, bytes: 240, ports: (9, 2_048), flags: 0, transport: 1),
                recordOfFive(packets: 4, bytes: 240, ports: (0, 0), flags: 0, transport: 1),
            ])
        ])
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:0>10.0.5.1:2048 1 unknown 4/240 0/0 one way",
                "10.0.5.1:0>10.0.5.12:2048 1 established 0/0 4/240 one way",
            ])
    }

    @Test func `flows that are missing between two numbers are counted for each exporter and engine`() {
        let three = [recordOfFive(), recordOfFive(), recordOfFive()]
        var decoded = Decoded(datagrams: [
            five(three, sequence: 100), five(three, sequence: 103), five(three, sequence: 116),
            // Another engine of the same address has numbers of its own.
            five(three, sequence: 900_000, engine: 4), five(three, sequence: 900_003, engine: 4),
        ])
        #expect(decoded.counters.lostFlows == 10 && decoded.counters.lostDatagrams == 0)
        #expect(
            decoded.decoder.takeLossNotices() == [
                ExportLossNotice(exporter: "192.0.2.1 engine 0/3", lost: 10, areDatagrams: false)
            ])
        decoded.take(five(three, sequence: 120))
        #expect(decoded.counters.lostFlows == 11)
        #expect(decoded.decoder.takeLossNotices().isEmpty, "told again at ten times as much")
        #expect(decoded.counters.exporters == 2)
    }

    @Test func `a datagram that is late makes its part of a loss good, and a number that began anew is none`() {
        let two = [recordOfFive(), recordOfFive()]
        var decoded = Decoded(datagrams: [
            five(two, sequence: .max - 1), five(two, sequence: 4), five(two, sequence: 0),
        ])
        #expect(decoded.counters.lostFlows == 2 && decoded.counters.late == 1)
        decoded.take(five(two, sequence: 2))
        #expect(decoded.counters.restarts == 1, "two in a row from before: it began anew")
        decoded.take(five(two, sequence: 4))
        decoded.take(five(two, sequence: 2_000_000_000))
        #expect(decoded.counters.restarts == 2 && decoded.counters.lostFlows == 2)
        #expect(decoded.flows.count == 12)
    }

    @Test func `a datagram shorter than its count gives the records that are whole, and is unusable beyond`() {
        let whole = five([recordOfFive(), recordOfFive()])
        let decoded = Decoded(datagrams: [whole, Array(whole.dropLast()), Array(whole.prefix(24)), whole])
        #expect(decoded.reasons == [nil, nil, nil, .cutShort, .cutShort, nil, nil])
        #expect(decoded.counters.lostFlows == 0)
        #expect(decoded.notices.map(\.excerpt).first?.hasPrefix("119 bytes from 192.0.2.1: 00 05 00 02 00 36") == true)
    }

    @Test(arguments: [0, 31, 65_535]) func `no datagram holds so many records`(count: UInt16) {
        let decoded = Decoded(datagrams: [five([recordOfFive()]), five([recordOfFive()], count: count)])
        #expect(decoded.reasons == [nil, .notAnExport])
    }

    @Test func `lines among exports are unusable, and exports among lines`() {
        var decoded = Decoded(datagrams: [five([recordOfFive()]), Array("time,temp\n1,2\n".utf8)])
        #expect(decoded.reasons == [nil, .notAnExport])
        #expect(
            decoded.notices.map(\.excerpt) == ["14 bytes from 192.0.2.1: 74 69 6d 65 2c 74 65 6d 70 0a 31 2c 32 0a"])
        decoded = Decoded(datagrams: [
            Array("time,temp\n1,2\n2,2\n3,2\n4,2\n".utf8), five([recordOfFive()]), Array("5,2\n".utf8),
        ])
        #expect(decoded.kind == nil && decoded.flows.isEmpty && decoded.decoder.refusal == nil)
        #expect(decoded.reasons.filter { $0 == nil }.count == 5 && decoded.reasons.contains(.controlBytes))
    }

    @Test func `bytes that only begin like an export are not taken for one`() {
        for datagram in [
            five([recordOfFive()], count: 2), Array(five([recordOfFive()]).prefix(60)), [0, 5],
            ipfix(set(256, [1, 2, 3, 4]), length: 900), nine(set(2, [1, 2, 3, 4])),
            [0, 10, 0, 16] + [UInt8](repeating: 0, count: 12),
        ] {
            #expect(Decoded(datagrams: [datagram]).kind == nil)
        }
    }

    @Test func `a format that is asked for needs no recognition, and lines of it say where it comes from`() {
        let asked = SourceConfiguration(input: .udp(address: ""), format: .netflow)
        let decoded = Decoded(datagrams: [[0, 5], five([recordOfFive()])], asked)
        #expect(decoded.reasons == [.notAnExport, nil])
        let lines = decode("1,2\n3,4\n5,6\n7,8\n", SourceConfiguration.named(.netflow))
        #expect(
            lines.decoder.refusal?.description
                == "cannot read lines as network flows: exports of NetFlow and IPFIX come as datagrams; give the source their address: udp = \"0.0.0.0:2055\""
        )
        var named = SourceConfiguration(input: .udp(address: ""))
        named.channel = "sensor"
        #expect(
            Decoded(datagrams: [five([recordOfFive()])], named).decoder.refusal
                == .inapplicable(key: "channel", format: "netflow"))
    }

    @Test func `the exporter can be the series`() {
        var gatherer = FlowGatherer(
            FlowGatherer.Settings(dimension: .exporter), admission: .atOnce, writesTimes: false)
        var decoded = Decoded(datagrams: [five([recordOfFive()])])
        decoded.take(five([recordOfFive()]), from: NetworkAddress(high: 0x2001_0db8 << 32, low: 9))
        _ = gatherer.gather(decoded.batch, from: 0, to: 2)
        #expect(gatherer.seriesNames == ["192.0.2.1", "2001:db8::9"])
    }
}
