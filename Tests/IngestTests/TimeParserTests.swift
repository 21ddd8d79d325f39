import Testing
import TimeSeries

@testable import Ingest

@Suite struct TimeParserTests {
    private func calendar(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        return TimeParser.calendar(bytes.span, 0..<bytes.count)?.time.description
    }

    private func epoch(_ text: String, _ digits: Int) -> Int64? {
        let bytes = Array(text.utf8)
        return TimeParser.epoch(bytes.span, 0..<bytes.count, nanosecondDigits: digits)?.nanoseconds
    }

    @Test(arguments: [
        ("2026-11-21T02:15:40Z", "2026-11-21T02:15:40Z"), ("2026-11-21 02:15:40", "2026-11-21T02:15:40Z"),
        ("2013-12-02 21:15", "2013-12-02T21:15:00Z"), ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("2026/11/21 02:15:40", "2026-11-21T02:15:40Z"), ("2026-11-21T02:15:40.25+01:00", "2026-11-21T01:15:40.250Z"),
        ("2017-04-07T22:24:37.251547+0100", "2017-04-07T21:24:37.251547Z"),
        ("2026-11-21 02:15:40 UTC", "2026-11-21T02:15:40Z"),
        ("2026-11-21T02:15:40-0330", "2026-11-21T05:45:40Z"), ("2026-11-21T02:15:40+01", "2026-11-21T01:15:40Z"),
        ("21.11.2026 02:15:40", "2026-11-21T02:15:40Z"), ("2026-11-21T02:15:40,5Z", "2026-11-21T02:15:40.500Z"),
        ("2024-02-29t00:00:00.1234567891z", "2024-02-29T00:00:00.123456789Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"),
    ])
    func `a date is read`(text: String, expected: String) { #expect(calendar(text) == expected) }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T2:15", "2026-11-21T25:00",
        "2026-11-21T02:15:",
        "2026-11-21T02:15:40.", "2026-11-21T02:15:40+1", "2026-11-21T02:15:40 CET", "03/04/2026 10:00", "2026-11/21",
        "9999-01-01", "2026-11-21T02:15:40+99:00", "2026-11-21T02:15:4", "21.13.2026", "2026-11-21 02:15:40 ",
    ])
    func `what is no date is refused`(text: String) { #expect(calendar(text) == nil) }

    @Test func `epoch numbers of any length are those of their digits`() {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<5_000 {
            func digits(_ count: Int) -> String {
                (0..<count).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
            }
            let unit = [0, 3, 6, 9].randomElement(using: &random) ?? 9
            let whole = digits(Int.random(in: 1...19, using: &random))
            let decimals = digits(Int.random(in: 0...11, using: &random))
            let wanted = whole + decimals.prefix(unit) + String(repeating: "0", count: max(0, unit - decimals.count))
            let text = whole + (decimals.isEmpty ? "" : "." + decimals)
            // The last nine of the largest number are not worth an exact test of their bound.
            if let found = epoch(text, unit) { #expect(found == Int64(wanted), "\(text)") }
            if let number = Int64(wanted), number < 9_223_372_036_854_775_000 {
                #expect(epoch(text, unit) == number, "\(text)")
            }
        }
    }

    @Test func `epoch numbers are exact to the nanosecond`() {
        #expect(epoch("1792000000.250", 9) == 1_792_000_000_250_000_000)
        #expect(epoch("1792000000.123456789", 9) == 1_792_000_000_123_456_789)
        #expect(epoch("1792000000.1234567899", 9) == 1_792_000_000_123_456_789)
        #expect(epoch("1792000000123", 6) == 1_792_000_000_123_000_000)
        #expect(epoch("1792000000123456", 3) == 1_792_000_000_123_456_000)
        #expect(epoch("1792000000123456789", 0) == 1_792_000_000_123_456_789)
        #expect(epoch("-1.5", 9) == -1_500_000_000)
        #expect(epoch("1.792e9", 9) == 1_792_000_000_000_000_000)
        #expect(epoch("99999999999999999999", 0) == nil)
        #expect(epoch("99999999999", 9) == nil)
        #expect(epoch("12x", 9) == nil)
        #expect(epoch("", 9) == nil)
    }

    @Test func `a number too large for seconds is in the unit of its size`() {
        func parse(_ text: String) -> Int64? {
            let bytes = Array(text.utf8)
            return TimeParser.parse(bytes.span, 0..<bytes.count, as: .epoch(nanosecondDigits: 9), in: .utc)?.time
                .nanoseconds
        }
        #expect(parse("5012") == 5_012_000_000_000)
        #expect(parse("1792000000123") == 1_792_000_000_123_000_000)
        #expect(parse("1792000000123456") == 1_792_000_000_123_456_000)
        #expect(parse("1792000000123456789") == 1_792_000_000_123_456_789)
        #expect(parse("99999999999") == nil, "the year 5138")
        #expect(parse("99999999999999999999999") == nil)
        #expect(parse("1e300") == nil)
        #expect(parse("x") == nil)
    }

    @Test func `the unit goes by size`() {
        #expect(TimeFormat.epoch(largest: 99_999_999_999) == .epoch(nanosecondDigits: 9))
        #expect(TimeFormat.epoch(largest: 1e11) == .epoch(nanosecondDigits: 6))
        #expect(TimeFormat.epoch(largest: 1.792e15) == .epoch(nanosecondDigits: 3))
        #expect(TimeFormat.epoch(largest: 1.792e18) == .epoch(nanosecondDigits: 0))
    }
}
