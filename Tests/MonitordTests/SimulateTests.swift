import Foundation
import TestSupport
import Testing

@Suite("simulate", .needsBinary) struct SimulateTests {
    private func simulate(_ arguments: String...) throws -> CommandResult {
        try monitord(["simulate"] + arguments.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// FNV-1a of 64 bits.
    private func hash(_ text: String) -> String {
        let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(value, radix: 16)
    }

    @Test(arguments: ["pump", "boiler", "motor", "generic"])
    func `the same seed gives the same bytes and another seed others`(kind: String) throws {
        let arguments = "--kind \(kind) --duration 1d --interval 7s --series 3 --anomaly all/6"
        let first = try simulate(arguments)
        #expect(first.exitCode == 0, "\(first.errors)")
        #expect(hash(try simulate(arguments).output) == hash(first.output))
        #expect(hash(try simulate(arguments, "--seed 2").output) != hash(first.output))
    }

    /// Recorded on x86-64: what another machine or compiler makes must be the same, so a change here is a change of
    /// every stream that somebody keeps by its options alone.
    @Test(arguments: [
        ("pump", "36bc8c8b14411b78"), ("boiler", "a42c5d1d6929953a"), ("motor", "ae982164e3d12b61"),
        ("generic", "fdf8b201984c1ece"),
    ])
    func `the bytes are those of every other machine`(kind: String, expected: String) throws {
        #expect(hash(try simulate("--kind \(kind) --duration 20d --interval 2min --anomaly all/2").output) == expected)
    }

    @Test func `a pace changes when rows are written and not what`() throws {
        let plain = try simulate("--duration 20s")
        #expect(try simulate("--duration 20s --rate 1000000").output == plain.output)
        #expect(plain.output.split(separator: "\n").count == 21)
    }

    @Test func `every line of JSON has all channels`() throws {
        let result = try simulate(
            "--kind motor --series 2 --duration 10min --missing 0.05 --format jsonl --interval 250ms --gaps 0")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 4_800)
        for line in lines {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(
                Set(object.keys) == [
                    "timestamp", "series", "load", "current", "vib_low", "vib_mid", "vib_high", "winding",
                ])
        }
        #expect(lines.count { $0.contains("null") } > 0)
        #expect(lines[0].hasPrefix("{\"timestamp\":\"2026-03-15T00:00:00.000Z\",\"series\":\"motor1\",\"load\":"))
        #expect(lines[2].hasPrefix("{\"timestamp\":\"2026-03-15T00:00:00.250Z\""))
    }

    @Test func `a line of influx has fields and nanoseconds, and a long row a single cell`() throws {
        let line =
            /pump speed=[0-9]+,current=[0-9.]+,flow=[0-9.]+,pressure=[0-9.]+,vibration=[0-9.]+,temp=[0-9.]+ 17735328[0-9]{2}000000000/
        let lines = try simulate("--duration 1min --format influx --gaps 0 --missing 0").output.split(separator: "\n")
        #expect(lines.count == 60)
        #expect(lines.allSatisfy { $0.wholeMatch(of: line) != nil })
        let long = try simulate("--duration 1min --format long --gaps 0 --missing 0").output.split(separator: "\n")
        #expect(long.count == 361)
        #expect(long[0] == "timestamp,series,channel,value")
        #expect(long[2].hasPrefix("2026-03-15T00:00:00Z,pump1,current,"))
    }

    @Test func `local times have no zone and follow the offset`() throws {
        let result = try simulate("--duration 2s --timezone +05:30 --time local")
        #expect(result.output.split(separator: "\n")[1].hasPrefix("2026-03-15T00:00:00,"))
        let utc = try simulate("--duration 2s --timezone +05:30")
        #expect(utc.output.split(separator: "\n")[1].hasPrefix("2026-03-14T18:30:00Z,"))
    }

    @Test(arguments: ["UTC", "+09:00"])
    func `day and week follow the clock on the wall`(zone: String) throws {
        let offset = zone == "UTC" ? 0.0 : 32_400
        let stream = try SimulatedStream(["--timezone", zone, "--duration", "3d", "--interval", "1min"])
        // The stream begins on a Sunday at midnight, local time: 2026-03-15.
        let midnight = 1_773_532_800 - offset
        func speed(_ hours: Range<Double>) throws -> Double {
            mean(
                try stream.values(
                    "speed", from: midnight + hours.lowerBound * 3_600, until: midnight + hours.upperBound * 3_600
                ).values)
        }
        // On Monday the demand is 0.6 at night and 1 before noon: half of the difference is in the speed.
        #expect(try speed(33..<36) - speed(25..<28) > 450)
        #expect(try speed(33..<36) - speed(9..<12) > 400)
        #expect(try abs(speed(33..<36) - speed(57..<60)) < 150)
    }

    @Test func `an hour is left out in spring and comes twice in autumn`() throws {
        // Central Europe's rules as a text, which needs no file of the system.
        let zone = "--timezone CET-1CEST,M3.5.0,M10.5.0/3 --time local --gaps 0 --interval 30min --duration 1d"
        func times(_ start: String) throws -> [String] {
            try simulate(zone, "--start \(start)").output.split(separator: "\n").dropFirst().map {
                String($0.prefix(19))
            }
        }
        let spring = try times("2026-03-29")
        #expect(spring.first == "2026-03-29T00:00:00" && spring.last == "2026-03-30T00:30:00")
        #expect(!spring.contains { $0.hasPrefix("2026-03-29T02") })
        let autumn = try times("2026-10-25")
        #expect(autumn.count { $0.hasPrefix("2026-10-25T02") } == 4)
        #expect(autumn.last == "2026-10-25T22:30:00")
    }

    @Test func `each row is a datagram`() throws {
        let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(receiver) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Both types of address begin alike, and the length is that of the one given.
        unsafe withUnsafeMutablePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(unsafe bind(receiver, $0, length) == 0)
                #expect(unsafe getsockname(receiver, $0, &length) == 0)
            }
        }
        let result = try simulate("--duration 5s --udp 127.0.0.1:\(UInt16(bigEndian: place.sin_port))")
        #expect(result.exitCode == 0 && result.output.isEmpty)
        let lines = try simulate("--duration 5s --format jsonl").output
        var received = ""
        var buffer = [UInt8](repeating: 0, count: 2_048)
        // What a finished process sent on the loopback is here already.
        while case let count = unsafe recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 {
            received += String(decoding: buffer[..<count], as: UTF8.self)
        }
        #expect(received == lines)
    }

    @Test func `gaps leave rows out and nothing else`() throws {
        let whole = try SimulatedStream(["--duration", "2d", "--interval", "10s", "--gaps", "0", "--missing", "0"])
        let gappy = try SimulatedStream([
            "--duration", "2d", "--interval", "10s", "--gaps", "20+10min", "--missing", "0",
        ])
        #expect(whole.times.count == 17_280)
        #expect(zip(whole.times, whole.times.dropFirst()).allSatisfy { $1 - $0 == 10 })
        #expect(gappy.times.count < 17_280 - 40)
        #expect(gappy.message.contains("\(17_280 - gappy.times.count) rows left out"))
        #expect(zip(gappy.times, gappy.times.dropFirst()).allSatisfy { $1 > $0 && ($1 - $0) <= 1_210 })
        #expect(gappy.rows.allSatisfy { whole.rows[$0.key] == $0.value })
    }

    @Test func `single cells are missing as often as asked`() throws {
        let stream = try SimulatedStream([
            "--duration", "1d", "--interval", "10s", "--missing", "0.1", "--gaps", "none",
        ])
        let empty = stream.rows.values.joined().count { $0.isEmpty }
        // 51,840 cells: the share's standard deviation is 0.0013.
        #expect(abs(Double(empty) / 51_840 - 0.1) < 0.006)
    }

    @Test func `a machine under maintenance stands still and starts with a surge`() throws {
        let stream = try SimulatedStream(["--duration", "2d", "--maintenance", "1d+30min", "--gaps", "0"])
        #expect(stream.labels.map(\.kind) == ["maintenance", "maintenance"])
        let off = try #require(stream.labels.first)
        #expect(off.until - off.from == 1_800)
        #expect(off.from == 1_773_532_800 + 34_200)
        let standing = try stream.values("speed", from: off.from + 120, until: off.until)
        #expect(standing.values.allSatisfy { $0 < 20 })
        let start = try stream.values("current", from: off.until, until: off.until + 5).values.max() ?? 0
        let later = try stream.values("current", from: off.until + 120, until: off.until + 180).values.max() ?? 0
        #expect(start > 1.5 * later)
    }

    @Test func `a reader that has seen enough is no error`() throws {
        let binary = try #require(monitordBinary).path
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"),
            ["-c", "set -o pipefail; '\(binary)' simulate --duration 100d | head -n 2"])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 2)
    }

    @Test(arguments: [
        ("--anomaly stpe:8", "\"stpe\" is no kind of anomaly; accepted are spike, step, drift, stuck"),
        ("--anomaly step:x", "size \"x\" is not a number from -1000000 to 1000000"),
        ("--anomaly stuck:3", "stuck takes no size"), ("--anomaly all:3", "all takes no size"),
        ("--anomaly step/0", "\"0\" is not a number of times a day"),
        ("--anomaly step@noon", "\"noon\" is no time; accepted are 2026-03-15"),
        ("--anomaly step@40d --duration 30d", "not before the end of the stream, 2026-04-14T00:00:00Z"),
        ("--anomaly step@2020-01-01", "before the start of the stream"),
        ("--anomaly step+5", "\"5\" is no duration; accepted is a number with ms"),
        ("--anomaly step+13h", "at most 12h"), ("--anomaly heat.step", "accepted are speed, current, flow"),
        ("--kind boiler --anomaly burner.step", "accepted are outside, supply, return, pressure"),
        ("--anomaly pressure.phase", "takes no channel"),
        ("--duration soon", "--duration soon: accepted is a number with"),
        ("--interval 2d", "accepted is 1ms to 1d"),
        ("--start 2026-02-30", "--start 2026-02-30: accepted are 2026-03-15"),
        ("--start 1700-01-01", "1700-01-01: accepted are"), ("--series 0", "--series 0: accepted is 1 to 10000"),
        ("--channels 3", "only --kind generic"), ("--missing 0.9", "a share from 0 to 0.5"), ("--gaps many", "2+10min"),
        ("--maintenance 36h", "14d+45min"), ("--timezone ../etc", "accepted are names such as Europe/Berlin"),
        ("--format influx --time iso", "nanoseconds since 1970 only"),
        ("--live --start 2026-01-01", "--live begins now"),
        ("--live --rate 5", "--live has its own pace"), ("--labels -", "standard output carries the rows"),
        ("--udp localhost:5140", "127.0.0.1:5140"), ("--kind turbine", "pump"), ("--format xml", "csv"),
    ])
    func `an argument that cannot be used is named with what can`(arguments: String, text: String) throws {
        let result = try simulate(arguments)
        #expect(result.exitCode == 64)
        #expect(result.errors.contains(text), "\(result.errors)")
        #expect(result.output.isEmpty)
    }
}
