import Testing
import TimeSeries

@testable import Ingest

@Suite struct LineDecoderTests {
    private static let plain = """
        time,Temp [°C],Pressure (bar),State
        2026-11-21 02:15:40,21.4,3.02,RUN
        2026-11-21 02:15:41,21.5,,RUN
        2026-11-21 02:15:42,-,3.04,"STOP, now"
        2026-11-21 02:15:43,21.7,NaN,RUN

        """

    // MARK: Dialects

    @Test func `a header with units gives channels, and text columns are named as ignored`() {
        let decoded = decode(Self.plain)
        #expect(
            decoded.decoder.schema?.channels == [
                Channel(name: "Temp", unit: "°C"), Channel(name: "Pressure", unit: "bar"),
            ])
        #expect(decoded.values == [[21.4, 3.02], [21.5, nil], [nil, 3.04], [21.7, nil]])
        #expect(decoded.times.first == "2026-11-21T02:15:40Z")
        #expect(decoded.timeTexts.last == "2026-11-21 02:15:43")
        #expect(
            decoded.summary
                == "csv, comma, header, time in \"time\" (ISO 8601, read as UTC), 2 channels; ignored: State (text)")
        #expect(decoded.rows.last?.endOffset == Int64(Self.plain.utf8.count))
        #expect(decoded.decoder.counters.records == 4)
        #expect(decoded.decoder.counters.headers == 1)
    }

    @Test func `input without a header has channels c1 and on, and a first column of growing epochs is the time`() {
        let decoded = decode("1792000000.250,0.013,12\n1792000001.250,0.014,13\n1792000002.250,0.015,14\n")
        #expect(decoded.channelNames == ["c2", "c3"])
        #expect(decoded.times == ["2026-10-14T17:46:40.250Z", "2026-10-14T17:46:41.250Z", "2026-10-14T17:46:42.250Z"])
        #expect(decoded.values == [[0.013, 12], [0.014, 13], [0.015, 14]])
        #expect(decoded.timeTexts[0] == "1792000000.250")
        #expect(decoded.summary == "csv, comma, no header, time in \"c1\" (epoch seconds), 2 channels")
    }

    @Test func `without any time all columns are channels`() {
        let decoded = decode("1.5,2\n3,4\n5,6\n")
        #expect(decoded.channelNames == ["c1", "c2"])
        #expect(decoded.values == [[1.5, 2], [3, 4], [5, 6]])
        #expect(decoded.times == ["none", "none", "none"])
        #expect(decoded.decoder.schema?.hasTime == false)
    }

    @Test func `one number a line is one channel`() {
        #expect(decode("21.4\n21.5\n21.6\n").values == [[21.4], [21.5], [21.6]])
        #expect(decode("temp\n21.4\n21.5\n21.6\n").channelNames == ["temp"])
    }

    @Test func `semicolons and decimal commas are found, and quoted delimiters kept`() {
        let text =
            "Zeit;Temp;Druck;Leer;Ort\n21.11.2026 02:15:40;21,4;3,02;;\"Halle 2; Nord\"\n21.11.2026 02:15:41;21,5;3;;Nord\n21.11.2026 02:15:42;21,6;3,04;;x\n"
        let decoded = decode(text)
        #expect(decoded.values == [[21.4, 3.02], [21.5, 3], [21.6, 3.04]])
        #expect(decoded.times[0] == "2026-11-21T02:15:40Z")
        #expect(
            decoded.summary
                == "csv, semicolon, decimal comma, header, time in \"Zeit\" (ISO 8601, read as UTC), 2 channels; ignored: Leer (empty), Ort (text)"
        )
    }

    @Test func `semicolons wait for a decimal mark`() {
        let whole = (1...5).map { "\($0);\($0 + 1)\n" }.joined()
        #expect(decode(Array(whole.utf8), finish: false).rows.isEmpty)
        #expect(decode(whole + "1,5;2\n").values.last == [1.5, 2])
        #expect(decode(whole + "1.5;2\n").values.last == [1.5, 2])
    }

    @Test(arguments: [("\t", "tab"), ("|", "bar"), (";", "semicolon")])
    func `other delimiters are found`(delimiter: String, name: String) {
        let decoded = decode(
            ["ts,a,b", "1,2.5,3", "2,3.5,4", "3,4.5,5"].joined(separator: "\n").split(separator: ",").joined(
                separator: delimiter))
        #expect(decoded.values == [[2.5, 3], [3.5, 4], [4.5, 5]])
        #expect(decoded.summary == "csv, \(name), header, time in \"ts\" (epoch seconds), 2 channels")
    }

    @Test func `a line of units below the header gives units`() {
        let decoded = decode("time,temp,flow\ns,°C,[l/min]\n1,20.5,3\n2,20.6,4\n3,20.7,5\n")
        #expect(
            decoded.decoder.schema?.channels == [
                Channel(name: "temp", unit: "°C"), Channel(name: "flow", unit: "l/min"),
            ])
        #expect(decoded.rows.count == 3)
        #expect(decoded.decoder.counters.headers == 2)
    }

    @Test(arguments: [
        ("1792000000", "epoch seconds"), ("1792000000123", "epoch milliseconds"),
        ("1792000000123456", "epoch microseconds"),
        ("1792000000123456789", "epoch nanoseconds"),
    ])
    func `the epoch's unit is decided once and said`(time: String, said: String) {
        let decoded = decode("ts,a\n\(time),1\n\(time),2\n\(time),3\n")
        #expect(decoded.times[0].hasPrefix("2026-10-14T17:46:40"))
        #expect(decoded.summary.contains(said))
    }

    @Test func `date and time of day in two columns are one time`() {
        let decoded = decode("Date,Time,v\n2026-11-21,02:15:40,1\n2026-11-21,02:15:41,2\n2026-11-21,02:15:42,3\n")
        #expect(decoded.times[1] == "2026-11-21T02:15:41Z")
        #expect(decoded.timeTexts[1] == "2026-11-21 02:15:41")
        #expect(decoded.channelNames == ["v"])
    }

    @Test func `names that appear twice are told apart`() {
        #expect(decode("time,a,a,a\n1,2,3,4\n2,3,4,5\n3,4,5,6\n").channelNames == ["a", "a_2", "a_3"])
    }

    @Test func `the configuration names time, channels and series`() {
        let configuration = SourceConfiguration(
            input: .standardInput, time: ["when"], series: "dev", channels: ["flow", "temp"])
        let decoded = decode(
            "dev,when,temp [K],flow,other\np1,10,1,2,x\np2,10,3,4,x\np1,11,5,6,x\n\"p\"\"3\",12,7,8,x\n", configuration)
        #expect(decoded.channelNames == ["flow", "temp"])
        #expect(decoded.values == [[2, 1], [4, 3], [6, 5], [8, 7]])
        #expect(decoded.rows.map(\.series) == [0, 1, 0, 2])
        #expect(decoded.batch.seriesNames == ["p1", "p2", "p\"3"])
        #expect(decoded.times[2] == "1970-01-01T00:00:11Z")
    }

    @Test func `the dialect is settled after three lines that agree`() {
        let lines = ["time,a,b", "1,2,3", "2,3,4", "3,4,5"]
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var counts: [Int] = []
        for line in lines {
            var batch = RecordBatch()
            decoder.decode(Array((line + "\n").utf8), into: &batch)
            counts.append(batch.rows.count)
        }
        #expect(counts == [0, 0, 0, 3])
    }

    // MARK: Refusals

    @Test(arguments: [
        ("12,5\n12,6\n12,7\n", "two columns, 12 and 5, or one number with a decimal comma, 12.5"),
        ("temp\n12,5\n12,6\n12,7\n", "two columns, 12 and 5, or one number with a decimal comma, 12.5"),
        ("1.5;2\n1,5;2\n2;3\n", "`1.5` with `.` as the decimal mark, or `1,5` with `,` as the decimal mark"),
        (
            "time,a\n03/04/2026,1\n03/04/2026,2\n03/04/2026,3\n",
            "day/month/year, 2026-04-03, or month/day/year, 2026-03-04"
        ),
        ("a,b\n1,2.5,3.5,4\n1,2.5,3.5,4\n1,2.5,3.5,4\n", "names 2 columns, the lines have 4 fields"),
        ("a,b\nx,y\nz,w\n", "no numeric column"),
        ("time,a\nnoon,1\nlater,2\n", "cannot read `noon` in \"time\" as a time"),
        ("time,temp\n", "no numeric column"),
    ])
    func `what can be read in two ways or none is refused with words`(text: String, part: String) {
        let decoded = decode(text)
        #expect(decoded.rows.isEmpty)
        let message = decoded.decoder.refusal.map(\.description) ?? "not refused: \(decoded.summary)"
        #expect(message.contains(part), "\(message)")
    }

    @Test func `a column that is configured but not there is refused with those that are`() {
        let configuration = SourceConfiguration(input: .standardInput, channels: ["preasure"])
        let decoded = decode("time,temp,pressure\n1,2,3\n2,3,4\n3,4,5\n", configuration)
        #expect(
            decoded.decoder.refusal?.description
                == "cannot find \"preasure\" (channels) in the input: it has time, temp, pressure")
    }

    @Test func `pairs of whole numbers are two columns once a line shows it`() {
        #expect(decode("12,5\n12,6\n12,-7\n").values == [[12, 5], [12, 6], [12, -7]])
        #expect(decode("a,b\n12,5\n12,6\n12,7\n").values == [[12, 5], [12, 6], [12, 7]])
        #expect(decode("1792000000,5\n1792000001,6\n1792000002,7\n").channelNames == ["c2"])
    }

    // MARK: Headers in the middle

    @Test func `a header met again is skipped and counted`() {
        let decoded = decode("time,a\n1,2\n2,3\n3,4\ntime,a\r\n4,5\n")
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.decoder.counters.headers == 2)
    }

    @Test func `a header with the same names in another order sets the order from there on`() {
        let decoded = decode("time,a,b\n1,10,20\n2,11,21\n3,12,22\nb,time,new,a\n23,4,x,13\n")
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.values.last == [13, 23])
        #expect(decoded.times.last == "1970-01-01T00:00:04Z")
        #expect(decoded.batch.dialect == decoded.decoder.dialectState)
    }

    // MARK: Chunks, restarts

    private static let mixed: [String] = [
        plain, "\u{feff}" + plain.split(separator: "\n").joined(separator: "\r\n"), "a\n\n \n1.5\nx\n2\n\u{0}\n3",
        "{\"ts\":1,\"a\":1}\n{\"ts\":2,\"a\":2.5,\"b\":null}\n{\"ts\":3,\"a\":\"3\",\"n\":[1,{\"x\":\"]\"}]}\n{\"ts\":4\n{\"ts\":5,\"a\":1e400}\n",
        "time,v\n1,2\n2,3\n3,4\n" + String(repeating: "9", count: 300) + ",1\n4,5\nhalf,li", "", "\n\n",
        "\u{0}\u{1}\n\r\r\n",
        "12,5\n12,6\n", "time;v\n1;2,5\n2;3\n3;4,5\n\"open;1\n",
        "time,v\n1,2\n2,3\n3,4\n\u{feff}5," + String(repeating: "9", count: 197) + "\r\r\r\r\n\u{feff}6,"
            + String(repeating: "8", count: 199) + "\r\n7,1\r\r\r\r\r\r\r\n",
        "UN,3.02\n2026-11-21 02:15:41,1,2\n2026-11-21 02:15:42,1,2\n2026-11-21 02:15:43,1,3\n",
    ]

    @Test(arguments: mixed) func `rows do not depend on how bytes are cut`(text: String) {
        let configuration = SourceConfiguration(input: .standardInput, longestLine: 200)
        let bytes = Array(text.utf8)
        let whole = decode(bytes, configuration)
        #expect(decode(bytes, configuration, sizes: { 1 }).transcript == whole.transcript)
        #expect(decode(bytes, configuration, sizes: { 7 }).transcript == whole.transcript)
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed: seed)
            let cut = decode(bytes, configuration, sizes: { Int(generator.next() % 40) })
            #expect(cut.transcript == whole.transcript, "seed \(seed)")
        }
    }

    @Test func `random bytes are counted line by line, whatever they are`() {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            let alphabet = Array("0123456789.,;-eE\"{}[]:\\natrue \t\r\n\n\n\u{0}é".utf8)
            let bytes = (0..<2_000).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
            let whole = decode(bytes)
            let cut = decode(bytes, sizes: { Int(generator.next() % 100) })
            #expect(cut.transcript == whole.transcript, "seed \(seed)")
            guard whole.decoder.refusal == nil else { continue }
            let counters = whole.decoder.counters
            #expect(
                counters.lines == counters.records + counters.malformed + counters.blank + counters.comments
                    + counters.headers + counters.unwatched,
                "seed \(seed)")
            #expect(whole.rows.count == Int(counters.records + counters.malformed), "seed \(seed)")
        }
    }

    @Test(arguments: [0, 1, 3]) func `a restored decoder reads on from a line's end`(cut: Int) throws {
        let configuration = SourceConfiguration(input: .standardInput, series: "dev")
        let text = "dev,time,a,b\nx,1,10,20\ny,1,11,21\nx,2,12,22\nb,a,dev,time\n1,2,z,3\n3,4,y,4\ndev,time,a,b\n"
        let bytes = Array(text.utf8)
        let whole = decode(bytes, configuration)
        #expect(whole.decoder.counters.malformed == 0)
        // Read in parts that end at lines, each with what it took to go on.
        var decoder = LineDecoder(configuration: configuration)
        var first = RecordBatch()
        _ = decoder.decode(bytes.span, into: &first, rows: 3 + cut)
        let offset = try #require(first.rows.last).endOffset
        var second = RecordBatch()
        var restored = try LineDecoder(
            configuration: configuration, restoring: first.decoding, offset: offset)
        restored.decode(Array(bytes[Int(offset)...]), into: &second)
        restored.finish(into: &second)
        #expect(first.rows.map(\.endOffset) + second.rows.map(\.endOffset) == whole.rows.map(\.endOffset))
        #expect(first.rows.map(\.series) + second.rows.map(\.series) == whole.rows.map(\.series))
        #expect(first.values + second.values == whole.batch.values)
        #expect(second.seriesNames == whole.batch.seriesNames)
    }

    @Test(arguments: [UInt8(1), 2]) func `a dialect that an earlier version stored is read`(version: UInt8) throws {
        var writer = StateWriter()
        writer.write(version)
        if version == 2 { writer.write("UTC") }
        writer.write("csv, comma, header, time in \"time\" (epoch seconds), 1 channel")
        writer.write(UInt32(1))
        writer.write("a")
        writer.write(true)
        writer.write("bar")
        writer.write(UInt8(9))
        writer.write(UInt8(0))
        writer.write(UInt8(ascii: ","))
        writer.write(UInt8(ascii: "."))
        writer.write([Int32(-2), 0])
        writer.write(UInt32(2))
        writer.write("time")
        writer.write("a [bar]")
        writer.write(UInt32(1))
        writer.write(Array("time,a [bar]".utf8))
        let state = DecodingState(dialect: writer.bytes, seriesNames: ["input"], seriesGroups: [0])
        var decoder = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), restoring: state, offset: 9)
        var batch = RecordBatch()
        decoder.decode(Array("time,a [bar]\n7,8\n".utf8), into: &batch)
        #expect(batch.values == [8])
        #expect(batch.schema?.channels == [Channel(name: "a", unit: "bar")])
        #expect(batch.rows.first?.time == Timestamp(nanoseconds: 7_000_000_000))
    }

    @Test func `a damaged dialect is refused`() {
        let state = decode(Self.plain).decoder.dialectState
        for length in 0..<state.count where length > 0 {
            #expect(throws: StateCodingError.self) {
                try LineDecoder(
                    configuration: SourceConfiguration(input: .standardInput),
                    restoring: DecodingState(dialect: Array(state.prefix(length))), offset: 0)
            }
        }
    }

    @Test func `batches are bounded and say how far they got`() {
        let bytes = Array(("time,a\n" + (1...100).map { "\($0),\($0)\n" }.joined()).utf8)
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var start = 0
        var sizes: [Int] = []
        while start < bytes.count {
            var batch = RecordBatch()
            let rest = Array(bytes[start...])
            start += decoder.decode(rest.span, into: &batch, rows: 10)
            sizes.append(batch.rows.count)
            #expect(batch.rows.last?.endOffset == Int64(start))
        }
        #expect(sizes == [Int](repeating: 10, count: 10))
    }
}
