package import Logging
package import TimeSeries

/// One stream of messages on the reading thread of a source that lies in a module of its own: its decoder, and the batch that
/// is being filled.
package struct MessageStream {
    /// Its name.
    package let name: String
    private var feed: StreamFeed
    private var batch: RecordBatch?
    private let rowsPerBatch: Int

    /// What the streams of a source share.
    package struct Surroundings: Sendable {
        fileprivate let feed: StreamFeed.Surroundings

        /// Creates surroundings.
        ///
        /// - Parameters:
        ///   - arrival: the wall clock, asked once a batch.
        ///   - admission: when a key becomes a series.
        package init(
            limits: ReadingLimits = ReadingLimits(), arrival: (@Sendable () -> Timestamp)?, telemetry: SourceTelemetry,
            admission: SeriesAdmission, logger: Logger?,
            onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil
        ) {
            feed = StreamFeed.Surroundings(
                limits: limits, arrival: arrival, telemetry: telemetry, logger: logger, onSchema: onSchema,
                admission: admission)
        }
    }

    /// Creates a stream.
    ///
    /// - Parameters:
    ///   - resume: what is known of its series from before; how they are read stays, too, because a broker's topics come in any
    ///     order.
    ///   - identity: what it is known by where it can be read again from any place; `nil` where it cannot.
    /// - Throws: `StateCodingError`.
    package init(
        _ name: String, _ configuration: SourceConfiguration, resume: DecodingState?, identity: FileIdentity? = nil,
        _ surroundings: Surroundings
    ) throws {
        self.name = name
        rowsPerBatch = surroundings.feed.limits.rowsPerBatch
        let decoder =
            if let resume {
                try LineDecoder(
                    configuration: configuration, seriesName: name, restoring: resume, offset: 0,
                    admission: surroundings.feed.admission)
            } else {
                LineDecoder(
                    configuration: configuration, seriesName: name, admission: surroundings.feed.admission)
            }
        feed = StreamFeed(name, decoder, surroundings.feed)
        if let identity { feed.name(identity, isNew: true) }
    }

    /// Rows that wait to be handed on.
    package var rows: Int { batch?.rows.count ?? 0 }
    /// Whether so many wait that they should be handed on before more is taken.
    package var isFull: Bool { rows >= rowsPerBatch }
    /// Whether lines have a time; `nil` while that is not known.
    package var hasTime: Bool? { feed.hasTime }
    /// Whether lines name their series themselves; `nil` while that is not known.
    package var namesSeries: Bool? { feed.decoder.dialect?.namesSeries }

    /// Names of its series.
    package var seriesNames: [String] { feed.decoder.seriesNames }

    /// Lines left out so far because they had been kept and have no time.
    package var undated: UInt64 { feed.decoder.counters.undated }

    /// Decodes a message.
    ///
    /// - Parameters:
    ///   - key: the name of its series.
    ///   - isOld: whether it was kept for whoever comes; without a time of its own it is then counted only.
    package mutating func take(_ payload: Span<UInt8>, key: [UInt8], isOld: Bool) {
        withBatch { feed, batch in feed.feedMessage(payload, Envelope(key: key, isOld: isOld), into: &batch) }
    }

    /// Decodes a message of a log that can be read again: nothing of its journey is in the rows, so that who reads it again
    /// gets the same.
    ///
    /// - Parameters:
    ///   - key: the name of its series, of which a long one counts up to 256 bytes; where it is empty it is the stream's.
    ///   - time: when it was sent, for lines without a time of their own.
    ///   - next: the place from which a reader goes on behind it.
    package mutating func take(_ payload: Span<UInt8>, key: Span<UInt8>, sentAt time: Timestamp?, next: Int64) {
        var bytes: [UInt8] = []
        if key.isEmpty {
            bytes = Array(name.utf8.prefix(SeriesTable.longestName))
        } else {
            bytes.reserveCapacity(min(key.count, SeriesTable.longestName))
            for index in 0..<min(key.count, SeriesTable.longestName) { bytes.append(key[index]) }
        }
        let envelope = Envelope(key: bytes, time: time, next: next)
        withBatch { feed, batch in feed.feedMessage(payload, envelope, into: &batch) }
    }

    /// The number of the group with these channels, made when there is none; `nil` when there is no room for it.
    package mutating func group(of names: [[UInt8]], summary: String) -> Int? {
        feed.withDecoder { $0.group(of: names, summary: summary) }
    }

    /// The group that a series has, and the names of its channels; `nil` for a key that is no series yet.
    package mutating func group(ofSeries key: [UInt8]) -> (number: Int, names: [[UInt8]])? {
        feed.withDecoder { $0.group(ofSeries: key.span) }
    }

    /// Takes a sample of a group of ``group(of:summary:)``; a value for each channel, NaN is missing.
    package mutating func takeSample(_ key: [UInt8], group: Int, values: [Double], time: Timestamp) {
        withBatch { feed, batch in
            feed.withDecoder { $0.takeSample(key.span, group: group, values: values, time: time, into: &batch) }
        }
    }

    /// A series is reported to have stopped.
    package mutating func takeStop(_ key: [UInt8], time: Timestamp) {
        withBatch { feed, batch in feed.withDecoder { $0.takeStop(key.span, time: time, into: &batch) } }
    }

    /// Counts a message that cannot be used, and shows it when it is the first of its kind.
    package mutating func takeUnusable(_ reason: MalformedReason, _ shown: [UInt8]) {
        withBatch { feed, batch in feed.withDecoder { $0.takeUnusable(reason, shown.span, into: &batch) } }
    }

    /// Counts bytes that were received and are decoded elsewhere.
    package mutating func count(bytes: Int) { feed.count(received: bytes) }

    /// Hands over what was taken, waiting for the pipeline.
    ///
    /// - Throws: ``ReadingStopped`` when the source is to stop; what was taken is then handed over by ``finish(_:)``.
    package mutating func send(_ outlet: BatchOutlet) throws {
        guard let waiting = batch else { return }
        if let complete = try feed.end(waiting) {
            batch = complete
            try outlet.send(complete)
        }
        batch = nil
    }

    /// What was taken since the last call; `nil` when that makes no row.
    package mutating func takeBatch() throws -> RecordBatch? {
        defer { batch = nil }
        return try batch.flatMap { try feed.end($0) }
    }

    /// The source stops: hands over what was taken, and what lines were looked at and not read yet.
    package mutating func finish(_ outlet: BatchOutlet) throws {
        if let rest = try takeBatch() { outlet.sendLast(rest) }
        try feed.finish { outlet.sendLast($0) }
    }

    private mutating func withBatch(_ body: (inout StreamFeed, inout RecordBatch) -> Void) {
        var taken = batch ?? RecordBatch()
        batch = nil
        feed.begin(&taken)
        body(&feed, &taken)
        batch = taken
    }
}

extension StreamFeed {
    /// Whether lines have a time; `nil` while that is not known.
    var hasTime: Bool? { decoder.schema?.hasTime }
}

extension FileIdentity {
    /// What a partition of a log is known by: a place in it stays a place in it, as in a file that only grows.
    package init(topic: String, partition: Int32) {
        var hash = StableHash()
        hash.combine(topic)
        self.init(
            device: 0, inode: UInt64(UInt32(bitPattern: partition)), fingerprint: hash.value, fingerprintLength: 1)
    }
}
