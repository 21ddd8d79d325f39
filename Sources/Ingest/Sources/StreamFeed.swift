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
        var admission = SeriesAdmission()

        /// A compressed file is damaged from some place on.
        func tellDamage(_ path: String, _ reason: String, after bytes: Int64) {
            telemetry.update { $0.damagedFiles.append(path) }
            logger?.damaged(path, reason, after: bytes)
        }
    }

    /// The stream's name.
    let name: String
    /// The file in progress.
    private(set) var file: FileIdentity?
    /// What the input in progress is called when its lines cannot be read.
    var place: String?
    private(set) var decoder: LineDecoder
    private let surroundings: Surroundings
    private var counted = DecoderCounters()
    private var isAnnounced = false
    private var isUnclearTold = false
    private var received: UInt64 = 0
    private var bytesBefore: Int64 = 0
    private var nextRefused: UInt64 = 1
    private var exports = ExportCounters()
    private var exportNotices = ExportNotices()
    /// While lines are taken in from elsewhere: the place from which a restart goes on all the same.
    private var fixedOffset: Int64?
    /// How much the last batch held: the next needs about as much room.
    private var usual = RecordBatch.Sizes()
    /// The files before the one in progress, as batches name them.
    var retired: [FilePosition] = []

    init(_ name: String, _ decoder: LineDecoder, _ surroundings: Surroundings) {
        self.name = name
        self.decoder = decoder
        self.surroundings = surroundings
    }

    /// Decodes bytes and emits their rows, at most `rowsPerBatch` at once.
    mutating func feed(_ bytes: Span<UInt8>, _ emit: (RecordBatch) throws -> Void) throws {
        let arrival = surroundings.arrival?()
        let lines = linesAmongZeros(bytes)
        if lines.lowerBound > 0 { decoder.skip(lines.lowerBound) }
        var start = lines.lowerBound
        while start < lines.upperBound {
            var batch = RecordBatch()
            batch.arrival = arrival
            batch.reserve(usual)
            start += decoder.decode(
                bytes.extracting(start..<lines.upperBound), into: &batch, rows: surroundings.limits.rowsPerBatch)
            rememberLine(bytes, to: start)
            usual = batch.sizes
            try pass(batch, emit)
        }
        if lines.upperBound < bytes.count { decoder.skip(bytes.count - lines.upperBound) }
        let count = UInt64(bytes.count)
        surroundings.telemetry.update { $0.bytes += count }
    }

    /// Where lines are, when zeros stand before or behind them: a hole, where a writer went on at its old place in a truncated
    /// file; blocks that were never written, after the power failed. Zeros within a line are left to the decoder.
    private func linesAmongZeros(_ bytes: Span<UInt8>) -> Range<Int> {
        guard bytes.count > 0, decoder.canSkip else { return 0..<bytes.count }
        var start = 0
        if decoder.carriedBytes == 0 { while start < bytes.count, bytes[start] == 0 { start += 1 } }
        var end = bytes.count
        while end > start, bytes[end - 1] == 0 { end -= 1 }
        // Behind half a line they may be in its middle.
        if end > start ? bytes[end - 1] != UInt8(ascii: "\n") : decoder.carriedBytes > 0 { end = bytes.count }
        return start..<end
    }

    /// Remembers the last whole line of bytes that were decoded, by which a restart knows that it is in the right file.
    private mutating func rememberLine(_ bytes: Span<UInt8>, to place: Int) {
        let end = place - Int(decoder.carriedBytes)
        guard file != nil, fixedOffset == nil, decoder.canSkip, end > 0 else { return }
        file?.take(bytes.extracting(max(0, end - FileIdentity.longestLine)..<end), endingAt: decoder.offset)
    }

    // MARK: Files that are followed

    /// Names the file that the next bytes are of; the line that was remembered of it stays.
    mutating func name(_ identity: FileIdentity, isNew: Bool = false) {
        let before = file
        file = identity
        guard !isNew, let before else { return }
        file?.lineEnd = before.lineEnd
        file?.line = before.line
        file?.lineLength = before.lineLength
    }

    /// Whether half a line waits for its other half.
    var hasHalfLine: Bool { decoder.carriedBytes > 0 }

    /// Whether ``feedLate(_:_:)`` may be called: not within an object of many lines, nor before it is clear how lines are read.
    var canFeedLate: Bool { decoder.canSkip && decoder.schema != nil }

    /// Bytes of the file in progress up to the end of its last whole line.
    var offset: Int64 { decoder.offset }

    /// The next bytes are those of a file from some place on.
    mutating func beginFile(at offset: Int64 = 0) {
        bytesBefore &+= decoder.offset
        decoder.beginFile(at: offset)
    }

    /// Takes whole lines in from another file than the one in progress, whose half line is given up and is fed again.
    mutating func feedLate(_ lines: Span<UInt8>, _ emit: (RecordBatch) throws -> Void) throws {
        let place = decoder.offset
        decoder.beginFile(at: 0)
        fixedOffset = place
        defer {
            fixedOffset = nil
            decoder.beginFile(at: place)
        }
        try feed(lines, emit)
    }

    // MARK: Datagrams

    /// Begins or goes on with a batch of datagrams that have just arrived.
    func begin(_ batch: inout RecordBatch) {
        if batch.arrival == nil { batch.arrival = surroundings.arrival?() }
    }

    /// Decodes a datagram, whose end is the end of its last line.
    mutating func feedDatagram(_ bytes: Span<UInt8>, from sender: NetworkAddress, into batch: inout RecordBatch) {
        decoder.decodeDatagram(bytes, from: sender, into: &batch)
        received += UInt64(bytes.count)
    }

    /// Decodes a message of a broker.
    mutating func feedMessage(_ payload: Span<UInt8>, _ envelope: Envelope, into batch: inout RecordBatch) {
        decoder.decodeMessage(payload, envelope, into: &batch)
        received += UInt64(payload.count)
    }

    /// Counts bytes of messages that are decoded elsewhere.
    mutating func count(received bytes: Int) { received += UInt64(bytes) }

    /// For a source that decodes itself.
    mutating func withDecoder<Result>(_ body: (inout LineDecoder) -> Result) -> Result { body(&decoder) }

    /// Ends a batch of datagrams or messages.
    ///
    /// - Returns: the batch when it has rows.
    mutating func end(_ batch: RecordBatch) throws -> RecordBatch? {
        var batch = batch
        decoder.endDatagrams(into: &batch)
        let count = received
        received = 0
        surroundings.telemetry.update { $0.bytes += count }
        var complete: RecordBatch?
        try pass(batch) { complete = $0 }
        return complete
    }

    /// The file is over; a last line without an end is a line.
    mutating func finishFile(_ emit: (RecordBatch) throws -> Void) throws {
        var batch = RecordBatch()
        batch.arrival = surroundings.arrival?()
        decoder.finishFile(into: &batch)
        try pass(batch, emit)
    }

    /// The stream is over.
    mutating func finish(_ emit: (RecordBatch) throws -> Void) throws {
        var batch = RecordBatch()
        batch.arrival = surroundings.arrival?()
        decoder.finish(into: &batch)
        try pass(batch, emit)
        for loss in decoder.lossesOfExporters { surroundings.logger?.lostInAll(loss, stream: name) }
    }

    /// Newcomers that there is no room for are told when the first comes, and each time their records are ten times more.
    private mutating func tellRefused(_ records: UInt64) {
        guard records >= nextRefused else { return }
        nextRefused = records.multipliedReportingOverflow(by: 10).partialValue
        surroundings.logger?.refusedSeries(name, records: records, usage: surroundings.admission.allowance.usage)
    }

    /// What came of export datagrams, and what of it somebody should know.
    private mutating func tellExports() {
        guard let now = decoder.exportCounters, now != exports else { return }
        exports = now
        surroundings.telemetry.update { $0.exports = now }
        for notice in decoder.takeLossNotices() { surroundings.logger?.lost(notice, stream: name) }
        exportNotices.tell(now, stream: name, logger: surroundings.logger)
    }

    private mutating func pass(_ batch: RecordBatch, _ emit: (RecordBatch) throws -> Void) throws {
        let now = decoder.counters
        let before = counted
        counted = now
        surroundings.telemetry.update { $0.decoded.add(now, since: before) }
        tellRefused(decoder.countedRecords.refused)
        for notice in decoder.takeNotices() {
            surroundings.logger?.malformed(notice, stream: name)
            if notice.count == 1 { surroundings.telemetry.update { $0.firstUnusable.append(notice) } }
        }
        for notice in decoder.takeUnknownNotices() {
            surroundings.logger?.unwatched(notice, stream: name)
            surroundings.telemetry.update { $0.unknown.append(notice) }
        }
        if let format = decoder.takeOtherKind() {
            surroundings.logger?.otherKind(format, stream: name)
            surroundings.telemetry.update { $0.otherKinds.append(format) }
        }
        tellExports()
        if let refusal = decoder.refusal {
            guard let place, let line = decoder.refusedLine else { throw refusal }
            throw IngestError.unreadable(place: place, line: line, cause: refusal)
        }
        if !isAnnounced, let schema = batch.schema {
            isAnnounced = true
            surroundings.logger?.reading(name, as: schema.summary)
            if let problem = decoder.zoneProblem {
                surroundings.logger?.otherZone(name, schema.zone.name, problem)
            }
            if let note = schema.zone.note { surroundings.logger?.zoneNote(schema.zone.name, note) }
            surroundings.onSchema?(name, schema)
        }
        // A recording is at its end in a moment and then says more; who watches a stream would wait for its 50th line.
        if !isUnclearTold, surroundings.arrival != nil, let line = decoder.unclearLine {
            isUnclearTold = true
            surroundings.logger?.unclear(place ?? name, line)
        }
        guard !batch.rows.isEmpty else { return }
        var batch = batch
        batch.stream = name
        batch.file = file
        batch.retired = retired
        batch.bytesBefore = bytesBefore
        if let fixedOffset { for index in batch.rows.indices { batch.rows[index].endOffset = fixedOffset } }
        try emit(batch)
    }
}
