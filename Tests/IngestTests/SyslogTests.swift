import Testing
import TimeSeries

@testable import Ingest

@Suite struct SyslogTests {
    /// Decodes lines that arrive at a time; none as in a replay.
    private func received(_ text: String, at arrival: String? = nil, zone: SourceZone = .utc) -> Decoded {
        let configuration = SourceConfiguration(input: .standardInput, zone: zone)
        var decoded = Decoded(decoder: LineDecoder(configuration: configuration))
        decoded.batch.arrival = arrival.flatMap { text in
            TimeParser.calendar(Array(text.utf8).span, 0..<text.utf8.count)?.time
        }
        decoded.decoder.decode(Array(text.utf8), into: &decoded.batch)
        decoded.decoder.finish(into: &decoded.batch)
        return decoded
    }

    private static let old =
        "<134>Nov 21 02:15:40 gw1 plc[221]: temp=21.4\n<134>Nov 21 02:15:41 gw1 plc[221]: temp=21.5\n"
        + "<134>Nov  2 02:15:42 gw2 plc: temp=21.6\n"
    private static let new =
        "<134>1 2026-11-21T02:15:40.123Z gw1 plc 221 ID47 [x@1 temp=\"21.4\"] \u{feff}flow=3.5\n"
        + "<134>1 2026-11-21T02:15:41+01:00 gw1 plc 221 - [x@1 temp=\"21.5\" s=\"a\\\"\\]b\"][y@2 n=\"7\"] flow=3.6\n"
        + "<134>1 2026-11-21T02:15:42Z gw1 - - - - flow=3.7\n"

