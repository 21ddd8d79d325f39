import Testing
import TimeSeries

@testable import Ingest

private func source(_ change: (inout SourceConfiguration) -> Void) -> SourceConfiguration {
    var configuration = SourceConfiguration(input: .standardInput)
    change(&configuration)
    return configuration
}

/// The values of long-form rows with their series and channels: `pump3.temp=21.4`.
private func points(_ decoded: Decoded) -> [String] {
    decoded.rows.filter { $0.malformed == nil }.map { row in
        let name = decoded.batch.seriesNames[Int(row.series)]
        let group = decoded.decoder.schema?.groups[Int(decoded.batch.seriesGroups[Int(row.series)])] ?? []
        let channel = row.channel < 0 ? "*" : group[Int(row.channel)].name
        let value = decoded.batch.values[Int(row.firstValue)]
        return "\(name).\(channel)=\(value.isNaN ? "missing" : "\(value)")"
    }
}

/// What goes wrong with JSON lines, one test for each trap.
@Suite struct KeyedTrapTests {
    private static let line =
        #"{"ts":1792000000123,"dev":"pump-3","temp":"21.4","rpm":null,"alarm":false,"n":9007199254740993}"#

    @Test func `numbers as texts are numbers, null is missing, a whole number above 2^53 is the nearest Double`() {
        let decoded = decode([Self.line, Self.line, Self.line].joined(separator: "\n"))
        #expect(decoded.channelNames == ["temp", "n"])
        #expect(decoded.values[0] == [21.4, 9_007_199_254_740_992])
        #expect(decoded.times[0] == "2026-10-14T17:46:40.123Z")
    }

