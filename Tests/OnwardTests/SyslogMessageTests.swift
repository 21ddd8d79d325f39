import Alerting
import Testing
import TimeSeries

@testable import Onward

@Suite struct SyslogMessageTests {
    private func text(_ record: AlertRecord, stamp: EmissionStamp = stamp) -> String {
        let bytes = SyslogMessage.bytes(of: record, facility: .daemon, stamp: stamp, process: 812)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a message has every part of the standard`() {
        let expected =
            "<28>1 2026-11-21T02:15:10Z gw7 monitord 812 anomaly [monitord@32473 id=\"00000000000000aa\" seq=\"0\" "
            + "event=\"open\" severity=\"warning\" kind=\"anomaly\" series=\"pump3\" series_count=\"1\" score=\"6.5\" "
            + "threshold=\"5.25\" rarity=\"3456000\" time=\"2026-11-21T02:14:10Z\" since=\"2026-11-21T02:14:10Z\"] "
            + "\u{FEFF}pump3.temp is 84.2 °C, expected 61.0"
        #expect(text(record()) == expected)
    }

    @Test(arguments: [
        (AlertEvent.open, AlertSeverity.warning, 28), (.open, .critical, 26), (.update, .critical, 26),
        (.close, .critical, 29), (.close, .warning, 29),
    ])
    func `the priority is that of the journal, in the facility`(event: AlertEvent, severity: AlertSeverity, number: Int)
    {
        #expect(text(record(event: event, severity: severity)).hasPrefix("<\(number)>1 "))
    }

    @Test func `what ends a value is escaped, and what ends a message is not in it`() {
        var hostile = record(series: "a\"b]c\\d\n\u{1b}[31m")
        hostile.message = "two\nlines\u{85}"
        let message = text(hostile)
        #expect(message.contains(#"series="a\"b\]c\\d��[31m" series_count"#))
        #expect(message.hasSuffix("\u{FEFF}two\u{FFFD}lines\u{FFFD}"))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func `the header's time has at most milliseconds, and its host no blanks`() {
        let odd = EmissionStamp(
            host: "my gate\u{e9}way", version: "1",
            emitted: Timestamp(nanoseconds: stamp.emitted.nanoseconds + 123_456_789))
        #expect(text(record(), stamp: odd).hasPrefix("<28>1 2026-11-21T02:15:10.123Z mygateway monitord "))
        let nameless = EmissionStamp(host: "", version: "1", emitted: Timestamp(nanoseconds: -1))
        #expect(text(record(), stamp: nameless).hasPrefix("<28>1 1969-12-31T23:59:59.999Z - monitord "))
    }
}
