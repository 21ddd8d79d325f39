import Testing
import TimeSeries

@testable import Ingest

/// Traps of Zeek's logs.
@Suite struct ZeekFlowTests {
    private static let head = """
        #separator \\x09
        #set_separator\t,
        #empty_field\t(empty)
        #unset_field\t-
        #path\tconn
        #open\t2009-11-18-08-00-21
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents
        #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]

        """
    private static let line =
        "1258531221.486539\tPii6cUUq1v4\t192.168.1.102\t68\t192.168.1.1\t67\tudp\t-\t0.163820\t301\t300\tSF\t-\t0\tDd\t1\t329\t1\t328\t(empty)\n"
    private static let text = "192.168.1.102:68>192.168.1.1:67 17 established 1/329 1/328"
    private static let short =
        "#fields\tid.resp_h\tid.orig_h\tts\torig_bytes\n192.168.1.1\t192.168.1.102\t1258531221.486539\t301\n"

    @Test func `columns are those of the header; a record ends when its duration is over`() {
        let decoded = decode(Self.head + Self.line)
        #expect(decoded.kind == .zeek)
        #expect(decoded.flowTexts == [Self.text])
        #expect(decoded.flowTimes == ["2009-11-18T08:00:21.486539Z 2009-11-18T08:00:21.650359Z"])
        #expect(decoded.timeTexts == ["1258531221.486539"])
        #expect(decoded.decoder.schema?.findings.first?.reason == "line 7 begins with #fields and names 20 columns")
    }

    @Test func `a header in mid-file changes the columns from there on, and #close says nothing`() {
        let decoded = decode(
            Self.head + Self.line + "#close\t2009-11-18-09-00-00\n" + Self.short + Self.head + Self.line)
        #expect(decoded.flowTexts == [Self.text, "192.168.1.102:0>192.168.1.1:0 255 unknown 0/301 0/0", Self.text])
        #expect(decoded.reasons == [nil, nil, nil])
    }

    @Test func `another log behind it in the file is passed over until its own header comes again`() {
        let dns =
            "#path\tdns\n#fields\tts\tid.orig_h\tid.resp_h\tquery\n1258531221\t10.0.0.1\t10.0.0.2\ta.b\n"
        let decoded = decode(Self.head + Self.line + dns + Self.head + Self.line)
        #expect(decoded.flowTexts == [Self.text, Self.text])
        #expect(decoded.decoder.counters.unwatched == 1 && decoded.reasons == [nil, nil])
    }

    @Test func `a restart in mid-file reads on with the columns of the last header`() throws {
        let (before, after) = try decode(
            Self.head + Self.line + Self.short,
            thenRestartedWith: "10.0.0.1\t10.0.0.2\t1258531222\t7\n")
        #expect(before.flows.count == 2)
        #expect(after.flowTexts == ["10.0.0.2:0>10.0.0.1:0 255 unknown 0/7 0/0"])
        #expect(after.decoder.schema?.hasTime == true && after.decoder.schema?.isFlows == true)
    }

    @Test func `a file that was rotated begins with its own header`() {
        var decoded = decode(Array((Self.head + Self.line).utf8), finish: false)
        decoded.decoder.beginFile()
        decoded.decoder.decode(Array((Self.short + "x").utf8), into: &decoded.batch)
        #expect(decoded.flows.count == 2)
        #expect(decoded.reasons == [nil, nil])
    }

    @Test func `lines before the first header are read by it`() {
        let decoded = decode("48\tSF\n" + Self.head + Self.line)
        #expect(decoded.reasons == [.fieldCount, nil])
        #expect(decoded.flowTexts == [Self.text])
    }

    @Test func `unset and empty say nothing, and another number of columns is unusable`() {
        let decoded = decode(
            Self.head
                + "1258531221\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t-\t-\t-\t-\tS0\t-\t0\tS\t1\t40\t0\t0\t(empty)\n"
                + "1258531221\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\n"
                + "(empty)\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t-\t-\t-\t-\tS0\t-\t0\tS\t1\t40\t0\t0\t-\n")
        #expect(decoded.reasons == [nil, .fieldCount, .badTime])
        #expect(decoded.flowTexts == ["10.0.0.1:1>10.0.0.2:2 6 unanswered 1/40 0/0"])
    }

