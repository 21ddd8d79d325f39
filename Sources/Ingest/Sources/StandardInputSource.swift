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
            feed.place = "standard input"
            try InputReading.readAll(input, "standard input", &feed, surroundings, outlet)
            try feed.finish(outlet.send)
        }
    }
}

/// Reading a descriptor from where it stands to its end.
enum InputReading {
    /// Reads it; bytes that begin like a gzip file are unpacked.
    static func readAll(
        _ input: Descriptor, _ name: String, _ feed: inout StreamFeed, _ surroundings: StreamFeed.Surroundings,
        _ outlet: BatchOutlet
    ) throws {
        var buffer = [UInt8](repeating: 0, count: surroundings.limits.readSize)
        var head: [UInt8]? = []
        var gzip: GzipStream?
        var bytes: Int64 = 0
        while true {
            let count = try read(input, name, into: &buffer, outlet)
            if count == 0 { break }
            bytes += Int64(count)
            if var first = head {
                // A pipe may give one byte at a time, and it takes two to know.
                for index in 0..<count { first.append(buffer[index]) }
                head = first
                guard first.count >= 2 else { continue }
                head = nil
                if GzipStream.isGzip(first.span) { gzip = GzipStream() }
                try pass(first.span, gzip, &feed, outlet)
            } else {
                try pass(buffer.span.extracting(0..<count), gzip, &feed, outlet)
            }
        }
        if let head, !head.isEmpty { try feed.feed(head.span, outlet.send) }
        gzip?.finish()
        if let damage = gzip?.damage { surroundings.tellDamage(name, damage, after: bytes) }
    }

    private static func pass(
        _ bytes: Span<UInt8>, _ gzip: GzipStream?, _ feed: inout StreamFeed, _ outlet: BatchOutlet
    ) throws {
        guard let gzip else { return try feed.feed(bytes, outlet.send) }
        try gzip.feed(bytes) { try feed.feed($0, outlet.send) }
    }

    private static func read(
        _ input: Descriptor, _ name: String, into buffer: inout [UInt8], _ outlet: BatchOutlet
    ) throws -> Int {
        while true {
            try outlet.wait(for: [input])
            do {
                return try System.read(input, into: &buffer)
            } catch let error where error.isNothingYet {
                continue
            } catch {
                throw IngestError.cannotRead(path: name, reason: error.reason)
            }
        }
    }
}
