import Testing

@testable import MonitorRuntime

@Suite struct ConfigurationUnitsTests {
    @Test(
        arguments: [
            ("250ms", 0.25), ("1ms", 0.001), ("1s", 1), ("1.5s", 1.5), ("90 s", 90), ("5min", 300), ("2h", 7_200),
            ("1d", 86_400),
            ("1day", 86_400), ("2weeks", 1_209_600), ("1month", 2_592_000), ("1year", 31_536_000), ("0s", 0),
            ("1e3s", 1_000),
            ("2.5e-1 s", 0.25),
        ] as [(String, Double)])
    func `a duration is a number with a unit`(text: String, seconds: Double) {
        #expect(ConfigurationUnits.duration(text) == seconds)
    }

    @Test(arguments: [
        "", "s", "1", "1 fortnight", "-1s", "1es", "1e-s", "e3s", "+1s", "1..5s", "1s2", "nans", "1 m", "٣s",
    ])
    func `a text that is no duration gives none`(text: String) {
        #expect(ConfigurationUnits.duration(text) == nil)
    }

    @Test(
        arguments: [
            ("1/week", 1.0 / 604_800), ("3/day", 3.0 / 86_400), ("2/h", 2.0 / 3_600), ("0.5/hour", 0.5 / 3_600),
            ("0", 0),
            ("0/day", 0), ("1 / month", 1.0 / 2_592_000), ("1/s", 1),
        ] as [(String, Double)])
    func `a rate is a number over a unit`(text: String, perSecond: Double) {
        #expect(ConfigurationUnits.rate(text) == perSecond)
    }

    @Test(arguments: ["", "/", "1", "1/", "/day", "1/day/week", "-1/day", "1s/day", "1/ms", "1/fortnight", "day"])
    func `a text that is no rate gives none`(text: String) {
        #expect(ConfigurationUnits.rate(text) == nil)
    }

    @Test(
        arguments: [
            ("10MiB", 10_485_760), ("500kB", 500_000), ("4096B", 4_096), ("1.5KiB", 1_536), ("1 GiB", 1_073_741_824),
        ] as [(String, Int)])
    func `a size is a number with a unit of bytes`(text: String, bytes: Int) {
        #expect(ConfigurationUnits.size(text) == bytes)
    }

    @Test(arguments: ["", "10", "10mb", "1.0001KiB", "-1B", "99999999999GiB", "MiB"])
    func `a text that is no size gives none`(text: String) {
        #expect(ConfigurationUnits.size(text) == nil)
    }

    @Test(
        arguments: [
            (60.0, "1min"), (90, "90s"), (0.25, "250ms"), (7_200, "2h"), (86_400, "1d"), (604_800, "1week"),
            (1.5, "1500ms"),
            (0, "0.0s"), (0.0001, "0.0001s"),
        ] as [(Double, String)])
    func `a duration is written in the largest unit that keeps it whole`(seconds: Double, text: String) {
        #expect(ConfigurationUnits.text(duration: seconds) == text)
        #expect(ConfigurationUnits.duration(text) == seconds)
    }

    @Test(
        arguments: [
            (1.0 / 604_800, "1/week"), (3.0 / 86_400, "3/day"), (0, "0"), (1.0 / 2_592_000, "1/month"), (1, "1/s"),
            (0.3 / 86_400, "0.3/day"),
            (0.3 / 604_800, nil), (1.0 / 7, nil), (.leastNonzeroMagnitude, nil),
        ] as [(Double, String?)])
    func `a rate is written so that it reads back as the same value`(perSecond: Double, text: String?) {
        let written = ConfigurationUnits.text(rate: perSecond)
        if let text { #expect(written == text) }
        #expect(ConfigurationUnits.rate(written) == perSecond)
    }

    @Test(arguments: [(10_485_760, "10MiB"), (1_536, "1536B"), (4_096, "4KiB"), (0, "0B")])
    func `a size is written in the largest binary unit that keeps it whole`(bytes: Int, text: String) {
        #expect(ConfigurationUnits.text(size: bytes) == text)
        #expect(ConfigurationUnits.size(text) == bytes)
    }
}
