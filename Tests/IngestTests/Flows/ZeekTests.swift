import Testing
import TimeSeries

@testable import Ingest

@Suite struct ZeekTests {
    private static let head = """
        #separator \\x09
        #set_separator\t,
        #empty_field\t(empty)
        #unset_field\t-
        #path\tconn
        #open\t2026-11-21-02-00-00
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes
        #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tcount\tcount\tcount\tcount

        """
    private static let line =
        "1258531221.486539\tPii6cUUq1v4\t192.168.1.102\t68\t192.168.1.1\t67\tudp\t-\t0.163820\t301\t300\tSF\t1\t329\t1\t328\n"

    @Test func `a connection log is recognised by its header`() {
        let decoded = decode(Self.head + Self.line)
        #expect(decoded.decoder.schema?.isFlows == true)
        #expect(decoded.summary.hasPrefix("zeek, conn.log, a series for each source host"))
        #expect(decoded.batch.flows.count == 1)
        let flow = decoded.batch.flows.first
        #expect(flow?.source.description == "192.168.1.102")
        #expect(flow?.destinationPort == 67)
        #expect(flow?.transport == 17)
        #expect(flow?.outcome == .established)
        #expect(flow?.bytesOut == 329 && flow?.bytesIn == 328 && flow?.packetsOut == 1)
        #expect(flow?.start == Timestamp(nanoseconds: 1_258_531_221_486_539_000))
        #expect(flow.map { $0.end.seconds(since: $0.start) } == 0.16382)
        #expect(decoded.timeTexts == ["1258531221.486539"])
    }

    @Test func `what is unset says nothing, and IPv6 is read`() {
        let decoded = decode(
            Self.head
                + "1258531221.5\tC1\tfe80::1\t143\tff02::16\t0\ticmp\t(empty)\t-\t-\t-\tOTH\t1\t90\t0\t0\n")
        let flow = decoded.batch.flows.first
        #expect(flow?.source.description == "fe80::1")
        #expect(flow.map { $0.end == $0.start } == true)
        #expect(flow?.outcome == .unknown)
    }

    @Test func `columns may change in mid-file`() {
        let other =
            "#close\t2026\n#fields\tid.orig_h\tts\tid.resp_h\tproto\n10.0.0.1\t1258531300\t10.0.0.2\ttcp\n"
        let decoded = decode(Self.head + Self.line + other)
        #expect(decoded.batch.flows.map(\.source.description) == ["192.168.1.102", "10.0.0.1"])
        #expect(decoded.reasons == [nil, nil])
    }

    @Test func `a restart in mid-file knows the columns`() throws {
        let first = decode(Self.head + Self.line)
        var decoder = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), restoring: first.batch.decoding,
            offset: first.decoder.offset, admission: .atOnce)
        var batch = RecordBatch()
        decoder.decode(Array(Self.line.utf8), into: &batch)
        #expect(batch.flows == first.batch.flows)
    }

    @Test func `bad lines are counted with their reasons`() {
        let decoded = decode(
            Self.head + Self.line.replacing("192.168.1.102", with: "192.168.1.300")
                + Self.line.replacing("1258531221.486539", with: "now")
                + Self.line.replacing("\t68\t", with: "\t68000\t") + "1\t2\t3\n"
                + Self.line.replacing("\t328\n", with: "\t328\t9\n")
                + Self.line.replacing("192.168.1.1\t", with: "-\t"))
        #expect(decoded.reasons == [.notANumber, .badTime, .outOfRange, .notANumber, .fieldCount, .noValues])
        #expect(decoded.batch.flows.isEmpty)
    }

    @Test func `pieces of any size give the same flows`() {
        let text = Array((Self.head + String(repeating: Self.line, count: 40)).utf8)
        let whole = decode(text)
        for size in [1, 7, 100] {
            let pieces = decode(text) { size }
            #expect(pieces.transcript == whole.transcript)
            #expect(pieces.batch.flows == whole.batch.flows)
        }
    }
}
