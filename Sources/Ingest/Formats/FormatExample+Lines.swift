/// The forms of lines that programs and devices write for logs and metrics.
extension FormatExample {
    static let logfmt = FormatExample(
        .logfmt, "key=value pairs",
        [#"ts=2026-11-21T02:15:40Z dev=pump-3 temp=21.4 took=12ms msg="start of run" ok"#],
        "Numbers are channels, with the unit that is glued to them; lines without one are messages and passed over.")
    static let graphite = FormatExample(
        .graphite, "plaintext", ["plant.hall2.pump3.temp;unit=c 21.4 1792000000"],
        "Each name with its tags is a series with the one channel `value`; a time of -1 is that of the arrival.")
}
