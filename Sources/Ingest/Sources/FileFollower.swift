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
            let watch = System.makeDirectoryWatch()
            var watched: Set<String> = []
            while true {
                if let watch {
                    for directory in state.directories where !watched.contains(directory) {
                        if System.watch(directory, with: watch) { watched.insert(directory) }
                    }
                    // Before the look, so that what happens during it wakes the next wait.
                    System.drain(watch)
                }
                if try state.step(emit: outlet.send) {
                    try outlet.checkStop()
                } else {
                    try outlet.wait(for: watch.map { [$0] } ?? [], milliseconds: 250)
                }
            }
        }
    }
}

/// All files of a pattern, as one value that is stepped: no clocks, no waits.
struct FollowerState {
    /// Reads of one file before the next gets its turn.
    private static let readsPerTurn = 16
    /// Steps under constant load between two looks for new files.
    private static let stepsBetweenScans = 8

    private let pattern: String
    private let isLiteral: Bool
    private let stream: String
    private let configuration: SourceConfiguration
    private let resume: [String: ResumePoint]
    private let surroundings: StreamFeed.Surroundings
    private var files: [FollowedPath] = []
    private var known: Set<String> = []
    private var names: Set<String> = []
    private var buffer: [UInt8]
    private var stepsToScan = 0

    init(
        pattern: String, stream: String = "input", configuration: SourceConfiguration,
        resume: [String: ResumePoint] = [:], _ surroundings: StreamFeed.Surroundings
    ) {
        self.pattern = pattern
        isLiteral = !PathName.hasWildcard(pattern)
        self.stream = stream
        self.configuration = configuration
        self.resume = resume
        self.surroundings = surroundings
        buffer = [UInt8](repeating: 0, count: surroundings.limits.readSize)
    }

    /// Directories in which something may happen.
    var directories: Set<String> {
        var directories = Set(files.map { PathName.split($0.path).directory })
        let parent = PathName.split(pattern).directory
        if !PathName.hasWildcard(parent) { directories.insert(parent) }
        return directories
    }

    /// Looks at every file once and reads what is new.
    ///
    /// - Returns: whether there may be more to read at once.
    mutating func step(emit: (RecordBatch) throws -> Void) throws -> Bool {
        try findFiles()
        var isBusy = false
        var index = 0
        while index < files.count {
            do {
                let outcome = try files[index].step(&buffer, budget: Self.readsPerTurn, emit: emit)
                if outcome != .idle { isBusy = true }
            } catch let error as IngestError where !isLiteral {
                surroundings.logger?.refused(files[index].path, error)
                files.remove(at: index)
                continue
            }
            index += 1
        }
        // Nothing to read: a good moment to look for files.
        if !isBusy { stepsToScan = 0 }
        return isBusy
    }

    private mutating func findFiles() throws {
        guard stepsToScan == 0 else {
            stepsToScan -= 1
            return
        }
        stepsToScan = Self.stepsBetweenScans
        if isLiteral {
            if files.isEmpty { try add(pattern, stream: stream) }
            return
        }
        let found = System.paths(matching: pattern)
        for path in found where !known.contains(path) && !path.hasSuffix(".gz") {
            guard let status = try? System.status(path), status.isRegular, !isRotated(path, status, among: found) else {
                continue
            }
            let stem = PathName.stem(path)
            try add(path, stream: names.contains(stem) ? path : stem)
        }
    }

    /// Whether a path leads to a file that was read, or is being read, under the name it had before: the same file, or
    /// `pump.csv.1` and `pump.csv-20261121` beside `pump.csv`.
    private func isRotated(_ path: String, _ status: FileStatus, among found: [String]) -> Bool {
        if files.contains(where: { $0.hasRead(status) }) { return true }
        return found.contains { other in
            guard path.hasPrefix(other), let mark = path.dropFirst(other.count).first, mark == "." || mark == "-" else {
                return false
            }
            let number = path.dropFirst(other.count + 1)
            return !number.isEmpty && number.utf8.allSatisfy { (48...57).contains($0) }
        }
    }

    private mutating func add(_ path: String, stream: String) throws {
        known.insert(path)
        names.insert(stream)
        files.append(
            try FollowedPath(
                path, stream: stream, configuration: configuration, resume: resume[stream], surroundings))
    }
}
