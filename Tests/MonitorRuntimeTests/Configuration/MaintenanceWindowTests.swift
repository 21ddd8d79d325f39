import Ingest
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Windows of planned maintenance.
@Suite struct MaintenanceWindowTests {
    /// 2026-11-21 was a Saturday.
    private func time(_ day: Int, _ hour: Int, _ minute: Int, _ second: Int = 0) -> Timestamp {
        CivilTime(year: 2026, month: 11, day: day, hour: hour, minute: minute, second: second).utc
    }

    @Test(arguments: [
        ("Sat 22:00-Sun 04:00", 21, 22, 0, 22, 4), ("Sat 22:00-04:00", 22, 3, 59, 22, 4),
        ("saturday 22:00-sunday 04:00", 21, 23, 0, 22, 4), ("22:00-04:00", 24, 23, 0, 25, 4),
        ("Mon-Fri 12:00-13:00", 20, 12, 59, 20, 13), ("Sun 23:00-Mon 01:00", 23, 0, 30, 23, 1),
        ("Sat-Mon 01:00-02:00", 23, 1, 0, 23, 2), ("Sun 22:00-24:00", 22, 23, 0, 23, 0),
    ])
    func `a time in a window has its end`(text: String, day: Int, hour: Int, minute: Int, endDay: Int, endHour: Int)
        throws
    {
        let window = try #require(MaintenanceWindow(text))
        #expect(window.end(at: time(day, hour, minute, 7), in: .utc) == time(endDay, endHour, 0))
    }

    @Test(arguments: [
        ("Sat 22:00-Sun 04:00", 21, 21, 59), ("Sat 22:00-Sun 04:00", 22, 4, 0), ("Mon-Fri 12:00-13:00", 21, 12, 30),
        ("Sat-Mon 01:00-02:00", 24, 1, 30), ("22:00-04:00", 24, 21, 59),
    ])
    func `a time outside has none`(text: String, day: Int, hour: Int, minute: Int) throws {
        let window = try #require(MaintenanceWindow(text))
        #expect(window.end(at: time(day, hour, minute, 59), in: .utc) == nil)
    }

    @Test func `it goes by the clocks of the input's zone`() throws {
        let window = try #require(MaintenanceWindow("22:00-23:00"))
        let berlin = try SystemTimeZones(environment: [:]).rules(named: "Europe/Berlin")
        #expect(window.end(at: time(21, 21, 30), in: berlin) == time(21, 22, 0))
        #expect(window.end(at: time(21, 22, 30), in: berlin) == nil)
    }

    @Test(arguments: [
        "", "Sat", "22:00", "22:00-22:00", "25:00-26:00", "22:60-23:00", "Sat 22:00", "Xyz 22:00-23:00",
        "Sat 22:00-Sun", "Sat-Sun 22:00-Mon 04:00", "Sat 22:00 - Sun 04:00", "Sat 22:00-Sat 22:00", "-", "22:0-23:00",
    ])
    func `what is no window is refused`(text: String) { #expect(MaintenanceWindow(text) == nil) }
}
