import Testing
import TimeSeries

@testable import Ingest

/// What is remembered of the time before must not show.
@Suite struct DayMemoryTests {
    private static let dates = [
        "2026-11-21", "2026-11-22", "2026/11/21", "21.11.2026", "2026-03-29", "2026-10-25", "2026-13-01", "1969-12-31",
    ]
    private static let clocks = [
        "T00:00:00", " 02:15:40", "t02:15:41.5", "T02:15:59,25", "T23:59:59.999999999", "T23:59:60", "T24:00:00",
        "T02:60:00",
        "T02:15", "", "T2:15:40", "T02:15:4", "T02:15:40.", "T02:30:00", "T12:34:56.1234567891",
    ]
    private static let zones = ["", "Z", "z", "+01:00", "+0100", "-03", " UTC", "UTC", "+99:00", " CET", "+01:00 "]

    @Test(arguments: ["UTC", "Europe/Berlin", "America/St_Johns"])
    func `a time is what it is without a memory`(name: String) throws {
        let zone = try SystemTimeZones(environment: [:]).rules(named: name)
        var random = SeededGenerator(seed: 11)
        var memory = DayMemory()
        var (date, rest) = ("2026-11-21", "Z")
        for _ in 0..<20_000 {
            // Dates and zones stay for a while, as in a log.
            if random.uniform() < 0.2 { date = Self.dates.randomElement(using: &random) ?? date }
            if random.uniform() < 0.2 { rest = Self.zones.randomElement(using: &random) ?? rest }
            let text = date + (Self.clocks.randomElement(using: &random) ?? "") + rest
            let bytes = Array(text.utf8)
            let found = memory.parse(bytes.span, 0..<bytes.count, as: .calendar, in: zone)
            let alone = TimeParser.parse(bytes.span, 0..<bytes.count, as: .calendar, in: zone)
            #expect(found == alone, "\(text)")
        }
    }

    @Test func `the ends of time are no trap`() {
        var memory = DayMemory()
        for text in ["2262-04-11T00:00:00Z", "2262-04-11T23:59:59Z", "1677-09-21T23:59:59Z", "1677-09-21T00:00:00Z"] {
            let bytes = Array(text.utf8)
            let found = memory.parse(bytes.span, 0..<bytes.count, as: .calendar, in: .utc)
            let alone = TimeParser.parse(bytes.span, 0..<bytes.count, as: .calendar, in: .utc)
            #expect(found == alone, "\(text)")
        }
    }
}
