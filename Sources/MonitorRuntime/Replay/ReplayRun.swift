import Alerting
public import AnomalyDetection
import Ingest
public import Logging
import Persistence
import Synchronization
import TimeSeries

/// What a replay is asked to do.
public struct ReplayRequest: Sendable {
    /// The recordings, read one after the other as one stream; `-` is standard input.
    public var paths: [String]
    /// The configuration; its first source says how lines are read.
    public var configuration: MonitorConfiguration
    /// Where the score rows go; `nil` for nowhere, `-` for standard output.
    public var scoresPath: String?
    /// Where the alert records go; `nil` for nowhere, `-` for standard output.
    public var alertsPath: String?
    /// Answers to incidents, by id: whether it was real. Each is given when its incident closes.
    public var answers: [String: Bool] = [:]
    /// What the replay is shown in, as it goes; `nil` for nowhere.
    public var report: ReplayReport?
    /// Whether a line that cannot be used ends the replay.
    public var isStrict = false
    /// Bytes read at a time; the output does not depend on it.
    public var readSize = 1 << 16
    /// Number of shards; the output does not depend on it.
    public var shards = UsableCores.count

    /// Creates a request.
    public init(paths: [String], configuration: MonitorConfiguration) {
        self.paths = paths
        self.configuration = configuration
    }
}

/// What a replay came to.
public struct ReplaySummary: Equatable, Sendable {
    /// What became of the data lines.
    public var counts: LineCounts
    /// Lines that could not be used.
    public var unusableLines: UInt64
    /// Incidents opened.
    public var incidents: Int
    /// Incidents that the daemon's budget held back.
    public var heldBack: UInt64
    /// The networks' errors over the second half of the input, by bytes.
    public var secondHalf: LearningReport
    /// What became of the networks' training steps.
    public var training: TrainingCounts
}

/// Why a replay ended early.
public enum ReplayError: Error, Equatable, CustomStringConvertible {
    /// `--strict`, and a line could not be used.
    case unusable(lines: UInt64)
    /// There were lines, and none of them could be used.
    case nothingUsable(lines: UInt64)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .unusable(let lines): "\(lines) lines could not be used (--strict)"
        case .nothingUsable(let lines):
            lines == 1 ? "the only line could not be used" : "none of the \(lines) lines could be used"
        }
    }
}

/// The daemon's own path over recorded input, in event time, as fast as it goes.
public struct ReplayRun: Sendable {
    private let request: ReplayRequest
    private let logger: Logger?
    private let progress: (@Sendable (Double) -> Void)?

    /// Creates a replay.
    ///
    /// - Parameters:
    ///   - logger: told what is odd about the input; `nil` for nobody.
    ///   - progress: told the share of the bytes done, 0 to 1, now and then.
    public init(_ request: ReplayRequest, logger: Logger?, progress: (@Sendable (Double) -> Void)? = nil) {
        self.request = request
        self.logger = logger
        self.progress = progress
    }

