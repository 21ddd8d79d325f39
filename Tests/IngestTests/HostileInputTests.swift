import Testing
import TimeSeries

@testable import Ingest

@Suite struct HostileInputTests {
    private static let head = "time,a,b\n1,10,20\n2,11,21\n3,12,22\n"

    @Test(
        arguments: [
            ("4,x,1\n", .notANumber, "4"), ("4,1\n", .fieldCount, "4"), ("4\n", .fieldCount, "4"),
            ("4,1,2,3\n", .fieldCount, "4"),
            ("4,1e400,1\n", .outOfRange, "4"), ("4,-inf,1\n", .outOfRange, "4"), ("noon,1,2\n", .badTime, ""),
            (",1,2\n", .badTime, ""),
            ("4,\"1,2\n", .openQuote, "4"), ("4,1\u{0},2\n", .controlBytes, "4"), ("4,1\r,2\n", .controlBytes, "4"),
            ("4,\u{1b}[31m,2\n", .controlBytes, "4"), ("{\"a\":1}\n", .fieldCount, ""), ("4;1;2\n", .fieldCount, ""),
            ("4,0x10,1\n", .notANumber, "4"), ("4,1 2,3\n", .notANumber, "4"), ("4,--,3\n", .notANumber, "4"),
            ("99999999999999999999999,1,2\n", .badTime, ""), ("4,1", .fieldCount, "4"), ("4,é,1\n", .notANumber, "4"),
            (String(repeating: ",", count: 100_000) + "1\n", .fieldCount, ""), ("4,1,2,,3\n", .fieldCount, "4"),
            ("4," + String(repeating: "1", count: 400) + ",2\n", .outOfRange, "4"), ("time,a,c\n", .notANumber, ""),
        ] as [(String, MalformedReason, String)])
    func `an unusable line is a row with its reason, and its time when that can be read`(
        line: String, reason: MalformedReason, time: String
    ) {
        let decoded = decode(Self.head + line)
        #expect(decoded.reasons == [nil, nil, nil, reason])
        #expect(decoded.timeTexts.last == time)
        #expect(decoded.decoder.counters[reason] == 1)
        #expect(decode(Self.head + line + (line.hasSuffix("\n") ? "" : "\n") + "9,1,2\n").values.last == [1, 2])
    }

