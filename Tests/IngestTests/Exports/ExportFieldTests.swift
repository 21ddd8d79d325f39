import Testing
import TimeSeries

@testable import Ingest

/// What the elements of NetFlow v9 and IPFIX say.
@Suite("elements of exports") struct ExportFieldTests {
    private static let plain = template(256, plainFields)

    // MARK: Times

    @Test func `times are read in every form that exporters have for them`() {
        // The lower half of NTP is a fraction of 2^32: here one half.
        let ntp = (UInt64(1_792_000_000 + 2_208_988_800) << 32) | 0x8000_0000
        let forms: [([(UInt16, UInt16)], BigEndian, String)] = [
            ([(22, 4), (21, 4)], BigEndian().u32(3_540_000, 3_599_000), "2026-10-14T17:45:40Z 2026-10-14T17:46:39Z"),
            (
                [(150, 4), (151, 4)], BigEndian().u32(1_792_000_000, 1_792_000_002),
                "2026-10-14T17:46:40Z 2026-10-14T17:46:42Z"
            ),
            (
                [(152, 8), (153, 8)], BigEndian().u64(1_792_000_000_125, 1_792_000_002_000),
                "2026-10-14T17:46:40.125Z 2026-10-14T17:46:42Z"
            ),
            (
                [(154, 8), (155, 8)], BigEndian().u64(ntp, ntp + 1 << 32),
                "2026-10-14T17:46:40.500Z 2026-10-14T17:46:41.500Z"
            ),
            ([(156, 8), (157, 8)], BigEndian().u64(ntp, ntp), "2026-10-14T17:46:40.500Z 2026-10-14T17:46:40.500Z"),
            (
                [(158, 4), (159, 4)], BigEndian().u32(1_500_000, 250_000),
                "2026-10-14T17:46:38.500Z 2026-10-14T17:46:39.750Z"
            ),
            (
                [(152, 8), (161, 4)], BigEndian().u64(1_792_000_000_000).u32(1_500),
                "2026-10-14T17:46:40Z 2026-10-14T17:46:41.500Z"
            ),
            (
                [(153, 8), (162, 4)], BigEndian().u64(1_792_000_000_000).u32(1_500),
                "2026-10-14T17:46:39.998500Z 2026-10-14T17:46:40Z"
            ),
            ([(323, 8)], BigEndian().u64(1_792_000_000_125), "2026-10-14T17:46:40.125Z 2026-10-14T17:46:40.125Z"),
            ([], BigEndian(), "2026-10-14T17:46:40Z 2026-10-14T17:46:40Z"),
        ]
        for (fields, bytes, expected) in forms {
            let decoded = Decoded(datagrams: [
                nine(set(0, template(256, plainFields + fields)), set(256, plainRecord() + bytes))
            ])
            #expect(decoded.flowTimes == [expected], "\(fields)")
        }
    }

    @Test func `an uptime of IPFIX counts from when the exporter says it began, in the record or in its options`() {
        let fields = plainFields + [(22, 4), (21, 4)]
        let times = BigEndian().u32(1_000, 2_500)
        let begun = BigEndian().u64(1_791_999_000_000)
        let own = Decoded(datagrams: [
            ipfix(set(2, template(256, fields + [(160, 8)])), set(256, plainRecord() + times + begun))
        ])
        #expect(own.flowTimes == ["2026-10-14T17:30:01Z 2026-10-14T17:30:02.500Z"])
        let options = BigEndian().u16(400, 2, 1, 149, 4, 160, 8)
        let said = Decoded(datagrams: [
            ipfix(set(2, template(256, fields)), set(3, options)), ipfix(set(256, plainRecord() + times)),
            ipfix(set(400, BigEndian().u32(7) + begun)), ipfix(set(256, plainRecord() + times)),
        ])
        #expect(said.flowTimes == ["2026-10-14T17:46:40Z 2026-10-14T17:46:40Z"] + own.flowTimes)
    }

    @Test func `a time that cannot be makes the record unusable and not the others`() {
        let decoded = Decoded(datagrams: [
            ipfix(
                set(2, template(256, plainFields + [(152, 8)])),
                set(256, plainRecord() + BigEndian().u64(.max), plainRecord() + BigEndian().u64(1_792_000_000_000)))
        ])
        #expect(decoded.reasons == [nil, .badTime])
    }

    // MARK: Sampling