    /// Reads all recordings to their end.
    ///
    /// With a state directory in the configuration it starts from a copy of that state and never writes there.
    ///
    /// - Throws: `IngestError`, ``OutputError``, `PersistenceError`, ``ReplayError``.
    public func run() async throws -> ReplaySummary {
        let output = try ReplayOutput(request)
        let stored = try await storedState()
        let answering = ReplayAnswers(request.answers)
        let report = request.report
        let desk = AlertDesk(policy: stored.policy) { records in
            try output.write(records)
            report?.take(records)
            await answering.answer(records)
        }
        let source = request.configuration.sources.first ?? SourceConfiguration(input: .standardInput)
        var observer: Pipeline.LineObserver?
        if output.writesScores {
            observer = { outcome, level, batch in try output.write(outcome, level: level, of: batch) }
        }
        let admission = SeriesAdmission(allowance: request.configuration.seriesAllowance())
        let pipeline = Pipeline(
            name: "input", interval: source.interval, conditions: source.conditions,
            flowSettings: source.flowSettings, admission: admission,
            configuration: request.configuration, timesByRow: true,
            shardCount: request.shards, desk: desk, stored: stored.stream, keepsHistory: report != nil,
            observer: observer, logger: logger)
        await answering.use(pipeline)
        let telemetry = SourceTelemetry()
        let files = RecordedFiles(
            paths: request.paths, configuration: source, limits: ReadingLimits(readSize: request.readSize),
            telemetry: telemetry, admission: admission,
            resume: stored.stream?.header.place.decoding, logger: logger)
        let half = SecondHalf(bytes: request.paths.reduce(0) { $0 + OutputFile.size(of: $1) })
        try await files.run { batch in
            var batch = batch
            if let row = half.firstRow(in: batch) {
                var before = batch
                before.rows.removeLast(batch.rows.count - row)
                batch.rows.removeFirst(row)
                try await pipeline.process(before)
                half.note(await pipeline.learningReport())
            }
            try await pipeline.process(batch)
            await report?.take(await pipeline.takeHistory(all: false), of: pipeline)
            if let share = half.share(of: batch) { progress?(share) }
        }
        try await pipeline.finish(atEnd: true)
        await report?.take(await pipeline.takeHistory(all: true), of: pipeline)
        try output.finish()
        let decoded = telemetry.counters.decoded
        if request.isStrict, decoded.malformed > 0 { throw ReplayError.unusable(lines: decoded.malformed) }
        let counts = await pipeline.counts
        if decoded.malformed > 0, counts.inputLines <= decoded.malformed {
            throw ReplayError.nothingUsable(lines: decoded.malformed)
        }
        let learning = await pipeline.learningReport()
        return ReplaySummary(
            counts: counts, unusableLines: decoded.malformed, incidents: output.incidents,
            heldBack: await desk.policy.heldBackIncidents, secondHalf: learning.since(half.report),
            training: await pipeline.trainingCounts())
    }

    private func storedState() async throws -> (policy: AlertPolicy, stream: StoredStream?) {
        let alerting = request.configuration.alerting
        guard let directory = request.configuration.stateDirectory else {
            return (AlertPolicy(configuration: alerting), nil)
        }
        let store = try StateStore(copyOf: directory)
        let restored = try await RestoredState(from: store, alerting: alerting)
        return (restored.policy, restored.streams["input"])
    }
}

/// The operator of a replay, who answers each incident when it closes.
private actor ReplayAnswers {
    private let answers: [String: Bool]
    private weak var pipeline: Pipeline?

    init(_ answers: [String: Bool]) { self.answers = answers }

    func use(_ pipeline: Pipeline) { self.pipeline = pipeline }

    func answer(_ records: [AlertRecord]) async {
        for record in records where record.event == .close {
            guard let isReal = answers[record.id] else { continue }
            _ = await pipeline?.answer(isReal, series: record.seriesNames, since: record.since)
        }
    }
}

/// Notices where the second half of a recording begins: at the first row that ends behind the middle of its bytes.
///
/// The place is the row's own, so that the same rows are in it however far the reading thread is ahead. Of compressed
/// files the size as stored is known and the place in what is unpacked: their second half begins earlier.
private final class SecondHalf: Sendable {
    let bytes: Int64
    private let state = Mutex<(hasBegun: Bool, report: LearningReport)>((false, LearningReport()))

    init(bytes: UInt64) { self.bytes = Int64(clamping: bytes) }

    var report: LearningReport { state.withLock { $0.report } }

    /// The place in a batch at which the second half begins; `nil` but for one batch.
    func firstRow(in batch: RecordBatch) -> Int? {
        state.withLock { state in
            guard !state.hasBegun, bytes > 0,
                let row = batch.rows.firstIndex(where: { batch.bytesBefore + $0.endOffset > bytes / 2 })
            else { return nil }
            state.hasBegun = true
            return row
        }
    }

    /// Share of the bytes up to the end of a batch, 0 to 1; `nil` when it is not known.
    func share(of batch: RecordBatch) -> Double? {
        guard bytes > 0, let last = batch.rows.last else { return nil }
        return min(1, Double(batch.bytesBefore + last.endOffset) / Double(bytes))
    }

    func note(_ report: LearningReport) { state.withLock { $0.report = report } }
}
