import Testing
import TimeSeries

@testable import Ingest

/// NetFlow v9 and IPFIX: records by templates.
@Suite("NetFlow v9 and IPFIX") struct TemplateExportTests {
    private static let plain = template(256, plainFields)

    @Test func `records of v9 are read by their template, in the same datagram or a later one`() {
        let decoded = Decoded(datagrams: [
            nine(set(0, Self.plain), set(256, plainRecord(), plainRecord(13, 2), padding: 2), count: 3),
            nine(set(256, plainRecord(14, 3, bytes: 7, packets: 1)), sequence: 1),
        ])
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:51514>10.0.5.1:502 17 unknown 9/900 0/0 one way",
                "10.0.5.13:51514>10.0.5.2:502 17 unknown 9/900 0/0 one way",
                "10.0.5.14:51514>10.0.5.3:502 17 unknown 1/7 0/0 one way",
            ])
        // Without times of their own they have that of the export.
        #expect(decoded.flowTimes[0] == "2026-10-14T17:46:40Z 2026-10-14T17:46:40Z")
        #expect(decoded.counters.templates == 1 && decoded.counters.lostDatagrams == 0)
    }

    @Test func `records of IPFIX are read by their template, with IPv6, texts and elements of vendors`() {
        let fields = BigEndian().u16(300, 8).u16(27, 16, 28, 16, 82, 65_535).u16(0x8000 | 5, 4).u32(9)
            .u16(1, 8, 2, 8, 0x8000 | 6, 65_535).u32(9).u16(4, 1)
        func record(_ name: String, _ long: Int) -> BigEndian {
            BigEndian().host6(1).host6(2).u8(UInt8(name.utf8.count)) + BigEndian(Array(name.utf8))
                + BigEndian().u32(77)
                .u64(1_000, 10).u8(255).u16(UInt16(long)) + BigEndian([UInt8](repeating: 9, count: long)).u8(6)
        }
        let decoded = Decoded(datagrams: [
            ipfix(set(2, fields), set(300, record("", 0), record("eth0", 300), padding: 3))
        ])
        #expect(
            decoded.flowTexts == [
                "2001:db8::1:0>2001:db8::2:0 6 unknown 10/1000 0/0 one way",
                "2001:db8::1:0>2001:db8::2:0 6 unknown 10/1000 0/0 one way",
            ])
        #expect(decoded.reasons == [nil, nil])
    }

    @Test func `records before their template wait for it, those of its exporter and number only`() {
        var decoded = Decoded(datagrams: [
            nine(set(256, plainRecord(12))), nine(set(257, plainRecord(99)), sequence: 1),
            nine(set(256, plainRecord(98)), source: 8), nine(set(256, plainRecord(13)), sequence: 2),
        ])
        #expect(decoded.rows.isEmpty && decoded.counters.setsHeld == 4)
        decoded.take(nine(set(256, plainRecord(97)), sequence: 1), from: NetworkAddress(ipv4: 1))
        decoded.take(nine(set(0, Self.plain), set(256, plainRecord(14)), sequence: 3))
        #expect(decoded.flows.map { "\($0.source)" } == ["10.0.5.12", "10.0.5.13", "10.0.5.14"])
        #expect(decoded.counters.setsRead == 2 && decoded.counters.setsDropped == 0)
        decoded.take(nine(set(0, template(257, plainFields)), sequence: 4, seconds: 1_792_000_061))
        #expect(decoded.flows.count == 3 && decoded.counters.setsDropped == 1, "it came too late")
    }

    @Test func `what waits for a template is bounded in number and bytes`() {
        var decoded = Decoded(datagrams: [])
        for number in UInt32(0)..<300 { decoded.take(nine(set(256, plainRecord()), sequence: number)) }
        #expect(decoded.counters.setsHeld == 300 && decoded.counters.setsDropped == 44)
        let large = BigEndian([UInt8](repeating: 1, count: 60_000))
        for number in UInt32(300)..<320 { decoded.take(nine(set(256, large), sequence: number)) }
        #expect(decoded.decoder.exports.map(\.bytesHeld) == 240_000)
        #expect(decoded.rows.isEmpty)
    }

    @Test func `a template that changes is the one from then on`() {
        let other = template(256, [(12, 4), (8, 4), (2, 4), (1, 4)])
        let decoded = Decoded(datagrams: [
            nine(set(0, Self.plain), set(256, plainRecord())), nine(set(0, Self.plain), sequence: 1),
            nine(set(0, other), set(256, BigEndian().host(1).host(12).u32(3, 120)), sequence: 2),
        ])
        #expect(decoded.counts == [[900, 9], [120, 3]])
        #expect(decoded.flows.map { "\($0.source)" } == ["10.0.5.12", "10.0.5.12"])
        #expect(decoded.counters.templates == 1 && decoded.counters.templatesChanged == 1)
    }

    @Test func `templates of one number are apart by exporter and domain`() {
        var decoded = Decoded(datagrams: [
            ipfix(set(2, Self.plain)), ipfix(set(2, template(256, [(8, 4), (12, 4), (1, 4)])), domain: 8),
        ])
        decoded.take(ipfix(set(256, BigEndian().host(5).host(6).u32(70)), domain: 8))
        decoded.take(ipfix(set(256, plainRecord())))
        #expect(decoded.counts == [[70, 0], [900, 9]])
    }

    @Test func `a template that is withdrawn is forgotten, one by one or all of them`() {
        var decoded = Decoded(datagrams: [
            ipfix(set(2, Self.plain, template(257, plainFields), template(258, plainFields))),
            ipfix(set(2, BigEndian().u16(256, 0))), ipfix(set(256, plainRecord())), ipfix(set(257, plainRecord())),
        ])
        #expect(decoded.flows.count == 1 && decoded.counters.templatesWithdrawn == 1)
        decoded.take(ipfix(set(2, BigEndian().u16(2, 0))))
        decoded.take(ipfix(set(257, plainRecord())))
        #expect(decoded.flows.count == 1 && decoded.counters.templatesWithdrawn == 3)
        #expect(decoded.reasons == [nil])
    }

    // MARK: Numbers

    @Test func `v9 numbers its datagrams, and some exporters the records, which shows`() {
        let two = set(256, plainRecord(), plainRecord())
        let usual = Decoded(datagrams: [
            nine(set(0, Self.plain), sequence: 1), nine(two, sequence: 2), nine(two, sequence: 3),
            nine(two, sequence: 7),
        ])
        #expect(usual.counters.lostDatagrams == 3 && usual.counters.lostFlows == 0)
        let other = Decoded(datagrams: [
            nine(set(0, Self.plain), two, sequence: 0), nine(two, sequence: 2), nine(two, sequence: 4),
            nine(two, sequence: 9),
        ])
        #expect(other.counters.lostDatagrams == 0 && other.counters.lostFlows == 3)
    }

    @Test func `IPFIX numbers its records, those of options among them, and templates not`() {
        let options = BigEndian().u16(400, 2, 1, 149, 4, 160, 8)
        let said = set(400, BigEndian().u32(7).u64(1))
        let decoded = Decoded(datagrams: [
            ipfix(set(2, Self.plain), set(3, options), said, set(256, plainRecord(), plainRecord()), sequence: 0),
            ipfix(set(2, Self.plain), sequence: 3), ipfix(set(256, plainRecord()), sequence: 3),
            ipfix(set(256, plainRecord()), sequence: 14),
        ])
        #expect(decoded.counters.lostFlows == 10)
        #expect(decoded.flows.count == 4)
    }

    @Test func `of records without their template nobody knows how many there were`() {
        let decoded = Decoded(datagrams: [
            ipfix(set(256, plainRecord(), plainRecord()), sequence: 0), ipfix(set(2, Self.plain), sequence: 2),
            ipfix(set(256, plainRecord()), sequence: 2), ipfix(set(256, plainRecord()), sequence: 3),
        ])
        #expect(decoded.counters.lostFlows == 0 && decoded.flows.count == 4)
    }
}
