import Glibc
import Testing
import TimeSeries

@testable import Ingest

/// Seeded mutations of real lines through every decoder: nothing traps, nothing grows, and rows do not depend on how the
/// bytes are cut.
///
/// The suite runs a hundredth of a campaign; `MONITORD_FUZZ_ROUNDS=40000 swift test --filter FormatFuzzTests` runs more.
@Suite struct FormatFuzzTests {
    private static let rounds: UInt64 = {
        // The environment does not change while tests run, and the text is copied.
        guard let text = unsafe getenv("MONITORD_FUZZ_ROUNDS") else { return 400 }
        return unsafe UInt64(String(cString: text)) ?? 400
    }()

    private static let formats: [SourceConfiguration.Format] = [
        .auto, .csv, .jsonl, .influx, .zeek, .suricata, .nfdump, .argus, .logfmt, .graphite, .syslog, .statsd,
    ]

    private static let delimited = [
        "time,Temp [°C],Pressure (bar),State\n2026-11-21 02:15:40,21.4,3.02,RUN\n2026-11-21 02:15:41,21.5,,RUN\n2026-11-21 02:15:42,-,3.04,\"S, n\"\n2026-11-21 02:15:43,21.7,NaN,RUN\n",
        "Zeit;T;P;;Ort\n21.11.2026 02:15:40;1.021,4;3,02;;\"Halle 2; Nord\"\n21.11.2026 02:15:41;21,5;3,03;;x\n21.11.2026 02:15:42;21,6;3,04;;y\n",
        "1792000000.250,0.013,0.87,12\n1792000001.250,0.014,0.88,13\n1792000002.250,0.015,0.89,14\n",
        "Date,Time,v\n11/21/2026,2:15:40 PM,1\n11/21/2026,2:15:41 PM,2\n11/22/2026,2:15:42 AM,3\n",
        "time,device,sensor,value,q\n1,p,a,1,GOOD\n1,p,b,2,BAD\n2,p,a,3,192\n2,p,b,4,0\n3,p,a,5,1\n3,p,b,6,1\n4,p,a,7,1\n4,p,b,8,1\n5,p,c,9,1\n",
    ]
    private static let keyed = [
        "{\"ts\":1792000000123,\"dev\":\"pump-3\",\"temp\":\"21.4\",\"rpm\":null,\"a\":{\"b\":[1,2,{\"c\":3}]}}\n{\"ts\":1792000001123,\"dev\":\"p\\u0041\",\"temp\":1e3,\"rpm\":1,\"a\":{}}\n{\"ts\":1792000002123,\"dev\":\"p\",\"temp\":-0.5,\"rpm\":2,\"a\":[]}\n",
        "{\"timestamp\":1792000000123,\"values\":[{\"id\":\"a\",\"v\":21.4,\"q\":true,\"t\":1792000000120},{\"id\":\"b\",\"v\":3,\"q\":false,\"t\":1}]}\n{\"timestamp\":1,\"values\":[{\"id\":\"a\",\"v\":1,\"q\":192,\"t\":2}]}\n{\"timestamp\":1,\"values\":[{\"id\":\"b\",\"v\":1,\"q\":\"bad\",\"t\":2}]}\n{\"timestamp\":1,\"values\":[]}\n",
        "[\n{\n \"t\" : 1,\n \"a\" : 2\n},\n{ \"t\" : 2, \"a\" : \"x\\\"}\" },{\"t\":3,\"a\":4},\n{\"t\":4,\"a\":5}\n]\n",
    ]
    private static let influx = [
        "pump,site=a,unit=3 temp=21.4,run=true,n=12i,s=\"a b\" 1792000000123456789\npump,unit=4,site=a temp=21.4,run=t,n=12u 1792000000123456789\nm\\ x,k\\=1=v f\\ g=1 1792000000123456789\npump temp=1 1792000000123456789\n# c\ncpu u=1,s=2 1792000000123456789\n"
    ]

