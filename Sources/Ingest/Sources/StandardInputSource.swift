public import Logging
public import TimeSeries

/// Standard input (or another descriptor), until it ends.
public struct StandardInputSource: RecordSource {
    private let configuration: SourceConfiguration
    private let resume: DecodingState?
    private let surroundings: StreamFeed.Surroundings
    private let descriptor: Int32

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - arrival: the wall clock, asked once for each read; `nil` leaves batches without an arrival.
    ///   - admission: when a key that lines name becomes a series.
    ///   - resume: what is known of the stream's series from before; `nil` for nothing.
    ///   - logger: where the dialect and unusable lines are told; `nil` only counts them.
    ///   - onSchema: told the stream's name and schema once, on the reading thread, before the first batch.
    ///   - descriptor: what is read; it is not closed.
    public init(
        configuration: SourceConfiguration, arrival: (@Sendable () -> Timestamp)?,
        limits: ReadingLimits = ReadingLimits(),
        telemetry: SourceTelemetry = SourceTelemetry(), admission: SeriesAdmission = SeriesAdmission(),
        resume: DecodingState? = nil,
        logger: Logger? = nil,
        onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil, descriptor: Int32 = 0
    ) {
        self.configuration = configuration
        self.resume = resume
        surroundings = StreamFeed.Surroundings(
            limits: limits, arrival: arrival, telemetry: telemetry, logger: logger, onSchema: onSchema,
            admission: admission)
        self.descriptor = descriptor
    }

    /// Reads until the descriptor ends; a last line without its line end counts.
    public func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws {
        let input = Descriptor(descriptor, isOwned: false)
        try await ReadingThread.run(
            batches: surroundings.limits.batchesInFlight, activity: surroundings.telemetry.activity, deliver: deliver
        ) { outlet in
            let decoder = try LineDecoder(
                configuration: configuration, goingOnFrom: resume, admission: surroundings.admission)
            var feed = StreamFeed("input", decoder, surroundings)
            try InputReading.readAll(input, "standard input", &feed, surroundings.limits, outlet)
            try feed.finish(outlet.send)
        }
    }
}

/// Reading a descriptor from where it stands to its end.
enum InputReading {
    static func readAll(
        _ input: Descriptor, _ name: String, _ feed: inout StreamFeed, _ limits: ReadingLimits, _ outlet: BatchOutlet
    ) throws {
        var buffer = [UInt8](repeating: 0, count: limits.readSize)
        while true {
            try outlet.wait(for: [input])
            let count: Int
            do {
                count = try System.read(input, into: &buffer)
            } catch let error where error.isNothingYet {
                continue
            } catch {
                throw IngestError.cannotRead(path: name, reason: error.reason)
            }
            if count == 0 { return }
            try feed.feed(buffer.span.extracting(0..<count), outlet.send)
        }
    }
}
