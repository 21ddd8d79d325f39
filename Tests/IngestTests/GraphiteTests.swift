import Testing
import TimeSeries

@testable import Ingest

@Suite struct GraphiteTests {
    private static let head =
        "plant.hall2.pump3.temp;unit=c 21.4 1792000000\nplant.hall2.pump3.flow 3.5 1792000001\n"
        + "plant.hall2.pump3.temp;unit=c 21.5 1792000002\n"

    @Test func `each name with its tags is a series of one value`() {
        let decoded = decode(Self.head)
        #expect(decoded.batch.seriesNames == ["plant.hall2.pump3.temp;unit=c", "plant.hall2.pump3.flow"])
        #expect(decoded.values == [[21.4], [3.5], [21.5]])
        #expect(decoded.times.last == "2026-10-14T17:46:42Z")
        #expect(decoded.summary == "graphite, time in \"time\" (epoch seconds), series in \"name\", 1 channel")
    }

    @Test func `tags in another order are the same series`() {
        let decoded = decode(
            "a.b;x=1;c=2;d=3 1 1792000000\na.b;c=2;d=3;x=1 2 1792000001\na.b;d=3;x=1;c=2 3 1792000002\n")
        #expect(decoded.batch.seriesNames == ["a.b;c=2;d=3;x=1"])
        #expect(decoded.values == [[1], [2], [3]])
    }

    @Test func `nan is missing`() {
        #expect(
            decode(Self.head + "plant.x nan 1792000003\nplant.x NaN 1792000004.5\n").values.suffix(2) == [[nil], [nil]])
    }

    @Test func `a time of -1 is the arrival, in a replay the time of the line before`() {
        #expect(decode(Self.head + "plant.x 7 -1\n").times.last == "2026-10-14T17:46:42Z")
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        batch.arrival = Timestamp(nanoseconds: 1_792_000_100_000_000_000)
        decoder.decode(Array((Self.head + "plant.x 7 -1\n").utf8), into: &batch)
        #expect(batch.rows.last?.time == batch.arrival)
        #expect(batch.rows.last?.timeText.isEmpty == true)
    }

    @Test func `lines that all have -1 are timed by their arrival or number`() {
        let decoded = decode("a.b 1 -1\na.b 2 -1\na.b 3 -1\n")
        #expect(decoded.values == [[1], [2], [3]])
        #expect(decoded.decoder.schema?.hasTime == false)
    }

    @Test(
        arguments: [
            ("plant.x 7", .badSyntax), ("plant.x 7 1792000003 more", .badSyntax), ("plant.x", .badSyntax),
            ("plant.x seven 1792000003", .notANumber), ("plant.x 7 noon", .badTime),
            ("plant.x inf 1792000003", .outOfRange), ("plant.x 7 99999999999999999999", .badTime),
        ] as [(String, MalformedReason)])
    func `an unusable line is counted by reason`(line: String, reason: MalformedReason) {
        #expect(decode(Self.head + line + "\n").reasons == [nil, nil, nil, reason])
    }

    @Test func `keys that mean nothing here are refused`() {
        let configuration = SourceConfiguration(input: .standardInput, format: .graphite, series: "host")
        #expect(decode(Self.head, configuration).decoder.refusal == .inapplicable(key: "series", format: "graphite"))
    }

    @Test func `many lines in one datagram are as many rows, without an end of the last`() {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput))
        var batch = RecordBatch()
        decoder.decode(Array(Self.head.utf8), into: &batch)
        decoder.decode(Array("a.b 1 1792000003\na.b 2 1792000004".utf8), into: &batch)
        decoder.finishFile(into: &batch)
        #expect(batch.rows.count == 5)
    }
}
