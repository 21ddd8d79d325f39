import Foundation
import TestSupport
import Testing
import TimeSeries

/// A source that writes the local time of Berlin, over the two days of a year on which clocks are changed.
@Suite("summer time", .needsBinary) struct SummerTimeTests {
    /// A day on which clocks change, with the zone that goes on as if they did not.
    struct Change: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// 2026-03-29T01:00:00Z and 2026-10-25T01:00:00Z.
        var instant: Int
        var offsetBefore: Int
        var zoneBefore: String
    }

    static let changes = [
        Change(testDescription: "spring", instant: 1_774_746_000, offsetBefore: 3_600, zoneBefore: "Etc/GMT-1"),
        Change(testDescription: "autumn", instant: 1_792_890_000, offsetBefore: 7_200, zoneBefore: "Etc/GMT-2"),
    ]
    static let days = 30
    static let interval = 300

    /// One recording, in the forms in which the same rows can be written.
    private struct Recording {
        var local = "time,load,temp\n"
        var utc = "time,load,temp\n"
    }

    /// Thirty days around a change, a row every five minutes: a load that rises at 06:00 and falls at 22:00 by the clocks,
    /// and a temperature that follows the day.
    private func recording(_ change: Change, seed: UInt64, clocksChange: Bool) throws -> Recording {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        var generator = SeededGenerator(seed: seed)
        var result = Recording()
        let begin = change.instant - 19 * 86_400
        for instant in stride(from: begin, to: begin + Self.days * 86_400, by: Self.interval) {
            let date = Date(timeIntervalSince1970: Double(instant))
            let offset = clocksChange ? berlin.secondsFromGMT(for: date) : change.offsetBefore
            let secondOfDay = (instant + offset) % 86_400
            let isDay = (21_600..<79_200).contains(secondOfDay)
            let load = 40 + (isDay ? 20 : 0) + normal(&generator)
            let temp = 20 - 3 * cosine(Double(secondOfDay) / 86_400) + 0.2 * normal(&generator)
            let values = ",\(load),\(temp)\n"
            result.local += text(instant + offset) + values
            result.utc += text(instant).replacing(" ", with: "T") + "Z" + values
        }
        return result
    }

    /// `2026-10-25 02:00:00` of seconds since 1970.
    private func text(_ seconds: Int) -> String {
        let text = "\(Timestamp(nanoseconds: Int64(seconds) * 1_000_000_000))"
        return text.replacing("T", with: " ").replacing("Z", with: "")
    }

    /// Alerts of a replay, and its figures.
    private func replay(
        _ recording: String, _ directory: TemporaryDirectory, zone: String
    ) throws -> (alerts: String, figures: String) {
        let path = try directory.write(recording, to: "recording.csv")
        let alerts = directory.path("alerts")
        let result = try monitord(["replay", "--json", "--timezone", zone, "--alerts", alerts, path])
        #expect(result.exitCode == 0, "\(result.errors)")
        return (try String(contentsOfFile: alerts, encoding: .utf8), result.output)
    }

    /// Incidents that open in the 48 hours behind a change.
    private func openings(in alerts: String, behind change: Change) throws -> Int {
        try alerts.split(separator: "\n").count { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let text = try #require(object["since"] as? String)
            let since = try #require(ISO8601DateFormatter().date(from: text))
            let seconds = Int(since.timeIntervalSince1970) - change.instant
            return object["event"] as? String == "open" && (0..<172_800).contains(seconds)
        }
    }

    @Test(arguments: changes)
    func `local time over a change gives the alerts of universal time`(change: Change) throws {
        let directory = try TemporaryDirectory()
        for seed in UInt64(1)...4 {
            let recording = try recording(change, seed: seed, clocksChange: true)
            let local = try replay(recording.local, directory, zone: "Europe/Berlin")
            let utc = try replay(recording.utc, directory, zone: "Europe/Berlin")
            #expect(local.alerts == utc.alerts, "seed \(seed)")
            #expect(!local.alerts.isEmpty)
            let rows = Self.days * 86_400 / Self.interval
            #expect(
                local.figures.contains("\"samples\":\(rows),\"lines\":\(rows),\"late_lines\":0,\"duplicate_lines\":0,"))
        }
    }

    @Test(arguments: changes)
    func `a change of clocks raises no incidents of its own`(change: Change) throws {
        let directory = try TemporaryDirectory()
        var changed = 0
        var unchanged = 0
        for seed in UInt64(1)...24 {
            let recording = try recording(change, seed: seed, clocksChange: true)
            changed += try openings(
                in: replay(recording.local, directory, zone: "Europe/Berlin").alerts, behind: change)
            // The same noise and the same days by clocks that go on as they were.
            let control = try self.recording(change, seed: seed, clocksChange: false)
            unchanged += try openings(
                in: replay(control.local, directory, zone: change.zoneBefore).alerts, behind: change)
        }
        // A step of twenty standard deviations is now and then an incident on any morning: two counts of the same mean differ by
        // no more than two and a half standard deviations. One incident for each change would be 24 more.
        let spread = 2.5 * Double(max(1, changed + unchanged)).squareRoot()
        #expect(
            Double(changed - unchanged) <= spread, "\(changed) incidents behind the change, \(unchanged) without it")
    }

    @Test func `check says the zone, and one that is not there ends with 78`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            "time,a\n2026-07-10 12:00,1\n2026-07-10 12:01,2\n2026-07-10 12:02,3\n", to: "a.csv")
        let machine = try monitord(["check", "--sample", path], environment: ["TZ": "Europe/Berlin"])
        #expect(machine.output.contains("(ISO 8601, read as Europe/Berlin local time)"))
        #expect(machine.output.contains("\ntime zone: Europe/Berlin, this machine's\n"))
        let unknown = try monitord(["replay", "--timezone", "Europe/Bern", path])
        #expect(unknown.exitCode == 78)
        #expect(unknown.errors.contains("--timezone: source.timezone: cannot find the time zone Europe/Bern in"))
    }

    @Test func `restarts in the middle of the repeated hour, on machines elsewhere, give the alerts of one run`() throws
    {
        let change = try #require(Self.changes.last)
        let directory = try TemporaryDirectory()
        let recording = try recording(change, seed: 2, clocksChange: true)
        let lines = recording.local.split(separator: "\n").map { $0 + "\n" }
        let whole = try bareRecords(replay(recording.local, directory, zone: "Europe/Berlin").alerts)
        // 02:30 is shown twice: the stops are in the first pass and in the second.
        let stops = lines.indices.filter { lines[$0].hasPrefix("2026-10-25 02:30") }
        try #require(stops.count == 2)
        var told: [String] = []
        let parts = [(1, stops[0]), (stops[0], stops[1]), (stops[1], lines.count)]
        for ((from, to), machine) in zip(parts, ["Europe/Berlin", "Asia/Tokyo", "UTC"]) {
            let part = lines[0] + lines[from..<to].joined()
            let result = try monitord(
                ["run", "--stdin", "--state", directory.path("state"), "--no-journal"]
                    + ["--log", "none"],
                input: Data(part.utf8), environment: ["TZ": machine])
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.errors.contains("read as Europe/Berlin local time"), "\(result.errors)")
            #expect(!result.errors.contains("counted, not learned"), "\(result.errors)")
            told += try bareRecords(result.output)
        }
        #expect(told == whole)
    }
}
