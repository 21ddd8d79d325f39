import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

/// A session and the stream that it writes to, without a broker.
private struct Bench {
    var session: SparkplugSession
    var stream: MessageStream
    var now = 0.0

    init(_ session: SparkplugSession = SparkplugSession()) throws {
        self.session = session
        let configuration = SourceConfiguration(input: .mqtt(address: "mqtt://b", client: nil))
        stream = try MessageStream(
            "input", configuration, resume: nil,
            MessageStream.Surroundings(arrival: nil, telemetry: SourceTelemetry(), admission: .atOnce, logger: nil))
    }

    mutating func take(_ topic: String, _ payload: [UInt8], arrival: Int64 = 5_000) throws {
        let levels = Array(topic.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let topic = try #require(SparkplugTopic(levels))
        session.take(
            topic, payload.span, arrival: Timestamp(nanoseconds: arrival * 1_000_000), at: now, into: &stream)
    }

    mutating func take(_ topic: String, _ metrics: [TestMetric], seq: UInt64?, time: UInt64? = nil) throws {
        try take(topic, sparkplugPayload(metrics, seq: seq, time: time))
    }

    /// What was taken since the last call.
    mutating func rows() throws -> [(series: String, time: Int64, values: [Double], stops: Bool)] {
        guard let batch = try stream.takeBatch() else { return [] }
        return batch.rows.filter { $0.malformed == nil }.map { row in
            let count = row.stopsSeries ? 0 : batch.schema?.groups[Int(batch.seriesGroups[Int(row.series)])].count ?? 0
            return (
                batch.seriesNames[Int(row.series)], (row.time?.nanoseconds ?? 0) / 1_000_000,
                Array(batch.values[Int(row.firstValue)..<(Int(row.firstValue) + count)]), row.stopsSeries
            )
        }
    }
}

@Suite struct SparkplugSessionTests {
    @Test func `a session from birth to death`() throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/NBIRTH/E", [TestMetric("bdSeq", .longValue(3), type: 8)], seq: 0, time: 1_000)
        try bench.take(
            "spBv1.0/G/DBIRTH/E/P",
            [.real("temp", alias: 7, 21, unit: "°C"), TestMetric("on", alias: 8, .booleanValue(true), type: 11)],
            seq: 1, time: 1_000)
        try bench.take("spBv1.0/G/DDATA/E/P", [.real(alias: 7, 22)], seq: 2, time: 2_000)
        try bench.take("spBv1.0/G/DDATA/E/P", [TestMetric(alias: 8, .booleanValue(false))], seq: 3, time: 3_000)
        try bench.take("spBv1.0/G/DDEATH/E/P", [], seq: 4, time: 4_000)
        try bench.take("spBv1.0/G/NDEATH/E", [TestMetric("bdSeq", .longValue(3), type: 8)], seq: nil)
        let rows = try bench.rows()
        #expect(rows.map(\.series) == Array(repeating: "G/E/P", count: rows.count))
        // Sorted by name: on, temp. What a message does not hold is as it was.
        #expect(rows.map(\.values) == [[1, 21], [1, 22], [0, 22], [], []])
        #expect(rows.map(\.time).prefix(4) == [1_000, 2_000, 3_000, 4_000])
        #expect(rows.map(\.stops) == [false, false, false, true, true])
        #expect(bench.session.counters.births == 2)
        #expect(bench.session.counters.deaths == 2)
        #expect(bench.session.counters.lost == 0)
        #expect(bench.session.requests.isEmpty)
    }

