import Testing
import TimeSeries

@testable import Ingest

@Suite struct SuricataStatsTests {
    private static let configured = SourceConfiguration(input: .standardInput, format: .suricataStats)

    /// An event as Suricata writes one each 8 s, with counters below `stats` besides.
    private static func stats(_ number: Int, _ more: String = "") -> String {
        let packets = 1_000 * number
        return
            #"{"timestamp":"2026-11-21T02:15:\#(10 + number).351120+0100","event_type":"stats","stats":{"uptime":\#(8 * number),"#
            + #""capture":{"kernel_packets":\#(packets),"kernel_drops":0,"errors":0},"decoder":{"pkts":\#(packets),"#
            + #""bytes":\#(700 * packets),"ipv4":\#(packets - 3),"sll":0,"avg_pkt_size":\#(700 + number)},"tcp":{"memuse":606208},"#
            + #""flow":{"spare":\#(10_000 - number)},"detect":{"engines":[{"id":0,"rules_loaded":25983}],"alert":7}\#(more)}}"#
            + "\n"
    }

    private static func events(_ count: Int) -> String { (1...count).map { stats($0) }.joined() }

    private static let flow =
        #"{"timestamp":"2026-11-21T02:15:09.251547+0100","event_type":"flow","src_ip":"192.168.2.14","src_port":50096,"dest_ip":"209.53.113.5","dest_port":80,"proto":"TCP","flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":742,"bytes_toclient":610,"start":"2026-11-21T02:15:05+0100","end":"2026-11-21T02:15:08+0100"}}"#
        + "\n"
    private static let query =
        #"{"timestamp":"2026-11-21T02:15:09+0100","event_type":"dns","dns":{"rrname":"a.b"}}"# + "\n"

