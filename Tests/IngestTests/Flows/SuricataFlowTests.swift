import Testing
import TimeSeries

@testable import Ingest

/// Traps of Suricata's EVE.
@Suite struct SuricataFlowTests {
    private static let alert =
        #"{"timestamp":"2017-04-07T22:24:37.251547+0100","flow_id":586497171462735,"pcap_cnt":53381,"event_type":"alert","src_ip":"192.168.2.14","src_port":50096,"dest_ip":"209.53.113.5","dest_port":80,"proto":"TCP","flow":{"pkts_toserver":9,"bytes_toserver":9},"alert":{"action":"allowed"}}"#
    private static let stats =
        #"{"timestamp":"2017-04-07T22:24:38.000000+0100","event_type":"stats","stats":{"uptime":8,"decoder":{"pkts":53381}}}"#

    private static func flow(
        id: String = "586497171462735", transport: String = "TCP", toServer: (Int, Int) = (5, 742),
        toClient: (Int, Int) = (4, 610), more: String = ""
    ) -> String {
        #"{"timestamp":"2017-04-07T22:24:37.251547+0100","flow_id":\#(id),"event_type":"flow","src_ip":"192.168.2.14","src_port":50096,"dest_ip":"209.53.113.5","dest_port":80,"proto":"\#(transport)","flow":{"pkts_toserver":\#(toServer.0),"pkts_toclient":\#(toClient.0),"bytes_toserver":\#(toServer.1),"bytes_toclient":\#(toClient.1),"start":"2017-04-07T22:24:35.5+0100","end":"2017-04-07T22:24:36.5+0100","age":1,"state":"closed"}\#(more)}"#
    }

    private static func netflow(_ from: String, _ to: String, flags: String) -> String {
        #"{"timestamp":"2017-04-07T22:24:37+0100","flow_id":18446744073709551615,"event_type":"netflow","src_ip":"\#(from)","src_port":1,"dest_ip":"\#(to)","dest_port":2,"proto":"TCP","netflow":{"pkts":5,"bytes":742,"start":"2017-04-07T22:24:35.5+0100","end":"2017-04-07T22:24:36.5+0100","age":1},"tcp":{"tcp_flags":"\#(flags)"}}"#
    }

    @Test func `flow events are read out of a file with others, their times in a zone without a colon`() {
        let decoded = decode([Self.alert, Self.flow(), Self.stats].joined(separator: "\n"))
        #expect(decoded.kind == .suricata)
        #expect(decoded.flowTexts == ["192.168.2.14:50096>209.53.113.5:80 6 established 5/742 4/610"])
        #expect(decoded.flowTimes == ["2017-04-07T21:24:35.500Z 2017-04-07T21:24:36.500Z"])
        #expect(decoded.timeTexts == ["2017-04-07T22:24:35.5+0100"])
        #expect(decoded.decoder.counters.unwatched == 2)
    }

    @Test func `a flow's number is its identity as text, beyond what a Double holds`() {
        let ids = ["9007199254740993", "9007199254740992", "9007199254740993", "18446744073709551615"]
        let decoded = decode(ids.map { Self.flow(id: $0) }.joined(separator: "\n"))
        let identities = decoded.flows.map(\.identity)
        #expect(identities[0] == identities[2])
        #expect(Set(identities).count == 3 && !identities.contains(0))
    }

    @Test(
        arguments: [
            (
                flow(toServer: (3, 180), toClient: (0, 0), more: #","tcp":{"tcp_flags_ts":"02","tcp_flags_tc":"00"}"#),
                .unanswered
            ),
            (
                flow(toServer: (1, 60), toClient: (1, 54), more: #","tcp":{"tcp_flags_ts":"02","tcp_flags_tc":"14"}"#),
                .refused
            ),
            (flow(more: #","tcp":{"tcp_flags_ts":"1b","tcp_flags_tc":"1f"}"#), .established),
            (flow(transport: "UDP"), .established), (flow(transport: "UDP", toClient: (0, 0)), .unanswered),
        ] as [(String, FlowRecord.Outcome)]) func `how it went is told by flags and by what came back`(
            line: String, outcome: FlowRecord.Outcome
        )
    {
        #expect(decode(line).flow?.outcome == outcome)
    }

    @Test func `a netflow event is of one direction`() {
        let decoded = decode(
            Self.netflow("10.0.0.1", "10.0.0.2", flags: "02") + "\n" + Self.netflow("10.0.0.2", "10.0.0.1", flags: "1b")
        )
        #expect(
            decoded.flowTexts == [
                "10.0.0.1:1>10.0.0.2:2 6 unanswered 5/742 0/0 one way",
                "10.0.0.2:1>10.0.0.1:2 6 established 5/742 0/0 one way",
            ])
        #expect(decoded.flows[0].identity == decoded.flows[1].identity)
    }

    @Test func `once a flow event is met netflow events are not read, after a restart neither`() throws {
        let netflow = Self.netflow("10.0.0.1", "10.0.0.2", flags: "02")
        let (before, after) = try decode(
            [netflow, netflow, Self.flow(), netflow, ""].joined(separator: "\n"), thenRestartedWith: netflow + "\n")
        #expect(before.flows.map(\.isOneWay) == [true, true, false])
        #expect(after.flows.isEmpty && after.decoder.counters.unwatched == 1)
    }

    @Test func `of ICMP type and code stand for the port`() {
        let line = Self.flow(transport: "ICMP", more: #","icmp_type":8,"icmp_code":0,"response_icmp_type":0"#)
            .replacing(#""src_port":50096,"#, with: "").replacing(#""dest_port":80,"#, with: "")
        #expect(decode(line).flowTexts == ["192.168.2.14:0>209.53.113.5:2048 1 established 5/742 4/610"])
    }

    @Test(
        arguments: [
            (flow().replacing("192.168.2.14", with: "nowhere"), .notANumber), (String(flow().dropLast()), .badSyntax),
            (flow(toServer: (-1, 1)), .outOfRange), (flow().replacing("\"src_ip\"", with: "\"ip\""), .noValues),
            (flow().replacing("2017-04-07T22:24:35.5", with: "07/04/2017"), .badTime),
        ] as [(String, MalformedReason)]) func `a flow that cannot be read is counted by reason`(
            line: String, reason: MalformedReason
        )
    {
        #expect(decode(Self.flow() + "\n" + line).reasons == [nil, reason])
    }

    @Test func `a file of other events alone gives no rows and no refusal`() {
        let decoded = decode(Array(repeating: Self.alert, count: 60).joined(separator: "\n"))
        #expect(decoded.kind == .suricata && decoded.rows.isEmpty && decoded.decoder.refusal == nil)
    }

    @Test func `with channels that are named EVE is JSON lines like others`() {
        let configuration = SourceConfiguration(input: .standardInput, channels: ["stats.decoder.pkts"])
        #expect(
            decode(Array(repeating: Self.stats, count: 4).joined(separator: "\n"), configuration).values
                == Array(repeating: [53381], count: 4))
    }
}
