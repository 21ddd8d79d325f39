import Glibc
import Testing
import TimeSeries

@testable import Ingest

/// Seeded mutations of real lines through every decoder: nothing traps, nothing grows, and rows do not depend on how the
/// bytes are cut.
///
/// The suite runs a hundredth of a campaign; `MONITORD_FUZZ_ROUNDS=40000 swift test --filter FormatFuzzTests` runs more.
@Suite struct FormatFuzzTests {
    private static let rounds: UInt64 = {
        // The environment does not change while tests run, and the text is copied.
        guard let text = unsafe getenv("MONITORD_FUZZ_ROUNDS") else { return 400 }
        return unsafe UInt64(String(cString: text)) ?? 400
    }()

    private static let delimited = [
        "time,Temp [°C],Pressure (bar),State\n2026-11-21 02:15:40,21.4,3.02,RUN\n2026-11-21 02:15:41,21.5,,RUN\n2026-11-21 02:15:42,-,3.04,\"S, n\"\n2026-11-21 02:15:43,21.7,NaN,RUN\n",
        "Zeit;T;P;;Ort\n21.11.2026 02:15:40;1.021,4;3,02;;\"Halle 2; Nord\"\n21.11.2026 02:15:41;21,5;3,03;;x\n21.11.2026 02:15:42;21,6;3,04;;y\n",
        "1792000000.250,0.013,0.87,12\n1792000001.250,0.014,0.88,13\n1792000002.250,0.015,0.89,14\n",
        "Date,Time,v\n11/21/2026,2:15:40 PM,1\n11/21/2026,2:15:41 PM,2\n11/22/2026,2:15:42 AM,3\n",
        "time,device,sensor,value,q\n1,p,a,1,GOOD\n1,p,b,2,BAD\n2,p,a,3,192\n2,p,b,4,0\n3,p,a,5,1\n3,p,b,6,1\n4,p,a,7,1\n4,p,b,8,1\n5,p,c,9,1\n",
    ]
    private static let keyed = [
        "{\"ts\":1792000000123,\"dev\":\"pump-3\",\"temp\":\"21.4\",\"rpm\":null,\"a\":{\"b\":[1,2,{\"c\":3}]}}\n{\"ts\":1792000001123,\"dev\":\"p\\u0041\",\"temp\":1e3,\"rpm\":1,\"a\":{}}\n{\"ts\":1792000002123,\"dev\":\"p\",\"temp\":-0.5,\"rpm\":2,\"a\":[]}\n",
        "{\"timestamp\":1792000000123,\"values\":[{\"id\":\"a\",\"v\":21.4,\"q\":true,\"t\":1792000000120},{\"id\":\"b\",\"v\":3,\"q\":false,\"t\":1}]}\n{\"timestamp\":1,\"values\":[{\"id\":\"a\",\"v\":1,\"q\":192,\"t\":2}]}\n{\"timestamp\":1,\"values\":[{\"id\":\"b\",\"v\":1,\"q\":\"bad\",\"t\":2}]}\n{\"timestamp\":1,\"values\":[]}\n",
        "[\n{\n \"t\" : 1,\n \"a\" : 2\n},\n{ \"t\" : 2, \"a\" : \"x\\\"}\" },{\"t\":3,\"a\":4},\n{\"t\":4,\"a\":5}\n]\n",
    ]
    private static let influx = [
        "pump,site=a,unit=3 temp=21.4,run=true,n=12i,s=\"a b\" 1792000000123456789\npump,unit=4,site=a temp=21.4,run=t,n=12u 1792000000123456789\nm\\ x,k\\=1=v f\\ g=1 1792000000123456789\npump temp=1 1792000000123456789\n# c\ncpu u=1,s=2 1792000000123456789\n"
    ]

    @Test func `delimited lines`() { fuzz(Self.delimited, seed: 1) }

    @Test func `JSON lines`() { fuzz(Self.keyed, seed: 2) }

    @Test func `InfluxDB lines`() { fuzz(Self.influx, seed: 3) }

    @Test func `any of them read as any other`() {
        fuzz(Self.delimited + Self.keyed + Self.influx, seed: 4, isForced: true)
    }

    private func fuzz(_ texts: [String], seed: UInt64, isForced: Bool = false) {
        for round in 0..<Self.rounds {
            var generator = SeededGenerator(seed: seed << 32 | round)
            let bytes = mutated(texts[Int(generator.next() % UInt64(texts.count))], &generator)
            let configuration = configuration(&generator, isForced: isForced)
            let whole = decode(bytes, configuration)
            let cut = decode(bytes, configuration, sizes: { Int(generator.next() % 60) })
            #expect(cut.transcript == whole.transcript, "seed \(seed), round \(round)")
            #expect(whole.decoder.bytesHeld <= 1 << 16, "seed \(seed), round \(round)")
            check(whole, "seed \(seed), round \(round)")
        }
    }

    /// What must hold whatever the bytes were.
    private func check(_ decoded: Decoded, _ place: Comment) {
        let groups = decoded.decoder.schema?.groups ?? []
        for row in decoded.rows where row.malformed == nil {
            let group = groups[Int(decoded.batch.seriesGroups[Int(row.series)])]
            #expect(row.channel < group.count, place)
            #expect(Int(row.firstValue) + (row.channel < 0 ? group.count : 1) <= decoded.batch.values.count, place)
        }
        #expect(decoded.batch.values.allSatisfy { !$0.isInfinite }, place)
        guard decoded.decoder.refusal == nil, !decoded.decoder.dialectState.isEmpty else { return }
        let counters = decoded.decoder.counters
        #expect(decoded.rows.count == Int(counters.records + counters.malformed), place)
        var reader = StateReader(decoded.decoder.dialectState)
        let restored = try? Dialect(from: &reader, zone: { _ in .utc })
        #expect(restored?.schema.groups == decoded.decoder.schema?.groups, place)
    }

    private func configuration(_ generator: inout SeededGenerator, isForced: Bool) -> SourceConfiguration {
        var configuration = SourceConfiguration(input: .standardInput, longestLine: 2_000)
        switch generator.next() % 6 {
        case 0:
            configuration.series = "device"
            configuration.channel = "sensor"
        case 1:
            configuration.channel = "id"
            configuration.records = "values[]"
        case 2:
            configuration.series = "dev"
            configuration.quality = "q"
        default: break
        }
        if isForced { configuration.format = SourceConfiguration.Format.allCases[Int(generator.next() % 4)] }
        return configuration
    }

    /// Lines with bytes changed, cut, doubled and put together with others.
    private func mutated(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<(generator.next() % 3) { bytes += bytes.suffix(Int(generator.next() % 200)) }
        let marks = Array("\"\\,;={}[]:\n\r\t .-+0e9iu#|\u{0}é".utf8)
        for _ in 0..<(generator.next() % 12) {
            let place = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 6 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes[place] = marks[Int(generator.next() % UInt64(marks.count))]
            case 2: bytes.insert(marks[Int(generator.next() % UInt64(marks.count))], at: place)
            case 3: bytes.remove(at: place)
            case 4:
                let end = min(bytes.count, place + Int(generator.next() % 40))
                bytes.insert(contentsOf: bytes[place..<end], at: Int(generator.next() % UInt64(bytes.count)))
            default:
                let number = Array(
                    ["1e400", "-0", "9223372036854775808", "NaN", "99999999999999999999999.5", "1.2.3"][
                        Int(generator.next() % 6)
                    ].utf8)
                bytes.insert(contentsOf: number, at: place)
            }
            if bytes.isEmpty { bytes = [10] }
        }
        return bytes
    }
}