    @Test func `a sampling rate comes from the record, its sampler, or what the exporter says of itself`() {
        let options = BigEndian().u16(512, 4, 8, 1, 4, 34, 4, 48, 1)
        let all = BigEndian().u16(513, 4, 4, 1, 4, 34, 4)
        let decoded = Decoded(datagrams: [
            nine(set(0, Self.plain, template(257, plainFields + [(48, 1)]), template(258, plainFields + [(34, 4)]))),
            nine(set(256, plainRecord()), sequence: 1),
            nine(set(1, options, padding: 2), set(1, all), sequence: 2),
            nine(
                set(512, BigEndian().u32(7, 50).u8(3), BigEndian().u32(7, 20).u8(4)), set(513, BigEndian().u32(7, 10))),
            nine(set(256, plainRecord()), sequence: 4),
            nine(set(257, plainRecord().u8(3), plainRecord().u8(4), plainRecord().u8(9)), sequence: 5),
            nine(set(258, plainRecord().u32(2), plainRecord().u32(0)), sequence: 6),
        ])
        #expect(
            decoded.counts.map { $0[0] } == [900, 9_000, 45_000, 18_000, 9_000, 1_800, 9_000])
        #expect(decoded.reasons.allSatisfy { $0 == nil })
    }

    @Test func `the newer forms of a sampling rate are read too`() {
        let forms: [([(UInt16, UInt16)], BigEndian, UInt64)] = [
            ([(305, 4), (306, 4)], BigEndian().u32(1, 99), 90_000),
            ([(309, 4), (310, 4)], BigEndian().u32(2, 512), 230_400),
            ([(311, 8)], BigEndian().u64((0.25).bitPattern), 3_600),
            ([(311, 8)], BigEndian().u64((0.0).bitPattern), 900), ([(311, 8)], BigEndian().u64(.max), 900),
            ([(34, 4)], BigEndian().u32(.max), 900 * UInt64(UInt32.max)),
        ]
        for (fields, bytes, expected) in forms {
            let own = Decoded(datagrams: [
                ipfix(set(2, template(256, plainFields + fields)), set(256, plainRecord() + bytes))
            ])
            #expect(own.counts.map { $0[0] } == [expected], "\(fields)")
        }
        // No count grows beyond what a Double holds exactly.
        #expect(ExportRecord.count(.max, 4e9) == 1 << 53)
    }

    // MARK: Both directions

    @Test func `what came back makes a record one of both directions`() {
        let fields = BigEndian().u16(256, 9).u16(8, 4, 12, 4, 4, 1, 1, 4, 2, 4, 6, 2).u16(0x8000 | 1, 4).u32(29_305)
            .u16(0x8000 | 2, 4).u32(29_305).u16(0x8000 | 6, 2).u32(29_305)
        func record(_ transport: UInt8, _ counts: [UInt32], _ flags: UInt16, _ back: UInt16) -> BigEndian {
            BigEndian().host(12).host(1).u8(transport).u32(counts[0], counts[1]).u16(flags).u32(counts[2], counts[3])
                .u16(back)
        }
        let decoded = Decoded(datagrams: [
            ipfix(
                set(2, fields),
                set(
                    256, record(6, [5_760, 44, 3_680, 42], 0x1b, 0x1b), record(6, [120, 2, 0, 0], 2, 0),
                    record(6, [60, 1, 40, 1], 2, 20), record(17, [58, 1, 118, 1], 0, 0)))
        ])
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:0>10.0.5.1:0 6 established 44/5760 42/3680",
                "10.0.5.12:0>10.0.5.1:0 6 unanswered 2/120 0/0", "10.0.5.12:0>10.0.5.1:0 6 refused 1/60 1/40",
                "10.0.5.12:0>10.0.5.1:0 17 established 1/58 1/118",
            ])
    }

    @Test func `records of both directions belong together by their exporter's number of the flow`() {
        let fields: [(UInt16, UInt16)] = [(8, 4), (12, 4), (148, 4), (231, 4), (232, 4)]
        let hosts = BigEndian().host(1).host(2)
        var decoded = Decoded(datagrams: [])
        for sender in [UInt32(1), 2] {
            decoded.take(
                ipfix(set(2, template(256, fields)), set(256, hosts.u32(7, 5, 6), hosts.u32(0, 5, 6))),
                from: NetworkAddress(ipv4: sender))
            decoded.take(ipfix(set(256, hosts.u32(7, 8, 9))), from: NetworkAddress(ipv4: sender))
        }
        let numbers = decoded.flows.map(\.identity)
        #expect(numbers[0] == numbers[2] && numbers[3] == numbers[5] && numbers[0] != numbers[3])
        #expect(numbers[0] != 0 && numbers[1] == 0)
    }

    @Test func `a record that puts the lower address first is turned to who began`() {
        let fields = BigEndian().u16(256, 8).u16(8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 2, 4, 6, 1)
            .u16(0x8000 | 2, 4).u32(29_305)
        let said = template(257, [(8, 4), (12, 4), (239, 1), (231, 4), (232, 4)])
        let hosts = BigEndian().host(1).host(2)
        let decoded = Decoded(datagrams: [
            ipfix(
                set(2, fields, said),
                set(
                    256, BigEndian().host(1).host(12).u16(502, 51_514).u8(6).u32(41).u8(0x1a).u32(43),
                    BigEndian().host(9).host(66).u16(2_222, 51_514).u8(6).u32(0).u8(0).u32(3),
                    BigEndian().host(1).host(12).u16(9_000, 51_514).u8(17).u32(3).u8(0).u32(4)),
                set(257, hosts.u8(2).u32(5, 6), hosts.u8(1).u32(5, 6)))
        ])
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:51514>10.0.5.1:502 6 established 43/0 41/0",
                "10.0.5.66:51514>10.0.5.9:2222 6 unanswered 3/0 0/0",
                "10.0.5.1:9000>10.0.5.12:51514 17 established 3/0 4/0",
                "10.0.5.2:0>10.0.5.1:0 255 established 0/6 0/5", "10.0.5.1:0>10.0.5.2:0 255 established 0/5 0/6",
            ])
    }

    @Test
    func `a firewall's record has what each side sent; that of a beginning is no flow, one that was denied refused`() {
        let fields: [(UInt16, UInt16)] = [(8, 4), (12, 4), (4, 1), (231, 4), (232, 4), (233, 1), (323, 8)]
        func record(_ event: UInt8) -> BigEndian {
            BigEndian().host(12).host(1).u8(6).u32(500, 700).u8(event).u64(1_792_000_000_000)
        }
        let decoded = Decoded(datagrams: [
            nine(set(0, template(256, fields)), set(256, record(1), record(2), record(3)))
        ])
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:0>10.0.5.1:0 6 established 0/500 0/700", "10.0.5.12:0>10.0.5.1:0 6 refused 0/500 0/700",
            ])
        #expect(decoded.counters.otherRecords == 1)
    }

    @Test func `type and code of ICMP are read from their own elements or from the port`() {
        for (fields, bytes) in [
            ([(32, 2)], BigEndian().u16(2_048)), ([(176, 1), (177, 1)], BigEndian().u8(8, 0)),
            ([(11, 2)], BigEndian().u16(2_048)),
        ] as [([(UInt16, UInt16)], BigEndian)] {
            let decoded = Decoded(datagrams: [
                nine(
                    set(0, template(256, [(8, 4), (12, 4), (4, 1)] + fields)),
                    set(256, BigEndian().host(12).host(1).u8(1) + bytes))
            ])
            #expect(decoded.flowTexts == ["10.0.5.12:0>10.0.5.1:2048 1 unknown 0/0 0/0 one way"])
        }
    }

    @Test func `counts of fewer bytes than they have, of totals, and behind the box stand for those there are not`() {
        let decoded = Decoded(datagrams: [
            ipfix(
                set(
                    2, template(256, [(8, 4), (12, 4), (1, 3), (2, 1)]),
                    template(257, [(8, 4), (12, 4), (85, 8), (86, 8)]),
                    template(258, [(8, 4), (12, 4), (23, 4), (24, 4), (1, 2), (2, 2)]),
                    template(259, [(8, 4), (12, 4), (1, 9), (2, 4)])),
                set(256, BigEndian().host(1).host(2).u8(1, 0, 0, 7)), set(257, BigEndian().host(1).host(2).u64(8, 2)),
                set(258, BigEndian().host(1).host(2).u32(5, 5).u16(6, 1)),
                // Nobody knows numbers of nine bytes.
                set(259, BigEndian().host(1).host(2).u64(1).u8(1).u32(4)))
        ])
        #expect(decoded.counts == [[65_536, 7], [8, 2], [6, 1], [0, 4]])
    }

    @Test func `records about anything but flows are passed over`() {
        let decoded = Decoded(datagrams: [
            nine(
                set(0, Self.plain, template(260, [(80, 6), (81, 6), (1, 4)])),
                set(260, BigEndian([UInt8](repeating: 1, count: 34)))),
            nine(set(256, plainRecord()), sequence: 1),
        ])
        #expect(decoded.flows.count == 1 && decoded.counters.otherRecords == 2 && decoded.reasons == [nil])
    }
}
