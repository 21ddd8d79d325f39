import Testing
import TimeSeries

@testable import Ingest

/// Traps of what ra of argus prints.
@Suite struct ArgusFlowTests {
    private static let head = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n"
    private static let lines = """
        1795271514.778768,0.000823,man,0,0,,0,0,0,0,STA
        1792000000.000000,4.009999,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,11,762,CON
        1792000003.000000,2.000000,tcp,10.0.5.66,52000,   ->,10.0.5.99,22,3,162,REQ
        1792000005.000000,0.001000,tcp,10.0.5.66,52001,   ->,10.0.5.1,23,2,108,RST
        1792000005.000000,4.509999,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,20,2580,RST
        1792000006.000000,3.002000,icmp,10.0.5.12,0x0008,  <->,10.0.5.1,0x0100,8,592,ECO
        1792000007.000000,0.000000,icmp,10.0.5.1,0x0103,   ->,10.0.5.12,0x0f27,1,70,URP
        1792000007.000000,0.000000,arp,10.0.5.12,,  who,10.0.5.1,,1,42,INT
        1792000008.000000,0.010000,udp,2001:db8::1,50000,   <-,2001:db8::2,53,2,154,CON
        1792000008.000000,0.010000,udp,10.0.5.1,53,   ?>,10.0.5.9,4000,2,154,INT
        1792000009.000000,0.000000,sm,122.122.122.122,,   ->,122.122.122.122,,1,58,INT
        1795271515.781821,1.003876,man,0,0,,18,1,0,10948744,STP

        """
    private static let texts = [
        "10.0.5.12:51514>10.0.5.1:502 6 established 11/762 0/0 one way",
        "10.0.5.66:52000>10.0.5.99:22 6 unanswered 3/162 0/0 one way",
        "10.0.5.66:52001>10.0.5.1:23 6 refused 2/108 0/0 one way",
        "10.0.5.12:51514>10.0.5.1:502 6 established 20/2580 0/0 one way",
        "10.0.5.12:0>10.0.5.1:2048 1 unknown 8/592 0/0 one way",
        "10.0.5.1:0>10.0.5.12:769 1 unknown 1/70 0/0 one way",
        "2001:db8::2:53>2001:db8::1:50000 17 established 0/0 2/154 one way",
        "10.0.5.1:53>10.0.5.9:4000 17 unanswered 2/154 0/0 one way",
    ]

    @Test func `lines are read by their header; what is not about IP hosts is passed over`() {
        let decoded = decode(Self.head + Self.lines)
        #expect(decoded.kind == .argus)
        #expect(decoded.flowTexts == Self.texts)
        #expect(decoded.reasons.allSatisfy { $0 == nil })
        #expect(decoded.decoder.counters.unwatched == 4)
        #expect(decoded.flowTimes[0] == "2026-10-14T17:46:40Z 2026-10-14T17:46:44.009999Z")
    }

    @Test func `without a header the recommended order is recognised`() {
        #expect(decode(Self.lines).flowTexts == Self.texts)
        #expect(decode(Self.lines, .named(.argus)).flowTexts == Self.texts)
    }

    @Test func `counts of each direction are told apart by the header`() {
        let decoded = decode(
            "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,SrcPkts,DstPkts,SrcBytes,DstBytes,State\n"
                + "1792000000.000000,4.510000,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,10,9,1340,886,CON\n")
        #expect(decoded.flowTexts == ["10.0.5.12:51514>10.0.5.1:502 6 established 10/1340 9/886 one way"])
    }

    @Test(
        arguments: [
            "StartTime,Flgs,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n17:46:40.000000, e        ,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,19,2226,CON\n",
            "17:46:40.000000, e        ,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,11,762,CON\n",
            "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n1792000002.000000,0,udp,10.0.5.12,40000,   ->,10.0.5.53,domain,1,72,INT\n",
            "SrcAddr,Dir,DstAddr\n10.0.5.12,   ->,10.0.5.1\n",
        ]) func `a time without a date and ports by name are refused with the command to use`(text: String)
    {
        #expect(
            decode(text).decoder.refusal?.description
                == "cannot read these lines of argus as network flows: they need a time with its date and ports in numbers; print them with `ra -n -u -c , -s stime,dur,proto,saddr,sport,dir,daddr,dport,pkts,bytes,state`"
        )
    }

    @Test func `several records of one flow are one flow`() {
        let decoded = decode(
            (0..<4).map { "17920000\($0 * 5 + 10).0,4.5,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,20,2580,CON\n" }.joined()
        )
        var table = FlowTable()
        var parts: [FlowTable.Part] = []
        for flow in decoded.flows {
            var flow = flow
            parts.append(table.take(&flow))
        }
        #expect(parts == [.first, .more(answers: false), .more(answers: false), .more(answers: false)])
    }

    @Test func `a record that has answers in it is not turned round for its ports`() {
        var flow = FlowRecord(
            start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 1), source: NetworkAddress(ipv4: 1),
            destination: NetworkAddress(ipv4: 2), sourcePort: 800, destinationPort: 2049, transport: 6, packetsOut: 1,
            packetsIn: 1, isOneWay: true)
        let before = flow
        var table = FlowTable()
        _ = table.take(&flow)
        #expect(flow == before)
    }
}
