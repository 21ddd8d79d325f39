import Testing
import TimeSeries

@testable import Ingest

/// A line read by the shape of those before gives what it gives by itself.
@Suite struct RecordShapeTests {
    private static let values = [
        "1", "-2.5", "0.1", "12345678901234567890", "1e3", "null", "true", "\"3\"", "\"x\"", "[1]", "{\"k\":1}", "01",
        "+1", "1.", ".5",
        "-", "NaN", "\"4\\u0035\"", "1 ", "1}", "\"",
    ]
    private static let names = ["north", "south", "", "a\\\"b", "ü", "new"]

    private struct Writer {
        var random: SeededGenerator
        var keys = ["time", "site", "flow", "temp"]

        private mutating func chance(_ share: Double) -> Bool { random.uniform() < share }

        mutating func line(_ number: Int) -> String {
            if chance(0.03) { keys.shuffle(using: &random) }
            let space = chance(0.03) ? " " : ""
            var parts = keys.map { key in
                switch key {
                case "time" where chance(0.02): return "\"time\":\"never\""
                case "time": return "\"time\":\(space)\"2026-11-21T02:\(10 + number / 60 % 50):\(10 + number % 50)Z\""
                case "site":
                    return
                        "\"site\":\"\(chance(0.9) ? "north" : RecordShapeTests.names.randomElement(using: &random) ?? "")\""
                default:
                    let usual = "\(number % 17).\(number % 10)"
                    return
                        "\"\(key)\":\(chance(0.9) ? usual : RecordShapeTests.values.randomElement(using: &random) ?? usual)"
                }
            }
            if chance(0.03) { parts.removeLast() }
            if chance(0.03) { parts.append("\"other\":1") }
            if chance(0.02) { parts.append(parts[0]) }
            var line = "{" + parts.joined(separator: "," + space) + "}"
            if chance(0.02) { line.removeLast() }
            if chance(0.02) { line += space + "x" }
            return line
        }
    }

    private static func beginning() -> [String] {
        (0..<60).map {
            #"{"time":"2026-11-21T01:00:\#(10 + $0 % 50)Z","site":"north","flow":\#($0).5,"temp":\#($0 % 7)}"#
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `shapes do not show`(seed: UInt64) {
        var configuration = SourceConfiguration(input: .standardInput)
        configuration.series = "site"
        var writer = Writer(random: SeededGenerator(seed: seed))
        let lines = Array((0..<4_000).map { writer.line($0) + "\n" }.joined().utf8)
        var (shaped, plain) = (
            Decoded(decoder: LineDecoder(configuration: configuration)),
            Decoded(decoder: LineDecoder(configuration: configuration))
        )
        let head = Array((Self.beginning().joined(separator: "\n") + "\n").utf8)
        shaped.decoder.decode(head, into: &shaped.batch)
        plain.decoder.decode(head, into: &plain.batch)
        #expect(shaped.decoder.schema != nil)
        plain.decoder.keyed?.forgetShapes()
        shaped.decoder.decode(lines, into: &shaped.batch)
        plain.decoder.decode(lines, into: &plain.batch)
        #expect(shaped.rows == plain.rows)
        shaped.notices = shaped.decoder.takeNotices()
        plain.notices = plain.decoder.takeNotices()
        #expect(shaped.transcript == plain.transcript)
        #expect(shaped.decoder.keyed?.shapedLines ?? 0 > 500, "\(shaped.decoder.keyed?.shapedLines ?? 0) lines")
        #expect(plain.decoder.keyed?.shapedLines == 0)
    }
}
