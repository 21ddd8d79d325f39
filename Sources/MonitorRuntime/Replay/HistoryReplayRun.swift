public import Alerting
import Ingest
public import Logging
import Persistence
import Synchronization
public import TimeSeries

/// What a replay of the history came to.
public struct HistoryReplaySummary: Sendable {
    /// The streams that were run again.
    public var streams: [String]
    /// Those of flow records and metrics, of which only the samples are kept and not what they were made of.
    public var leftOut: [String]
    /// The snapshot of the state that it began with; `nil` where nothing was learned at its beginning.
    public var snapshot: String?
    /// Event time from which on incidents are listed, and of the last sample.
    public var span: ClosedRange<Timestamp>
    /// Event time of the first sample that was run again, to have learned by the beginning of the span.
    public var begin: Timestamp
    /// Samples that were run again.
    public var samples: UInt64
    /// The first message of each incident of the span that this configuration tells, in order.
    public var incidents: [AlertRecord]
    /// The first message of each incident that was told then, in order.
    public var toldThen: [AlertRecord]
    /// Incidents of the span that the daemon's budget held back.
    public var heldBack: UInt64

    /// Incidents that are told under both, by id.
    public var common: Set<String> { Set(incidents.map(\.id)).intersection(toldThen.map(\.id)) }
}

/// What the configuration in force would have told of the samples that a state keeps: the daemon's own path, from a snapshot on.
public struct HistoryReplayRun: Sendable {
    /// Days looked back at when nobody says how far.
    private static let usualSeconds = 7 * 86_400.0
    /// Messages of the state that are looked at: as many as it keeps, and more.
    private static let mostMessages = 1 << 20

    private let request: ReplayRequest
    private let directory: String
    private let since: Timestamp?
    private let logger: Logger
    private let progress: (@Sendable (Double) -> Void)?

    /// Creates a replay.
    ///
    /// - Parameters:
    ///   - request: its paths are not looked at.
    ///   - directory: of the state, which is only read and may be in use.
    ///   - since: event time from which on incidents are listed; `nil` for a week before the last sample.
    ///   - progress: told the share of the span done, 0 to 1, now and then.
    public init(
        _ request: ReplayRequest, state directory: String, since: Timestamp?, logger: Logger,
        progress: (@Sendable (Double) -> Void)? = nil
    ) {
        self.request = request
        self.directory = directory
        self.since = since
        self.logger = logger
        self.progress = progress
    }

