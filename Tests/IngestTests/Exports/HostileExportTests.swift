import Testing
import TimeSeries

@testable import Ingest

/// Datagrams that lie about their lengths, and senders that never stop inventing.
@Suite("hostile exports") struct HostileExportTests {
    private static let plain = template(256, plainFields)

    /// A datagram that is read before and after the hostile ones: an exporter that behaves.
    private static let good = nine(set(0, plain), set(256, plainRecord()), source: 99)

    private func reasons(of datagrams: [UInt8]...) -> [MalformedReason?] {
        let decoded = Decoded(datagrams: [Self.good] + datagrams + [Self.good])
        #expect(decoded.reasons.first == .some(nil) && decoded.reasons.last == .some(nil))
        return Array(decoded.reasons.dropFirst().dropLast())
    }

    @Test func `sets that claim more than the datagram has, or less than their own header, end it`() {
        for length: UInt16 in [0, 1, 3, 26, 1_000, 65_535] {
            let claim = BigEndian().u16(256, length) + plainRecord()
            #expect(reasons(of: nine(set(0, Self.plain), set(256, plainRecord()), claim)) == [nil, .cutShort])
        }
        // What the message claims is no more than what has come.
        #expect(
            reasons(of: ipfix(set(2, Self.plain), set(256, plainRecord()), length: 65_535)) == [nil, .cutShort])
        #expect(reasons(of: ipfix(set(2, Self.plain), set(256, plainRecord()), length: 0)) == [])
    }

    @Test func `a template of more fields than its set has room for is none`() {
        for count: UInt16 in [1, 2, 1_000, 65_535] {
            let claim = BigEndian().u16(300, count) + BigEndian().u8(0, 8, 0)
            #expect(reasons(of: nine(set(0, claim)), ipfix(set(2, claim))) == [.badTemplate, .badTemplate])
        }
        let vendor = BigEndian().u16(300, 2).u16(0x8000 | 1, 4).u32(9).u16(0x8000 | 1, 4)
        #expect(reasons(of: ipfix(set(2, vendor))) == [.badTemplate])
        for options in [
            BigEndian().u16(300, 65_535, 65_535), BigEndian().u16(300, 1, 2, 34, 4), BigEndian().u16(300, 2),
        ] {
            #expect(reasons(of: nine(set(1, options)), ipfix(set(3, options))) == [.badTemplate, .badTemplate])
        }
        #expect(reasons(of: nine(set(0, BigEndian().u16(255, 1, 8, 4)))) == [.badTemplate])
    }

    @Test func `fields of no length are no fields, and records of none are refused`() {
        let zeros = template(300, (0..<2_000).map { (UInt16($0), 0) })
        #expect(reasons(of: ipfix(set(2, zeros), set(300, plainRecord()))) == [.badTemplate])
        let decoded = Decoded(datagrams: [
            nine(
                set(0, template(300, [(999, 0)] + plainFields.map { ($0.0, $0.1) } + [(8, 0), (153, 0)])),
                set(300, plainRecord()))
        ])
        #expect(decoded.flowTexts == ["10.0.5.12:51514>10.0.5.1:502 17 unknown 9/900 0/0 one way"])
    }

    @Test func `thousands of elements of vendors are one gap, thousands of counts are refused`() {
        let foreign = template(300, plainFields + (0..<8_000).map { (UInt16(1_000 + $0), 1) })
        let decoded = Decoded(datagrams: [
            nine(set(0, foreign)), nine(set(300, plainRecord() + BigEndian([UInt8](repeating: 1, count: 8_000)))),
        ])
        #expect(decoded.flows.count == 1 && decoded.decoder.dialectState.count < 1_000)
        let many = template(300, plainFields + (0..<8_000).map { _ in (1, 1) })
        #expect(reasons(of: nine(set(0, many))) == [.badTemplate])
    }

    @Test func `texts that are longer than their record end the set`() {
        let fields = template(300, [(8, 4), (12, 4), (82, 65_535)])
        let start = BigEndian().host(1).host(2)
        for text in [BigEndian().u8(1), BigEndian().u8(200, 0), BigEndian().u8(255), BigEndian().u8(255, 255, 255, 1)] {
            #expect(reasons(of: ipfix(set(2, fields), set(300, start.u8(0), start + text))) == [nil, .cutShort])
        }
    }

    @Test func `no prefix of a datagram and no changed byte of it is a trap`() {
        let options = BigEndian().u16(400, 3, 1, 149, 4, 160, 8, 34, 4)
        let datagrams = [
            five([recordOfFive(), recordOfFive()]),
            nine(
                set(0, Self.plain, template(257, plainFields + [(22, 4), (21, 4), (34, 2)])),
                set(1, BigEndian().u16(512, 4, 4, 1, 4, 34, 4)),
                set(512, BigEndian().u32(1, 100)), set(256, plainRecord()),
                set(257, plainRecord().u32(5, 6).u16(7), padding: 3)),
            ipfix(
                set(2, template(256, plainFields + [(82, 65_535), (152, 8)])), set(3, options),
                set(400, BigEndian().u32(1).u64(2).u32(3)),
                set(256, plainRecord().u8(2, 65, 66).u64(1_792_000_000_000))),
        ]
        for datagram in datagrams {
            var decoder = ExportDecoder()
            var flows: [FlowRecord] = []
            for count in 0...datagram.count {
                _ = decoder.decode(datagram.span.extracting(0..<count), from: NetworkAddress(ipv4: 1), into: &flows)
            }
            for index in datagram.indices {
                for value: UInt8 in [0, 1, 127, 128, 255] {
                    var changed = datagram
                    changed[index] = value
                    _ = decoder.decode(changed.span, from: NetworkAddress(ipv4: 1), into: &flows)
                    _ = decoder.decode(datagram.span, from: NetworkAddress(ipv4: 1), into: &flows)
                }
            }
            #expect(flows.allSatisfy { $0.start <= $0.end && $0.bytesOut <= 1 << 53 })
        }
    }

    @Test func `an exporter that invents templates keeps no more than its share, and the newest`() {
        var decoded = Decoded(datagrams: [Self.good])
        for number in UInt16(256)..<5_256 {
            decoded.take(nine(set(0, template(number, plainFields)), sequence: UInt32(number)))
            // The one that is used stays.
            if number % 32 == 0 { decoded.take(nine(set(256, plainRecord()), sequence: UInt32(number) + 1)) }
        }
        #expect(decoded.counters.templatesEvicted == 5_000 - UInt64(ExportDomain.mostTemplates))
        #expect(decoded.counters.setsHeld == 0)
        #expect(decoded.decoder.dialectState.count < 8_000)
        let wide = (0..<ExportTemplate.mostSteps / 2).flatMap {
            [(1, 1), (UInt16(1_000 + $0), 1)] as [(UInt16, UInt16)]
        }
        for number in UInt16(256)..<512 { decoded.take(nine(set(0, template(number, wide)))) }
        #expect(decoded.decoder.dialectState.count < 8_000)
    }

    @Test func `senders that are invented push out each other and not one that is heard`() {
        var decoded = Decoded(datagrams: [Self.good])
        for number in UInt32(0)..<2_000 {
            decoded.take(nine(set(0, Self.plain), source: number), from: NetworkAddress(ipv4: number))
            if number % 100 == 0 {
                decoded.take(nine(set(256, plainRecord()), source: 99))
                #expect(decoded.reasons.count == Int(number) / 100 + 2 && decoded.reasons.allSatisfy { $0 == nil })
            }
        }
        #expect(decoded.counters.exporters == UInt64(ExportDecoder.mostDomains))
        #expect(decoded.counters.exportersEvicted == 2_001 - UInt64(ExportDecoder.mostDomains))
        #expect(decoded.decoder.dialectState.count < 32_000)
    }

    @Test func `templates that change without end are not stored with each datagram`() {
        var decoded = Decoded(datagrams: [Self.good])
        var (stored, bytes) = (0, 0)
        var last = decoded.decoder.dialectState
        for number in UInt32(0)..<1_000 {
            decoded.take(nine(set(0, Self.plain), source: number))
            guard decoded.decoder.dialectState != last else { continue }
            last = decoded.decoder.dialectState
            stored += 1
            bytes += last.count
        }
        #expect(stored > 10 && bytes < 1_200 * 1_024, "\(stored) times, \(bytes) bytes")
    }

    @Test func `losses of invented senders do not fill the log`() {
        var decoded = Decoded(datagrams: [])
        var told = 0
        for number in UInt32(0)..<2_000 {
            for sequence: UInt32 in [0, 50] {
                decoded.take(five([recordOfFive()], sequence: sequence), from: NetworkAddress(ipv4: number))
            }
            told += decoded.decoder.takeLossNotices().count
        }
        #expect(told == 256 && decoded.counters.lostFlows == 2_000 * 49)
    }

    @Test func `datagrams that are nothing do not end the reading, and hide no exporter`() {
        let stray = (0..<130).map { Array("hello \($0)\n".utf8) }
        let decoded = Decoded(datagrams: stray + [Self.good])
        #expect(decoded.decoder.refusal == nil)
        #expect(decoded.decoder.counters[.noValues] == 130)
        #expect(decoded.flows.count == 1)
        #expect(decoded.notices.first?.excerpt.contains("49 behind it: cannot find a number to watch") == true)
        // Lines that can be read two ways are no reason to stop either: anybody can send them.
        let unclear = (0..<60).map { Array("1,\($0);2,5\n".utf8) }
        #expect(Decoded(datagrams: unclear).decoder.refusal == nil)
    }
}
