/// A form of lines that is read, with lines of it: what `monitord formats` prints, and a test decodes.
public struct FormatExample: Equatable, Sendable {
    /// The value of `format`.
    public var format: SourceConfiguration.Format
    /// Which form of it.
    public var form: String
    /// Lines, the header among them; of ``SourceConfiguration/Format/netflow`` the bytes of a datagram, in hexadecimal digits.
    public var lines: [String]
    /// What is made of them, in one sentence.
    public var meaning: String
    /// Keys that must be set for it, as in the configuration; none where the form is found.
    public var keys: String
    /// How they are read.
    public var configuration: SourceConfiguration

    init(
        _ format: SourceConfiguration.Format, _ form: String, _ lines: [String], _ meaning: String, keys: String = "",
        _ configure: (inout SourceConfiguration) -> Void = { _ in }
    ) {
        self.format = format
        self.form = form
        self.lines = lines
        self.meaning = meaning
        self.keys = keys
        configuration = SourceConfiguration(input: .standardInput)
        configure(&configuration)
    }

    /// All forms that are read.
    public static let all: [FormatExample] =
        [
            FormatExample(
                .csv, "with a header",
                ["time,Temp [°C],Pressure (bar),State", "2026-11-21 02:15:40,21.4,3.02,RUN"],
                "Each numeric column is a channel; units come from the names or from a line below them."),
            FormatExample(
                .csv, "European", ["Zeit;Temp;Druck;Ort", "21.11.2026 02:15:40;1.021,4;3,02;\"Halle 2; Nord\""],
                "Semicolons, decimal commas and dates with the day first are found; what can be read in two ways is refused."
            ),
            FormatExample(
                .csv, "without a header",
                ["1792000000.250,0.013,12", "1792000001.250,0.014,13", "1792000002.250,0.015,14"],
                "Columns are c1, c2 and on, or as `columns` names them; growing numbers as large as times are the time."
            ),
            FormatExample(
                .csv, "date and time apart", ["Date,Time,flow", "11/21/2026,2:15:40 PM,3.5"],
                "A date and a time of day in two columns are one time; `dates` says dmy or mdy where no date shows it."),
            FormatExample(
                .csv, "long form", ["time,sensor,value", "1792000000,pump3.temp,21.4", "1792000000,pump3.flow,3.5"],
                "A time, one text that names and one number: each name is a series with the one channel `value`."),
            FormatExample(
                .csv, "long form, declared",
                [
                    "time,device,sensor,value", "1792000000,pump3,temp,21.4", "1792000000,pump3,flow,3.5",
                    "1792000001,pump3,temp,21.5",
                ],
                "The lines of a device's sensors are put together to samples of one series.",
                keys: "series = \"device\", channel = \"sensor\""
            ) {
                $0.series = "device"
                $0.channel = "sensor"
            },
            FormatExample(
                .jsonl, "one object a line",
                [#"{"ts":1792000000123,"temp":"21.4","rpm":null,"motor":{"amps":[8.1,8.2,8.0]}}"#],
                "Numbers, also as texts, are channels; those of nested objects and lists by their path: motor.amps.0."),
            FormatExample(
                .jsonl, "long form", [#"{"ts":1792000000,"tag":"pump3.temp","v":21.4,"q":192}"#],
                "A time, one text that names and one number; a value of bad quality is missing."),
            FormatExample(
                .jsonl, "records",
                [#"{"timestamp":1792000000123,"values":[{"id":"Ch1.Temp","v":21.4,"q":true,"t":1792000000120}]}"#],
                "Each object of the list is a record, as Kepware and Node-RED send them; `records` names the list where it is not plain."
            ),
            FormatExample(
                .jsonl, "a list over many lines", ["[", "{ \"ts\" : 1792000000,", "  \"bytes\" : 9830400 }", "]"],
                "The objects of one JSON list are read one by one, however they are broken over lines."),
            FormatExample(
                .influx, "line protocol", [#"pump,site=a,unit=3 temp=21.4,run=true,n=12i,s="a b" 1792000000123456789"#],
                "Each measurement with its tags is a series, its numeric fields are channels; the precision is known by size."
            ),
        ] + flows

    /// The forms of flow records: a series for each source host, or what `series` says.
    private static let flows: [FormatExample] = [
        FormatExample(
            .zeek, "conn.log",
            [
                "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents",
                "1258531221.486539\tPii6cUUq1v4\t192.168.1.102\t68\t192.168.1.1\t67\tudp\t-\t0.163820\t301\t300\tSF\t-\t0\tDd\t1\t329\t1\t328\t(empty)",
            ], "The columns are those of the last #fields line; other logs of Zeek are refused."),
        FormatExample(
            .zeek, "conn.log as JSON",
            [
                #"{"ts":1591367999.305988,"uid":"CMdzit1AMNsmfAIiQc","id.orig_h":"192.168.4.76","id.orig_p":36844,"id.resp_h":"192.168.4.1","id.resp_p":53,"proto":"udp","service":"dns","duration":0.066851,"orig_bytes":62,"resp_bytes":141,"conn_state":"SF","orig_pkts":2,"orig_ip_bytes":118,"resp_pkts":2,"resp_ip_bytes":197}"#
            ], "Absent keys say nothing; objects of other logs in the stream (`_path`) are passed over."),
        FormatExample(
            .suricata, "EVE",
            [
                #"{"timestamp":"2017-04-07T22:24:37.251547+0100","flow_id":586497171462735,"event_type":"flow","src_ip":"192.168.2.14","src_port":50096,"dest_ip":"209.53.113.5","dest_port":80,"proto":"TCP","flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":742,"bytes_toclient":610,"start":"2017-04-07T22:24:35.119021+0100","end":"2017-04-07T22:24:36.305718+0100","age":1,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b"}}"#
            ], "Of a file with many kinds of events the `flow` ones are read, or `netflow` where there are none."),
        suricataStats,
        FormatExample(
            .nfdump, "csv, 1.6 to 1.7.4",
            [
                "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out",
                "2026-11-21 02:14:50,2026-11-21 02:15:51,61.000,10.0.5.12,10.0.5.1,51514,502,TCP,...AP...,0,0,12000,9830400,0,0,1,2",
            ],
            "`nfdump -o csv`, by its header; times are in the zone of the source, the summary below is passed over."),
        FormatExample(
            .nfdump, "csv, since 1.7.5",
            [
                "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows",
                "2026-11-21 02:14:50.000,61.000,TCP,10.0.5.12,51514,10.0.5.1,502,12000,9830400,1",
            ], "The same with the names and the order of newer versions."),
        FormatExample(
            .nfdump, "pipe",
            ["2|1792000002000|1792000002005|17|0|0|0|167773452|40000|0|0|0|167773493|53|0|0|0|0|0|0|1|58"],
            "`nfdump -o pipe`: numbers between bars, 22 since 1.7 and 24 before; times are since 1970."),
        FormatExample(
            .argus, "ra",
            [
                "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State",
                "1792000000.000000,4.009999,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,11,762,CON",
            ],
            "`\(FlowSniffer.argusCommand)`, with or without its header; spkts,dpkts,sbytes,dbytes tell the two directions apart."
        ),
        netflow, logfmt, oldSyslog, newSyslog, graphite, statsd,
    ]
}
