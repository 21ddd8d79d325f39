import Alerting
import AnomalyDetection
import Ingest
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Clocks that are set, that repeat or stretch a second, and what the watch makes of it.
@Suite struct ClockTests {
    /// What came of a live stream.
    private struct Watched {
        var records: [AlertRecord] = []
        var counts: LineCounts
        var told: [String]
    }

    /// Half an hour of lines without a time, one a second by the monotonic clock, dated by a wall clock.
    ///
    /// - Parameter wall: what the wall clock shows at each second.
    private func watch(seconds: Int = 1_800, wall: (Int) -> Double) async throws -> Watched {
        var generator = SeededGenerator(seed: 8)
        let lines = (0..<seconds).map { tick in
            "\(60 + 3 * cosine(Double(tick) / 50) + 0.3 * normal(&generator)),\(4 + 0.1 * normal(&generator))\n"
        }
        let records = Mutex<[AlertRecord]>([])
        let log = ListedLog.Lines()
        var configuration = MonitorConfiguration()
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.detection.allowsNetworks = false
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { new in
            records.withLock { $0 += new }
        }
        let pipeline = Pipeline(
            name: "input", interval: nil, configuration: configuration, timesByRow: false, shardCount: 1, desk: desk,
            logger: log.logger)
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), seriesName: "input", admission: .atOnce)
        var done = 0
        while done < seconds {
            // The first lines come together, when it is known how they are to be read.
            let end = done == 0 ? 100 : done + 1
            var batch = RecordBatch()
            decoder.decode(Array(((done == 0 ? "temp,flow\n" : "") + lines[done..<end].joined()).utf8), into: &batch)
            batch.arrival = Timestamp(seconds: wall(end))
            try await pipeline.process(batch, arrivedAt: 5_000 + Double(end))
            try await pipeline.pass(at: 5_000.9 + Double(end))
            done = end
        }
        try await pipeline.finish()
        return Watched(records: records.withLock { $0 }, counts: await pipeline.counts, told: log.all)
    }

    @Test(arguments: [3_600, -3_600, 2_592_000, -2_592_000, 40, -40] as [Double])
    func `a wall clock that jumps loses no line that it dates, and raises nothing`(jump: Double) async throws {
        let steady = try await watch { 1_792_000_000 + Double($0) }
        let jumped = try await watch { 1_792_000_000 + Double($0) + ($0 >= 1_000 ? jump : 0) }
        // The first hundred came at one moment.
        #expect(steady.counts.samples == 1_701)
        #expect(jumped.counts.samples == 1_701)
        #expect(jumped.counts.late == 0 && jumped.counts.duplicates == 99)
        #expect(!jumped.records.contains { $0.kind == .stalled }, "\(jumped.records.map(\.message))")
        #expect(jumped.records.count <= steady.records.count, "\(jumped.records.map(\.message))")
        #expect(jumped.told.filter { $0.contains("clock was set") }.count == 1, "\(jumped.told)")
        #expect(!jumped.told.contains { $0.contains("earlier than the one before") }, "\(jumped.told)")
        #expect(!steady.told.contains { $0.contains("clock was set") }, "\(steady.told)")
    }

    @Test func `a clock that starts in 1970 is set once the network is there`() async throws {
        let watched = try await watch { ($0 >= 600 ? 1_792_000_000 : 5) + Double($0) }
        #expect(watched.counts.samples == 1_701 && watched.counts.late == 0)
        #expect(watched.records.isEmpty, "\(watched.records.map(\.message))")
        #expect(watched.told.filter { $0.contains("clock was set") }.count == 1, "\(watched.told)")
    }

    @Test func `a clock that jumps there and back again is told each time`() async throws {
        let watched = try await watch { 1_792_000_000 + Double($0) + ((800..<1_200).contains($0) ? 7_200 : 0) }
        #expect(watched.counts.samples == 1_701 && watched.counts.late == 0)
        #expect(!watched.records.contains { $0.kind == .stalled }, "\(watched.records.map(\.message))")
        #expect(watched.told.filter { $0.contains("clock.step=+2 hours") }.count == 1, "\(watched.told)")
        #expect(watched.told.filter { $0.contains("clock.step=-2 hours") }.count == 1, "\(watched.told)")
    }

    @Test func `batches that waited are no clock that was set`() {
        var clock = ArrivalClock()
        let start = Timestamp(nanoseconds: 1_792_000_000_000_000_000)
        for second in 0..<100 {
            // Read every second, taken up to nine seconds later.
            let wait = Double(second * 7 % 10)
            #expect(clock.step(to: start.advanced(bySeconds: Double(second)), at: 50 + Double(second) + wait) == nil)
        }
        #expect(clock.step(to: start.advanced(bySeconds: 3_700), at: 150) != nil)
    }

    /// A replay of rows, its counts and alerts.
    private func replay(_ rows: [String]) async throws -> (counts: LineCounts, alerts: [AlertRecord]) {
        let directory = try TemporaryDirectory()
        let path = try directory.write("time,temp\n" + rows.map { $0 + "\n" }.joined(), to: "rows.csv")
        var configuration = MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: path))])
        configuration.alerting.daemonFalseAlarmsPerSecond = 1
        configuration.detection.allowsNetworks = false
        let records = Mutex<[AlertRecord]>([])
        let desk = AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { new in
            records.withLock { $0 += new }
        }
        let pipeline = Pipeline(
            name: "input", interval: nil, configuration: configuration, timesByRow: true, shardCount: 1, desk: desk)
        let files = RecordedFiles(
            paths: [path], configuration: configuration.sources[0], telemetry: SourceTelemetry(), admission: .atOnce)
        try await files.run { batch in try await pipeline.process(batch) }
        try await pipeline.finish(atEnd: true)
        return (await pipeline.counts, records.withLock { $0 })
    }

    private static func values(_ count: Int) -> [Double] {
        var generator = SeededGenerator(seed: 8)
        return (0..<count).map { 60 + 3 * cosine(Double($0) / 50) + 0.3 * normal(&generator) }
    }

    @Test func `a leap second is a sample like any other`() async throws {
        // 2016 ended with one. 1,200 rows before it, 1,200 after it.
        let before = (0..<1_200).map { second in
            CivilTime(year: 2016, month: 12, day: 31, hour: 23, minute: 40 + second / 60, second: second % 60).utc
                .description
        }
        let after = (0..<1_200).map { second in
            CivilTime(year: 2017, month: 1, day: 1, hour: 0, minute: second / 60, second: second % 60).utc.description
        }
        let times = before + ["2016-12-31T23:59:60Z"] + after
        let result = try await replay(zip(times, Self.values(times.count)).map { "\($0),\($1)" })
        #expect(result.counts.samples == 2_401)
        #expect(result.counts.unusable == 0 && result.counts.late == 0 && result.counts.duplicates == 0)
        #expect(result.alerts.isEmpty, "\(result.alerts.map(\.message))")
    }

    @Test func `a smeared day has all its samples and no incident`() async throws {
        // The leap second spread over a day: each second of it a little longer, a row every 30 s by that clock.
        let times = (0..<2_880).map { row in
            Timestamp(nanoseconds: 1_483_185_600_000_000_000).advanced(
                bySeconds: Double(row) * 30 * (86_401.0 / 86_400))
        }
        let result = try await replay(zip(times, Self.values(times.count)).map { "\($0),\($1)" })
        #expect(result.counts.samples == 2_880)
        #expect(result.counts.late == 0 && result.counts.duplicates == 0)
        #expect(result.alerts.isEmpty, "\(result.alerts.map(\.message))")
    }
}
