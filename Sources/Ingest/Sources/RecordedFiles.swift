public import Logging

/// Recorded files for replay: read one after the other as one stream.
///
/// `-` is standard input. Batches carry no arrival. A last line without its line end is a line. What begins like a gzip
/// file is unpacked on the way, whatever it is called.
public struct RecordedFiles: RecordSource {
    private let paths: [String]
    private let stream: String
    private let configuration: SourceConfiguration
    private let resume: DecodingState?
    private let surroundings: StreamFeed.Surroundings

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - paths: files in the order they are read.
    ///   - stream: the stream's name, and the series' where lines name none.
    ///   - admission: when a key that lines name becomes a series.
    ///   - resume: what is known of the stream's series from before; `nil` for nothing.
    ///   - logger: where the dialect and unusable lines are told; `nil` only counts them.
    ///   - onSchema: told the stream's name and schema once, on the reading thread, before the first batch.
    public init(
        paths: [String], stream: String = "input", configuration: SourceConfiguration,
        limits: ReadingLimits = ReadingLimits(),
        telemetry: SourceTelemetry = SourceTelemetry(), admission: SeriesAdmission = SeriesAdmission(),
        resume: DecodingState? = nil,
        logger: Logger? = nil,
        onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil
    ) {
        self.paths = paths
        self.stream = stream
        self.configuration = configuration
        self.resume = resume
        surroundings = StreamFeed.Surroundings(
            limits: limits, arrival: nil, telemetry: telemetry, logger: logger, onSchema: onSchema,
            admission: admission)
    }

    /// Reads all files to their end.
    ///
    /// - Throws: ``IngestError/cannotOpen(path:reason:)`` and ``IngestError/compressed(path:)`` before anything is
    ///   delivered, so that a mistyped last name does not cost a replay.
    public func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws {
        for path in paths { try Self.check(path) }
        try await ReadingThread.run(batches: surroundings.limits.batchesInFlight, deliver: deliver) { outlet in
            let decoder = try LineDecoder(
                configuration: configuration, seriesName: stream, goingOnFrom: resume,
                admission: surroundings.admission)
            var feed = StreamFeed(stream, decoder, surroundings)
            for path in paths {
                feed.beginFile()
                let input = path == "-" ? Descriptor(0, isOwned: false) : try Self.open(path)
                let name = path == "-" ? "standard input" : path
                feed.place = name
                try InputReading.readAll(input, name, &feed, surroundings, outlet)
                try feed.finishFile(outlet.send)
            }
            try feed.finish(outlet.send)
        }
    }

    private static func check(_ path: String) throws(IngestError) {
        if path == "-" { return }
        // Not opened yet: a FIFO's writer would see its reader go.
        do {
            try System.checkReadable(path)
            guard try System.status(path).isRegular else { return }
        } catch {
            throw .cannotOpen(path: path, reason: error.reason)
        }
        var head = [UInt8](repeating: 0, count: 6)
        guard let count = try? System.read(try open(path), into: &head) else { return }
        if let program = GzipStream.otherProgram(head.span.extracting(0..<count)) {
            throw .compressed(path: path, unpack: program)
        }
    }

    private static func open(_ path: String) throws(IngestError) -> Descriptor {
        do {
            return try System.openForReading(path, waits: true)
        } catch {
            throw .cannotOpen(path: path, reason: error.reason)
        }
    }
}
