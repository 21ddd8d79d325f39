import Testing
import TimeSeries

@testable import Ingest

@Suite("messages of a broker") struct MessageStreamTests {
    private func stream(
        _ change: (inout SourceConfiguration) -> Void = { _ in }, resume: DecodingState? = nil
    ) throws -> MessageStream {
        var configuration = SourceConfiguration(input: .kafka(KafkaInput(brokers: "b:9092", topics: ["t"])))
        change(&configuration)
        return try MessageStream(
            "t/3", configuration, resume: resume, identity: FileIdentity(topic: "t", partition: 3),
            MessageStream.Surroundings(arrival: nil, telemetry: SourceTelemetry(), admission: .atOnce, logger: nil))
    }

    /// Feeds messages; the first one has offset 10.
    private func feed(
        _ stream: inout MessageStream, _ messages: [(name: String, text: String)], from offset: Int64 = 10
    ) throws -> RecordBatch? {
        for (index, message) in messages.enumerated() {
            let (name, text) = (Array(message.name.utf8), Array(message.text.utf8))
            stream.take(
                text.span, key: name.span, sentAt: Timestamp(nanoseconds: Int64(index) * 1_000_000_000 + 5),
                next: offset + Int64(index) + 1)
        }
        return try stream.takeBatch()
    }

    private func samples(_ batch: RecordBatch?) -> [String] {
        guard let batch else { return [] }
        let width = batch.schema?.channels.count ?? 0
        return batch.rows.map { row in
            let values = (0..<width).map { batch.values[Int(row.firstValue) + $0].description }
            let name = row.series < 0 ? "-" : batch.seriesNames[Int(row.series)]
            return
                "\(name) \(row.time.map { "\($0.nanoseconds)" } ?? "-") \(values.joined(separator: ",")) \(row.endOffset)"
        }
    }

    @Test func `the key names the series, and the offset says where to go on`() throws {
        var stream = try stream()
        let batch = try feed(
            &stream, (0..<5).map { ("pump\($0 % 2)", #"{"t":17900000\#(10 + $0),"v":\#($0)}"#) })
        #expect(
            samples(batch) == [
                "pump0 1790000010000000000 0.0 11", "pump1 1790000011000000000 1.0 12",
                "pump0 1790000012000000000 2.0 13", "pump1 1790000013000000000 3.0 14",
                "pump0 1790000014000000000 4.0 15",
            ])
        #expect(batch?.file == FileIdentity(topic: "t", partition: 3))
        #expect(batch?.arrival == nil, "what comes out does not depend on when it is read")
    }

    @Test func `a line without a time has that of its message`() throws {
        var stream = try stream()
        let batch = try feed(&stream, (0..<5).map { ("p", #"{"v":\#($0)}"#) })
        #expect(samples(batch).first == "p 5 0.0 11")
        #expect(samples(batch).last == "p 4000000005 4.0 15")
    }

    @Test func `lines that name their series keep their names, and messages without a key have the partition's`() throws
    {
        var named = try stream { $0.series = "host" }
        let own = try feed(&named, (0..<5).map { ("k", #"{"t":17900000\#(10 + $0),"host":"h\#($0)","v":1}"#) })
        #expect(own?.seriesNames == ["h0", "h1", "h2", "h3", "h4"])
        var keyless = try stream()
        let lone = try feed(&keyless, (0..<5).map { ("", #"{"t":17900000\#(10 + $0),"v":1}"#) })
        #expect(lone?.seriesNames == ["t/3"])
    }

    @Test func `a message of several lines is read whole, and one without a line end too`() throws {
        var stream = try stream { $0.columns = ["time", "v"] }
        let batch = try feed(
            &stream, (0..<3).map { ("p", "17900000\(10 + 2 * $0),1\n17900000\(11 + 2 * $0),2") })
        #expect(batch?.rows.count == 6)
        #expect(batch?.rows.map(\.endOffset) == [11, 11, 12, 12, 13, 13])
    }

    @Test func `the objects of a JSON list are a record each, and what is no object is counted`() throws {
        var stream = try stream()
        let lists = (0..<3).map { index in
            let objects = (0..<2).map { #"{"t":\#(1_790_000_010 + 2 * index + $0),\#n "v":[\#($0)]}"# }
            return (
                name: "p",
                text: index == 1 ? "[" + objects.joined(separator: ",") + "]" : " [\n\(objects[0]) , \(objects[1])\n]\n"
            )
        }
        let batch = try feed(&stream, lists)
        #expect(
            samples(batch) == (0..<6).map { "p \(1_790_000_010 + $0)000000000 \($0 % 2).0 \(11 + $0 / 2)" })
        let mixed = try feed(
            &stream, [("p", #"[{"t":1790000020,"v":[6]}, 7, {"t":1790000021,"v":[8"#), ("p", "[")], from: 20)
        #expect(mixed?.rows.map { $0.malformed != nil } == [false, true, true, true])
        #expect(mixed?.rows.first?.endOffset == 21)
    }

    @Test func `a header in every message is passed over when the configuration says that there is one`() throws {
        var stream = try stream { $0.hasHeader = true }
        let batch = try feed(&stream, (0..<30).map { ("p", "time,v\n17900000\(10 + $0),\($0)\n") })
        #expect(batch?.schema?.channels.map(\.name) == ["v"])
        #expect(samples(batch) == (0..<30).map { "p 17900000\(10 + $0)000000000 \($0).0 \(11 + $0)" })
    }

    @Test func `of messages that nobody can read it is said where the first one is`() {
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .kafka(KafkaInput(brokers: "b:9092", topics: ["t"]))))
        var batch = RecordBatch()
        for offset in 0..<60 {
            let text = Array("pump,\(offset % 7 == 0 ? "on" : "off")".utf8)
            decoder.decodeMessage(text.span, Envelope(key: [112], next: Int64(offset + 41)), into: &batch)
        }
        let told = decoder.takeNotices().first?.excerpt ?? ""
        #expect(told.contains("the first one in the message at offset 40: "), "\(told)")
    }

    @Test func `who goes on from what was known gets the same rows`() throws {
        let messages = (0..<200).map { index in
            (name: "s\(index * 7 % 13)", text: #"{"t":\#(1_790_000_000 + index),"v":\#(index % 17)}"#)
        }
        var whole = try stream()
        let all = samples(try feed(&whole, messages))
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let cut = Int.random(in: 10..<190, using: &generator)
            var first = try stream()
            let before = try #require(try feed(&first, Array(messages[..<cut])))
            var second = try stream(resume: before.decoding)
            let after = try #require(try feed(&second, Array(messages[cut...]), from: 10 + Int64(cut)))
            #expect(samples(before) + samples(after) == all)
        }
    }

    @Test func `what cannot be read is counted and has no effect on what can`() throws {
        var stream = try stream()
        var generator = SeededGenerator(seed: 9)
        _ = try feed(&stream, (0..<5).map { ("p", #"{"t":17900000\#(10 + $0),"v":\#($0)}"#) })
        for round in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            let name = (0..<Int.random(in: 0..<400, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            stream.take(bytes.span, key: name.span, sentAt: nil, next: Int64(round))
        }
        _ = try stream.takeBatch()
        let good = try feed(&stream, [("p", #"{"t":1790000020,"v":6}"#)], from: 600)
        #expect(samples(good) == ["p 1790000020000000000 6.0 601"])
    }
}