    /// Runs over all that is kept since the snapshot.
    ///
    /// - Throws: ``TryingError/noHistory(directory:)``, ``OutputError``, `PersistenceError`, `DatabaseError`.
    public func run() async throws -> HistoryReplaySummary {
        let store = try StateStore(copyOf: directory)
        let output = try ReplayOutput(request)
        let now = try await RestoredState(from: store, alerting: request.configuration.alerting)
        let known = now.streams.filter { $0.value.flows == nil && $0.value.metrics == nil }
        guard let latest = known.values.map(\.header.lastTime).max() else {
            throw TryingError.noHistory(directory: directory)
        }
        let kept = try await readers(of: known, from: [:], in: store)
        guard let firstKept = kept.compactMap(\.span?.lowerBound).min() else {
            throw TryingError.noHistory(directory: directory)
        }
        let wanted = since ?? latest.advanced(bySeconds: -Self.usualSeconds)
        let start = try HistoryStart(
            before: max(wanted, firstKept), of: known.keys.sorted(),
            in: SnapshotFolder(ofState: directory), alerting: request.configuration.alerting)
        for problem in start.problems { logger.warning("\(problem)") }
        var readers = try await readers(of: known, from: start.streams, in: store).filter { $0.span != nil }
        guard let begin = readers.compactMap({ $0.span?.lowerBound }).min() else {
            throw TryingError.noHistory(directory: directory)
        }
        let opened = Mutex<[AlertRecord]>([])
        let report = request.report
        let desk = AlertDesk(policy: start.policy) { records in
            try output.write(records)
            report?.take(records)
            opened.withLock { $0 += records.filter { $0.event == .open } }
        }
        let pipelines = readers.map { pipeline(of: $0.stream, from: start.streams[$0.stream], desk: desk, output) }
        let spent = max(1, latest.seconds(since: begin))
        let from = max(wanted, begin)
        var samples: UInt64 = 0
        var heldBefore = await desk.heldBackIncidents
        while let (index, time) = try await Self.next(of: &readers), let batch = try await readers[index].next() {
            if time < from { heldBefore = await desk.heldBackIncidents }
            try await pipelines[index].process(batch)
            samples += UInt64(batch.rows.count)
            await report?.take(await pipelines[index].takeHistory(all: false), of: pipelines[index])
            progress?(min(1, max(0, time.seconds(since: begin) / spent)))
        }
        for pipeline in pipelines {
            try await pipeline.finish(atEnd: true)
            await report?.take(await pipeline.takeHistory(all: true), of: pipeline)
        }
        try output.finish()
        let told = try await store.history(limit: Self.mostMessages).reversed()
            .compactMap { try? AlertRecord(json: $0.payload) }
        await store.close()
        let span = from...max(from, latest)
        return HistoryReplaySummary(
            streams: readers.map(\.stream), leftOut: now.streams.keys.filter { known[$0] == nil }.sorted(),
            snapshot: start.snapshot, span: span, begin: begin, samples: samples,
            incidents: opened.withLock { $0 }.filter { span.contains($0.time) },
            toldThen: told.filter { $0.event == .open && span.contains($0.time) },
            heldBack: await desk.heldBackIncidents - heldBefore)
    }

    private func readers(
        of streams: [String: StoredStream], from older: [String: StoredStream], in store: StateStore
    ) async throws -> [HistoryReader] {
        var readers: [HistoryReader] = []
        for (name, stream) in streams.sorted(by: { $0.key < $1.key }) {
            readers.append(
                try await HistoryReader(
                    of: name, header: stream.header, zone: source(of: name).zone.rules,
                    from: older[name]?.header.lastTime ?? Timestamp(nanoseconds: .min), in: store))
        }
        return readers
    }

    /// The reader with the earliest sample; `nil` behind the last one.
    private static func next(of readers: inout [HistoryReader]) async throws -> (index: Int, time: Timestamp)? {
        var earliest: (index: Int, time: Timestamp)?
        for index in readers.indices {
            guard let time = try await readers[index].nextTime() else { continue }
            if earliest.map({ time < $0.time }) ?? true { earliest = (index, time) }
        }
        return earliest
    }

    /// The source that a stream is read by, as far as its name says.
    private func source(of stream: String) -> SourceConfiguration {
        let sources = request.configuration.sources
        let named = sources.first { source in
            guard case .file(let pattern) = source.input else { return false }
            return pattern == stream || NamePattern(pattern).matches(stream)
        }
        return named ?? sources.first ?? SourceConfiguration(input: .standardInput)
    }

    private func pipeline(
        of stream: String, from stored: StoredStream?, desk: AlertDesk, _ output: ReplayOutput
    ) -> Pipeline {
        let source = source(of: stream)
        // What is kept are rates already, and no sentinels.
        var conditions = source.conditions
        conditions.counters = []
        conditions.sentinels = []
        var observer: Pipeline.LineObserver?
        if output.writesScores {
            observer = { outcome, level, batch in try output.write(outcome, level: level, of: batch) }
        }
        return Pipeline(
            name: stream, interval: source.interval, conditions: conditions, configuration: request.configuration,
            timesByRow: true, shardCount: request.shards, desk: desk, stored: stored,
            keepsHistory: request.report != nil, stateLogger: logger, observer: observer, logger: nil)
    }
}
