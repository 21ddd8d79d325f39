public import Logging
public import TimeSeries

/// A file, or all files that match a pattern, read to the end and followed.
///
/// A literal path is the stream `input`, or as it is told. A pattern with `*`, `?` or `[…]` makes a stream of each file, named by the file's
/// stem (by the path when two have the same stem); files that appear later join, renamed ones stay who they are, and
/// `.gz` is left out. Directories are watched (inotify), and looked at four times a second in any case.
public struct FileFollower: RecordSource {
    private let pattern: String
    private let stream: String
    private let configuration: SourceConfiguration
    private let resume: [String: ResumePoint]
    private let surroundings: StreamFeed.Surroundings

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - stream: the stream's and the series' name when the pattern is a literal path.
    ///   - resume: where to go on, by stream name; streams that are not in it are read from their file's start.
    ///   - arrival: the wall clock, asked once for each read; `nil` leaves batches without an arrival.
    ///   - admission: when a key that lines name becomes a series.
    ///   - logger: where dialects, rotations and unusable lines are told; `nil` only counts them.
    ///   - onSchema: told each stream's name and schema once, on the reading thread, before its first batch.
    public init(
        pattern: String, stream: String = "input", configuration: SourceConfiguration,
        resume: [String: ResumePoint] = [:], arrival: (@Sendable () -> Timestamp)?,
        limits: ReadingLimits = ReadingLimits(), telemetry: SourceTelemetry = SourceTelemetry(),
        admission: SeriesAdmission = SeriesAdmission(),
        logger: Logger? = nil,
        onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil
    ) {
        self.pattern = pattern
        self.stream = stream
        self.configuration = configuration
        self.resume = resume
        surroundings = StreamFeed.Surroundings(
            limits: limits, arrival: arrival, telemetry: telemetry, logger: logger, onSchema: onSchema,
            admission: admission)
    }

    /// Follows until the task is cancelled or `deliver` throws.
    ///
    /// - Throws: ``IngestError`` for a literal path that cannot be read (one that is not there yet is waited for) or whose
    ///   lines are ambiguous; among the files of a pattern such a one is told and left out.
    public func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws {
        try await ReadingThread.run(
            batches: surroundings.limits.batchesInFlight, activity: surroundings.telemetry.activity, deliver: deliver
        ) { outlet in
            var state = FollowerState(
                pattern: pattern, stream: stream, configuration: configuration, resume: resume, surroundings)
            var watch = DirectoryWatch()
            let descriptors = watch.map { [$0.descriptor] } ?? []
            let start = ContinuousClock.now
            while true {
                if watch != nil {
                    watch?.watch(state.directories)
                    // Before the look, so that what happens during it wakes the next wait.
                    if let (renames, areIncomplete) = watch?.takeChanges() {
                        state.note(renames, areIncomplete: areIncomplete)
                    }
                }
                if try state.step(at: ContinuousClock.now - start, emit: outlet.send) {
                    try outlet.checkStop()
                } else {
                    try outlet.wait(for: descriptors, milliseconds: 250)
                }
            }
        }
    }
}