    @Test func `a gap in the numbers is counted and births are asked for, once a minute`() throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/NBIRTH/E", [.real("v", alias: 1, 0)], seq: 0, time: 1)
        for number in 1...600 {
            try bench.take("spBv1.0/G/NDATA/E", [.real(alias: 1, Double(number))], seq: UInt64(number % 256), time: 1)
        }
        #expect(bench.session.counters.lost == 0, "255 is followed by 0")
        try bench.take("spBv1.0/G/NDATA/E", [.real(alias: 1, 1)], seq: (601 + 4) % 256, time: 2)
        #expect(bench.session.counters.lost == 4)
        #expect(bench.session.requests == ["spBv1.0/G/NCMD/E"])
        bench.now = 59
        try bench.take("spBv1.0/G/NDATA/E", [.real(alias: 1, 1)], seq: 0, time: 3)
        #expect(bench.session.requests.count == 1)
        bench.now = 61
        try bench.take("spBv1.0/G/NDATA/E", [.real(alias: 1, 1)], seq: 9, time: 4)
        #expect(bench.session.requests.count == 2)
        #expect(try bench.rows().last?.values == [1], "values go on meanwhile")
    }

    @Test func `who joins late asks for births and uses what comes then`() throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/DDATA/E/P", [.real(alias: 7, 22)], seq: 200, time: 1)
        #expect(bench.session.requests == ["spBv1.0/G/NCMD/E"])
        #expect(bench.session.counters.unknown == 1)
        #expect(try bench.rows().isEmpty)
        try bench.take("spBv1.0/G/NBIRTH/E", [], seq: 0, time: 2)
        try bench.take("spBv1.0/G/DBIRTH/E/P", [.real("temp", alias: 7, 23)], seq: 1, time: 2)
        try bench.take("spBv1.0/G/DDATA/E/P", [.real(alias: 7, 24), .real(alias: 99, 1)], seq: 2, time: 3)
        #expect(try bench.rows().map(\.values) == [[23], [24]])
        #expect(bench.session.counters.unknown == 2, "an alias that no birth has named")
        #expect(bench.session.counters.lost == 0, "a birth begins the numbers anew")
    }

    @Test func `null, bad quality and values that are no numbers are missing, never 0`() throws {
        var bench = try Bench()
        try bench.take(
            "spBv1.0/G/NBIRTH/E",
            [
                .real("a", 1), TestMetric("b", .intValue(5), type: 3), TestMetric("text", nil, type: 12),
                TestMetric("Node Control/Rebirth", .booleanValue(false), type: 11),
                TestMetric("bdSeq", .longValue(0), type: 8),
            ], seq: 0, time: 1)
        try bench.take("spBv1.0/G/NDATA/E", [TestMetric("a", nil)], seq: 1, time: 2)
        try bench.take("spBv1.0/G/NDATA/E", [TestMetric("b", .intValue(6), quality: 500)], seq: 2, time: 3)
        try bench.take(
            "spBv1.0/G/NDATA/E", [TestMetric("b", .intValue(UInt32(bitPattern: -7)), quality: 192)], seq: 3, time: 4)
        try bench.take("spBv1.0/G/NDATA/E", [.real("a", .infinity)], seq: 4, time: 5)
        try bench.take("spBv1.0/G/NDATA/E", [.real("a", 3)], seq: 5, time: 6)
        let rows = try bench.rows().map { $0.values.map { $0.isNaN ? nil : $0 } }
        #expect(rows == [[1, 5], [nil, 5], [nil, nil], [nil, -7], [nil, -7], [3, -7]])
    }

    @Test(arguments: [
        (UInt32(1), Sparkplug_Metric.OneOf_Value.intValue(0xff), -1.0), (1, .intValue(0xffff_ffff), -1),
        (2, .intValue(0xfffe), -2), (3, .intValue(0xffff_fffd), -3), (4, .longValue(.max), -1),
        (5, .intValue(255), 255),
        (7, .intValue(0xffff_ffff), 4_294_967_295), (8, .longValue(1 << 63), 9_223_372_036_854_775_808),
        (9, .floatValue(1.5), 1.5), (11, .booleanValue(true), 1),
    ])
    func `the bits of a whole number mean what the birth's type says, also where the data names none`(
        type: UInt32, value: Sparkplug_Metric.OneOf_Value, number: Double
    ) throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/NBIRTH/E", [TestMetric("v", alias: 1, nil, type: type)], seq: 0, time: 1)
        try bench.take("spBv1.0/G/NDATA/E", [TestMetric(alias: 1, value)], seq: 1, time: 2)
        #expect(try bench.rows().last?.values == [number])
    }

    @Test func `a message is one sample at its newest time, and one for each time when a metric comes again`() throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/NBIRTH/E", [.real("a", alias: 1, 0), .real("b", alias: 2, 0)], seq: 0, time: 1)
        func value(_ alias: UInt64, _ value: Double, _ time: UInt64, old: Bool = false) -> TestMetric {
            TestMetric(alias: alias, .doubleValue(value), time: time, isHistorical: old)
        }
        try bench.take("spBv1.0/G/NDATA/E", [value(1, 1, 10), value(2, 2, 12)], seq: 1, time: 20)
        try bench.take("spBv1.0/G/NDATA/E", [value(1, 5, 22), value(2, 9, 21), value(1, 6, 23)], seq: 2, time: 30)
        try bench.take("spBv1.0/G/NDATA/E", [value(1, 7, 15, old: true), value(2, 8, 40, old: true)], seq: 3, time: 50)
        let rows = try bench.rows()
        #expect(rows.map(\.time) == [1, 12, 21, 22, 23, 40])
        #expect(rows.map(\.values) == [[0, 0], [1, 2], [1, 9], [5, 9], [6, 9], [6, 8]])
        #expect(bench.session.counters.tooOld == 1)
    }

    @Test func `a death of another session is not this one's, and who is dead needs a birth`() throws {
        var bench = try Bench()
        try bench.take(
            "spBv1.0/G/NBIRTH/E", [TestMetric("bdSeq", .longValue(4), type: 8), .real("v", 1)], seq: 0, time: 1)
        try bench.take("spBv1.0/G/NDEATH/E", [TestMetric("bdSeq", .longValue(3), type: 8)], seq: nil)
        #expect(bench.session.counters.staleDeaths == 1)
        try bench.take("spBv1.0/G/NDATA/E", [.real("v", 2)], seq: 1, time: 2)
        try bench.take("spBv1.0/G/NDEATH/E", [TestMetric("bdSeq", .longValue(4), type: 8)], seq: nil)
        try bench.take("spBv1.0/G/NDATA/E", [.real("v", 3)], seq: 2, time: 3)
        #expect(try bench.rows().map(\.stops) == [false, false, true])
        #expect(bench.session.counters.unknown == 1)
        #expect(bench.session.requests.count == 1)
    }

    @Test func `devices of one make are a group, and a series keeps the channels that it began with`() throws {
        var bench = try Bench()
        for device in ["P", "Q"] {
            let metrics: [TestMetric] = [.real("temp", 1), .real("flow", 2)]
            try bench.take(
                "spBv1.0/G/DBIRTH/E/\(device)", device == "P" ? metrics : metrics.reversed(), seq: nil, time: 1)
        }
        try bench.take("spBv1.0/G/DBIRTH/E/R", [.real("other", 1)], seq: nil, time: 1)
        // Another program in the device: one metric less, and one more.
        try bench.take("spBv1.0/G/DBIRTH/E/P", [.real("new", 5), .real("flow", 3)], seq: nil, time: 2)
        let batch = try #require(try bench.stream.takeBatch())
        #expect(batch.seriesGroups == [0, 0, 1])
        #expect(batch.schema?.groups.map { $0.map(\.name) } == [["flow", "temp"], ["other"]])
        #expect(Array(batch.values.suffix(2).map { $0.isNaN ? nil : $0 }) == [3, nil])
    }

    @Test func `nodes and metrics are bounded: who was silent for the longest is forgotten`() throws {
        var bench = try Bench(
            SparkplugSession(limits: SparkplugSession.Limits(nodes: 3, devicesPerNode: 2, metrics: 40)))
        for node in 0..<5 {
            bench.now = Double(node)
            try bench.take("spBv1.0/G/NBIRTH/E\(node)", [.real("v", alias: 1, 1)], seq: 0, time: 1)
        }
        #expect(bench.session.counters.nodesEvicted == 2)
        for device in 0..<5 {
            try bench.take("spBv1.0/G/DBIRTH/E4/D\(device)", [.real("v", alias: 1, 1)], seq: nil, time: 1)
        }
        #expect(bench.session.counters.unknown == 3, "devices that there is no room for")
        let many = (0..<60).map { TestMetric.real("m\($0)", alias: UInt64($0), 1) }
        bench.now = 9
        try bench.take("spBv1.0/G/NBIRTH/E3", many, seq: 0, time: 1)
        #expect(bench.session.counters.nodesEvicted == 4, "the others make room")
    }

    @Test func `only the metrics that are asked for are watched`() throws {
        var bench = try Bench(SparkplugSession(channels: ["temp"]))
        try bench.take("spBv1.0/G/NBIRTH/E", [.real("temp", 1), .real("flow", 2)], seq: 0, time: 1)
        try bench.take("spBv1.0/G/NDATA/E", [.real("flow", 3)], seq: 1, time: 2)
        #expect(try bench.rows().map(\.values) == [[1]])
        #expect(bench.session.counters.unknown == 0)
    }
}

