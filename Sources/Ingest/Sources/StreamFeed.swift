import Logging
import TimeSeries

/// One stream on the reading thread: its decoder, and what is told about it.
struct StreamFeed {
    /// What all streams of a source share.
    struct Surroundings: Sendable {
        var limits: ReadingLimits
        var arrival: (@Sendable () -> Timestamp)?
        var telemetry: SourceTelemetry
        var logger: Logger?
        var onSchema: (@Sendable (String, StreamSchema) -> Void)?
    }

    /// The stream's name.
    let name: String
    /// The file in progress.
    var file: FileIdentity?
    private(set) var decoder: LineDecoder
    private let surroundings: Surroundings
    private var counted = DecoderCounters()
    private var isAnnounced = false

    init(_ name: String, _ decoder: LineDecoder, _ surroundings: Surroundings) {
        self.name = name
        self.decoder = decoder
        self.surroundings = surroundings
    }

    /// Decodes bytes and emits their rows, at most `rowsPerBatch` at once.
    mutating func feed(_ bytes: Span<UInt8>, _ emit: (RecordBatch) throws -> Void) throws {
        let arrival = surroundings.arrival?()
        var start = 0
        while start < bytes.count {
            var batch = RecordBatch()
            batch.arrival = arrival
            start += decoder.decode(
                bytes.extracting(start..<bytes.count), into: &batch, rows: surroundings.limits.rowsPerBatch)
            try pass(batch, emit)
        }
        let count = UInt64(bytes.count)
        surroundings.telemetry.update { $0.bytes += count }
    }

    /// The file is over; a last line without an end is a line.
    mutating func finishFile(_ emit: (RecordBatch) throws -> Void) throws {
        var batch = RecordBatch()
        batch.arrival = surroundings.arrival?()
        decoder.finishFile(into: &batch)
        try pass(batch, emit)
    }

    /// The next bytes are the start of another file.
    mutating func beginFile() { decoder.beginFile() }

    /// The stream is over.
    mutating func finish(_ emit: (RecordBatch) throws -> Void) throws {
        var batch = RecordBatch()
        batch.arrival = surroundings.arrival?()
        decoder.finish(into: &batch)
        try pass(batch, emit)
    }

    private mutating func pass(_ batch: RecordBatch, _ emit: (RecordBatch) throws -> Void) throws {
        let now = decoder.counters
        let before = counted
        counted = now
        surroundings.telemetry.update { $0.decoded.add(now, since: before) }
        for notice in decoder.takeNotices() { surroundings.logger?.malformed(notice, stream: name) }
        if let refusal = decoder.refusal { throw refusal }
        if !isAnnounced, let schema = batch.schema {
            isAnnounced = true
            surroundings.logger?.reading(name, as: schema.summary)
            if let problem = decoder.zoneProblem {
                surroundings.logger?.otherZone(name, schema.zone.name, problem)
            }
            if let note = schema.zone.note { surroundings.logger?.zoneNote(schema.zone.name, note) }
            surroundings.onSchema?(name, schema)
        }
        guard !batch.rows.isEmpty else { return }
        var batch = batch
        batch.stream = name
        batch.file = file
        try emit(batch)
    }
}
