import Alerting
import Ingest
public import Logging
import Persistence
import Synchronization
public import TimeSeries

/// What `monitord train` is asked to do.
public struct TrainingRequest: Sendable {
    /// The recordings, read one after the other as one stream.
    public var paths: [String]
    /// The configuration that `run` will have, with its state directory.
    public var configuration: MonitorConfiguration
    /// The stream as `run` will call it; `nil` for that of the only source.
    public var stream: String?

    /// Creates a request.
    public init(paths: [String], configuration: MonitorConfiguration, stream: String? = nil) {
        self.paths = paths
        self.configuration = configuration
        self.stream = stream
    }
}

/// What a training came to.
public struct TrainingSummary: Equatable, Sendable {
    /// The stream.
    public var stream: String
    /// What became of the data lines.
    public var counts: LineCounts
    /// Lines that could not be used.
    public var unusableLines: UInt64
    /// Series, and those of them that are still learning.
    public var series: (all: Int, learning: Int)
    /// Incidents that there were, which nobody is told.
    public var incidents: Int
    /// Those of them that are open at the end: `run` tells when they close.
    public var openIncidents: Int
    /// Event time of the last sample.
    public var lastTime: Timestamp
    /// The file of which `run` would read only what is behind what was learned; `nil` where nothing can be read on.
    public var goesOnIn: String?

    /// Whether all is the same.
    public static func == (left: TrainingSummary, right: TrainingSummary) -> Bool {
        left.stream == right.stream && left.counts == right.counts && left.series == right.series
            && left.incidents == right.incidents && left.openIncidents == right.openIncidents
            && left.lastTime == right.lastTime
    }
}

/// Why nothing was learned from recordings.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// No state directory is named.
    case noState
    /// It is not clear which stream is meant.
    case unnamedStream(sources: Int)
    /// The state knows the stream already.
    case known(stream: String, directory: String)
    /// No sample.
    case nothing(paths: [String])
    /// What was learned could not be stored.
    case notStored(directory: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .noState: "nowhere to learn to: name a state with --state DIR"
        case .unnamedStream(let sources):
            sources == 1
                ? "the source's pattern makes a stream of each file: name the one these recordings are of with --stream"
                : "there are \(sources) sources: name the stream these recordings are of with --stream"
        case .known(let stream, let directory):
            "the state in \(directory) knows the stream \(stream) already; monitord state reset --yes would drop it"
        case .nothing(let paths): "no sample in \(paths.joined(separator: ", "))"
        case .notStored(let directory): "what was learned could not be stored in \(directory)"
        }
    }
}

/// Learns from recordings into a state directory, by the daemon's own path, so that `run` begins with what it would know had
/// it been there; alerts are counted and told to nobody.
public struct TrainingRun: Sendable {
    private let request: TrainingRequest
    private let logger: Logger
    private let progress: (@Sendable (Double) -> Void)?

    /// Creates a training.
    ///
    /// - Parameters:
    ///   - logger: told what is odd about the input.
    ///   - progress: told the share of the bytes done, 0 to 1, now and then.
    public init(_ request: TrainingRequest, logger: Logger, progress: (@Sendable (Double) -> Void)? = nil) {
        self.request = request
        self.logger = logger
        self.progress = progress
    }

    /// Reads all recordings and stores what was learned, in one commit at the end.
    ///
    /// - Throws: ``TrainingError``, `IngestError`, `PersistenceError`; then nothing of it is stored.
    public func run() async throws -> TrainingSummary {
        guard let directory = request.configuration.stateDirectory else { throw TrainingError.noState }
        let stream = try streamName()
        let store = try StateStore(directory: directory, logger: logger)
        do {
            let summary = try await learn(stream, into: store, directory)
            await store.close()
            return summary
        } catch {
            await store.close()
            throw error
        }
    }

    /// As `run` names it: `input` for what is read alone.
    private func streamName() throws(TrainingError) -> String {
        if let stream = request.stream { return stream }
        let sources = request.configuration.sources
        guard sources.count <= 1 else { throw .unnamedStream(sources: sources.count) }
        if case .file(let pattern) = sources.first?.input, pattern.contains(where: { "*?[".contains($0) }) {
            throw .unnamedStream(sources: 1)
        }
        return "input"
    }