/// Bytes that are no payload, or one made to be large.
@Suite struct SparkplugFuzzTests {
    @Test(arguments: 0..<8) func `bytes of any kind are read within bounds`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(1_000 + seed))
        var bench = try Bench()
        let good = sparkplugPayload(
            [
                .real("temp", alias: 7, 21, unit: "°C"),
                TestMetric("on", alias: 8, .booleanValue(true), type: 11, quality: 192),
            ],
            seq: 1, time: 1_000)
        let kinds = ["NBIRTH/E", "NDATA/E", "NDEATH/E", "DBIRTH/E/P", "DDATA/E/P", "DDEATH/E/P"]
        for _ in 0..<2_000 {
            var bytes = good
            switch generator.next() % 4 {
            case 0: bytes = (0..<Int(generator.next() % 60)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            case 1: bytes.removeLast(Int(generator.next() % UInt64(bytes.count)))
            case 2:
                for _ in 0..<3 {
                    bytes[Int(generator.next() % UInt64(bytes.count))] ^= UInt8(1 << (generator.next() % 8))
                }
            default: bytes += bytes
            }
            try bench.take("spBv1.0/G/\(kinds[Int(generator.next() % 6)])", bytes)
            _ = try bench.rows()
        }
        // It is as good as new.
        try bench.take("spBv1.0/H/NBIRTH/E", [.real("v", 5)], seq: 0, time: 2_000)
        #expect(try bench.rows().map(\.values) == [[5]])
    }

    @Test func `what would be many objects in few bytes is refused before it is made`() throws {
        // Field 2 with length 0: an empty metric in two bytes.
        let many = [UInt8](repeating: 0, count: 2 * (SparkplugMessage.mostMetrics + 1)).indices.map {
            UInt8($0 % 2 == 0 ? 0x12 : 0)
        }
        #expect(SparkplugMessage(many.span) == nil)
        let most = Array(many.dropLast(2))
        #expect(SparkplugMessage(most.span)?.metrics.count == SparkplugMessage.mostMetrics)
        let long = [UInt8](repeating: 0x12, count: SparkplugMessage.longest + 1)
        #expect(SparkplugMessage(long.span) == nil)
        // A length beyond the end, a group that is never ended, a number of eleven bytes.
        for bytes: [UInt8] in [[0x12, 0xff, 0x7f], [0x0b], Array(repeating: 0xff, count: 11), [0x09, 1, 2]] {
            #expect(SparkplugMessage(bytes.span) == nil)
        }
    }

    @Test func `an unusable payload is counted as an unusable line`() throws {
        var bench = try Bench()
        try bench.take("spBv1.0/G/NBIRTH/E", [0x12, 0xff, 0x7f])
        let batch = try #require(try bench.stream.takeBatch())
        #expect(batch.rows.map(\.malformed) == [.badSyntax])
    }
}
