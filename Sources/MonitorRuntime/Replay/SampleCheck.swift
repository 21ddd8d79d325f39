import AnomalyDetection
public import Ingest
import NeuralNet
import Synchronization
import TimeSeries

/// What `monitord check --sample` says: how a file is read and why, and what watching it costs.
public struct SampleCheck: Sendable {
    /// What was found.
    public struct Report: Equatable, Sendable {
        /// Lines for a person.
        public var text: String
        /// Whether any line could be used.
        public var isUsable: Bool
    }

    private let path: String
    let source: SourceConfiguration
    let configuration: MonitorConfiguration

    /// Creates a check of a recording.
    public init(path: String, source: SourceConfiguration, configuration: MonitorConfiguration) {
        self.path = path
        self.source = source
        self.configuration = configuration
    }

    /// Reads the file and measures on its own lines.
    ///
    /// - Returns: what was recognised and what showed it, the channels, lines that cannot be used, memory and time.
    /// - Throws: `IngestError` when the file cannot be opened or read; one that says why its lines cannot be is part of the
    ///   report.
    public func run() async throws -> Report {
        let telemetry = SourceTelemetry()
        let found = Mutex(Found(FoundFlows(source.flowSettings, mostSeries: configuration.mostSeries)))
        let files = RecordedFiles(paths: [path], configuration: source, telemetry: telemetry, admission: .atOnce)
        do {
            try await files.run { batch in found.withLock { $0.take(batch) } }
        } catch let error as IngestError {
            guard case .unreadable = error else { throw error }
            return Report(text: "\(error)", isUsable: false)
        }
        return report(found.withLock { $0 }, telemetry.counters)
    }

    /// What the batches of a file said.
    private struct Found {
        var schema: StreamSchema?
        var series: [String] = []
        var groups: [Int32] = []
        /// Seconds between two rows of one series, the first of them.
        var steps: [Double] = []
        /// Whole samples with the time of the one before in their series.
        var doubled = 0
        /// Samples of all series.
        var samples = 0
        /// What flow records come to.
        var flows: FoundFlows
        private var last: [Int32: Timestamp] = [:]
        private static let mostSteps = 100_000

        init(_ flows: FoundFlows) { self.flows = flows }

        mutating func take(_ batch: RecordBatch) {
            schema = batch.schema
            series = batch.seriesNames
            groups = batch.seriesGroups
            // Flows have times of their own, and are put together to samples of one.
            guard batch.schema?.isFlows != true else { return flows.take(batch) }
            guard batch.schema?.metrics.isEmpty != false else { return }
            for row in batch.rows where row.malformed == nil {
                guard let time = row.time else {
                    samples += 1
                    continue
                }
                let before = last[row.series]
                if before.map({ time > $0 }) ?? true { samples += 1 }
                if let before, steps.count < Self.mostSteps {
                    let step = time.seconds(since: before)
                    // The lines of a long-form sample have one time.
                    if step > 0 { steps.append(step) } else if step == 0, row.channel < 0 { doubled += 1 }
                }
                last[row.series] = time
            }
        }

        /// The step in the middle; `nil` when there is none.
        var interval: Double? { steps.isEmpty ? nil : steps.sorted()[steps.count / 2] }
    }

    private func report(_ found: Found, _ counters: SourceTelemetry.Counters) -> Report {
        let decoded = counters.decoded
        guard let schema = found.schema else {
            return Report(text: "\(path): no data line in \(decoded.lines) lines", isUsable: false)
        }
        var lines = ["\(path): \(schema.summary)"]
        let width = schema.findings.map(\.topic.count).max() ?? 0
        for finding in schema.findings {
            let topic = finding.topic + String(repeating: " ", count: width - finding.topic.count)
            lines.append("  \(topic)  \(finding.text): \(finding.reason)")
        }
        for (number, group) in schema.groups.enumerated() {
            let names = group.map { channel in channel.unit.map { "\(channel.name) [\($0)]" } ?? channel.name }
            let title = schema.groups.count == 1 ? "channels" : "channels of group \(number + 1)"
            lines.append("\(title): \(Self.list(names, most: 40))")
        }
        lines.append("time zone: \(source.zone.summary)")
        lines.append(intervalText(found, schema))
        lines.append(
            "lines: \(decoded.lines), of them \(decoded.records) usable, \(decoded.malformed) unusable, "
                + "\(decoded.headers) headers, \(decoded.blank) blank, \(decoded.comments) comments, \(decoded.unwatched) with nothing that is watched"
        )
        if found.doubled > 0 {
            lines.append(
                "\(found.doubled) lines have the time of the one before and would not be learned: if they are of several machines, "
                    + "name the column that tells which (`series`)")
        }
        for notice in counters.firstUnusable {
            let count = decoded[notice.reason]
            let like = count == 1 ? "" : ", the first of \(count)"
            lines.append("\(path):\(notice.line): unusable, \(notice.reason.words)\(like): `\(notice.excerpt)`")
        }
        for notice in counters.unknown {
            lines.append("\(path):\(notice.line): \(notice.name) is not watched: it was not in the first lines")
        }
        for format in counters.otherKinds { lines.append("\(path): \(format.otherKindWords)") }
        for damaged in counters.damagedFiles { lines.append("\(damaged): compressed, and cut off or damaged") }
        lines += schema.isFlows ? flowCosts(found.flows) : costs(found, schema)
        return Report(text: lines.joined(separator: "\n"), isUsable: decoded.records > 0)
    }

