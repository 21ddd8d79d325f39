import Alerting
import AnomalyDetection
import Foundation
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Streams that stop, values that stick and channels that go missing, from lines to records.
@Suite struct SilenceReplayTests {
    private static let start = 1_767_225_600

    private static func time(_ tick: Double) -> Timestamp {
        Timestamp(nanoseconds: Int64(start) * 1_000_000_000 + Int64((tick * 1e9).rounded()))
    }

    /// Pumps with a line a second each: temperature, flow and a counter of pulses.
    ///
    /// - Parameter line: the cells of a unit at a tick, or `nil` for no line.
    private static func recording(
        rows: Int, units: [String] = ["a", "b", "c"],
        _ line: (_ unit: String, _ tick: Int, _ cells: [String]) -> [String]? = { _, _, cells in cells }
    ) -> String {
        var generator = SeededGenerator(seed: 5)
        var text = "time,unit,temp,flow,pulses\n"
        var pulses = 0
        for tick in 0..<rows {
            for unit in units {
                let temp = 60 + 3 * cosine(Double(tick) / 50) + 0.3 * normal(&generator)
                let flow = 4 + 0.1 * normal(&generator)
                pulses += 20 + Int(2 * normal(&generator))
                guard let cells = line(unit, tick, ["\(temp)", "\(flow)", "\(pulses)"]) else { continue }
                text += "\(start + tick),\(unit),\(cells.joined(separator: ","))\n"
            }
        }
        return text
    }