    @Test(
        arguments: [
            ("4,5,6,\n", [5, 6]), ("4,5,6,,,\n", [5, 6]), ("4,,\n", [nil, nil]), ("4,NaN,null\n", [nil, nil]),
            ("4, 5 ,\t6\n", [5, 6]), ("4,\"5\",\"6\"\n", [5, 6]), ("\"4\",5,6\r\n", [5, 6]), ("4,5,6\r\r\n", [5, 6]),
            ("4,5,6", [5, 6]),
            ("\u{feff}4,5,6\n", [5, 6]), ("4,-,N/A\n", [nil, nil]), ("4,1e-400,-0\n", [0, 0]),
        ] as [(String, [Double?])])
    func `an odd line that can be read is a record`(line: String, values: [Double?]) {
        let decoded = decode(Self.head + line)
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.values.last == values)
        #expect(decoded.times.last == "1970-01-01T00:00:04Z")
    }

    @Test(arguments: ["", "\n", "\r\n\r\n", "   \n\t\n", "# only\n# comments\n"])
    func `no data gives no rows and no refusal`(text: String) {
        let decoded = decode(text)
        #expect(decoded.rows.isEmpty)
        #expect(decoded.decoder.refusal == nil)
        #expect(decoded.decoder.schema == nil)
    }

    @Test func `bytes that are no text are refused after the first lines`() {
        let utf16: [UInt8] = [0xff, 0xfe] + "time,a\n1,2\n".utf8.flatMap { [$0, 0] as [UInt8] }
        #expect(decode(utf16).decoder.refusal?.description.hasPrefix("cannot read the input as lines of text") == true)
        let invalid: [UInt8] = Array("time,\u{1}".utf8) + [0xff, 0xc0, 0x0a]
        #expect(decode(invalid).decoder.refusal != nil)
    }

    @Test func `invalid UTF-8 in a name or a text column harms nothing`() {
        var bytes = Array("time,a".utf8) + [0xff] + Array(",s\n".utf8)
        for time in 1...3 { bytes += Array("\(time),1,".utf8) + [0xc3, 0x28, 0x0a] }
        let decoded = decode(bytes)
        #expect(decoded.channelNames == ["a\u{fffd}"])
        #expect(decoded.values == [[1], [1], [1]])
    }

    @Test func `a line of 100 MB is skipped without being held`() {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        decoder.decode(Array(Self.head.utf8), into: &batch)
        let chunk = [UInt8](repeating: UInt8(ascii: "7"), count: 1 << 20)
        for _ in 0..<100 {
            decoder.decode(chunk, into: &batch)
            #expect(decoder.bytesHeld <= 3 << 20)
        }
        decoder.decode(Array("\n5,1,2\n".utf8), into: &batch)
        #expect(batch.rows.map(\.malformed) == [nil, nil, nil, .tooLong, nil])
        #expect(decoder.takeNotices().map(\.excerpt) == [String(repeating: "7", count: 80)])
        #expect(batch.rows.last?.endOffset == Int64(Self.head.utf8.count + 100 << 20 + 7))
    }

    @Test func `too long is the same at the very length and one more`() {
        let configuration = SourceConfiguration(input: .standardInput, longestLine: 12)
        let decoded = decode("time,a\n1,2\n2,3\n3,4\n4,1234567890\n4,12345678901\n", configuration)
        #expect(decoded.reasons == [nil, nil, nil, nil, .tooLong])
    }

    @Test func `too many columns are refused, with their number as long as it is sane`() {
        let line = String(repeating: "1.5,", count: 5_000) + "1\n"
        #expect(decode(line + line + line).decoder.refusal == .tooManyChannels(found: 5_001, most: 4_096))
        let hostile = String(repeating: "1.5,", count: 100_000) + "1\n"
        #expect(
            decode(hostile + hostile + hostile).decoder.refusal?.description.hasPrefix("cannot read the input as csv")
                == true)
    }

    @Test func `a series name that is empty or too long makes the line unusable`() {
        let configuration = SourceConfiguration(input: .standardInput, series: "dev")
        let long = String(repeating: "x", count: 257)
        let decoded = decode("dev,time,a\np,1,2\np,2,3\np,3,4\n,4,5\n\(long),5,6\n", configuration)
        #expect(decoded.reasons == [nil, nil, nil, .badSyntax, .badSyntax])
        #expect(decoded.batch.seriesNames == ["p"])
    }

    @Test func `half a line at the start is one unusable line`() {
        let line = "2026-11-21 02:15:4"
        let decoded = decode("UN,3.02\n\(line)1,1,2\n\(line)2,1,2\n\(line)3,1,3\n")
        #expect(decoded.reasons == [.fieldCount, nil, nil, nil])
        #expect(decoded.channelNames == ["c2", "c3"])
    }

    @Test func `the first unusable line of a reason is shown, and then one in ten thousand`() {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        decoder.decode(
            Array((Self.head + "4,x\u{e9},1\n" + String(repeating: "5,x,1\n", count: 10_000) + "6,1\n").utf8),
            into: &batch)
        let notices = decoder.takeNotices()
        #expect(notices.map(\.reason) == [.notANumber, .notANumber, .fieldCount])
        #expect(notices.map(\.line) == [5, 10_005, 10_006])
        #expect(notices.map(\.count) == [1, 10_001, 1])
        #expect(notices[0].excerpt == "4,x..,1")
        #expect(decoder.takeNotices().isEmpty)
    }

    // MARK: JSON lines

    private static let objects = """
        {"ts":1792000000123,"dev":"pump-3","temp":"21.4","rpm":null,"alarm":false,"n":{"x":[1,"}"]}}
        {"ts":1792000001123,"dev":"pump-3","temp":"21.5","rpm":1,"alarm":false,"n":{}}
        {"ts":1792000002123,"dev":"pump-4","temp":21.6,"rpm":2,"alarm":true,"n":[]}

        """

    @Test func `numeric keys are channels in order of appearance`() {
        let decoded = decode(Self.objects, SourceConfiguration(input: .standardInput, series: "dev"))
        #expect(decoded.channelNames == ["temp", "rpm", "n.x.0"])
        #expect(decoded.values == [[21.4, nil, 1], [21.5, 1, nil], [21.6, 2, nil]])
        #expect(decoded.times[0] == "2026-10-14T17:46:40.123Z")
        #expect(decoded.batch.seriesNames == ["pump-3", "pump-4"])
        #expect(
            decoded.summary
                == "json lines, time in \"ts\" (epoch milliseconds), series in \"dev\", 3 channels; ignored: alarm (boolean), n.x.1 (text)"
        )
    }

    @Test func `booleans are numbers only when they are named`() {
        let decoded = decode(Self.objects, SourceConfiguration(input: .standardInput, channels: ["alarm", "temp"]))
        #expect(decoded.values == [[0, 21.4], [0, 21.5], [1, 21.6]])
    }

    @Test(
        arguments: [
            ("{\"ts\":1792000003123,\"temp\":1", .badSyntax), ("{", .badSyntax), ("[1,2]", .badSyntax),
            ("null", .badSyntax), ("{}", .badTime),
            ("{\"ts\":1792000003123,\"temp\":1}}", .badSyntax), ("{\"ts\":1792000003123,\"temp\":foo}", .badSyntax),
            ("{\"ts\":1792000003123,}", .badSyntax), ("{\"ts\":1792000003123 \"temp\":1}", .badSyntax),
            ("{\"ts\":1792000003123,\"temp\":\"x\"}", .notANumber),
            ("{\"ts\":1792000003123,\"temp\":{\"v\":1}}", .notANumber),
            ("{\"ts\":1792000003123,\"temp\":1e999}", .outOfRange), ("{\"ts\":1792000003123,\"other\":1}", .noValues),
            ("{\"ts\":null,\"temp\":1}", .badTime), ("{\"ts\":[],\"temp\":1}", .badTime), ("{\"temp\":1}", .badTime),
            ("{\"ts\":1792000003123,\"temp\":\"\\", .badSyntax), ("{\"ts\":1792000003123,\"temp\":}", .badSyntax),
            ("1792000003123,21.4", .badSyntax), ("{\"ts\":1792000003123,\"temp\":Infinity}", .outOfRange),
        ] as [(String, MalformedReason)])
    func `an unusable JSON line is counted by reason`(line: String, reason: MalformedReason) {
        let decoded = decode(Self.objects + line + "\n")
        #expect(decoded.reasons == [nil, nil, nil, reason])
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"x\":["]) func `deep nesting costs no stack`(open: String) {
        let deep = String(repeating: open, count: 100_000)
        #expect(decode(Self.objects + deep + "\n").reasons.last == .badSyntax)
        #expect(decode(Self.objects + "{\"ts\":1,\"temp\":1,\"n\":" + deep + "\n").reasons.last == .badSyntax)
        let closed =
            "{\"ts\":1,\"temp\":1,\"n\":" + String(repeating: "[", count: 100_000)
            + String(repeating: "]", count: 100_000) + "}\n"
        #expect(decode(Self.objects + closed).reasons.last == .some(nil))
    }

    @Test func `escaped keys and names are read, later keys counted, absent ones missing`() {
        let configuration = SourceConfiguration(input: .standardInput, series: "dev")
        let decoded = decode(
            Self.objects + "{\"t\\u0065mp\":7,\"new\":1,\"ts\":1792000003123,\"dev\":\"\\ud83d\\ude00\\\"\\u00e9\"}\n",
            configuration)
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.values.last == [7, nil, nil])
        #expect(decoded.batch.seriesNames.last == "😀\"é")
        #expect(decoded.decoder.counters.unknownKeys == 1)
    }

    @Test func `a time in two keys is refused`() {
        let configuration = SourceConfiguration(input: .standardInput, time: ["date", "clock"])
        #expect(decode(Self.objects, configuration).decoder.refusal == .timeInTwoKeys("date", "clock"))
    }

    @Test func `an object over many lines that is in no list is refused as no JSON lines`() {
        let configuration = SourceConfiguration(input: .standardInput, format: .jsonl)
        #expect(decode("{\n\"a\": 1\n}\n", configuration).decoder.refusal != nil)
    }
}