    @Test func `the old envelope gives time, host and program, the message pairs`() {
        let decoded = received(Self.old, at: "2026-11-21T02:15:43Z")
        #expect(decoded.times == ["2026-11-21T02:15:40Z", "2026-11-21T02:15:41Z", "2026-11-02T02:15:42Z"])
        #expect(decoded.timeTexts[0] == "Nov 21 02:15:40")
        #expect(decoded.batch.seriesNames == ["gw1/plc", "gw2/plc"])
        #expect(decoded.channelNames == ["temp"])
        #expect(decoded.values == [[21.4], [21.5], [21.6]])
        #expect(
            decoded.summary
                == "syslog, time in \"syslog.time\" (month and day without a year, read as UTC), series in \"syslog.source\", 1 channel"
        )
    }

    @Test func `the new envelope gives its structured data too, and a hyphen is none`() {
        let decoded = received(Self.new)
        #expect(decoded.times == ["2026-11-21T02:15:40.123Z", "2026-11-21T01:15:41Z", "2026-11-21T02:15:42Z"])
        #expect(decoded.batch.seriesNames == ["gw1/plc", "gw1"])
        #expect(decoded.channelNames == ["x@1.temp", "flow", "y@2.n"])
        #expect(decoded.values == [[21.4, 3.5, nil], [21.5, 3.6, 7], [nil, 3.7, nil]])
    }

    @Test(
        arguments: [
            ("<134>Dec 31 23:59:59 gw1 plc: temp=1", "2027-01-01T00:00:01Z", "2026-12-31T23:59:59Z"),
            ("<134>Jan  1 00:00:01 gw1 plc: temp=1", "2027-01-01T00:00:02Z", "2027-01-01T00:00:01Z"),
            ("<134>Jan  1 00:00:01 gw1 plc: temp=1", "2026-12-31T23:59:58Z", "2027-01-01T00:00:01Z"),
            ("<134>Nov 24 02:15:40 gw1 plc: temp=1", "2026-11-21T00:00:00Z", "2025-11-24T02:15:40Z"),
            ("<134>Feb 29 02:15:40 gw1 plc: temp=1", "2026-11-21T00:00:00Z", "2024-02-29T02:15:40Z"),
            ("<134>Nov 21 2019 02:15:40 gw1 plc: temp=1", "2026-11-21T00:00:00Z", "2019-11-21T02:15:40Z"),
            ("<134>Nov 21 02:15:40.25 gw1 plc: temp=1", "2026-11-21T02:15:41Z", "2026-11-21T02:15:40.250Z"),
            ("<134>2026-11-20T02:15:40+01:00 gw1 plc: temp=1", "2026-11-21T02:15:41Z", "2026-11-20T01:15:40Z"),
        ])
    func `the year is the newest that is not behind the arrival`(line: String, arrival: String, time: String) {
        #expect(received(Self.old + line + "\n", at: arrival).times.last == time)
    }

    @Test func `a replay follows the turn of the year from the first line with a year`() {
        let dated = "<134>1 2026-12-31T23:59:57Z gw1 plc - - - temp=1\n"
        let text = "<134>Dec 31 23:59:58 gw1 plc: temp=1\n<134>Jan  1 00:00:01 gw1 plc: temp=2\n"
        let back = "<134>Dec 31 23:59:59 gw1 plc: temp=3\n<134>Jan  1 00:00:02 gw1 plc: temp=4\n"
        #expect(
            received(dated + text + back).times == [
                "2026-12-31T23:59:57Z", "2026-12-31T23:59:58Z", "2027-01-01T00:00:01Z", "2026-12-31T23:59:59Z",
                "2027-01-01T00:00:02Z",
            ])
        #expect(received(text + dated).times.prefix(2) == ["2026-12-31T23:59:58Z", "2027-01-01T00:00:01Z"])
    }

    @Test func `a replay without any year begins in 2000, a year with every day`() {
        let text =
            "<134>Feb 29 23:59:58 gw1 plc: temp=1\n<134>Jul 30 23:59:58 gw1 plc: temp=1\n"
            + "<134>Dec 31 23:59:58 gw1 plc: temp=1\n<134>Jan  1 00:00:01 gw1 plc: temp=2\n"
        #expect(
            received(text).times == [
                "2000-02-29T23:59:58Z", "2000-07-30T23:59:58Z", "2000-12-31T23:59:58Z", "2001-01-01T00:00:01Z",
            ])
    }

    @Test func `a time without a zone is read in that of the source`() throws {
        let rules = try SystemTimeZones.process.rules(named: "Europe/Berlin")
        let decoded = received(
            Self.old, at: "2026-11-21T02:15:43Z", zone: SourceZone(rules: rules, origin: .configured))
        #expect(decoded.times[0] == "2026-11-21T01:15:40Z")
    }

    @Test(
        arguments: [
            ("Nov 21 02:15:40 gw1 plc[221]: temp=7", "gw1/plc"), ("<13>Nov 21 02:15:40 plc: temp=7", "plc"),
            ("<13>Nov 21 02:15:40 gw1 temp=7", "gw1"), ("<13>Nov 21 02:15:40 temp=7", "-"),
            ("<13>Nov 21 02:15:40 fe80::1 plc: temp=7", "fe80::1/plc"),
            ("<13>Nov 21 02:15:40 gw1 plc: {\"temp\":7}", "gw1/plc"),
            ("<13>Nov 21 02:15:40 gw1 plc: @cee: {\"temp\": \"7\"}", "gw1/plc"),
            ("<13>Nov 21 02:15:40 gw1 plc: motor is warm, temp=7 now", "gw1/plc"),
            ("<189>123: *Nov 21 02:15:40: %SYS-5-X: temp=7", "%SYS-5-X"),
            ("49 <134>Nov 21 02:15:40 gw1 plc[221]: temp=7", "gw1/plc"),
            ("2026-11-21T02:15:40.5+01:00 gw1 plc[221]: temp=7", "gw1/plc"),
            ("<134>1 2026-11-21T02:15:40Z gw1 plc - - [a b=\"\\\\\"] temp=7", "gw1/plc"),
            ("<134>1 2026-11-21T02:15:40Z gw1 plc - -  temp=7", "gw1/plc"),
        ])
    func `lines that differ from the letter are read`(line: String, series: String) {
        let decoded = received(Self.old + line + "\n", at: "2026-11-21T02:15:43Z")
        #expect(decoded.reasons.last == .some(nil))
        #expect(decoded.values.last == [7])
        #expect(decoded.rows.last.map { decoded.batch.seriesNames[Int($0.series)] } == series)
    }

    @Test(
        arguments: [
            ("temp=7", .badSyntax), ("<>Nov 21 02:15:40 gw1 plc: temp=7", .badSyntax), ("<1", .badSyntax),
            ("<134>gw1 plc: temp=7", .badTime), ("<134>1 - gw1 plc - - - temp=7", .badTime),
            ("<134>1 2026-11-21T02:15:40Z gw1 plc - - [x@1 temp=\"7\" temp=7", .badSyntax),
            ("<134>1 2026-11-21T02:15:40Z gw1 plc - - [x@1 n=\"7\\", .badSyntax),
            ("<134>1 2026-11-21T02:15:40Z gw1 plc - - [", .badSyntax), ("<134>1 2026-11-21T02:15:40Z", .badSyntax),
            ("<134>Nov 21 02:15:40 gw1 plc: {\"temp\":7", .badSyntax),
            ("<134>Nov 31 02:15:40 gw1 plc: temp=7", .badTime),
            ("<134>Nov 21 02:15:40 gw1 plc: temp=warm", .notANumber),
        ] as [(String, MalformedReason)])
    func `an unusable line is counted by reason`(line: String, reason: MalformedReason) {
        #expect(received(Self.old + line + "\n", at: "2026-11-21T02:15:43Z").reasons == [nil, nil, nil, reason])
    }

    @Test func `messages without a value are passed over, their words are no keys`() {
        let decoded = received(
            "<13>Nov 21 02:15:40 gw1 sshd[1]: session opened for root\n" + Self.old
                + "<13>Nov 21 02:15:41 gw1 sshd[1]: session closed for root\n", at: "2026-11-21T02:15:43Z")
        #expect(decoded.values == [[21.4], [21.5], [21.6]])
        #expect(decoded.decoder.counters.unwatched == 2)
        #expect(decoded.channelNames == ["temp"])
        #expect(decoded.batch.seriesNames == ["gw1/plc", "gw2/plc"])
    }

    @Test func `an arrow in a message does not make it a flow`() {
        let line = "2026-11-21T02:15:40Z gw1 plc[1]: valve open -> closed temp=21.4\n"
        #expect(received(line + line + line).values == [[21.4], [21.4], [21.4]])
    }

    @Test func `the series is the host when that is asked for, and the time that of the message`() {
        var configuration = SourceConfiguration(input: .standardInput, time: ["ts"], series: "host")
        let text = "<134>Nov 21 02:15:40 gw1 plc[1]: ts=1792000000 temp=1\n"
        let decoded = decode(text + text + text, configuration)
        #expect(decoded.batch.seriesNames == ["gw1"])
        #expect(decoded.times[0] == "2026-10-14T17:46:40Z")
        configuration.time = []
        #expect(decode(text + text + text, configuration).channelNames == ["temp"])
    }

    @Test func `a stored dialect keeps the year of the recording`() throws {
        let dated = "<134>1 2026-12-31T23:59:57Z gw1 plc - - - temp=1\n"
        let first = received(dated + Self.old)
        var decoder = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), restoring: first.batch.decoding, offset: 0)
        var batch = RecordBatch()
        decoder.decode(Array("<134>Jan  1 00:00:01 gw1 plc: temp=2\n".utf8), into: &batch)
        #expect(batch.rows.map { $0.time?.description } == ["2027-01-01T00:00:01Z"])
    }

    @Test(arguments: ["[", "[a", "[a b=\"", "[a b=\"\\", "<134>1 ", "k=\"", "{\"a\":["])
    func `what is opened again and again costs no memory and no stack`(piece: String) {
        let hostile = String(repeating: piece, count: 50_000)
        for line in [
            hostile, "<134>1 2026-11-21T02:15:40Z gw1 plc - - " + hostile, "<1>Nov 21 02:15:40 g p: " + hostile,
        ] {
            #expect(received(Self.old + line + "\n", at: "2026-11-21T02:15:43Z").rows.count <= 4)
        }
    }
}
