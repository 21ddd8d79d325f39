import Testing
import TimeSeries

@testable import Ingest

/// Traps of what nfdump prints.
@Suite struct NfdumpFlowTests {
    /// As 1.7.1 prints it.
    private static let head =
        "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln,ismc,odmc,idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,mpls9,mpls10,cl,sl,al,ra,eng,exid,tr\n"
    private static let rest =
        "1,2,0,0,0,0,0,0,0.0.0.0,0.0.0.0,0,0,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,    0.000,    0.000,    0.000,0.0.0.0,0/0,0,1970-01-01 00:00:00.000\n"
    private static let summary =
        "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n20,11788,110,4486,5,107\n"

    private static func line(
        _ from: String = "10.0.5.12", _ to: String = "10.0.5.1",
        _ middle: String = "51514,502,TCP,...AP...,0,0,12000,9830400,0,0"
    ) -> String {
        "2026-11-21 02:14:50,2026-11-21 02:15:51,61.000,\(from),\(to),\(middle),\(rest)"
    }

    @Test func `csv is read by its header, with local times and a summary that is no flow`() {
        let decoded = decode(Self.head + Self.line() + Self.summary + "\n" + Self.head + Self.line())
        #expect(decoded.kind == .nfdump)
        let text = "10.0.5.12:51514>10.0.5.1:502 6 established 12000/9830400 0/0 one way"
        #expect(decoded.flowTexts == [text, text])
        #expect(decoded.flowTimes[0] == "2026-11-21T02:14:50Z 2026-11-21T02:15:51Z")
        #expect(decoded.reasons == [nil, nil])
        #expect(decoded.decoder.counters.headers == 5)
        #expect(decoded.summary.hasPrefix("nfdump, csv, times read as UTC, a series for each source host"))
    }

    @Test func `times are those of the source's zone`() throws {
        var configuration = SourceConfiguration(input: .standardInput)
        configuration.zone = SourceZone(
            rules: try SystemTimeZones.process.rules(again: "Europe/Berlin"), origin: .configured)
        let decoded = decode(Self.head + Self.line(), configuration)
        #expect(decoded.flowTimes == ["2026-11-21T01:14:50Z 2026-11-21T01:15:51Z"])
        #expect(decoded.summary.contains("times read as Europe/Berlin local time"))
    }

    @Test func `what came back makes a record one of both directions`() {
        let decoded = decode(
            Self.head + Self.line("10.0.5.12", "10.0.5.1", "51514,502,TCP,...AP.SF,0,0,44,5760,42,3680"))
        #expect(decoded.flowTexts == ["10.0.5.12:51514>10.0.5.1:502 6 established 44/5760 42/3680"])
    }

    @Test(
        arguments: [
            ("......S.", "3,120,0,0", .unanswered), ("...A.R..", "1,40,0,0", .refused),
            ("...APR..", "40,40000,0,0", .established),
            ("...AP.SF", "44,5760,0,0", .established), ("........", "1,40,0,0", .unknown),
            ("2", "1,40,0,0", .unanswered),
            ("0x1b", "9,900,0,0", .established), ("27", "9,900,0,0", .established), ("...A.R..", "1,40,1,40", .refused),
            (".....R.X", "1,40,0,0", .unknown), ("..U.P..F", "1,40,0,0", .unanswered),
        ] as [(String, String, FlowRecord.Outcome)]) func `TCP flags tell how it went`(
            flags: String, counts: String, outcome: FlowRecord.Outcome
        )
    {
        let decoded = decode(Self.head + Self.line("10.0.5.12", "10.0.5.1", "51514,502,TCP,\(flags),0,0,\(counts)"))
        #expect(decoded.flow?.outcome == outcome)
    }