    @Test func `addresses may be of IPv6, and of ICMP type and code are the ports`() {
        let decoded = decode(
            Self.head
                + "1258531221\tC\tfe80::1\t135\tff02::1:ff00:2\t136\ticmp\t-\t-\t-\t-\tOTH\t-\t0\t-\t1\t72\t0\t0\t-\n"
                + "1258531221\tC\t10.0.0.1\t8\t10.0.0.2\t0\ticmp\t-\t-\t-\t-\tOTH\t-\t0\t-\t1\t72\t1\t72\t-\n")
        #expect(
            decoded.flowTexts == [
                "fe80::1:0>ff02::1:ff00:2:34696 1 unknown 1/72 0/0", "10.0.0.1:0>10.0.0.2:2048 1 unknown 1/72 1/72",
            ])
    }

    @Test func `a series that flows do not have is refused with those that they have`() {
        let header =
            "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_pkts\n"
        var configuration = SourceConfiguration(input: .standardInput, series: "destinaton")
        let decoded = decode(header, configuration)
        let words = #""source", "destination", "subnet", "service", "exporter" or "pair""#
        #expect(
            decoded.decoder.refusal?.description
                == "cannot put network flows together by \"destinaton\" (series): expected \(words); did you mean \"destination\"?"
        )
        #expect(decoded.decoder.refusedLine == 3)
        #expect(decoded.rows.isEmpty && decoded.decoder.schema == nil)
        configuration.series = "host_name"
        let json = String(
            repeating:
                #"{"ts":1591367999.3,"uid":"C","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0","proto":"tcp","id.orig_p":5,"id.resp_p":7}"#
                + "\n", count: 60)
        #expect(decode(json, configuration).decoder.refusal == .unknownFlowSeries(name: "host_name", nearest: nil))
        configuration.series = "destination"
        #expect(decode(json, configuration).decoder.refusal == nil)
    }

    @Test func `a series that flows do not have is refused when a stored dialect is gone on from`() throws {
        let line =
            #"{"ts":1591367999.3,"uid":"C","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"S0","proto":"tcp","id.orig_p":5,"id.resp_p":7}"#
        let before = decode(String(repeating: line + "\n", count: 60), SourceConfiguration(input: .standardInput))
        let other = SourceConfiguration(input: .standardInput, series: "sorce")
        let decoder = try LineDecoder(configuration: other, restoring: before.batch.decoding, offset: 100)
        #expect(decoder.refusal == .unknownFlowSeries(name: "sorce", nearest: "source"))
    }

    @Test func `another log of Zeek is refused with words, in its header's line`() {
        let decoded = decode(
            "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\tquery\n1258531221\tC\t10.0.0.1\t1\t10.0.0.2\t53\tudp\t1\ta.b\n"
        )
        #expect(decoded.flows.isEmpty)
        #expect(decoded.decoder.refusedLine == 3)
        #expect(
            decoded.decoder.refusal?.description
                == "cannot read Zeek's dns log as network flows: its records say nothing of what was sent; give conn.log, or set format = \"csv\" to watch its numbers"
        )
        let json = String(
            repeating: #"{"ts":1591367999.3,"uid":"C","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","query":"a.b"}"#
                + "\n", count: 60)
        #expect(decode(json).decoder.refusal == FlowSniffer.otherLog(""))
    }

    @Test func `a log without a header is refused when it is asked for`() {
        let refusal = decode(Self.line, .named(.zeek)).decoder.refusal
        #expect(refusal?.description.contains("it has no #fields line") == true)
    }

    // MARK: JSON

    @Test(arguments: [
        #"{"ts":1591367999.305988,"uid":"C","id.orig_h":"192.168.4.76","id.orig_p":36844,"id.resp_h":"192.168.4.1","id.resp_p":53,"proto":"udp","duration":0.5,"orig_bytes":62,"resp_bytes":141,"conn_state":"SF","orig_pkts":2,"orig_ip_bytes":118,"resp_pkts":2,"resp_ip_bytes":197}"#,
        #"{"_path":"conn","_write_ts":"2020-06-05T14:40:05.1Z","ts":"2020-06-05T14:39:59.305988Z","id":{"orig_h":"192.168.4.76","orig_p":36844,"resp_h":"192.168.4.1","resp_p":53},"proto":"udp","duration":0.5,"conn_state":"SF","orig_pkts":2,"orig_ip_bytes":118,"resp_pkts":2,"resp_ip_bytes":197,"tunnel_parents":[]}"#,
    ]) func `objects are read, their time as a number or a date`(line: String) {
        let decoded = decode(line + "\n")
        #expect(decoded.kind == .zeekJSON)
        #expect(decoded.flowTexts == ["192.168.4.76:36844>192.168.4.1:53 17 established 2/118 2/197"])
        #expect(decoded.flowTimes == ["2020-06-05T14:39:59.305988Z 2020-06-05T14:39:59.805988Z"])
    }

    @Test func `absent keys are unset, milliseconds are known by their size, other logs are passed over`() {
        let decoded = decode(
            """
            {"_path":"dns","ts":1591367999.1,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","query":"a"}
            {"_path":"conn","ts":1591367999305,"id.orig_h":"2001:db8::1","id.resp_h":"10.0.0.2","proto":null}
            {"ts":1591367999.1,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","method":"GET"}
            {"_path":"conn","ts":"noon","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}
            {"_path":"conn","ts":1591367999.1,"id.orig_h":"10.0.0.1","id.re

            """)
        #expect(decoded.flowTexts == ["2001:db8::1:0>10.0.0.2:0 255 unknown 0/0 0/0"])
        #expect(decoded.flowTimes == ["2020-06-05T14:39:59.305Z 2020-06-05T14:39:59.305Z"])
        #expect(decoded.reasons == [nil, .badTime, .badSyntax])
        #expect(decoded.decoder.counters.unwatched == 2)
    }
}
