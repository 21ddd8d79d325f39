import Testing
import TimeSeries

@testable import Ingest

/// What is known of exporters outlives a restart.
@Suite("exports after a restart") struct ExportStateTests {
    private static let configuration = SourceConfiguration(input: .udp(address: ""))
    private static let options = BigEndian().u16(400, 3, 1, 149, 4, 160, 8, 34, 4)
    private static let before: [[UInt8]] = [
        ipfix(
            set(2, template(256, plainFields + [(22, 4), (21, 4), (82, 65_535)])), set(3, options),
            set(400, BigEndian().u32(7).u64(1_791_999_000_000).u32(10))),
        ipfix(set(256, record), sequence: 1),
    ]
    private static var record: BigEndian { plainRecord().u32(1_000, 2_500).u8(0) }

    private func restarted(_ state: DecodingState) throws -> Decoded {
        Decoded(
            decoder: try LineDecoder(
                configuration: Self.configuration, goingOnFrom: state, admission: .atOnce))
    }

    @Test func `records are read at once, with the rate and the times that were known`() throws {
        let first = Decoded(datagrams: Self.before)
        #expect(first.counts == [[9_000, 90]])
        var state = StateWriter()
        first.batch.decoding.encode(to: &state)
        var reader = StateReader(state.bytes)
        var second = try restarted(DecodingState(from: &reader))
        second.take(ipfix(set(256, Self.record), sequence: 900))
        #expect(second.flowTexts == first.flowTexts && second.flowTimes == first.flowTimes)
        #expect(second.counters.lostFlows == 0, "what came in the meantime is not known to be lost")
        #expect(second.decoder.dialectState == first.decoder.dialectState)
        second.take(ipfix(set(256, Self.record), sequence: 901), from: NetworkAddress(ipv4: 9))
        #expect(second.flows.count == 1, "of another exporter nothing is known")
    }

    @Test func `lines in the place of exports are read as lines`() throws {
        let first = Decoded(datagrams: Self.before)
        var second = try restarted(first.batch.decoding)
        second.take(Array("time,temp\n1,2\n2,2\n3,2\n4,2\n".utf8))
        #expect(second.kind == nil && second.rows.count == 4)
    }

    @Test func `what does not change costs no new state`() {
        var decoded = Decoded(datagrams: Self.before)
        let state = decoded.decoder.dialectState
        for datagram in Self.before + Self.before { decoded.take(datagram) }
        #expect(decoded.decoder.dialectState == state && !decoded.decoder.isStateStale)
        decoded.take(ipfix(set(400, BigEndian().u32(7).u64(1_791_999_000_000).u32(20))))
        #expect(decoded.decoder.dialectState != state)
    }

    @Test func `a damaged state is refused or read, and never a trap`() throws {
        let whole = Decoded(datagrams: Self.before).decoder.dialectState
        for count in 1..<whole.count {
            let decoded = try? restarted(DecodingState(dialect: Array(whole.prefix(count))))
            #expect(decoded?.decoder.exports == nil, "half of what is known is nothing")
        }
        var usable = 0
        for index in whole.indices {
            for value: UInt8 in [0, 1, 128, 255] {
                var damaged = whole
                damaged[index] = value
                guard var decoded = try? restarted(DecodingState(dialect: damaged)) else { continue }
                usable += 1
                for datagram in Self.before { decoded.take(datagram) }
            }
        }
        #expect(usable > 0)
    }
}