    @Test func `NaN is missing, an infinity is out of range`() {
        let decoded = decode(
            #"{"ts":1,"a":1}"# + "\n" + #"{"ts":2,"a":NaN}"# + "\n" + #"{"ts":3,"a":"NaN"}"# + "\n"
                + #"{"ts":4,"a":Infinity}"# + "\n" + #"{"ts":5,"a":-Infinity}"#)
        #expect(decoded.values == [[1], [nil], [nil]])
        #expect(decoded.reasons.suffix(2) == [.outOfRange, .outOfRange])
    }

    @Test func `nested objects and lists of numbers are channels by their paths`() {
        let line = #"{"ts":1792000000,"a":{"b":1,"c":{"d":2}},"acc":[1,2,3],"x":{"y\u0031":4},"s":[]}"#
        let decoded = decode([line, line, line].joined(separator: "\n"))
        #expect(decoded.channelNames == ["a.b", "a.c.d", "acc.0", "acc.1", "acc.2", "x.y1"])
        #expect(decoded.values[2] == [1, 2, 1, 2, 3, 4])
        let some = decode([line, line].joined(separator: "\n"), source { $0.channels = ["acc.1", "a.b"] })
        #expect(some.values[0] == [2, 1])
    }

    @Test func `a time and a series may be nested`() {
        let line = #"{"meta":{"when":"2026-11-21T02:15:40Z","dev":"p1"},"v":{"temp":1}}"#
        let decoded = decode(
            [line, line, line].joined(separator: "\n"),
            source {
                $0.time = ["meta.when"]
                $0.series = "meta.dev"
            })
        #expect(decoded.times[0] == "2026-11-21T02:15:40Z")
        #expect(decoded.batch.seriesNames == ["p1"])
        #expect(decoded.channelNames == ["v.temp"])
    }

    @Test func `a half-written last line waits`() {
        let line = #"{"ts":1792000000123,"temp":"21.4"}"#
        let text = [line, line, line].joined(separator: "\n") + "\n" + #"{"ts":1792000001123,"te"#
        #expect(decode(Array(text.utf8), finish: false).rows.count == 3)
        #expect(decode(text).reasons.last == .badSyntax)
    }

    @Test func `one list over many lines is read object by object`() {
        let text = """
            [
            {
                    "t_first" : "2026-11-21T02:14:50.000",
                    "in_packets" : 12000,
                    "label" : "a } { , b"
            },
            {
                    "t_first" : "2026-11-21T02:14:51.000",
                    "in_packets" : 12001,
                    "label" : "b"
            },
            {"t_first":"2026-11-21T02:14:52.000","in_packets":12002}
            ]
            """
        let decoded = decode(text, source { $0.time = ["t_first"] })
        #expect(decoded.values == [[12000], [12001], [12002]])
        #expect(decoded.times[1] == "2026-11-21T02:14:51Z")
        #expect(decoded.summary.hasPrefix("json list, time in \"t_first\""))
        let oneLine = decode(#"[{"ts":1,"a":1},{"ts":2,"a":2},{"ts":3,"a":3}]"#)
        #expect(oneLine.values == [[1], [2], [3]])
    }

    @Test func `a broken object in a list costs that object alone`() {
        let text =
            "[\n{\"ts\":1,\"a\":1},\n{\"ts\":2,\"a\":2},\n{\"ts\":3,\"a\":\"3\n},\n{\"ts\":4,\"a\":4},\n17,\n{\"ts\":5,\"a\":5},\n{\"ts\":6"
        let decoded = decode(text)
        #expect(decoded.values == [[1], [2], [4], [5]])
        #expect(decoded.reasons.filter { $0 != nil } == [.badSyntax, .badSyntax, .badSyntax])
        #expect(decoded.notices.map(\.line) == [4])
    }

    @Test func `a list is read on behind any of its objects`() throws {
        let text = "[\n{\"ts\":1,\"a\":1},{\"ts\":2,\n\"a\":2},\n{\"ts\":3,\"a\":3}, {\"ts\":4,\"a\":4}\n]\n"
        let bytes = Array(text.utf8)
        let configuration = SourceConfiguration(input: .standardInput)
        let whole = decode(bytes, configuration)
        #expect(whole.values == [[1], [2], [3], [4]])
        for row in whole.rows {
            var restored = try LineDecoder(
                configuration: configuration, restoring: whole.batch.decoding, offset: row.endOffset)
            var rest = RecordBatch()
            restored.decode(Array(bytes[Int(row.endOffset)...]), into: &rest)
            restored.finish(into: &rest)
            let values: [Double] = rest.values
            #expect(values == whole.batch.values.filter { $0 > whole.batch.values[Int(row.firstValue)] })
            #expect(rest.rows.map(\.endOffset) == whole.rows.map(\.endOffset).filter { $0 > row.endOffset })
        }
    }

    // MARK: Long form

    @Test func `a text that names and a number are long form without a word of configuration`() {
        let line = #"{"ts":1792000000,"tag":"pump3.temp","v":21.4}"#
        let other = #"{"ts":1792000000,"tag":"pump3.flow","v":"3.5"}"#
        let decoded = decode([line, other, line].joined(separator: "\n"))
        #expect(points(decoded) == ["pump3.temp.*=21.4", "pump3.flow.*=3.5", "pump3.temp.*=21.4"])
        #expect(decoded.channelNames == ["value"])
        #expect(
            decoded.summary
                == "json lines, time in \"ts\" (epoch seconds), series in \"tag\", value in \"v\", 1 channel")
    }

    @Test func `declared keys make the lines of a device's sensors one series`() {
        let text = (1...6).map {
            #"{"ts":\#(1_792_000_000 + $0 / 2),"device":"p\#($0 % 2)","sensor":"s\#($0 % 3)","value":\#($0)}"#
        }
        let decoded = decode(
            text.joined(separator: "\n"),
            source {
                $0.series = "device"
                $0.channel = "sensor"
            })
        #expect(points(decoded) == ["p1.s1=1.0", "p0.s2=2.0", "p1.s0=3.0", "p0.s1=4.0", "p1.s2=5.0", "p0.s0=6.0"])
    }

    @Test func `a quality that is bad makes its value missing`() {
        let quality = ["true", "false", "192", "64", "0", "\"GOOD\"", "\"Bad_NoCommunication\"", "null", "1"]
        let text = quality.map { #"{"ts":1792000000,"tag":"a","v":1,"q":\#($0)}"# }.joined(separator: "\n")
        let values = decode(text, source { $0.quality = "q" }).values.map { $0[0] }
        #expect(values == [1, nil, 1, nil, nil, 1, nil, 1, 1])
        #expect(decode(text).values.map { $0[0] } == values)
    }

    // MARK: Records

    private static let kepware =
        #"{"timestamp":1792000000123,"values":[{"id":"Ch1.Dev1.Temp","v":21.4,"q":true,"t":1792000000120},{"id":"Ch1.Dev1.Flow","v":3,"q":false,"t":1792000000121}]}"#

    @Test func `a list of values is recognised, and bad ones are missing`() {
        let decoded = decode([Self.kepware, Self.kepware, Self.kepware].joined(separator: "\n"))
        #expect(points(decoded).prefix(2) == ["Ch1.Dev1.Temp.*=21.4", "Ch1.Dev1.Flow.*=missing"])
        #expect(decoded.rows.count == 6)
        #expect(decoded.times.prefix(2) == ["2026-10-14T17:46:40.120Z", "2026-10-14T17:46:40.121Z"])
        #expect(decoded.summary.hasPrefix("json lines, records in \"values\", time in \"t\""))
    }

    @Test func `declared records may be channels of one series, with the time around them`() {
        let decoded = decode(
            [Self.kepware, Self.kepware, Self.kepware].joined(separator: "\n"),
            source {
                $0.records = "values[]"
                $0.channel = "id"
                $0.value = "v"
                $0.time = ["timestamp"]
                $0.quality = "q"
            })
        #expect(points(decoded).prefix(2) == ["input.Ch1.Dev1.Temp=21.4", "input.Ch1.Dev1.Flow=missing"])
        #expect(decoded.times[1] == "2026-10-14T17:46:40.123Z")
        #expect(decoded.timeTexts[1] == "1792000000123")
    }

    @Test func `a broken record costs itself, an empty list nothing`() {
        let good = Self.kepware
        let text = [
            good, good, good, #"{"timestamp":1,"values":[]}"#,
            #"{"timestamp":1,"values":[{"id":"a","v":"x","t":1},7,{"id":"b","v":2,"t":1792000000120}]}"#,
            #"{"timestamp":1,"values":[{"id":"a","v":1,"t":1}"#,
        ].joined(separator: "\n")
        let decoded = decode(text)
        #expect(decoded.reasons.dropFirst(6) == [.notANumber, .badSyntax, nil, .badSyntax])
        #expect(decoded.decoder.counters.unwatched == 1)
    }

    @Test func `all records of a line but the last end where it begins`() {
        let decoded = decode([Self.kepware, Self.kepware, Self.kepware].joined(separator: "\n") + "\n")
        let length = Int64(Self.kepware.utf8.count + 1)
        #expect(decoded.rows.map(\.endOffset) == [0, length, length, 2 * length, 2 * length, 3 * length])
    }
}

/// What goes wrong with delimited long-form lines.
@Suite struct LongFormTrapTests {
    @Test(arguments: ["series", "sensor", "tag", "metric", "Point", "id", "variable", "device"])
    func `a header with a time, a name and a value is long form`(name: String) {
        let decoded = decode("time,\(name),value\n1,a,10\n1,b,20\n2,a,11\n2,b,21\n")
        #expect(points(decoded) == ["a.*=10.0", "b.*=20.0", "a.*=11.0", "b.*=21.0"])
        #expect(decoded.summary.contains("series in \"\(name)\", value in \"value\", 1 channel"))
        #expect(decoded.channelNames == ["value"])
    }

    @Test func `other texts beside the name are ignored, a quality is heeded`() {
        let decoded = decode("time,tag,value,unit,quality\n1,a,10,bar,GOOD\n1,b,20,C,BAD\n2,a,11,bar,GOOD\n")
        #expect(points(decoded) == ["a.*=10.0", "b.*=missing", "a.*=11.0"])
        #expect(decoded.summary.hasSuffix("ignored: unit (text)"))
    }

    @Test func `two texts that could name are refused with both readings`() {
        let text = "time,device,sensor,value\n1,p1,temp,10\n1,p1,flow,20\n2,p1,temp,11\n"
        let message = decode(text).decoder.refusal?.description ?? ""
        #expect(
            message.contains("each \"device\" a series, with the channels of \"sensor\", or each \"sensor\" a series"))
        #expect(message.contains("set series = \"device\" and channel = \"sensor\""))
    }

    @Test func `wide lines with a text column stay wide`() {
        #expect(decode("time,name,temp\n1,a,10\n2,a,11\n3,a,12\n").summary.contains("1 channel; ignored: name (text)"))
    }

    private static let declared = source {
        $0.series = "device"
        $0.channel = "sensor"
        $0.value = "value"
    }

    @Test func `declared lines give one value each, of the channels met at first`() {
        var text = "time,device,sensor,value\n"
        for time in 1...3 {
            for device in ["p1", "p2"] {
                for sensor in ["temp", "flow", "rpm"] { text += "\(time),\(device),\(sensor),\(time)\n" }
            }
        }
        let decoded = decode(text + "4,p1,new,9\n4,p1,temp,9\n4,p1,new,9\n", Self.declared)
        #expect(decoded.channelNames == ["temp", "flow", "rpm"])
        #expect(decoded.rows.count == 19)
        #expect(points(decoded).last == "p1.temp=9.0")
        #expect(decoded.decoder.counters.unknownKeys == 2)
        var decoder = decoded.decoder
        #expect(decoder.takeUnknownNotices() == [UnknownNotice(line: 20, name: "new")])
    }

    @Test func `as many lines as a cycle needs are looked at`() {
        var text = "time,device,sensor,value\n"
        for time in 1...3 { for sensor in 0..<80 { text += "\(time),p,s\(sensor),1\n" } }
        let decoded = decode(text, Self.declared)
        #expect(decoded.channelCount == 80)
        #expect(decoded.rows.map { Int($0.channel) }.prefix(80).elementsEqual(0..<80))
        var decoder = LineDecoder(configuration: Self.declared)
        var batch = RecordBatch()
        decoder.decode(Array(text.utf8.prefix(1_000)), into: &batch)
        #expect(batch.schema == nil)
    }

    @Test func `a declared long form is restored with its channels`() throws {
        let text = "time,device,sensor,value\n" + (1...12).map { "\($0 / 3),p,s\($0 % 3),1\n" }.joined()
        let whole = decode(text, Self.declared)
        var restored = try LineDecoder(
            configuration: Self.declared, restoring: whole.batch.decoding, offset: 9)
        var batch = RecordBatch()
        restored.decode(Array("9,p,s2,5\n9,q,s0,5\n9,p,s1,bad\n".utf8), into: &batch)
        #expect(batch.rows.map(\.channel) == [1, 2, -1])
        #expect(batch.schema?.groups == whole.batch.schema?.groups)
        #expect(batch.seriesNames == ["p", "q"])
    }
}