    /// The records, scores and alert column of a replay.
    private func replay(
        _ text: String, _ conditions: SampleConditions = SampleConditions(), interval: Double? = nil,
        networks: Bool = false,
        readSize: Int = 1 << 16, shards: Int = 1
    ) async throws -> (records: [AlertRecord], lines: String, scores: String) {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "pumps.csv")
        var source = SourceConfiguration(input: .file(pattern: path), conditions: conditions)
        source.series = "unit"
        source.channels = conditions.counters.isEmpty ? ["temp", "flow"] : ["temp", "flow", "pulses"]
        source.interval = interval
        var configuration = MonitorConfiguration(sources: [source])
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.detection.allowsNetworks = networks
        var request = ReplayRequest(paths: [path], configuration: configuration)
        request.alertsPath = directory.path("alerts")
        request.scoresPath = directory.path("scores")
        request.readSize = readSize
        request.shards = shards
        _ = try await ReplayRun(request, logger: nil).run()
        let lines = try String(contentsOfFile: directory.path("alerts"), encoding: .utf8)
        let scores = try String(contentsOfFile: directory.path("scores"), encoding: .utf8)
        return (try lines.split(separator: "\n").map { try AlertRecord(json: $0.utf8) }, lines, scores)
    }

    private func told(_ records: [AlertRecord]) -> [String] {
        records.map { "\($0.event.rawValue) \($0.kind.rawValue) \($0.series)" }
    }

    @Test func `a series that stops among others is told once, with its habit, and closed on its return`() async throws
    {
        let result = try await replay(
            Self.recording(rows: 1_000) { unit, tick, cells in unit == "b" && (700..<760).contains(tick) ? nil : cells }
        )
        #expect(told(result.records) == ["open stalled b", "close stalled b"], "\(result.lines)")
        let (open, close) = (result.records[0], result.records[1])
        #expect(open.since == Self.time(729))
        #expect(open.time.seconds(since: open.since) <= 1, "shown by the next line of another")
        #expect(
            open.message.contains(
                "b has not spoken since 00:11:39 UTC; it usually does every 1 s and never stayed silent longer than 1 s."
            ))
        #expect(close.until == Self.time(760) && close.id == open.id && close.seq == 1)
        #expect(close.message.contains("b speaks again since 00:12:40 UTC; overdue for"))
    }

    @Test func `a source that vanishes is one incident, of the source`() async throws {
        let result = try await replay(
            Self.recording(rows: 1_600) { _, tick, cells in (700..<1_300).contains(tick) ? nil : cells })
        #expect(told(result.records) == ["open stalled input", "close stalled input"], "\(result.lines)")
        let open = result.records[0]
        #expect(open.time == open.since && open.since == Self.time(729))
        #expect(open.message.hasPrefix("source input has not spoken since 00:11:39 UTC; it usually does every 1 s"))
        #expect(result.records[1].until == Self.time(1_300))
        #expect(!result.scores.contains(",1\n"), "no line of the input is under an alert")
    }

    @Test func `a value that sticks is one incident of its channel, and no anomaly beside it`() async throws {
        let result = try await replay(
            Self.recording(rows: 1_200) { unit, tick, cells in
                unit == "b" && (700..<800).contains(tick) ? ["61.25", cells[1], cells[2]] : cells
            })
        #expect(told(result.records) == ["open stuck b", "close stuck b"], "\(result.lines)")
        let open = result.records[0]
        #expect(open.since == Self.time(700) && open.time < Self.time(715))
        #expect(open.channels.map(\.name) == ["temp"] && open.channels[0].value == 61.25)
        #expect(open.message.hasPrefix("b.temp has not changed since 00:11:40 UTC, still 61.3"))
        #expect(result.records[1].message.hasPrefix("b.temp changes again since 00:13:21 UTC"))
        let rows = result.scores.split(separator: "\n").filter { $0.contains(",b,") }
        #expect(rows.count { $0.hasSuffix(",1") } > 80, "the alert column follows it")
    }

    @Test func `a channel that goes missing while the other goes on is told and named`() async throws {
        let result = try await replay(
            Self.recording(rows: 1_000) { unit, tick, cells in
                unit == "c" && (700..<740).contains(tick) ? ["", cells[1], cells[2]] : cells
            })
        #expect(told(result.records) == ["open stalled c", "close stalled c"], "\(result.lines)")
        #expect(
            result.records[0].message.hasPrefix(
                "c.temp has no value since 00:11:40 UTC, though it never lacked one before."))
        #expect(result.records[1].message.hasPrefix("c.temp has values again since 00:12:20 UTC"))
    }

    @Test(arguments: [3, 20, 200]) func `a return after a gap raises no anomaly merely because of the gap`(
        gap: Int
    ) async throws {
        let result = try await replay(
            Self.recording(rows: 1_400) { unit, tick, cells in
                unit == "a" && tick >= 700 && (tick - 700) % 250 < gap ? nil : cells
            }, networks: true)
        #expect(!result.lines.contains("\"kind\":\"anomaly\""), "\(result.lines)")
    }

    @Test func `the same bytes with any read size and any number of shards`() async throws {
        let text = Self.recording(rows: 1_300) { unit, tick, cells in
            if (900..<960).contains(tick) { return nil }
            if unit == "a", (500..<560).contains(tick) { return nil }
            if unit == "b", (600..<660).contains(tick) { return ["61.5", cells[1], cells[2]] }
            if unit == "c", (520..<580).contains(tick) { return ["", cells[1], cells[2]] }
            return cells
        }
        let reference = try await replay(text)
        #expect(reference.records.count == 8, "\(reference.lines)")
        for (readSize, shards) in [(1, 1), (333, 1), (4_096, 3), (1 << 20, 2)] {
            let again = try await replay(text, readSize: readSize, shards: shards)
            #expect(again.lines == reference.lines, "read size \(readSize), \(shards) shards")
            #expect(again.scores == reference.scores, "read size \(readSize), \(shards) shards")
        }
    }

    @Test func `a declared silence is kept to`() async throws {
        let text = Self.recording(rows: 300) { unit, tick, cells in unit == "b" && tick >= 100 ? nil : cells }
        let result = try await replay(text, SampleConditions(stalledAfter: 60))
        #expect(told(result.records) == ["open stalled b"])
        #expect(result.records.first?.since == Self.time(159))
        #expect(result.records.first?.message.contains("it should at least every 60 s.") == true)
    }

    @Test func `an alarm on what is missing comes at once`() async throws {
        let text = Self.recording(rows: 300) { unit, tick, cells in
            unit == "b" && tick == 200 ? nil : unit == "c" && tick == 250 ? [cells[0], "", cells[2]] : cells
        }
        let result = try await replay(text, SampleConditions(missing: .alarm))
        #expect(
            told(result.records) == ["open stalled b", "close stalled b", "open stalled c", "close stalled c"],
            "\(result.lines)")
    }

    @Test func `counters are watched as rates, over resets and wraps`() async throws {
        let modulus = 1 << 32
        let text = Self.recording(rows: 1_500) { unit, tick, cells in
            guard let pulses = Int(cells[2]) else { return cells }
            let shifted = unit == "a" && tick >= 800 ? pulses - 40_000 : (pulses + modulus - 50_000) % modulus
            return [cells[0], cells[1], "\(max(0, shifted))"]
        }
        let result = try await replay(text, SampleConditions(counters: ["pulses"]))
        #expect(result.records.isEmpty, "\(result.lines)")
    }

    @Test func `sentinels are no values`() async throws {
        let text = Self.recording(rows: 1_000) { unit, tick, cells in
            unit == "b" && tick > 400 && tick % 90 == 0 ? ["-32768", "65535", cells[2]] : cells
        }
        let result = try await replay(text, SampleConditions(sentinels: [-32_768, 65_535]))
        #expect(result.records.isEmpty, "\(result.lines)")
        #expect(!(try await replay(text)).records.isEmpty, "without them they are values, and strange ones")
    }

    @Test func `a reporter by exception holds its last value`() async throws {
        let text = Self.recording(rows: 2_000) { unit, tick, cells in
            tick % 4 == 0 || unit == "a" ? cells : unit == "b" ? nil : [cells[0], "", cells[2]]
        }
        let result = try await replay(text, SampleConditions(missing: .hold), interval: 1)
        #expect(result.records.allSatisfy { $0.kind == .anomaly }, "\(result.lines)")
    }

    @Test func `what nobody counted is zero, and that it is zero is seen`() async throws {
        let text = Self.recording(rows: 1_000) { unit, tick, cells in
            unit == "b" && (700..<720).contains(tick) ? nil : cells
        }
        let zero = try await replay(text, SampleConditions(missing: .zero, stalledAfter: 3_600), interval: 1)
        #expect(told(zero.records).contains("open anomaly b"), "\(zero.lines)")
        let gap = try await replay(text, SampleConditions(stalledAfter: 3_600), interval: 1)
        #expect(gap.records.isEmpty, "\(gap.lines)")
    }

    @Test func `a stall that the clock notices has the bytes of the one that a recording tells`() async throws {
        let text = Self.recording(rows: 1_300) { _, tick, cells in (900..<1_000).contains(tick) ? nil : cells }
        let expected = try await replay(text).lines
        let directory = try TemporaryDirectory()
        // Two files, so that no read has lines of both sides of the silence.
        let lines = text.split(separator: "\n").map { $0 + "\n" }
        let split = 1 + 3 * 900
        let paths = [
            try directory.write(lines[..<split].joined(), to: "before.csv"),
            try directory.write(lines[split...].joined(), to: "after.csv"),
        ]
        var source = SourceConfiguration(input: .file(pattern: paths[0]))
        source.series = "unit"
        source.channels = ["temp", "flow"]
        var configuration = MonitorConfiguration(sources: [source])
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.detection.allowsNetworks = false
        let written = Mutex("")
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { records in
            written.withLock { text in for record in records { text += record.jsonLine() + "\n" } }
        }
        let pipeline = Pipeline(
            name: "input", interval: nil, configuration: configuration, timesByRow: false, shardCount: 1, desk: desk)
        let clock = Mutex(50_000.0)
        let files = RecordedFiles(
            paths: paths, configuration: source, limits: ReadingLimits(readSize: 128), telemetry: SourceTelemetry(),
            admission: SeriesAdmission(allowance: configuration.seriesAllowance()))
        let noticed = Mutex<Double?>(nil)
        try await files.run { batch in
            guard let time = batch.rows.last?.time else { return }
            if time >= Self.time(1_000), noticed.withLock({ $0 }) == nil {
                let before = written.withLock { $0 }
                #expect(!before.contains("stalled"), "\(before)")
                for second in 1...60 {
                    try await pipeline.pass(at: clock.withLock { $0 } + Double(second))
                    guard written.withLock({ $0 == before }) else {
                        noticed.withLock { $0 = Double(second) }
                        break
                    }
                }
                clock.withLock { $0 += 100 }
            }
            let now = clock.withLock { clock in
                clock += 0.5
                return clock
            }
            try await pipeline.process(batch, arrivedAt: now)
            try await pipeline.pass(at: now + 0.4)
        }
        try await pipeline.finish(atEnd: true)
        #expect(written.withLock { $0 } == expected)
        let seconds = try #require(noticed.withLock { $0 })
        #expect(seconds > 30 && seconds < 36, "noticed \(seconds) s after the last line, while none came")
    }
}

@Suite struct ArrivalWatchTests {
    private static let weekly = 1.0 / 604_800

    @Test func `no time passes while the pause is a usual one`() {
        var watch = ArrivalWatch()
        #expect(watch.passed(at: 5, rate: nil) == nil, "nothing has come yet")
        for burst in 0..<100 { watch.note(at: Double(60 * burst)) }
        #expect(watch.passed(at: 99 * 60 + 60, rate: Self.weekly) == nil)
        #expect(watch.passed(at: 99 * 60 + 80, rate: Self.weekly) == 78)
        #expect(watch.passed(at: 99 * 60 + 30, rate: nil) == 28, "a declared silence is not weighed")
        #expect(watch.passed(at: 99 * 60 + 1, rate: nil) == nil, "a line may be on its way")
    }

    @Test func `reading what was there before says nothing of pauses to come`() {
        var watch = ArrivalWatch()
        for batch in 0..<10_000 { watch.note(at: Double(batch) * 0.001) }
        #expect(watch.passed(at: 100_000, rate: Self.weekly) == nil)
    }
}
