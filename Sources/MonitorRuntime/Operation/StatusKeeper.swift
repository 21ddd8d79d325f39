import Alerting
import Glibc
import Ingest
import TimeSeries

/// Gathers how the daemon stands when somebody asks.
actor StatusKeeper {
    /// Readings of the sources' lines that are kept, five seconds apart: rates are of the last minute.
    private static let mostReadings = 13
    static let secondsBetweenReadings = 5.0

    private let streams: StreamTable
    private let desk: AlertDesk
    private let router: AlertRouter
    private let started: Double
    /// Lines of each source by number, with the time of the monotonic clock; the oldest first.
    private var readings: [(seconds: Double, lines: [UInt64])] = []

    /// Creates a keeper.
    ///
    /// - Parameter seconds: the monotonic clock.
    init(streams: StreamTable, desk: AlertDesk, router: AlertRouter, startedAt seconds: Double) {
        self.streams = streams
        self.desk = desk
        self.router = router
        started = seconds
    }

    /// Notes how many lines the sources have read; every ``secondsBetweenReadings``.
    func takeReading(at seconds: Double) async {
        let sources = await streams.sourceStatuses().sources
        readings.append((seconds, sources.map(\.counters.decoded.lines)))
        if readings.count > Self.mostReadings { readings.removeFirst() }
        await streams.endOldLooks(at: seconds)
    }

    /// How the daemon stands.
    ///
    /// - Parameter mostSeries: those that a person wants to see first.
    func status(mostSeries: Int, at seconds: Double) async -> DaemonStatus {
        var (sources, streamStatuses) = await streams.sourceStatuses()
        if let oldest = readings.first, seconds - oldest.seconds >= 1 {
            for index in sources.indices where oldest.lines.indices.contains(index) {
                let lines = sources[index].counters.decoded.lines &- oldest.lines[index]
                sources[index].rate = Double(lines) / (seconds - oldest.seconds)
            }
        }
        let series = await streams.seriesStatuses()
        return DaemonStatus(
            pid: Int(getpid()), uptime: seconds - started, now: WallClock.now(),
            cpuSeconds: ProcessUsage.now().cpuSeconds, residentBytes: ProcessUsage.residentBytes(), sources: sources,
            streams: streamStatuses, partitions: PartitionStatus(streams.board),
            sinks: await router.statusWithWaiting(), openIncidents: await desk.openIncidents(),
            heldBack: await desk.heldBackIncidents, waitingAlerts: await desk.waitingRecords,
            series: Array(series.sorted(by: SeriesStatus.comesFirst).prefix(mostSeries)), seriesCount: series.count)
    }
}
