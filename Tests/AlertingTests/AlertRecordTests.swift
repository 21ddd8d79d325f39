import FoundationEssentials
import Testing
import TimeSeries

@testable import Alerting

@Suite struct AlertRecordTests {
    private let full = AlertRecord(
        id: "7f3c91a2b4d5e6f7", seq: 2, event: .close, time: at(120), since: onset, until: at(60.5),
        severity: .critical, kind: .anomaly, pattern: "flood", series: "pump\"3\"\n",
        allSeries: ["pump\"3\"\n", "pump4"], score: 7.25, threshold: 5, rarity: 3_456_000,
        channels: [
            .init(
                name: "temp", unit: "°C", value: 84.2, expected: 61, low: 55.8, high: 66.3, share: 0.71,
                direction: "high"),
            .init(name: "flow", value: nil, expected: nil, low: nil, high: nil, share: 0.1, direction: "low"),
        ], detectors: [.init(name: "gru", score: 6.5, weight: 0.6)],
        similar: .init(time: at(-86_400), distance: 0.25, lasted: 90, becameUsual: true), learning: 1, message: "m",
        hint: "h",
        runbook: "https://wiki/pump")

    @Test func `a line has the keys in order and leaves out what is absent`() {
        #expect(
            full.jsonLine() == #"{"v":1,"id":"7f3c91a2b4d5e6f7","seq":2,"event":"close","time":"2026-11-21T02:16:10Z","#
                + #""since":"2026-11-21T02:14:10Z","until":"2026-11-21T02:15:10.500Z","severity":"critical","#
                + #""kind":"anomaly","pattern":"flood","series":"pump\"3\"\n","all_series":["pump\"3\"\n","pump4"],"#
                + #""score":7.25,"threshold":5,"rarity":3456000,"channels":[{"name":"temp","unit":"°C","value":84.2,"#
                + #""expected":61,"low":55.8,"high":66.3,"share":0.71,"direction":"high"},"#
                + #"{"name":"flow","share":0.1,"direction":"low"}],"#
                + #""detectors":[{"name":"gru","score":6.5,"weight":0.6}],"#
                + #""similar":{"time":"2026-11-20T02:14:10Z","distance":0.25,"lasted":90,"ended":"usual"},"#
                + #""learning":1,"message":"m","hint":"h","#
                + #""runbook":"https://wiki/pump"}"#)
    }

    @Test func `the smallest record keeps its lists and its learning`() {
        let small = AlertRecord(
            id: "0", seq: 0, event: .open, time: onset, since: onset, severity: .warning, kind: .stalled, series: "a",
            score: .infinity, rarity: .nan)
        #expect(
            small.jsonLine() == #"{"v":1,"id":"0","seq":0,"event":"open","time":"2026-11-21T02:14:10Z","#
                + #""since":"2026-11-21T02:14:10Z","severity":"warning","kind":"stalled","series":"a","channels":[],"#
                + #""detectors":[],"learning":1,"message":"","hint":""}"#)
    }

    @Test func `sinks of a live run add host, version and the wall clock at the end`() {
        let line = record().jsonLine(stamp: EmissionStamp(host: "gw1", version: "1.0.0", emitted: at(1)))
        #expect(line.hasSuffix(#","hint":"Look.","host":"gw1","version":"1.0.0","emitted":"2026-11-21T02:14:11Z"}"#))
    }

    @Test func `a line reads back as the same record, with or without what sinks add`() throws {
        #expect(try AlertRecord(json: full.jsonLine().utf8) == full)
        var waiting = record()
        waiting.awaits = "acceptance"
        #expect(waiting.jsonLine().contains(#""learning":1,"awaits":"acceptance","message""#))
        #expect(try AlertRecord(json: waiting.jsonLine().utf8) == waiting)
        let stamped = record().jsonLine(stamp: EmissionStamp(host: "h", version: "v", emitted: onset))
        #expect(try AlertRecord(json: stamped.utf8) == record())
    }

    @Test func `an encoder of the standard kind gives a record that reads back`() throws {
        #expect(try AlertRecord(json: try JSONEncoder().encode(full)) == full)
    }

    @Test(arguments: [
        "", "{}", "[1]", #"{"v":1}"#,
        record().jsonLine().replacing("2026-11-21T02", with: "2026-13-21T02"),
        record().jsonLine().replacing(#""open""#, with: #""shut""#),
    ]) func `what is no record is refused with words`(line: String) {
        #expect(throws: AlertingError.self) { try AlertRecord(json: line.utf8) }
    }

    @Test(arguments: [
        (0.0, "0"), (61.0, "61"), (-3.0, "-3"), (0.1, "0.1"), (84.2, "84.2"), (1e-7, "1e-07"),
        (1e15, "1000000000000000"),
        (1e300, "1e+300"), (9_007_199_254_740_992, "9007199254740992.0"), (0.30000000000000004, "0.30000000000000004"),
    ]) func `a number is as short as it reads back`(number: Double, text: String) {
        #expect(JSONWriter.shortest(number) == text)
        #expect(Double(text) == number)
    }

    @Test func `control characters are escaped and other scripts are not`() {
        var json = JSONWriter()
        json.write(.text("\u{0}\u{1f}\t\r\u{8}\u{c}\\/é𝄞\u{7f}"))
        #expect(json.text == #""\u0000\u001f\t\r\b\f\\/é𝄞"# + "\u{7f}\"")
    }

    @Test(arguments: ["2026-11-21T02:14:10Z", "1969-12-31T23:59:59.999Z", "2026-01-02T03:04:05.000000001Z"])
    func `times read back`(text: String) {
        #expect(Timestamp(rfc3339: text)?.description == text)
    }

    @Test(arguments: [
        "2026-11-21T02:14:10", "2026-11-21 02:14:10Z", "2026-02-30T00:00:00Z", "2026-11-21T02:14:10.Z",
        "2026-11-21T02:14:10.0000000001Z", "x026-11-21T02:14:10Z", "",
    ]) func `other texts are no times`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `an id is 16 digits and depends on each of its parts`() {
        func id(_ stream: String, _ series: String, _ kind: AlertKind, _ since: Double, _ sample: UInt64) -> String {
            IncidentIdentifier.make(stream: stream, series: series, kind: kind, since: at(since), onsetSample: sample)
        }
        let ids = [
            id("a", "b", .anomaly, 0, 0), id("ab", "", .anomaly, 0, 0), id("a", "b", .stuck, 0, 0),
            id("a", "b", .anomaly, 1, 0), id("a", "b", .anomaly, 0, 1),
        ]
        #expect(Set(ids).count == 5)
        #expect(ids.allSatisfy { $0.count == 16 && $0.allSatisfy(\.isHexDigit) })
        #expect(ids[0] == id("a", "b", .anomaly, 0, 0))
    }
}
