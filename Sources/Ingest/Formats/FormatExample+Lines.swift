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
