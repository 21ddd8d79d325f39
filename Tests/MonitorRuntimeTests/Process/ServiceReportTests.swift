import Alerting
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct ServiceReportTests {
    private func record(_ event: AlertEvent) -> AlertRecord {
        let time = Timestamp(nanoseconds: 1_767_225_600_000_000_000)
        return AlertRecord(
            id: "00000000000000aa", seq: 0, event: event, time: time, since: time, severity: .critical, kind: .anomaly,
            series: "pump3", message: "m", hint: "h")
    }

    @Test func `the line has rate, series, learning, the last alert and the last reload`() {
        let report = ServiceReport()
        #expect(report.line(lines: 0, series: 0, learning: 0, at: 10) == "0.0 lines/s, 0 series, no alert yet")
        #expect(
            report.line(lines: 125, series: 3, learning: 2, at: 20)
                == "12.5 lines/s, 3 series (2 learning), no alert yet")
        report.note([record(.open)])
        #expect(
            report.line(lines: 125, series: 3, learning: 0, at: 30)
                == "0.0 lines/s, 3 series, last alert 2026-01-01T00:00:00Z pump3 critical")
        #expect(
            report.line(lines: 125, series: 3, learning: 1, awaiting: 2, at: 35).contains(
                "3 series (1 learning, 2 at a level that waits to be accepted),"))
        #expect(
            report.line(lines: 125, series: 3, learning: 0, skippedRounds: 12, at: 35).contains(
                ", training skipped in 12 rounds"))
        report.note([record(.open), record(.close)])
        report.note([])
        report.note(reload: "reloaded: 1 changes")
        #expect(
            report.line(lines: 126, series: 3, learning: 0, at: 40)
                == "0.2 lines/s, 3 series, last alert 2026-01-01T00:00:00Z pump3 closed, reloaded: 1 changes")
    }
}
