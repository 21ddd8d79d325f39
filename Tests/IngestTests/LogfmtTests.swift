import Testing
import TimeSeries

@testable import Ingest

@Suite struct LogfmtTests {
    private static func lines(_ third: String) -> String {
        "ts=2026-11-21T02:15:40Z dev=pump-3 temp=21.4 took=12ms msg=\"start of run\" ok\n"
            + "ts=2026-11-21T02:15:41Z dev=pump-3 temp=21.5 took=13ms msg=x\n"
            + "ts=2026-11-21T02:15:42Z dev=pump-4 temp=21.6 took=14ms msg=y ok\n" + third + "\n"
    }

    /// The last line's outcome behind three plain ones.
    private static func last(_ line: String, _ configure: (inout SourceConfiguration) -> Void = { _ in }) -> Decoded {
        var configuration = SourceConfiguration(input: .standardInput)
        configure(&configuration)
        return decode(lines(line), configuration)
    }

    @Test func `pairs are recognised, numbers are channels with the unit glued to them`() {
        let decoded = Self.last("")
        #expect(decoded.channelNames == ["temp", "took"])
        #expect(decoded.decoder.schema?.channels.map(\.unit) == [nil, "ms"])
        #expect(decoded.values == [[21.4, 12], [21.5, 13], [21.6, 14]])
        #expect(decoded.times.first == "2026-11-21T02:15:40Z")
        #expect(
            decoded.summary
                == "logfmt, time in \"ts\" (ISO 8601), 2 channels; ignored: dev (text), msg (text)")
    }

    @Test func `the series is in the key that is configured`() {
        #expect(Self.last("") { $0.series = "dev" }.batch.seriesNames == ["pump-3", "pump-4"])
    }

    @Test(
        arguments: [
            ("took=1.2s temp=1", [1, 1_200]), ("took=1m2.5s temp=1", [1, 62_500]), ("took=250us temp=1", [1, 0.25]),
            ("took=15 temp=1", [1, 15]), ("took= 15ms temp= 7", [7, 15]), ("took= temp=7", [7, nil]),
            ("took= ok temp=7", [7, nil]), ("took=- temp=NaN", [nil, nil]), ("temp=\"7\" took=\"15ms\"", [7, 15]),
            ("msg=\"a \\\" temp=9 b\" temp=7", [7, nil]), ("temp=7", [7, nil]), ("\ttemp=7  \t took=1ms ", [7, 1]),
            ("\"temp=8\" temp=7", [7, nil]), ("=5 temp=7", [7, nil]), ("temp=-1e3", [-1_000, nil]),
            ("temp=8 temp=7", [7, nil]), ("msg=a=b=c temp=7", [7, nil]), ("temp=true took=1ms", [nil, 1]),
        ] as [(String, [Double?])])
    func `an odd line is a record all the same`(line: String, values: [Double?]) {
        let decoded = Self.last("ts=2026-11-21T02:15:43Z " + line)
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.values.last == values)
    }

    @Test(
        arguments: [
            ("ts=2026-11-21T02:15:43Z temp=x", .notANumber), ("ts=2026-11-21T02:15:43Z temp=21.4C", .notANumber),
            ("ts=2026-11-21T02:15:43Z took=3V", .notANumber), ("ts=2026-11-21T02:15:43Z took=3quux", .notANumber),
            ("ts=2026-11-21T02:15:43Z temp=1e999", .outOfRange), ("ts=noon temp=1", .badTime), ("temp=1", .badTime),
            ("no pair at all", .badSyntax), ("temp=1 msg=\"open", .badSyntax), ("=", .badSyntax),
            ("ts=2026-11-21T02:15:43Z took=1e308h", .outOfRange),
        ] as [(String, MalformedReason)])
    func `an unusable line is counted by reason`(line: String, reason: MalformedReason) {
        #expect(Self.last(line).reasons == [nil, nil, nil, reason])
    }

    @Test func `a message without a value is passed over`() {
        let decoded = Self.last("level=info msg=\"pump stopped\"")
        #expect(decoded.reasons == [nil, nil, nil])
        #expect(decoded.decoder.counters.unwatched == 1)
    }

    @Test func `a bare key is a value only when it is named`() {
        let decoded = Self.last("") { $0.channels = ["temp", "ok"] }
        #expect(decoded.values == [[21.4, 1], [21.5, nil], [21.6, 1]])
    }

    @Test func `a stored dialect converts units as before`() throws {
        let first = Self.last("")
        var decoder = try LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), restoring: first.batch.decoding, offset: 0)
        var batch = RecordBatch()
        decoder.decode(Array("ts=2026-11-21T02:15:43Z temp=3 took=2s\n".utf8), into: &batch)
        #expect(batch.values == [3, 2_000])
    }

    @Test(
        arguments: [
            "a=1,b=2\na=2,b=3\na=3,b=4\n", "url=/x?a=b word word word\n", "level=info msg=one\nlevel=info msg=two\n",
        ])
    func `lines that only look like pairs are not taken for logfmt`(text: String) {
        #expect(!decode(text).summary.hasPrefix("logfmt"))
    }
}