    private func intervalText(_ found: Found, _ schema: StreamSchema) -> String {
        if schema.isFlows { return flowIntervalText }
        if !schema.metrics.isEmpty {
            let interval = ConfigurationUnits.text(duration: source.interval ?? StreamSchema.flushInterval)
            return "interval: \(interval), in which the values of a series make a sample"
        }
        if let declared = source.interval {
            return "interval: \(ConfigurationUnits.text(duration: declared)) (configured)"
        }
        guard let interval = found.interval else {
            return schema.hasTime
                ? "interval: not found, no series has two times" : "interval: not found, the lines have no time"
        }
        let equal = found.steps.count { $0 == interval }
        return
            "interval: \(ConfigurationUnits.text(duration: interval)) (\(equal) of \(found.steps.count) steps between two "
            + "times of a series)"
    }

    private func costs(_ found: Found, _ schema: StreamSchema) -> [String] {
        let counts = schema.groups.indices.map { group in found.groups.count { Int($0) == group } }
        let series = found.series.count
        // Few sizes are measured; the others are taken for the next larger one.
        let sizes = Set(schema.groups.map(\.count)).sorted().suffix(3)
        let costs = sizes.map { size in
            (size, configuration.seriesCost(channelCount: size))
        }
        var full = configuration.programBytes
        var now = full
        let samples = max(1, found.samples / max(1, series))
        for (group, count) in zip(schema.groups, counts) {
            guard let (size, cost) = costs.first(where: { $0.0 >= group.count }) else { continue }
            let part =
                samples < SeriesCost.samples
                ? configuration.seriesCost(channelCount: size, samples: samples) : cost
            let (count, channels) = (max(1, count), group.count)
            full += configuration.residentBytes(cost, channelCount: channels) * count
            full += configuration.replayBytes(channelCount: channels, seriesCount: count)
            now += configuration.residentBytes(part, channelCount: channels) * count
            now += configuration.replayBytes(channelCount: channels, seriesCount: count, samples: samples)
        }
        guard let (size, largest) = costs.last else { return [] }
        let resident = configuration.residentBytes(largest, channelCount: size)
        let shared = configuration.programBytes + configuration.replayBytes(channelCount: size, seriesCount: series)
        let room = max(
            0, min(configuration.mostSeries, (configuration.mostMemory - shared) / ResidentMemory.atMost(resident)))
        let fits = series <= room ? "" : "; that is more than there is room for"
        return [
            "series: \(series): \(Self.list(found.series, most: 10))",
            "memory: about \(Self.megabytes(now)) after these lines; about \(Self.megabytes(full)) when their rings are full, "
                + "after \(SeriesCost.samples) samples: \(Self.megabytes(configuration.programBytes)) the program, and each series "
                + "\(Self.kilobytes(resident)) (\(Self.kilobytes(largest.bytes)) a series is what `monitord detectors` tells; the "
                + "rest is the allocator's, the state's and the history's)",
            configuration.detection.takingPart,
            "room for \(room) such series (max_series = \(configuration.mostSeries), max_memory = "
                + "\(ConfigurationUnits.text(size: configuration.mostMemory)))\(fits); a name becomes a series with its third line",
            "processor: about \(largest.microseconds) µs a sample on this machine, training included",
            "arithmetic: \(Kernels.best.arithmeticClass.rawValue) (\(Kernels.best.name))",
        ]
    }

    /// Thousands of bytes, rounded up.
    static func kilobytes(_ bytes: Int) -> String { "\((bytes + 999) / 1_000) kB" }

    /// Millions of bytes, rounded up.
    static func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }

    static func list(_ names: [String], most: Int) -> String {
        names.count > most
            ? names.prefix(most).joined(separator: ", ") + ", … (\(names.count) in all)" : names.joined(separator: ", ")
    }
}
