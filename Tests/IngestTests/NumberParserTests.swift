import Testing
import TimeSeries

@testable import Ingest

@Suite struct NumberParserTests {
    private func parse(_ text: String, mark: Character = ".") -> NumberParser.Outcome {
        let bytes = Array(text.utf8)
        return NumberParser(mark: mark.asciiValue ?? 46).parse(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "+5", "007", "1.", ".5", "-.5", "21.4", "0.1", "123456789012345678", "9007199254740993",
        "9007199254740992.5", "9999999999999999999", "18446744073709551615", "18446744073709551616",
        "0.12345678901234567", "75.76369506310925", "1e5", "1E-5", "1.5e+3", "4.9e-324", "2.5e-324", "2.4e-324",
        "1.7976931348623157e308", "1e-400", "0.000000000000000000000000001", "1e22", "1e23", "8.41e21",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124", "0.000000000000000001", "-1792000000.250",
    ])
    func `a decimal number is the nearest Double`(text: String) {
        let expected = Double(text)
        guard case .number(let value) = parse(text) else {
            Issue.record("\(text) is \(parse(text))")
            return
        }
        #expect(value.bitPattern == expected?.bitPattern, "\(text): \(value)")
    }

    @Test func `random decimal numbers are what the standard library reads`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<60_000 {
            let digits = Int(generator.next() % 21) + 1
            var text = generator.next() % 2 == 0 ? "-" : ""
            let mark = Int(generator.next() % UInt64(digits + 1))
            for index in 0..<digits {
                if index == mark { text += "." }
                text += String(generator.next() % 10)
            }
            if generator.next() % 4 == 0 { text += "e\(Int(generator.next() % 660) - 330)" }
            let expected = Double(text) ?? .nan
            let outcome = parse(text)
            let wanted: NumberParser.Outcome = expected.isInfinite ? .outOfRange : .number(expected)
            #expect(outcome == wanted, "seed 7: \(text)")
        }
    }

    @Test func `doubles survive being written and read`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<40_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(parse("\(value)") == .number(value), "seed 11: \(value)")
        }
    }

    @Test(arguments: ["", "  ", "-", "?", "NA", "n/a", "NaN", "nan", "-nan", "null", "NULL", "None"])
    func `a placeholder is missing`(text: String) { #expect(parse(text) == .missing) }

    @Test(arguments: ["inf", "-Inf", "Infinity", "1e400", "-1e400", "1e99999999999999999999"])
    func `what a Double cannot hold is out of range`(text: String) { #expect(parse(text) == .outOfRange) }

    @Test(arguments: [
        "RUN", "1.2.3", "1,5", "0x1F", "1e", "e5", "--1", "1-2", "12ms", "1 2", ".", "1_000", "٣", "+", "1e5.0",
    ])
    func `anything else is no number`(text: String) { #expect(parse(text) == .notANumber) }

    @Test func `a decimal comma is a mark only where it was settled`() {
        #expect(parse("21,4", mark: ",") == .number(21.4))
        #expect(parse("21.4", mark: ",") == .notANumber)
        #expect(parse("1.234,5", mark: ",") == .number(1234.5))
        #expect(parse("1.234", mark: ",") == .notANumber)
        #expect(parse("1.23,5", mark: ",") == .notANumber)
        #expect(parse("12.345.678,25", mark: ",") == .number(12_345_678.25))
        #expect(parse("-1,234.5") == .number(-1234.5))
        #expect(parse("1,5e3", mark: ",") == .number(1500))
        #expect(parse(" 12 ") == .number(12))
    }
}