    private static let flows = [
        "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\tconn_state\torig_pkts\torig_ip_bytes\n1258531221.486539\t192.168.1.102\t68\t192.168.1.1\t67\tudp\t0.16\tSF\t1\t329\n1258531222\tfe80::1\t-\t::ffff:10.0.0.1\t(empty)\ticmp\t-\tS0\t1\t9\n#fields\tid.resp_h\tid.orig_h\tts\torig_bytes\n10.0.0.1\t10.0.0.2\t1258531223\t7\n#close\t2009\n",
        "{\"ts\":1591367999.3,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":53,\"proto\":\"udp\",\"duration\":0.5,\"conn_state\":\"SF\",\"orig_pkts\":2,\"orig_ip_bytes\":118}\n{\"_path\":\"conn\",\"ts\":\"2020-06-05T14:39:59.3Z\",\"id\":{\"orig_h\":\"10.0.0.1\",\"resp_h\":\"10.0.0.2\"},\"orig_bytes\":null}\n{\"_path\":\"dns\",\"ts\":1}\n",
        "{\"timestamp\":\"2017-04-07T22:24:37.251547+0100\",\"flow_id\":18446744073709551615,\"event_type\":\"flow\",\"src_ip\":\"192.168.2.14\",\"src_port\":50096,\"dest_ip\":\"209.53.113.5\",\"dest_port\":80,\"proto\":\"TCP\",\"flow\":{\"pkts_toserver\":5,\"pkts_toclient\":4,\"bytes_toserver\":742,\"bytes_toclient\":610,\"start\":\"2017-04-07T22:24:35+0100\",\"end\":\"2017-04-07T22:24:36+0100\"},\"tcp\":{\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1b\"}}\n{\"timestamp\":\"2017-04-07T22:24:37+0100\",\"event_type\":\"netflow\",\"src_ip\":\"::1\",\"dest_ip\":\"::2\",\"proto\":\"ICMP\",\"icmp_type\":8,\"icmp_code\":0,\"netflow\":{\"pkts\":5,\"bytes\":742}}\n{\"timestamp\":\"2017-04-07T22:24:37+0100\",\"event_type\":\"stats\"}\n",
        "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n2026-11-21 02:14:50,2026-11-21 02:15:51,61.000,10.0.5.12,10.0.5.1,51514,502,TCP,...AP.SF,0,0,12000,9830400,0,0\n2026-11-21 02:14:50,2026-11-21 02:15:51,61.000,2001:db8::1,2001:db8::2,0,8.0,ICMP,........,0,0,1,60,1,60\nSummary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n20,11788,110,4486,5,107\nfirstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n1787980673250,1.5,TCP,10.0.5.12,51514,10.0.5.1,502,12,900,1\n",
        "2|1792000002000|1792000002005|17|0|0|0|167773452|40000|0|0|0|167773493|53|0|0|0|0|0|0|1|58\n10|1792000004000|1792000004000|1|536939960|0|0|1|0|536939960|0|0|2|2048|0|0|0|0|2|0|1|58\n2|1792000002|0|1792000002|5|6|0|0|0|167773452|40000|0|0|0|167773493|53|0|0|0|0|2|0|1|58\n",
        "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n1795271514.778768,0.000823,man,0,0,,0,0,0,0,STA\n1792000000.000000,4.009999,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,11,762,CON\n1792000006.000000,3.002000,icmp,10.0.5.12,0x0008,  <->,10.0.5.1,0x0100,8,592,ECO\n1792000007.0,0,arp,10.0.5.12,,  who,10.0.5.1,,1,42,INT\n1792000008.0,0.01,udp,2001:db8::1,50000,   <-,2001:db8::2,53,2,154,RST\n",
    ]

    @Test func `flow records`() { fuzz(Self.flows, seed: 5) }

    private static let pairs = [
        "ts=2026-11-21T02:15:40Z dev=pump-3 temp=21.4 took=12ms msg=\"start \\\" of run\" ok\nts=2026-11-21T02:15:41Z dev=pump-4 temp= 21.5 took=1m2.5s msg=x\nts=2026-11-21T02:15:42Z dev=pump-3 temp=- took=1.2s\nlevel=info msg=stop\n",
        "<134>Nov 21 02:15:40 gw1 plc[221]: temp=21.4\n<134>1 2026-11-21T02:15:41.123Z gw1 plc 221 ID47 [x@1 temp=\"21\\]4\"][y z=\"1\"] \u{feff}flow=3.5\n83 <13>Feb 29 2028 02:15:42.5 plc: {\"temp\":3}\n<134>1 - - - - - - @cee: {\"temp\":4}\nDec 31 23:59:59 gw1 x: temp=3\n<1>Jan  1 00:00:00 gw1 temp=3\n",
        "plant.hall2.pump3.temp;unit=c;a=b 21.4 1792000000\nplant.x nan 1792000001\nplant.x 7 -1\nplant.y -1e3 1792000002\n",
        "pump.starts:1|c|@0.1|#site:a,unit:3\nt:12:1e3:x|ms|@1\nlvl:+3|g\nlvl:-3|g|T1656581400\nu:a:b|s|#b:1,a:2,\nt:1|c:2|c|@0.5:3|h\n_e{1,1}:a|b\n_sc|a|0\nd:1|d|c:x|e:y|#,,\nt:1|c\n",
    ]

    @Test func `delimited lines`() { fuzz(Self.delimited, seed: 1) }

    @Test func `JSON lines`() { fuzz(Self.keyed, seed: 2) }

    @Test func `InfluxDB lines`() { fuzz(Self.influx, seed: 3) }

    @Test func `lines of pairs and of metrics`() { fuzz(Self.pairs, seed: 6) }

    @Test func `any of them read as any other`() {
        fuzz(
            Self.delimited + Self.keyed + Self.influx + Self.flows + Self.pairs, seed: 4, isForced: true)
    }