    private func learn(_ stream: String, into store: StateStore, _ directory: String) async throws -> TrainingSummary {
        let configuration = request.configuration
        let restored = try await RestoredState(from: store, alerting: configuration.alerting)
        guard restored.streams[stream] == nil else { throw TrainingError.known(stream: stream, directory: directory) }
        let source = configuration.sources.first ?? SourceConfiguration(input: .standardInput)
        let incidents = Mutex(0)
        let desk = AlertDesk(policy: restored.policy) { records in
            incidents.withLock { $0 += records.count { $0.event == .open } }
        }
        let admission = SeriesAdmission(allowance: configuration.seriesAllowance())
        let pipeline = Pipeline(
            name: stream, interval: source.interval, conditions: source.conditions, flowSettings: source.flowSettings,
            admission: admission, configuration: configuration, timesByRow: true, shardCount: 1, desk: desk,
            keepsHistory: configuration.keepsHistory, logger: logger)
        let telemetry = SourceTelemetry()
        let files = RecordedFiles(
            paths: request.paths, stream: stream, configuration: source, telemetry: telemetry, admission: admission,
            logger: logger)
        let bytes = request.paths.reduce(0) { $0 + OutputFile.size(of: $1) }
        try await files.run { batch in
            try await pipeline.process(batch)
            try await keepHistory(await pipeline.takeHistory(all: false), in: store)
            if bytes > 0, let last = batch.rows.last {
                progress?(min(1, Double(batch.bytesBefore + last.endOffset) / Double(bytes)))
            }
        }
        try await pipeline.finish(atEnd: true)
        try await keepHistory(await pipeline.takeHistory(all: true), in: store)
        let counts = await pipeline.counts
        guard counts.samples > 0 else { throw TrainingError.nothing(paths: request.paths) }
        let goesOnIn = await pipeline.endTraining(at: request.paths.last, followed: Self.path(of: source))
        let committer = Committer(
            store: store, every: configuration.commitEvery, mostBytesPerDay: .greatestFiniteMagnitude, logger: logger,
            clock: { ProcessUsage.now().seconds })
        guard await committer.store(TrainedStream(pipeline: pipeline, desk: desk), with: desk) else {
            throw TrainingError.notStored(directory: directory)
        }
        let standing = await pipeline.standing()
        return TrainingSummary(
            stream: stream, counts: counts, unusableLines: telemetry.counters.decoded.malformed,
            series: (standing.series, standing.learning), incidents: incidents.withLock { $0 },
            openIncidents: await desk.openIncidents().count, lastTime: await pipeline.lastTime, goesOnIn: goesOnIn)
    }

    private static func path(of source: SourceConfiguration) -> String? {
        if case .file(let pattern) = source.input { pattern } else { nil }
    }

    /// Stores samples as `run` does, but as many as there are: nothing else is written meanwhile.
    private func keepHistory(_ collected: CollectedHistory, in store: StateStore) async throws {
        let now = Int(WallClock.now().nanoseconds / 1_000_000_000)
        var rest = collected.chunks[...]
        while !rest.isEmpty {
            _ = try await store.appendHistory(
                Array(rest.prefix(HistoryWriter.chunksInRow)), of: collected.stream, now: now,
                keeping: request.configuration.historySeconds, mostBytes: request.configuration.historyBytes)
            rest = rest.dropFirst(HistoryWriter.chunksInRow)
        }
    }
}

/// The one stream of a training, as a commit takes it.
private struct TrainedStream: CommittedState {
    let pipeline: Pipeline
    let desk: AlertDesk

    func cut() async -> (streams: [StreamCut], policy: [UInt8]?)? {
        guard let policy = await desk.state(), let cut = await pipeline.cut() else { return nil }
        return ([cut], policy)
    }
}

extension Pipeline {
    /// The recordings are over, and what comes next is live: a followed file is read from its beginning, as one that has taken
    /// the place of another, unless it is the last recording.
    ///
    /// - Returns: the path of that file, of which only what is behind is read.
    func endTraining(at path: String?, followed: String?) -> String? {
        if let path, let followed, let position = FilePosition(inFile: path, offset: reading.offset),
            FilePosition(inFile: followed, offset: reading.offset) == position
        {
            reading.file = position.file
            return followed
        }
        reading.file = FileIdentity(device: 0, inode: 0, fingerprint: 0, fingerprintLength: 0)
        reading.offset = 0
        return nil
    }
}
