/// The forms of lines that programs and devices write for logs and metrics.
extension FormatExample {
    static let netflow = FormatExample(
        .netflow, "v5, v9 and IPFIX, as datagrams",
        [
            "0005 0001 0036 ee80 6acf c000 0ee6 b280 0000 0001 0000 0000",
            "0a00 050c 0a00 0501 0000 0000 0001 0002 0000 002c 0000 1680",
            "0036 0420 0036 ea98 c93a 01f6 001b 0600 0000 0000 0000 0000",
        ],
        "Exports by UDP: `monitord --udp 0.0.0.0:2055`; templates and sampling rates are the exporter's, its address is `exporter`."
    )
    static let suricataStats = FormatExample(
        .suricataStats, "EVE, stats events",
        [
            #"{"timestamp":"2022-05-22T00:00:24.329299+0300","event_type":"stats","stats":{"uptime":436644,"capture":{"kernel_packets":310840,"kernel_drops":2403,"errors":0},"decoder":{"pkts":308437,"bytes":215106708,"invalid":0},"flow":{"memcap":0,"tcp":4276,"udp":6068,"emerg_mode_entered":0,"memuse":7834776},"tcp":{"sessions":3967,"memuse":606208,"reassembly_memuse":435280},"detect":{"engines":[{"id":0,"last_reload":"2022-05-16T22:43:37.453113+0300","rules_loaded":25983,"rules_failed":0}],"alert":168}}}"#
        ],
        "Suricata's own counters as rates a second, and levels as `memuse`: those that matter first, then those that move; `channels` names others."
    )
    static let logfmt = FormatExample(
        .logfmt, "key=value pairs",
        [#"ts=2026-11-21T02:15:40Z dev=pump-3 temp=21.4 took=12ms msg="start of run" ok"#],
        "Numbers are channels, with the unit that is glued to them; lines without one are messages and passed over.")
    static let oldSyslog = FormatExample(
        .syslog, "RFC 3164", ["<134>Nov 21 02:15:40 gw1 plc[221]: temp=21.4"],
        "Each host and program is a series; pairs or a JSON object of the message are read, the year is that of the arrival."
    )
    static let newSyslog = FormatExample(
        .syslog, "RFC 5424", [#"<134>1 2026-11-21T02:15:40.123Z gw1 plc 221 ID47 [x@1 temp="21.4"] flow=3.5"#],
        "Numbers of the structured data are channels too, by the names of element and value: x@1.temp.")
    static let graphite = FormatExample(
        .graphite, "plaintext", ["plant.hall2.pump3.temp;unit=c 21.4 1792000000"],
        "Each name with its tags is a series with the one channel `value`; a time of -1 is that of the arrival.")
    static let statsd = FormatExample(
        .statsd, "StatsD and DogStatsD",
        ["pump.starts:1|c|@0.1|#site:a", "pump.took:12:15|ms", "pump.level:+3|g", "pump.users:anna|s"],
        "Each name with its tags is a series; the values of an `interval` (10 s) are a sample: sums of counters, means of timers, levels of gauges."
    )
}
