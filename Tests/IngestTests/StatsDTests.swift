import Testing
import TimeSeries

@testable import Ingest

@Suite struct StatsDTests {
    private static let head = "pump.starts:1|c|@0.1|#site:a\nt:12|ms\nlvl:+3|g\n"

    /// Readings as `series: value×what it stands for`, `±` before changes; unusable ones as their reason.
    private func readings(_ decoded: Decoded) -> [String] {
        decoded.rows.map { row in
            if let reason = row.malformed { return "\(reason)" }
            let first = Int(row.firstValue)
            let value = decoded.batch.values[first]
            return "\(decoded.batch.seriesNames[Int(row.series)]): \(row.isChange ? "±" : "")"
                + "\(value.isNaN ? "-" : "\(value)")×\(decoded.batch.values[first + 1])"
        }
    }

    private func readings(_ line: String) -> [String] {
        Array(readings(decode(Self.head + line + "\n")).dropFirst(3))
    }

    @Test func `lines are known by what they hold, each kind is a group with its channels`() {
        let decoded = decode(Self.head + "u:anna|s\nsize:7|h\nsize:8|d\n")
        #expect(
            decoded.summary
                == "statsd, a series for each name with its tags, samples of 10 s by time of arrival, channels by type")
        #expect(decoded.decoder.schema?.metrics == [.counter, .timer, .gauge, .set, .histogram])
        #expect(
            decoded.decoder.schema?.groups.map { $0.map(\.name) } == [
                ["count"], ["mean", "max", "count"], ["value"], ["members"], ["mean", "max", "count"],
            ])
        #expect(readings(decoded).prefix(3) == ["pump.starts,site:a: 10.0×10.0", "t: 12.0×1.0", "lvl: ±3.0×1.0"])
        #expect(decoded.times == Array(repeating: "none", count: 6))
    }

    @Test func `a kind that comes later is a group behind the others, and is known after a restart`() throws {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        decoder.decode(Array("a:1|c\na:1|c\na:1|c\na:1|c\n".utf8), into: &batch)
        #expect(batch.schema?.metrics == [.counter])
        decoder.decode(Array("b:1|g\n".utf8), into: &batch)
        #expect(batch.schema?.metrics == [.counter, .gauge])
        #expect(batch.seriesGroups == [0, 1])
        var again = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), goingOnFrom: batch.decoding, admission: .atOnce)
        var rest = RecordBatch()
        again.decode(Array("t:1|ms\nb:2|g\n".utf8), into: &rest)
        #expect(rest.schema?.metrics == [.counter, .gauge, .timer])
        #expect(rest.seriesNames == ["a", "b", "t"])
    }

    @Test func `one kind alone keeps its group over a restart whatever comes first then`() throws {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        decoder.decode(Array("a:1|c\na:1|c\na:1|c\na:1|c\n".utf8), into: &batch)
        var again = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), goingOnFrom: batch.decoding, admission: .atOnce)
        var rest = RecordBatch()
        again.decode(Array("b:1|g\na:2|c\n".utf8), into: &rest)
        #expect(rest.schema?.metrics == [.counter, .gauge])
        #expect(rest.seriesGroups == [0, 1])
    }

    @Test(
        arguments: [
            ("t:1:2:3|ms", ["t: 1.0×1.0", "t: 2.0×1.0", "t: 3.0×1.0"]),
            ("a:1|c:2|c|@0.5:3|c", ["a: 1.0×1.0", "a: 4.0×2.0", "a: 3.0×1.0"]),
            ("t:5|ms|@0.25", ["t: 5.0×4.0"]),
            ("lvl:-3|g", ["lvl: ±-3.0×1.0"]), ("lvl:3|g|@0.1", ["lvl: 3.0×10.0"]),
            ("x:1|c|#b:2,a:1", ["x,a:1,b:2: 1.0×1.0"]), ("x:1|c|#b,,a:x:y,", ["x,a:x:y,b: 1.0×1.0"]),
            ("x:1|c|@0.5|#a:1|c:ci-1|e:it-2|T1656581400", ["x,a:1: 2.0×2.0"]),
            ("x:1|c|new:section", ["x: 1.0×1.0"]),
            ("lvl:nan|g", ["lvl: -×1.0"]), ("x: 1 |c", ["x: 1.0×1.0"]),
        ] as [(String, [String])])
    func `values, rates, tags and sections are read`(line: String, expected: [String]) {
        #expect(readings(line) == expected)
    }

    @Test(
        arguments: [
            ("x", "badSyntax"), ("x:1", "badSyntax"), ("x:|c", "badSyntax"), (":1|c", "badSyntax"),
            ("x|1:c", "badSyntax"), ("x:1|q", "badSyntax"), ("x:1|", "badSyntax"), ("u:|s", "badSyntax"),
            ("x:one|c", "notANumber"), ("x:1e400|c", "outOfRange"), ("x:inf|g", "outOfRange"),
            ("x:1|c|@0", "outOfRange"), ("x:1|c|@-1", "outOfRange"), ("x:1|c|@2", "outOfRange"),
            ("x:1e300|c|@1e-300", "outOfRange"), ("x:1|c|@1e-320", "outOfRange"), ("x:1|c|@", "notANumber"),
            ("x:1|c|@half", "notANumber"), ("x:1|c|Tnoon", "badTime"), ("x:1|c|T-5", "badTime"),
            ("x:1|c|T99999999999999999999", "badTime"),
        ])
    func `an unusable line is counted by reason`(line: String, reason: String) {
        #expect(readings(line) == [reason])
    }

    @Test func `of several values the usable ones count`() {
        #expect(readings("t:1:x:3|ms") == ["t: 1.0×1.0", "notANumber", "t: 3.0×1.0"])
        #expect(readings("a:1|c:2") == ["a: 1.0×1.0", "badSyntax"])
    }

    @Test func `names and tags are bounded`() {
        let long = String(repeating: "n", count: 257)
        #expect(readings(long + ":1|c") == ["badSyntax"])
        #expect(readings("x:1|c|#" + long) == ["badSyntax"])
        #expect(readings("x:1|c|#" + (0..<200).map { "\($0)" }.joined(separator: ",")) == ["badSyntax"])
    }

    @Test func `events and service checks are passed over`() {
        let decoded = decode(Self.head + "_e{5,4}:title|text|#a:b\n_sc|disk|0|m:full\n")
        #expect(decoded.rows.count == 3)
        #expect(decoded.decoder.counters.unwatched == 2)
    }

    @Test func `a name of two kinds is two series`() {
        #expect(readings("t:1|c\nt:2|c\nt:3|ms") == ["t (counter): 1.0×1.0", "t (counter): 2.0×1.0", "t: 3.0×1.0"])
    }

    @Test func `members of a set are told apart, with colons in them too`() {
        let decoded = decode(Self.head + "u:a:b|s\nu:a|s\nu:a:b|s\n")
        let values = decoded.rows.suffix(3).map { decoded.batch.values[Int($0.firstValue)] }
        #expect(values[0] == values[2] && values[0] != values[1])
    }

    @Test func `the time of a line is its own`() {
        #expect(decode(Self.head + "x:1|g|T1656581400\n").times.last == "2022-06-30T09:30:00Z")
    }

    @Test func `a datagram holds many lines, the last without its end`() {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput, format: .statsd))
        var batch = RecordBatch()
        decoder.decodeDatagram(Array("a:1|c\nb:2|g".utf8).span, from: NetworkAddress(ipv4: 1), into: &batch)
        decoder.decodeDatagram(Array("a:1|c\nb:2|g".utf8).span, from: NetworkAddress(ipv4: 1), into: &batch)
        decoder.endDatagrams(into: &batch)
        #expect(batch.rows.count == 4)
    }

    @Test func `keys that mean nothing here are refused`() {
        let configuration = SourceConfiguration(input: .standardInput, format: .statsd, channels: ["count"])
        #expect(decode(Self.head, configuration).decoder.refusal == .inapplicable(key: "channels", format: "statsd"))
        #expect(
            decode("1,2\n3,4\n5,6\n", SourceConfiguration(input: .standardInput, format: .statsd)).decoder.refusal
                != nil)
    }

    @Test(
        arguments: [
            "2026-11-21 02:15:40|g|5\n2026-11-21 02:15:41|g|6\n2026-11-21 02:15:42|g|7\n2026-11-21 02:15:43|g|8\n",
            "time|a|b\n1792000000|1|2\n1792000001|1|2\n1792000002|1|2\n",
        ])
    func `columns with bars between them are none`(text: String) {
        #expect(decode(text).decoder.schema?.metrics.isEmpty != false)
    }
}
