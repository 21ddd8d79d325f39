import Testing

@testable import Ingest

@Suite struct RotatedNameTests {
    @Test(arguments: [
        ("a.log.1", "a.log", RotatedName.Place.number(1), false), ("a.log.12.gz", "a.log", .number(12), true),
        ("a.log.0", "a.log", .number(0), false), ("a.3.log", "a.log", .number(3), false),
        ("a-3.log.gz", "a.log", .number(3), true), ("a.log-20261121", "a.log", .moment("20261121"), false),
        ("a.log-20261121.gz", "a.log", .moment("20261121"), true),
        ("a.log-1793232000", "a.log", .moment("1793232000"), false),
        ("a.log.2026-11-21_14", "a.log", .moment("2026112114"), false),
        ("a-2026-11-21T14:00:00Z.log", "a.log", .moment("20261121140000"), false),
        ("conn-26-11-21_14.00.00.log", "conn.log", .moment("261121140000"), false),
        ("noending.2", "noending", .number(2), false), (".hidden.2", ".hidden", .number(2), false),
    ])
    func `numbers and dates say where a file stands`(
        name: String, original: String, place: RotatedName.Place, isCompressed: Bool
    ) throws {
        let found = try #require(RotatedName(name, of: original))
        #expect(found.place == place)
        #expect(found.isCompressed == isCompressed)
    }

    @Test(arguments: [
        ("a.log", "a.log"), ("a.log.gz", "a.log"), ("a.log.old", "a.log"), ("ab.log.1", "a.log"), ("a.log1", "a.log"),
        ("a.log.", "a.log"), ("a.log.1x", "a.log"), ("b.log-20261121", "a.log"), ("", "a.log"), (".gz", ""),
        ("conn-summary.14:00:00-15:00:00.log", "conn.log"), ("a.log.99999999999999999999999", "b.log"),
    ])
    func `other names are no rotated file`(name: String, original: String) {
        #expect(RotatedName(name, of: original) == nil)
    }

    @Test func `in the folder of a day the day is part of the moment`() throws {
        let name = "conn.14:00:00-15:00:00.log.gz"
        let found = try #require(RotatedName(name, of: "conn.log", inFolder: "2026-11-21"))
        #expect(found.place == .moment("20261121140000150000"))
        #expect(RotatedName.isDay("2026-11-21"))
        #expect(RotatedName.isDay("20261121"))
        #expect(!RotatedName.isDay("2026-11-21x"))
        #expect(!RotatedName.isDay("current"))
    }

    @Test func `the lower number and the later date are younger, others cannot be compared`() {
        #expect(RotatedName.Place.number(1).isYounger(than: .number(2)) == true)
        #expect(RotatedName.Place.moment("20261121").isYounger(than: .moment("20261120")) == true)
        #expect(RotatedName.Place.moment("20261121").isYounger(than: .moment("2026112100")) == nil)
        #expect(RotatedName.Place.number(1).isYounger(than: .moment("20261121")) == nil)
    }
}