    @Test func `of ICMP the port holds type and code, and an answer to a ping is what came back`() {
        let decoded = decode(
            Self.head + Self.line("10.0.5.12", "10.0.5.1", "0,2048,ICMP,........,0,0,4,240,0,0")
                + Self.line("10.0.5.1", "10.0.5.12", "0,0,ICMP,........,0,0,4,240,0,0")
                + Self.line("10.0.5.1", "10.0.5.12", "0,771,ICMP,........,0,0,1,56,0,0")
                + Self.line("10.0.5.1", "10.0.5.12", "0,3.3,ICMP,........,0,0,1,56,0,0"))
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:0>10.0.5.1:2048 1 unknown 4/240 0/0 one way",
                "10.0.5.12:0>10.0.5.1:2048 1 established 0/0 4/240 one way",
                "10.0.5.1:0>10.0.5.12:771 1 unknown 1/56 0/0 one way",
                "10.0.5.1:0>10.0.5.12:771 1 unknown 1/56 0/0 one way",
            ])
    }

    @Test func `IPv6, padded fields and a dash are read`() {
        let decoded = decode(
            Self.head + Self.line(" 2001:db8::1", "2001:db8::2", "50000, 53,UDP  ,-,0,0,1,58,-,"))
        #expect(decoded.flowTexts == ["2001:db8::1:50000>2001:db8::2:53 17 unknown 1/58 0/0 one way"])
    }

    @Test func `no flow but a header is no refusal`() {
        let decoded = decode(
            Self.head + "No matching flows\nSummary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n0,0,0,0,0,0\n")
        #expect(decoded.kind == .nfdump && decoded.rows.isEmpty && decoded.decoder.refusal == nil)
    }

    @Test func `a line too few or too many fields is unusable`() {
        let decoded = decode(
            Self.head + Self.line() + "2026-11-21 02:14:50,x\n" + Self.line().dropLast() + ",9\n1,2,3,4,5,6\n7,8\n")
        #expect(decoded.reasons == [nil, .badTime, .fieldCount, .fieldCount])
        #expect(decoded.decoder.counters.headers == 2)
    }

    @Test func `the names and the order since 1_7_5 are read by their header, which may change`() {
        let decoded = decode(
            """
            firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows
            2026-08-29 05:17:53.250,1.500,TCP,10.0.5.12,51514,10.0.5.1,502,12,900,1
            2026-08-29 05:17:53.250,0.000,ICMP,10.0.5.12,0,10.0.5.1,8.0,1,60,1
            cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes
            1,2,1787980673250,1787980674750,6,10.0.5.12,51514,10.0.5.1,502,0,0,1,2,......S.,0,3,120

            """)
        #expect(
            decoded.flowTexts == [
                "10.0.5.12:51514>10.0.5.1:502 6 unknown 12/900 0/0 one way",
                "10.0.5.12:0>10.0.5.1:2048 1 unknown 1/60 0/0 one way",
                "10.0.5.12:51514>10.0.5.1:502 6 unanswered 3/120 0/0 one way",
            ])
        #expect(decoded.flowTimes[0] == "2026-08-29T05:17:53.250Z 2026-08-29T05:17:54.750Z")
        #expect(decoded.flowTimes[2] == decoded.flowTimes[0])
    }

    @Test func `a restart in mid-file needs no header`() throws {
        let (_, after) = try decode(
            Self.head + Self.line() + Self.line() + Self.line(), thenRestartedWith: Self.line() + Self.summary)
        #expect(after.flows.count == 1 && after.reasons == [nil])
    }

    @Test func `pipe is recognised by its numbers, of 1_7 and of 1_6`() {
        let newer = decode(
            """
            2|1792000002000|1792000002005|17|0|0|0|167773452|40000|0|0|0|167773493|53|0|0|0|0|0|0|1|58
            10|1792000004000|1792000004000|17|536939960|0|0|1|50000|536939960|0|0|2|53|0|0|0|0|0|0|1|58
            2|1792000000000|1792000004510|6|0|0|0|167773506|52000|0|0|0|167773539|22|0|0|0|0|2|0|3|120

            """)
        #expect(newer.kind == .nfdumpPipe)
        #expect(
            newer.flowTexts == [
                "10.0.5.12:40000>10.0.5.53:53 17 unknown 1/58 0/0 one way",
                "2001:db8::1:50000>2001:db8::2:53 17 unknown 1/58 0/0 one way",
                "10.0.5.66:52000>10.0.5.99:22 6 unanswered 3/120 0/0 one way",
            ])
        #expect(newer.flowTimes[0] == "2026-10-14T17:46:42Z 2026-10-14T17:46:42.005Z")
        let older = decode(
            "2|1792000002|0|1792000002|5|17|0|0|0|167773452|40000|0|0|0|167773493|53|0|0|0|0|0|0|1|58\n")
        #expect(older.flowTexts == [newer.flowTexts[0]] && older.flowTimes == [newer.flowTimes[0]])
    }

    @Test(
        arguments: [
            "Date first seen             Duration     Proto      Src IP Addr:Port          Dst IP Addr:Port     Flags Tos  Packets    Bytes      pps      bps    Bpp Flows\n",
            "2026-11-21 02:14:50.000     00:01:01.000 TCP          10.0.5.12:51514 ->         10.0.5.1:502   ...AP...   0    12000    9.8 M      196    1.3 M    819     1\n",
        ]) func `what is printed for people is refused with what to print instead`(line: String)
    {
        let decoded = decode(line)
        #expect(
            decoded.decoder.refusal?.description
                == "cannot read what nfdump prints for people as network flows: print them with `nfdump -o csv`")
        #expect(decoded.decoder.refusedLine == 1)
    }

    @Test func `statistics are refused with what to print instead`() {
        let decoded = decode(
            "ts,te,td,pr,val,fl,flP,ipkt,ipktP,ibyt,ibytP,ipps,ibps,ibpp\n2026-09-21 14:15:02,2026-09-21 14:19:56,294.539,TCP,6,281,70.2,6253,82.9,7723482,88.7,21,209778,1235\n"
        )
        #expect(decoded.decoder.refusal == FlowSniffer.statistics)
    }

    @Test func `a table of sensors with like names is no flows`() {
        let decoded = decode("ts,sa,da\n1792000000,1.5,2\n1792000001,1.6,2\n1792000002,1.7,3\n1792000003,1.7,3\n")
        #expect(decoded.kind == nil && decoded.channelNames == ["sa", "da"])
    }
}
