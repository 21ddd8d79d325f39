import Foundation
import TestSupport
import Testing

@testable import TimeSeries

/// The system's own zone files; a test of them needs the package tzdata, as scripts/install-dependencies.sh says.
enum ZoneFiles {
    static let folder = "/usr/share/zoneinfo/"

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder + name)))
    }

    static func rules(_ name: String) throws -> TimeZoneRules { try TimeZoneRules(name: name, tzif: bytes(name)) }

    /// Every zone that differs from the others since 1970, and a few special ones.
    static let names: [String] = {
        let table = (try? String(contentsOfFile: folder + "zone1970.tab", encoding: .utf8)) ?? ""
        let listed = table.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: "\t").dropFirst(2).first.map(String.init) }
        return listed + ["Etc/UTC", "Etc/GMT+12", "EST5EDT", "Europe/Dublin", "Africa/Casablanca", "Africa/El_Aaiun"]
    }()
}

@Suite struct TimeZoneRulesTests {
    private func at(_ text: String) -> Timestamp {
        let parts = text.split { "-T:Z".contains($0) }.compactMap { Int($0) }
        return CivilTime(
            year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5]
        ).utc
    }

    /// Seeded instants from 1970 to 2100.
    private func instants(_ count: Int, seed: UInt64) -> [Int64] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int64(generator.uniform() * 4_102_444_800) }
    }

    @Test func `offsets are those of the C library, in every zone, from 1970 to 2100`() throws {
        #expect(ZoneFiles.names.count > 250, "tzdata is not installed")
        let seconds = instants(300, seed: 11)
        let input = Data(seconds.map { "@\($0)\n" }.joined().utf8)
        for name in ZoneFiles.names {
            let zone = try ZoneFiles.rules(name)
            let truth = try runCommand(
                URL(fileURLWithPath: "/usr/bin/date"), ["-f", "-", "+%::z"], input: input, environment: ["TZ": name])
            let offsets = truth.output.split(separator: "\n").map { text in
                let parts = text.dropFirst().split(separator: ":").compactMap { Int($0) }
                return (text.hasPrefix("-") ? -1 : 1) * (parts[0] * 3_600 + parts[1] * 60 + parts[2])
            }
            try #require(offsets.count == seconds.count)
            let wrong = zip(seconds, offsets).filter { second, offset in
                zone.offset(atUTC: Timestamp(nanoseconds: second * 1_000_000_000)) != offset
            }
            #expect(wrong.isEmpty, "\(name): \(wrong.prefix(3))")
        }
    }

    @Test func `changes are where zdump has them`() throws {
        for name in ["Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo"] {
            let zone = try ZoneFiles.rules(name)
            let dump = try runCommand(URL(fileURLWithPath: "/usr/bin/zdump"), ["-V", "-c", "1971,2037", name])
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            var checked = 0
            for line in dump.output.split(separator: "\n") {
                // Europe/Berlin  Sun Mar 29 00:59:59 2026 UT = … gmtoff=3600
                let words = line.split(separator: " ")
                guard words.count > 6, let month = months.firstIndex(of: String(words[2])), let year = Int(words[5]),
                    let day = Int(words[3]), let offset = words.last.flatMap({ Int($0.dropFirst("gmtoff=".count)) })
                else { continue }
                let clock = words[4].split(separator: ":").compactMap { Int($0) }
                let instant = CivilTime(
                    year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2]
                ).utc
                #expect(zone.offset(atUTC: instant) == offset, "\(line)")
                checked += 1
            }
            #expect(checked > 50, "\(name)")
        }
    }

    @Test func `every instant is among the readings of what clocks show at it`() throws {
        for name in ZoneFiles.names {
            let zone = try ZoneFiles.rules(name)
            for second in instants(200, seed: 5) {
                let instant = Timestamp(nanoseconds: second * 1_000_000_000 + 7)
                switch zone.utc(ofLocal: zone.civil(atUTC: instant)) {
                case .unique(let time): #expect(time == instant, "\(name)")
                case .ambiguous(let first, let second):
                    #expect(first == instant || second == instant, "\(name)")
                    #expect(first < second)
                case .skipped: Issue.record("\(name): \(instant) is shown by no clock")
                }
            }
        }
    }

    @Test func `the repeated hour has two readings and the skipped hour that of the clocks before`() throws {
        let berlin = try ZoneFiles.rules("Europe/Berlin")
        #expect(
            berlin.utc(ofLocal: at("2026-10-25T02:00:00"))
                == .ambiguous(first: at("2026-10-25T00:00:00"), second: at("2026-10-25T01:00:00")))
        #expect(berlin.utc(ofLocal: at("2026-10-25T01:59:59")) == .unique(at("2026-10-24T23:59:59")))
        #expect(berlin.utc(ofLocal: at("2026-10-25T03:00:00")) == .unique(at("2026-10-25T02:00:00")))
        #expect(berlin.utc(ofLocal: at("2026-03-29T02:30:00")) == .skipped(at("2026-03-29T01:30:00")))
        #expect(berlin.utc(ofLocal: at("2026-03-29T03:00:00")) == .unique(at("2026-03-29T01:00:00")))
        // Summer time that is behind: Irish clocks are on standard time in summer.
        let dublin = try ZoneFiles.rules("Europe/Dublin")
        #expect(dublin.offset(atUTC: at("2060-07-01T12:00:00")) == 3_600)
        #expect(dublin.offset(atUTC: at("2060-12-01T12:00:00")) == 0)
        // Half an hour.
        let lordHowe = try ZoneFiles.rules("Australia/Lord_Howe")
        #expect(
            lordHowe.utc(ofLocal: at("2026-04-05T01:45:00"))
                == .ambiguous(first: at("2026-04-04T14:45:00"), second: at("2026-04-04T15:15:00")))
        // A whole day was left out.
        let apia = try ZoneFiles.rules("Pacific/Apia")
        #expect(apia.utc(ofLocal: at("2011-12-30T12:00:00")) == .skipped(at("2011-12-30T22:00:00")))
    }

    @Test(arguments: [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T00:00:00", 7_200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59", 3_600),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00", 7_200),
        ("EST5EDT", "2026-07-01T00:00:00", -14_400),
        ("<+0330>-3:30", "2026-07-01T00:00:00", 12_600),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00", 0),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-06-01T00:00:00", 3_600),
        ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59", -10_800),
        ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00", -7_200),
        ("EET-2EEST,M4.5.5/0,M10.5.4/24", "2026-10-29T20:59:59", 10_800),
        ("EET-2EEST,M4.5.5/0,M10.5.4/24", "2026-10-29T21:00:00", 7_200),
        ("AAA0BBB,J60,J300", "2024-03-01T02:00:00", 3_600),
        ("AAA0BBB,J60,J300", "2024-03-01T01:59:59", 0),
        ("AAA0BBB,59,300", "2024-02-29T02:00:00", 3_600),
        // Summer time all the year round.
        ("XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00", -14_400),
        ("XXX3EDT4,0/0,J365/23", "2025-12-31T23:30:00", -14_400),
    ])
    func `rules of every form give their offsets`(text: String, instant: String, offset: Int) throws {
        let zone = try #require(TimeZoneRules(name: "x", posix: text))
        #expect(zone.offset(atUTC: at(instant)) == offset)
    }

    @Test(arguments: [
        "", "CET", "C-1", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,J0,J300",
        "CET-1CEST,M3.5.0,M10.5.0/168", "<+03-3", "CET-1CEST,M3.5.0,M10.5.0 ", "CET-1:60",
        "CET-99999999999999999999", "CET-1CEST,366,1",
    ])
    func `what is no rule is refused`(text: String) {
        #expect(TimeZoneRules(name: "x", posix: text) == nil)
    }

    @Test func `leap seconds are ignored and said`() throws {
        guard FileManager.default.fileExists(atPath: ZoneFiles.folder + "right/Europe/Berlin") else { return }
        let zone = try ZoneFiles.rules("right/Europe/Berlin")
        #expect(zone.note?.contains("leap seconds are ignored") == true)
        #expect(try ZoneFiles.rules("Europe/Berlin").note == nil)
        #expect(zone.offset(atUTC: at("2026-07-01T00:00:00")) == 7_200)
    }

    @Test func `rules hold at both ends of time`() throws {
        for name in ["Europe/Berlin", "Pacific/Kiritimati", "America/New_York"] {
            let zone = try ZoneFiles.rules(name)
            for nanoseconds in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
                let instant = Timestamp(nanoseconds: nanoseconds)
                _ = zone.civil(atUTC: instant)
                _ = zone.utc(ofLocal: instant).first
            }
        }
        // Before clocks were put together, each town had its own time.
        #expect(try ZoneFiles.rules("Europe/Berlin").offset(atUTC: at("1800-01-01T00:00:00")) == 3_208)
        #expect(try ZoneFiles.rules("Europe/Berlin").offset(atUTC: at("2261-07-01T00:00:00")) == 7_200)
    }

    @Test func `any bytes at all are rules or an error`() throws {
        var generator = SeededGenerator(seed: 20_261_025)
        let originals = try ["Europe/Berlin", "Europe/Dublin", "Pacific/Apia", "Etc/UTC", "Asia/Gaza"].map {
            try ZoneFiles.bytes($0)
        }
        var read = 0
        for round in 0..<6_000 {
            var bytes = originals[round % originals.count]
            for _ in 0..<(1 + Int(generator.uniform() * 6)) {
                // The header, the second header and the footer are where damage tells most.
                let reach = generator.uniform() < 0.5 ? min(120, bytes.count) : bytes.count
                let place = Int(generator.uniform() * Double(reach))
                switch Int(generator.uniform() * 4) {
                case 0: bytes[place] = UInt8(generator.uniform() * 256)
                case 1: bytes[place] = [0, 0xff, 0x7f, 0x80][Int(generator.uniform() * 4)]
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(generator.uniform() * 9)))
                default: bytes[bytes.count - 1 - Int(generator.uniform() * Double(min(30, bytes.count)))] ^= 1
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let zone = try? TimeZoneRules(name: "x", tzif: bytes) else { continue }
            read += 1
            for second in instants(8, seed: UInt64(round)) + [-9_223_372_036, 9_223_372_036] {
                let instant = Timestamp(nanoseconds: second * 1_000_000_000)
                #expect(TimeZoneRules.offsetRange.contains(zone.offset(atUTC: instant)))
                _ = zone.utc(ofLocal: instant).first
            }
        }
        #expect(read > 500, "\(read) were still rules")
        for length in 0..<originals[0].count {
            _ = try? TimeZoneRules(name: "x", tzif: Array(originals[0][..<length]))
        }
    }

    @Test func `a file of the first version has no rule behind its data`() throws {
        // One change at 1000 s, from +1 h to +2 h.
        var bytes = Array("TZif".utf8) + [UInt8](repeating: 0, count: 16)
        for count: UInt8 in [0, 0, 0, 1, 2, 4] { bytes += [0, 0, 0, count] }
        bytes += [0, 0, 3, 232] + [1] + [0, 0, 14, 16, 0, 0] + [0, 0, 28, 32, 1, 0] + Array("abc\0".utf8)
        let zone = try TimeZoneRules(name: "x", tzif: bytes)
        #expect(zone.offset(atUTC: Timestamp(nanoseconds: 999_000_000_000)) == 3_600)
        #expect(zone.offset(atUTC: Timestamp(nanoseconds: 1_000_000_000_000)) == 7_200)
        #expect(throws: TimeZoneError.notTZif) { try TimeZoneRules(name: "x", tzif: Array("TZig and more".utf8)) }
    }
}