    @Test func `those that matter are channels, then those that move`() {
        let decoded = decode(Self.events(12), Self.configured)
        #expect(
            decoded.channelNames == [
                "capture.kernel_packets", "capture.kernel_drops", "capture.errors", "decoder.pkts", "decoder.bytes",
                "tcp.memuse", "detect.alert", "decoder.ipv4", "decoder.avg_pkt_size", "flow.spare",
            ])
        #expect(decoded.values.count == 12)
        #expect(decoded.values.first == [1_000, 0, 0, 1_000, 700_000, 606_208, 7, 997, 701, 9_999])
        #expect(decoded.times.first == "2026-11-21T01:15:11.351120Z")
        #expect(
            decoded.summary.hasPrefix(
                "suricata stats, time in \"timestamp\" (ISO 8601), 10 channels, 7 of them as rates"))
    }

    @Test func `totals are counters and levels are not`() {
        let schema = decode(Self.events(12), Self.configured).decoder.schema
        #expect(
            schema?.counters == [
                "capture.kernel_packets", "capture.kernel_drops", "capture.errors", "decoder.pkts", "decoder.bytes",
                "detect.alert", "decoder.ipv4",
            ])
        #expect(schema?.channels.map(\.unit) == ["1/s", "1/s", "1/s", "1/s", "B/s", "B", "1/s", "1/s", nil, nil])
    }

    @Test(
        arguments: [
            "flow.memuse", "tcp.reassembly_memuse", "tcp.active_sessions", "flow.active", "decoder.avg_pkt_size",
            "decoder.max_mac_addrs_src", "flow.spare", "flow.wrk.spare_sync_avg", "flow.mgr.rows_maxlen",
            "flow.mgr.rows_per_sec", "flow_mgr.flows_checked", "memcap.pressure", "memcap_pressure_max", "uptime",
            "file_store.open_files", "app_layer.expectations", "detect.mpm_list", "capture.afpacket.busy_loop_avg",
        ])
    func `a level is known by its name`(name: String) { #expect(SuricataStats.isLevel(name)) }

    @Test(
        arguments: [
            "capture.kernel_packets", "capture.kernel_drops", "decoder.pkts", "decoder.bytes", "tcp.sessions",
            "flow.memcap",
            "http.memcap", "tcp.ssn_memcap_drop", "flow.wrk.spare_sync", "flow.mgr.flows_checked",
            "flow_mgr.closed_pruned",
            "flow.mgr.full_hash_pass", "defrag.max_frag_hits", "file_store.open_files_max_hit", "tcp.insert_list_fail",
            "detect.alert", "flow.total", "decoder.event.ipv4.frag_pkt_too_large", "ftp.memcap", "flow.tcp_reuse",
        ])
    func `a total is known by its name`(name: String) { #expect(!SuricataStats.isLevel(name)) }

    @Test func `other events are passed over and counted, before and behind the first`() {
        let lines =
            String(repeating: Self.query, count: 300) + Self.events(5) + Self.flow + Self.stats(6) + Self.query
            + Self.events(20)
        let decoded = decode(lines, Self.configured)
        #expect(decoded.values.count == 26)
        #expect(decoded.decoder.counters.unwatched == 302 && decoded.decoder.counters.malformed == 0)
        // It was said which events to read.
        var decoder = decoded.decoder
        #expect(decoder.takeOtherKind() == nil)
    }

    @Test func `a counter that is absent is missing`() {
        let less = #"{"timestamp":"2026-11-21T02:16:09+0100","event_type":"stats","stats":{"decoder":{"pkts":90000}}}"#
        #expect(
            decode(Self.events(12) + less + "\n", Self.configured).values.last
                == [nil, nil, nil, 90_000, nil, nil, nil, nil, nil, nil])
    }

    @Test(
        arguments: [
            (
                #"{"timestamp":"2026-11-21T02:16:09+0100","event_type":"stats","stats":{"decoder":{"pkts":90"#,
                .badSyntax
            ),
            (#"{"timestamp":"2026-11-21T02:16:09+0100","event_type":"stats","stats":{}}"#, .noValues),
            (#"{"timestamp":"noon","event_type":"stats","stats":{"decoder":{"pkts":1}}}"#, .badTime),
            (#"{"event_type":"stats","stats":{"decoder":{"pkts":1}}}"#, .badTime),
            (
                #"{"timestamp":"2026-11-21T02:16:09+0100","event_type":"stats","stats":{"decoder":{"pkts":"x"}}}"#,
                .notANumber
            ),
            (#"{"timestamp":"2026-11-21T02:16:09+0100","event_type":5,"stats":{}}"#, .noValues),
            ("packets 5", .badSyntax),
        ] as [(String, MalformedReason)])
    func `an unusable event is counted by reason`(line: String, reason: MalformedReason) {
        let decoded = decode(Self.events(10) + line + "\n" + Self.stats(11), Self.configured)
        #expect(decoded.reasons == Array(repeating: nil, count: 10) + [reason, nil])
    }

    @Test func `channels that are named are taken, and no others`() {
        var configuration = Self.configured
        configuration.channels = ["uptime", "stats.decoder.pkts"]
        let decoded = decode(Self.events(10), configuration)
        #expect(decoded.channelNames == ["uptime", "decoder.pkts"])
        #expect(decoded.values.last == [80, 10_000])
        #expect(decoded.decoder.schema?.counters == ["decoder.pkts"])
        configuration.channels = ["decoder.packets"]
        #expect(
            decode(Self.events(10), configuration).decoder.refusal?.description.contains("decoder.packets\" (channels)")
                == true)
    }

    @Test func `threads, differences and the time since the start are left out`() {
        let more = #","threads":{"W#01":{"decoder":{"pkts":NUMBER}}},"kernel_drops_delta":NUMBER,"new":NUMBER"#
        let lines = (1...10).map { Self.stats($0, more.replacing("NUMBER", with: "\($0)")) }.joined()
        #expect(decode(lines, Self.configured).channelNames.suffix(2) == ["flow.spare", "new"])
    }

    @Test func `a file of stats events alone is recognised`() {
        let decoded = decode(Self.events(12))
        #expect(decoded.summary.hasPrefix("suricata stats, ") && decoded.values.count == 12)
        // One that has just begun too, at its end.
        #expect(decode(Self.events(2)).summary.hasPrefix("suricata stats, "))
        // And ten are enough while it grows.
        let bytes = Array(Self.events(10).utf8)
        #expect(decode(bytes, finish: false).decoder.schema?.counters.isEmpty == false)
        let fewer = Array(Self.events(9).utf8)
        #expect(decode(fewer, finish: false).decoder.schema == nil)
    }

    @Test func `a mixed file stays one of flows, and what it passes over is told once`() {
        let lines = Self.events(3) + Self.query + Self.flow + Self.stats(4) + Self.flow + Self.stats(5)
        var decoder = decode(lines).decoder
        #expect(decoder.schema?.isFlows == true && decoder.counters.records == 2)
        #expect(decoder.takeOtherKind() == .suricataStats)
        var batch = RecordBatch()
        decoder.decode(Array((Self.stats(6) + Self.flow).utf8), into: &batch)
        #expect(decoder.takeOtherKind() == nil && decoder.counters.records == 3)
        var named = decode(lines, SourceConfiguration(input: .standardInput, format: .suricata)).decoder
        #expect(named.takeOtherKind() == nil)
    }

    @Test func `flows behind a beginning of stats events alone are told of`() {
        var decoder = decode(Self.events(10) + Self.query + Self.flow + Self.flow).decoder
        #expect(decoder.counters.records == 10)
        #expect(decoder.takeOtherKind() == .suricata && decoder.takeOtherKind() == nil)
        #expect(SourceConfiguration.Format.suricata.otherKindWords.contains(#"format = "suricata""#))
    }

    @Test func `the decoder goes on from its state, and knows what is a counter`() throws {
        let bytes = Array(Self.events(14).utf8)
        let whole = decode(bytes, Self.configured)
        let first = decode(Array(Self.events(11).utf8), Self.configured)
        var decoder = try LineDecoder(
            configuration: Self.configured, restoring: first.batch.decoding, offset: first.decoder.offset)
        #expect(decoder.schema?.counters == whole.decoder.schema?.counters)
        #expect(decoder.schema?.channels == whole.decoder.schema?.channels)
        var batch = RecordBatch()
        decoder.decode(Array(bytes[Int(first.decoder.offset)...]), into: &batch)
        #expect(Array(batch.values) == Array(whole.batch.values.suffix(3 * whole.channelCount)))
    }

    @Test func `any read sizes give the same`() {
        let bytes = Array((Self.query + Self.events(12) + Self.flow + Self.stats(13)).utf8)
        let whole = decode(bytes, Self.configured).transcript
        for size in [1, 7, 100, 4_096] { #expect(decode(bytes, Self.configured, sizes: { size }).transcript == whole) }
    }

    @Test func `a key that means nothing here is refused`() {
        var configuration = Self.configured
        configuration.time = ["ts"]
        #expect(
            decode(Self.events(10), configuration).decoder.refusal
                == .inapplicable(key: "time", format: "suricata-stats"))
    }
}
