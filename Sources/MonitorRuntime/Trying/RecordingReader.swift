import Alerting
import AnomalyDetection
import Ingest
import Logging
import Persistence
import Synchronization
import TimeSeries

/// Why there is nothing to try on.
public enum TryingError: Error, Equatable, CustomStringConvertible {
    /// Flows and metrics are put together of many lines, none of which is a sample.
    case notSamples(input: String)
    /// No sample at all.
    case empty(input: String)
    /// There is no such series.
    case noSeries(name: String, nearest: String?)
    /// The state keeps no samples.
    case noHistory(directory: String)
    /// Neither a recording nor a state was named.
    case nothingNamed
    /// A span of normal samples is needed, and there is none that is long enough.
    case tooShort(series: String, samples: Int, reason: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .notSamples(let input):
            "\(input) holds flow records or metrics: faults are tried in samples of sensors only"
        case .empty(let input): "no sample in \(input)"
        case .noSeries(let name, let nearest):
            "there is no series \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .noHistory(let directory):
            "the state in \(directory) keeps no samples (history); name a recording with --input FILE"
        case .nothingNamed:
            "nothing to try on: name a recording with --input FILE or a state with --state DIR"
        case .tooShort(let series, let samples, let reason):
            "\(series) has \(samples) samples: \(reason)"
        }
    }
}

/// Reads recordings, and what a state has kept, into memory.
struct RecordingReader: Sendable {
    /// Samples that are kept at most: the last ones.
    var mostSamples: Int
    /// Series that are kept at most; of a stream with more only those asked for are.
    var mostSeries = 8
    var logger: Logger?

    /// Reads files one after the other as one stream.
    ///
    /// - Parameter name: the series that is asked for; `nil` for the first of the stream.
    /// - Throws: ``TryingError``, `IngestError`.
    func read(
        _ paths: [String], as source: SourceConfiguration, for name: String?, allowance: SeriesAllowance
    ) async throws -> Recording {
        let files = RecordedFiles(
            paths: paths, configuration: source, telemetry: SourceTelemetry(),
            admission: SeriesAdmission(allowance: allowance), logger: logger)
        let input = paths.joined(separator: ", ")
        let kept = Mutex<Recording?>(nil)
        let gatherer = Mutex(TickGatherer(interval: source.interval, writesTimes: false))
        let (mostSamples, mostSeries) = (mostSamples, mostSeries)
        @Sendable func keep(_ batch: RecordBatch) throws(TryingError) {
            guard let schema = batch.schema else { return }
            if schema.isFlows || !schema.metrics.isEmpty { throw .notSamples(input: input) }
            kept.withLock { recording in
                var grown = recording ?? Recording(schema: schema)
                recording = nil
                grown.schema = schema
                grown.seriesNames = batch.seriesNames
                grown.seriesGroups = batch.seriesGroups
                for row in batch.rows where row.malformed == nil && row.series >= 0 && row.channel < 0 {
                    let series = Int(row.series)
                    // Of so many only the first and the one that is asked for.
                    guard series < mostSeries || batch.seriesNames[series] == name else { continue }
                    let first = Int(row.firstValue)
                    grown.append(
                        series: series, time: row.time, repeatedAfter: row.repeatedAfter,
                        values: batch.values[first..<first + grown.channels(of: series).count])
                }
                if grown.rows.count > 2 * mostSamples { grown.keepLast(mostSamples) }
                recording = grown
            }
        }
        try await files.run { batch in try keep(gatherer.withLock { $0.gather(batch) }) }
        if let rest = gatherer.withLock({ $0.finish() }) { try keep(rest) }
        guard var recording = kept.withLock({ $0.take() }), !recording.rows.isEmpty else {
            throw TryingError.empty(input: input)
        }
        recording.keepLast(mostSamples)
        try Self.check(name, in: recording.seriesNames)
        return recording
    }

    /// Reads the samples that a state has kept, stream by stream.
    ///
    /// - Parameter name: the series that is asked for; its stream alone is then read.
    /// - Throws: ``TryingError``, `PersistenceError`, `DatabaseError`.
    func read(
        state directory: String, zone: TimeZoneRules, for name: String?
    ) async throws -> [(stream: String, recording: Recording)] {
        let store = try StateStore(copyOf: directory)
        let restored = try await RestoredState(from: store, alerting: .init())
        var found: [(stream: String, recording: Recording)] = []
        var names: [String] = []
        for (stream, stored) in restored.streams.sorted(by: { $0.key < $1.key })
        where stored.flows == nil && stored.metrics == nil {
            let known = stored.header.place.decoding
            names += known.seriesNames
            if let name, !known.seriesNames.contains(name) { continue }
            var recording = Recording(
                schema: StreamSchema(groups: stored.header.groups, hasTime: true, zone: zone, summary: ""),
                seriesNames: known.seriesNames, seriesGroups: known.seriesGroups)
            var samples: [(series: Int, sample: HistorySample)] = []
            for (series, own) in known.seriesNames.enumerated() where series < mostSeries || own == name {
                samples += try await store.samples(of: stream, series: own).suffix(mostSamples).map { (series, $0) }
            }
            samples.sort { ($0.sample.time, $0.series) < ($1.sample.time, $1.series) }
            for (series, sample) in samples.suffix(mostSamples)
            where sample.channels.count == recording.channels(of: series).count {
                recording.append(series: series, time: sample.time, values: sample.channels.map { $0.value ?? .nan })
            }
            if !recording.rows.isEmpty { found.append((stream, recording)) }
        }
        await store.close()
        try Self.check(name, in: names)
        if found.isEmpty { throw TryingError.noHistory(directory: directory) }
        return found
    }

    private static func check(_ name: String?, in names: [String]) throws(TryingError) {
        guard let name, !names.contains(name) else { return }
        throw .noSeries(name: name, nearest: EditDistance.nearest(to: name, among: names))
    }
}