    private func fuzz(_ texts: [String], seed: UInt64, isForced: Bool = false) {
        for round in 0..<Self.rounds {
            var generator = SeededGenerator(seed: seed << 32 | round)
            let bytes = mutated(texts[Int(generator.next() % UInt64(texts.count))], &generator)
            let configuration = configuration(&generator, isForced: isForced)
            let whole = decode(bytes, configuration)
            let cut = decode(bytes, configuration, sizes: { Int(generator.next() % 60) })
            #expect(cut.transcript == whole.transcript, "seed \(seed), round \(round)")
            #expect(whole.decoder.bytesHeld <= 1 << 16, "seed \(seed), round \(round)")
            check(whole, "seed \(seed), round \(round)")
        }
    }

    /// What must hold whatever the bytes were.
    private func check(_ decoded: Decoded, _ place: Comment) {
        let groups = decoded.decoder.schema?.groups ?? []
        if decoded.decoder.schema?.isFlows == true { return checkFlows(decoded, place) }
        for row in decoded.rows where row.malformed == nil {
            let group = groups[Int(decoded.batch.seriesGroups[Int(row.series)])]
            #expect(row.channel < group.count, place)
            #expect(Int(row.firstValue) + (row.channel < 0 ? group.count : 1) <= decoded.batch.values.count, place)
        }
        #expect(decoded.batch.values.allSatisfy { !$0.isInfinite }, place)
        guard decoded.decoder.refusal == nil, !decoded.decoder.dialectState.isEmpty else { return }
        let counters = decoded.decoder.counters
        #expect(decoded.rows.count == Int(counters.records + counters.malformed), place)
        var reader = StateReader(decoded.decoder.dialectState)
        let restored = try? Dialect(from: &reader, zone: { _ in .utc })
        #expect(restored?.schema.groups == decoded.decoder.schema?.groups, place)
    }

    private func checkFlows(_ decoded: Decoded, _ place: Comment) {
        let usable = decoded.rows.filter { $0.malformed == nil }
        #expect(usable.map(\.firstValue) == Array(0..<Int32(decoded.flows.count)), place)
        for (row, flow) in zip(usable, decoded.flows) {
            #expect(row.time == flow.end && flow.start <= flow.end, place)
            #expect(max(flow.packetsOut, flow.packetsIn, flow.bytesOut, flow.bytesIn) <= 1 << 53, place)
        }
        var reader = StateReader(decoded.decoder.dialectState)
        let restored = try? Dialect(from: &reader, zone: { _ in .utc })
        #expect(restored?.format == decoded.decoder.dialect?.format, place)
        // What is put together of them is finite, whatever they said.
        var gatherer = FlowGatherer(FlowGatherer.Settings(), admission: .atOnce, writesTimes: false)
        var next = 0
        while next < decoded.rows.count {
            let (gathered, stop) = gatherer.gather(decoded.batch, from: next, to: decoded.rows.count)
            #expect(gathered.values.allSatisfy { $0.isFinite }, place)
            next = stop
        }
    }

    private func configuration(_ generator: inout SeededGenerator, isForced: Bool) -> SourceConfiguration {
        var configuration = SourceConfiguration(input: .standardInput, longestLine: 2_000)
        switch generator.next() % 6 {
        case 0:
            configuration.series = "device"
            configuration.channel = "sensor"
        case 1:
            configuration.channel = "id"
            configuration.records = "values[]"
        case 2:
            configuration.series = "dev"
            configuration.quality = "q"
        default: break
        }
        if isForced { configuration.format = Self.formats[Int(generator.next() % UInt64(Self.formats.count))] }
        return configuration
    }

    /// Lines with bytes changed, cut, doubled and put together with others.
    private func mutated(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<(generator.next() % 3) { bytes += bytes.suffix(Int(generator.next() % 200)) }
        let marks = Array("\"\\,;={}[]:\n\r\t .-+0e9iu#|\u{0}é".utf8)
        for _ in 0..<(generator.next() % 12) {
            let place = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 6 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes[place] = marks[Int(generator.next() % UInt64(marks.count))]
            case 2: bytes.insert(marks[Int(generator.next() % UInt64(marks.count))], at: place)
            case 3: bytes.remove(at: place)
            case 4:
                let end = min(bytes.count, place + Int(generator.next() % 40))
                bytes.insert(contentsOf: bytes[place..<end], at: Int(generator.next() % UInt64(bytes.count)))
            default:
                let number = Array(
                    ["1e400", "-0", "9223372036854775808", "NaN", "99999999999999999999999.5", "1.2.3", "0x", "::"][
                        Int(generator.next() % 8)
                    ].utf8)
                bytes.insert(contentsOf: number, at: place)
            }
            if bytes.isEmpty { bytes = [10] }
        }
        return bytes
    }
}
