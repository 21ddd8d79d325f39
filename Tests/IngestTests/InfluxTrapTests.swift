import Testing
import TimeSeries

@testable import Ingest

/// What goes wrong with InfluxDB lines, one test for each trap.
@Suite struct InfluxTrapTests {
    private static let line = #"pump,site=a,unit=3 temp=21.4,run=true,n=12i,s="a b" 1792000000123456789"#

    private func channels(_ decoded: Decoded) -> [[String]] {
        decoded.decoder.schema?.groups.map { $0.map(\.name) } ?? []
    }

    @Test func `a line is a series by its measurement and tags, its numbers are channels`() {
        let decoded = decode([Self.line, Self.line, Self.line].joined(separator: "\n"))
        #expect(channels(decoded) == [["temp", "n"]])
        #expect(decoded.values == [[21.4, 12], [21.4, 12], [21.4, 12]])
        #expect(decoded.batch.seriesNames == ["pump,site=a,unit=3"])
        #expect(decoded.times[0] == "2026-10-14T17:46:40.123456789Z")
        #expect(decoded.timeTexts[0] == "1792000000123456789")
        #expect(
            decoded.summary
                == "influx, time in epoch nanoseconds, series by measurement and its tags, 1 measurement, 2 channels")
    }

    @Test func `the real line of a Telegraf gateway is read`() {
        let line = "modbus,host=gw1,name=Pump3,slave_id=1,type=holding_register temp=21.4,state=3i 1792000000000000000"
        let decoded = decode([line, line, line].joined(separator: "\n"))
        #expect(channels(decoded) == [["temp", "state"]])
        #expect(decoded.batch.seriesNames == ["modbus,host=gw1,name=Pump3,slave_id=1,type=holding_register"])
    }

    @Test func `escaped spaces, commas, equals signs and backslashes part nothing`() {
        let line = #"a\ b\,c,k\=1=v\ 1,z=\\ fi\ eld\=x=1,t="x \" , = \\" 1792000000"#
        let decoded = decode([line, line, line].joined(separator: "\n"))
        #expect(channels(decoded) == [["fi eld=x"]])
        #expect(decoded.batch.seriesNames == [#"a\ b\,c,k\=1=v\ 1,z=\\"#])
        #expect(decoded.values == [[1], [1], [1]])
    }

    @Test func `tags in another order are the same series`() {
        let decoded = decode("m,a=1,b=2 x=1 1792000000\nm,b=2,a=1 x=2 1792000001\nm,a=1,b=2 x=3 1792000002\n")
        #expect(decoded.batch.seriesNames == ["m,a=1,b=2"])
        #expect(decoded.rows.map(\.series) == [0, 0, 0])
    }

    @Test func `suffixes belong to numbers, a whole number above 2^53 is the nearest Double`() {
        let decoded = decode(
            "m a=9007199254740993i,b=18446744073709551615u,c=-1e3,d=+5 1792000000\nm a=1i,b=2u,c=1,d=1 1792000001\nm a=1i,b=2u,c=1,d=1 1792000002\n"
        )
        #expect(decoded.values[0] == [9_007_199_254_740_992, 18_446_744_073_709_551_616, -1000, 5])
    }

    @Test(arguments: ["t", "T", "true", "True", "TRUE"]) func `booleans are numbers only when they are named`(
        yes: String
    ) {
        let text = "m a=1,run=\(yes) 1792000000\nm a=1,run=F 1792000001\nm a=1,run=false 1792000002\n"
        #expect(channels(decode(text)) == [["a"]])
        var configuration = SourceConfiguration(input: .standardInput, channels: ["run"])
        #expect(decode(text, configuration).values == [[1], [0], [0]])
        configuration.channels = ["nothing"]
        #expect(decode(text, configuration).decoder.refusal == .noChannels(lines: 3))
    }

    @Test(arguments: ["1792000000", "1792000000000", "1792000000000000", "1792000000000000000"])
    func `a precision that is not stated is known by size`(time: String) {
        #expect(decode("m a=1 \(time)\nm a=2 \(time)\nm a=3 \(time)\n").times[0] == "2026-10-14T17:46:40Z")
    }

    @Test func `lines without a time have none, comments and blank lines are no lines`() {
        let decoded = decode("# comment\nm a=1\n\nm a=2\nm a=3\n")
        #expect(decoded.times == ["none", "none", "none"])
        #expect(decoded.decoder.schema?.hasTime == false)
        #expect(decoded.decoder.counters.comments == 1)
    }

    @Test func `each measurement is a group, one that comes later is added behind the others`() {
        let decoded = decode(
            "cpu,h=a u=1,s=2 1792000000\nmem,h=a free=5 1792000000\ncpu,h=b u=1,s=2 1792000000\nmem,h=b free=6 1792000000\n"
                + "cpu,h=a u=1,s=2 1792000010\nmem,h=a free=5 1792000010\ncpu,h=b u=1,s=2 1792000010\nmem,h=b free=6 1792000010\n"
                + "net,h=a rx=7,tx=8 1792000010\nnet,h=a rx=7,drop=1 1792000020\ncpu,h=a s=3 1792000020\n")
        #expect(channels(decoded) == [["u", "s"], ["free"], ["rx", "tx"]])
        #expect(decoded.batch.seriesNames == ["cpu,h=a", "mem,h=a", "cpu,h=b", "mem,h=b", "net,h=a"])
        #expect(decoded.batch.seriesGroups == [0, 1, 0, 1, 2])
        let last = decoded.batch.values.suffix(4).map { $0.isNaN ? nil : $0 }
        #expect(last == [7, nil, nil, 3])
        #expect(decoded.decoder.counters.unknownKeys == 1)
        var decoder = decoded.decoder
        #expect(decoder.takeUnknownNotices() == [UnknownNotice(line: 10, name: "drop")])
    }

    @Test func `groups keep their order over a restart`() throws {
        let head = "a x=1 1792000000\na x=2 1792000001\na x=3 1792000002\nb y=1,z=2 1792000003\n"
        let first = decode(head)
        #expect(first.batch.schema?.groups.count == 2)
        var restored = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), restoring: first.batch.decoding, offset: 10)
        var batch = RecordBatch()
        restored.decode(Array("c w=1 1792000004\nb z=5 1792000005\n".utf8), into: &batch)
        #expect(batch.schema?.groups.map { $0.map(\.name) } == [["x"], ["y", "z"], ["w"]])
        #expect(batch.values.map { $0.isNaN ? nil : $0 } == [1, nil, 5])
    }

    @Test func `a hostile stream of measurements is bounded and counted`() {
        var text = "m a=1 1792000000\nm a=2 1792000001\nm a=3 1792000002\n"
        for number in 0..<3_000 { text += "m\(number) a=1 1792000003\n" }
        let decoded = decode(text)
        #expect(decoded.decoder.schema?.groups.count == Dialect.mostGroups)
        #expect(decoded.decoder.counters.unwatched == UInt64(3_001 - Dialect.mostGroups))
        var decoder = decoded.decoder
        #expect(decoder.takeUnknownNotices().count == LineDecoder.mostUnknownTold)
    }

    @Test func `keys restrict series to a tag and channels to fields`() {
        let configuration = SourceConfiguration(input: .standardInput, series: "unit", channels: ["temp"])
        let decoded = decode(
            [Self.line, Self.line, "pump,unit=4 other=1 1792000000000000000"].joined(separator: "\n"), configuration)
        #expect(channels(decoded) == [["temp"]])
        #expect(decoded.batch.seriesNames == ["pump,unit=3"])
        #expect(decoded.decoder.counters.unwatched == 1)
    }

    @Test(
        arguments: [
            ("pump", .badSyntax), ("pump ", .badSyntax), ("pump temp", .badSyntax), ("pump temp= 1", .badSyntax),
            ("pump temp=1,", .badSyntax), ("pump temp=x 1792000000", .badSyntax), ("pump temp=1 noon", .badTime),
            ("pump temp=\"open 1792000000", .badSyntax), ("pump temp=1e999 1792000000", .outOfRange),
            ("pump temp=1..2 1792000000", .notANumber), (" ,a=1 temp=1 1792000000", .badSyntax),
            ("pump temp=1", .badTime), ("pump temp=\"a\\", .badSyntax), ("pump,a temp=1,=2 1792000000", .badSyntax),
        ] as [(String, MalformedReason)])
    func `an unusable line is counted by reason`(line: String, reason: MalformedReason) {
        let good = "pump temp=1 1792000000\n"
        #expect(decode(good + good + good + line + "\n" + good).reasons == [nil, nil, nil, reason, nil])
    }

    @Test func `a key that means nothing in the format is refused`() {
        var configuration = SourceConfiguration(input: .standardInput)
        configuration.records = "values[]"
        let message = decode([Self.line, Self.line, Self.line].joined(separator: "\n"), configuration).decoder.refusal
        #expect(
            message?.description
                == "cannot use records with influx: it means nothing there; remove it, or set another format")
    }

    @Test func `logfmt and text are not taken for it`() {
        #expect(
            decode("ts=2026-11-21T02:15:40Z dev=pump-3 temp=21.4\n").decoder.schema?.summary.hasPrefix("influx") != true
        )
        #expect(decode("start a=b\nstart a=c\nstart a=d\n").decoder.schema == nil)
    }
}
