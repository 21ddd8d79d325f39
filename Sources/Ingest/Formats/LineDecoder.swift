public import TimeSeries

/// Turns the bytes of one stream into rows, whatever the sizes they come in.
///
/// Lines end with `\n` or `\r\n`. The first lines are held back until the dialect is clear: four that agree are enough, 50
/// (or 4 MiB) are the most, 500 where lines name their channels, and the end of the input settles it too. What is found is a function of those lines alone, and
/// is stated in ``StreamSchema/summary``; when they can be read in two ways, ``refusal`` says so and nothing more is
/// decoded. After that a line costs no allocation.
///
/// Blank lines and lines that begin with `#` are skipped. Delimited lines: `,` `;` tab or `|`; quotes with `""`; a header with units (`Temp [°C]`, `Pressure (bar)`), a line of
/// units below it; a column is a channel when most of its first values are numbers. Lines with the header's content are
/// skipped wherever they stand; a line with the same names in another order sets the order from there on. JSON lines: one
/// object a line, or a list of objects over many; the numbers in it, those of nested objects and lists by their path;
/// texts and (unless the channels are named) booleans are no channels; a line with none of the channels is
/// ``MalformedReason/noValues``. InfluxDB lines: a group of channels for each measurement. logfmt, syslog and
/// Graphite lines: keys and values as of a JSON object, see ``Notation``; a line with none of the channels is passed over
/// among messages. StatsD lines: a reading for each value, a group for each type. Long-form lines give one value
/// each. A record whose values are all missing is a record still.
///
/// A restart in mid-file: keep a batch's ``RecordBatch/decoding`` and its last row's `endOffset`, and give them to
/// ``init(configuration:seriesName:restoring:offset:admission:)``.
public struct LineDecoder: Sendable {
    /// Lines that are looked at, at most, before the dialect is settled.
    public static let mostLinesLookedAt = 50
    /// Lines after which it is worth saying that they do not say yet how they are read.
    public static let linesUntilUnclear = 10
    /// Bytes that are looked at, at most.
    static let mostBytesLookedAt = 4 << 20
    /// A reason is shown for its first line and each time this many more came.
    static let linesBetweenNotices: UInt64 = 10_000

    /// Names that nobody watches are told up to this many.
    static let mostUnknownTold = 10

    /// Room for a byte-order mark and carriage returns, which do not count as line.
    private static let longestLineEnd = 5

    /// What was counted so far.
    public internal(set) var counters = DecoderCounters()
    /// Why the lines cannot be read; once set, bytes are taken and dropped.
    public internal(set) var refusal: IngestError?
    /// Why times are not read in the zone of the restored dialect but in that of the machine; `nil` when they are.
    public private(set) var zoneProblem: TimeZoneLoadingError?
    /// The line that shows why, from 1.
    public internal(set) var refusedLine: UInt64?
    /// The schema once it is settled.
    public var schema: StreamSchema? { dialect?.schema }
    /// The dialect, to be restored later; empty until it is settled. It changes only when a header with another order of
    /// columns appears.
    public private(set) var dialectState: [UInt8] = []
    /// Records that were counted only: of keys that are no series yet, and of those there is no room for.
    public var countedRecords: (all: UInt64, refused: UInt64) { (series.countedRecords, series.refusedRecords) }
    /// Names of the series met so far.
    public var seriesNames: [String] { series.names }
    /// Bytes of the file up to the end of the last whole line.
    public internal(set) var offset: Int64

    let configuration: SourceConfiguration
    private let admission: SeriesAdmission
    var dialect: Dialect?
    var delimited: DelimitedDecoder?
    var keyed: KeyedDecoder?
    var influx: InfluxDecoder?
    var flows: FlowDecoder?
    var metrics: StatsDDecoder?
    /// What is known of flow exporters, once a datagram of one has come.
    var exports: ExportDecoder?
    /// Whether what is decoded comes as datagrams.
    var isOfDatagrams = false
    /// What came with the message in hand beside its lines.
    var envelope = Envelope()
    /// Whether rows belong to the series that the envelope names.
    var isKeyedByEnvelope = false
    /// Datagrams of exporters up to which what is known of them is in the dialect.
    var datagramsStored: UInt64 = 0
    private var zeek = ZeekHeader()
    var isStateStale = false
    /// Whether the series are known from before and keep their numbers.
    private var keepsSeries = false
    var sniffer: DialectSniffer
    var series: SeriesTable
    var notices: [MalformedNotice] = []
    var unknownNotices: [UnknownNotice] = []
    /// The format of events that stand among those that are read, to be told.
    var otherKind: SourceConfiguration.Format?
    var isOtherKindTold = false
    private var eventScanner = ObjectScanner()
    var unknownNames: [[UInt8]] = []

    // A JSON list of objects over many lines: whether it is one, and its objects.
    var probe: ListProbe?
    var assembler: ObjectAssembler?
    var consumed: Int64 = 0

    // The line in progress: what was kept of it, and what its bytes so far say.
    private var carry: [UInt8] = []
    private(set) var carriedBytes: Int64 = 0
    var lineStart: Int64 = 0
    private var hasControlBytes = false
    private var carriageReturns = 0
    private var isTooLong = false

    /// Creates a decoder at the start of a stream.
    ///
    /// - Parameters:
    ///   - seriesName: the series of all rows when the configuration names no series column.
    ///   - admission: when a key that lines name becomes a series.
    public init(
        configuration: SourceConfiguration, seriesName: String = "input", admission: SeriesAdmission = .atOnce
    ) {
        self.configuration = configuration
        self.admission = admission
        sniffer = DialectSniffer(configuration)
        if configuration.format == .auto || configuration.format == .jsonl, !configuration.isKeyedByTopic {
            probe = ListProbe()
        }
        let hasOneSeries = configuration.series == nil && !configuration.isKeyedByTopic
        series = SeriesTable(hasOneSeries ? [seriesName] : [], admission: admission)
        offset = 0
    }

    /// Creates a decoder that reads on in mid-file.
    ///
    /// - Parameters:
    ///   - state: what the decoder before knew; without a dialect the first lines are looked at again.
    ///   - offset: bytes of the file before the first byte that will be decoded.
    /// - Throws: `StateCodingError` when the dialect is damaged or of another version.
    public init(
        configuration: SourceConfiguration, seriesName: String = "input", restoring state: DecodingState,
        offset: Int64, admission: SeriesAdmission = .atOnce
    ) throws(StateCodingError) {
        self.init(configuration: configuration, seriesName: seriesName, admission: admission)
        self.offset = offset
        consumed = offset
        if offset > 0 { probe = nil }
        let found: Dialect?
        if state.dialect.isEmpty {
            found = nil
        } else {
            var reader = StateReader(state.dialect)
            var problem: TimeZoneLoadingError?
            found = try Dialect(from: &reader) { name in
                let zone = configuration.zone.restoring(name)
                problem = zone.problem
                return zone.rules
            }
            zoneProblem = problem
        }
        if !state.seriesNames.isEmpty || found?.namesSeries == true || configuration.isKeyedByTopic {
            series = SeriesTable(
                state.seriesNames, groups: state.seriesGroups, candidates: state.candidates, admission: admission)
        }
        keepsSeries = !state.seriesNames.isEmpty
        exports = try Self.exports(in: state.dialect)
        if let found { settle(found) }
    }

    /// Creates a decoder at the start of an input that goes on where another one ended: standard input after a restart.
    ///
    /// The series keep their numbers. How lines are read is found anew, because another writer may sit in front of the pipe;
    /// only when the series have different channels, or are metrics, the stored dialect says which channels are whose.
    ///
    /// - Throws: `StateCodingError` when a dialect that is needed is damaged or of another version.
    public init(
        configuration: SourceConfiguration, seriesName: String = "input", goingOnFrom state: DecodingState?,
        admission: SeriesAdmission
    ) throws(StateCodingError) {
        guard var state else {
            self.init(configuration: configuration, seriesName: seriesName, admission: admission)
            return
        }
        // The zone is not the writer's but the place's: it stays, on whatever machine this is.
        var configuration = configuration
        let problem = configuration.zone.goOn(from: state.dialect)
        let exports = try Self.exports(in: state.dialect)
        if state.seriesGroups.allSatisfy({ $0 == 0 }), !Self.isOfMetrics(state.dialect) { state.dialect = [] }
        try self.init(
            configuration: configuration, seriesName: seriesName, restoring: state, offset: 0, admission: admission)
        zoneProblem = problem
        // Whether exporters still send shows with the first datagram; their templates may be minutes away.
        self.exports = exports
    }

    // MARK: Bytes

    /// Decodes the next bytes of the stream, all of them.
    public mutating func decode(_ bytes: [UInt8], into batch: inout RecordBatch) {
        _ = decode(bytes.span, into: &batch)
    }

    /// Decodes the next bytes of the stream.
    ///
    /// - Parameters:
    ///   - bytes: any number of bytes, from any place within a line to any other.
    ///   - batch: rows are appended; schema, names and dialect are set.
    ///   - rows: stop after the line with which `batch` has that many rows.
    /// - Returns: the bytes taken; all of them unless `rows` was reached.
    /// - Complexity: O(bytes); a line longer than `longestLine` is dropped as it comes, never held.
    public mutating func decode(_ bytes: Span<UInt8>, into batch: inout RecordBatch, rows: Int = .max) -> Int {
        var start = probe == nil ? 0 : look(bytes, into: &batch)
        if assembler != nil {
            start = decodeList(bytes, from: start, into: &batch, rows: rows)
        }
        while assembler == nil, start < bytes.count, batch.rows.count < rows, refusal == nil {
            guard let end = scanLine(bytes, from: start) else {
                keep(bytes.extracting(start..<bytes.count))
                start = bytes.count
                break
            }
            endLine(bytes.extracting(start..<end), terminator: 1, into: &batch)
            start = end + 1
        }
        if refusal != nil { start = bytes.count }
        if !isOfDatagrams { publish(into: &batch) }
        return start
    }

    /// Decodes bytes whose end is the end of their last line.
    ///
    /// Once it is clear how lines are read all are where they stand; before, the last one may be the beginning of a list of objects,
    /// and is held with the others.
    mutating func decodeLines(_ bytes: Span<UInt8>, into batch: inout RecordBatch) {
        guard isSettled, probe == nil, assembler == nil, carriedBytes == 0 else {
            _ = decode(bytes, into: &batch)
            return finishFile(into: &batch)
        }
        var start = 0
        while start < bytes.count, refusal == nil {
            let end = scanLine(bytes, from: start) ?? bytes.count
            endLine(bytes.extracting(start..<end), terminator: end < bytes.count ? 1 : 0, into: &batch)
            start = end + 1
        }
    }

    /// Bytes of lines that are held: the one in progress and those that are looked at.
    var bytesHeld: Int { carry.capacity + sniffer.bytes.count + (assembler?.object.capacity ?? 0) }

    /// The file has ended: a last line without its line end is a line.
    ///
    /// Not for a file that still grows, where half a line waits for its other half.
    public mutating func finishFile(into batch: inout RecordBatch) {
        if probe != nil { giveBackLookedAt(into: &batch) }
        if assembler?.finish() == true { takeObject(into: &batch) }
        if carriedBytes > 0 { endLine([UInt8]().span, terminator: 0, into: &batch) }
        // Of datagrams and messages once they are all in: what a batch shares with the decoder is copied when it changes.
        if !isOfDatagrams { publish(into: &batch) }
    }

    /// The next bytes come from the start of another file of the same stream; half a line that was kept is dropped.
    ///
    /// - Parameter offset: bytes of that file before the next one, the start of a line.
    public mutating func beginFile(at offset: Int64 = 0) {
        dropCarry()
        self.offset = offset
        consumed = offset
        if assembler != nil { assembler = ObjectAssembler(longest: configuration.longestLine) }
        sniffer.forgetOffsets()
    }

    /// Whether bytes between lines may be left out: not within a JSON list.
    var canSkip: Bool { assembler == nil && probe == nil }

    /// Leaves bytes of the file out, between two lines.
    mutating func skip(_ count: Int) {
        offset += Int64(count)
        consumed = offset
    }

    /// The stream has ended: ``finishFile(into:)``, and the dialect is settled on the lines there are.
    public mutating func finish(into batch: inout RecordBatch) {
        finishFile(into: &batch)
        if dialect == nil, refusal == nil { settleIfClear(isFinal: true, into: &batch) }
        publish(into: &batch)
    }

    /// A line that shows why nothing is watched yet, once ``linesUntilUnclear`` of them have not settled how they are read.
    ///
    /// `nil` before, when they have, and where more are needed because lines name their channels.
    public var unclearLine: String? {
        dialect == nil && refusal == nil && configuration.channel == nil
            ? sniffer.unclear(after: Self.linesUntilUnclear) : nil
    }

    /// The unusable lines to be shown since the last call.
    public mutating func takeNotices() -> [MalformedNotice] {
        guard !notices.isEmpty else { return [] }
        defer { notices.removeAll() }
        return notices
    }

    /// Names that lines hold and nobody watches, to be told since the last call: the first few, each once.
    public mutating func takeUnknownNotices() -> [UnknownNotice] {
        guard !unknownNotices.isEmpty else { return [] }
        defer { unknownNotices.removeAll() }
        return unknownNotices
    }

    /// The format in which another source could read what this one passes over, to be told since the last call: once in a stream.
    public mutating func takeOtherKind() -> SourceConfiguration.Format? {
        defer { otherKind = nil }
        return otherKind
    }

    mutating func publish(into batch: inout RecordBatch) {
        if isStateStale { storeDialect() }
        batch.schema = dialect?.schema
        batch.seriesNames = series.names
        batch.seriesGroups = series.groups
        batch.candidates = series.candidates
        batch.dialect = dialectState
    }

    /// Looks for the line end and notes control bytes on the way.
    private mutating func scanLine(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while true {
            index = bytes.firstControl(from: index)
            guard index < bytes.count else { return nil }
            switch bytes[index] {
            case UInt8(ascii: "\n"): return index
            case UInt8(ascii: "\r"): carriageReturns += 1
            default: hasControlBytes = true
            }
            index += 1
        }
    }

    /// Keeps the beginning of a line whose end is not here yet.
    private mutating func keep(_ part: Span<UInt8>) {
        carriedBytes += Int64(part.count)
        let limit = configuration.longestLine + Self.longestLineEnd
        let room = isTooLong ? 0 : limit - carry.count
        if part.count > room {
            // What is kept of a line that is too long is shown, once.
            isTooLong = true
            if carry.capacity > 1 << 16 { carry = Array(carry.prefix(MalformedLine.longestExcerpt)) }
        }
        let wanted = isTooLong ? max(0, MalformedLine.longestExcerpt - carry.count) : part.count
        carry.append(part.extracting(0..<min(wanted, part.count)))
    }

    private mutating func dropCarry() {
        carry.removeAll(keepingCapacity: carry.capacity <= 1 << 16)
        carriedBytes = 0
        hasControlBytes = false
        carriageReturns = 0
        isTooLong = false
    }

    private mutating func endLine(_ rest: Span<UInt8>, terminator: Int64, into batch: inout RecordBatch) {
        lineStart = offset
        offset = envelope.next ?? offset + carriedBytes + Int64(rest.count) + terminator
        if carriedBytes == 0 {
            takeLine(rest, into: &batch)
        } else {
            keep(rest)
            var line: [UInt8] = []
            swap(&line, &carry)
            takeLine(line.span, into: &batch)
            swap(&line, &carry)
        }
        dropCarry()
    }

    // MARK: Lines

    /// Takes a line with its byte-order mark and carriage return still on it.
    private mutating func takeLine(_ raw: Span<UInt8>, into batch: inout RecordBatch) {
        counters.lines += 1
        if isTooLong || raw.count > configuration.longestLine + Self.longestLineEnd {
            return take(raw.extracting(0..<min(raw.count, MalformedLine.longestExcerpt)), flaw: .tooLong, into: &batch)
        }
        var lower = 0
        var upper = raw.count
        if upper >= 3, raw[0] == 0xef, raw[1] == 0xbb, raw[2] == 0xbf { lower = 3 }
        while upper > lower, raw[upper - 1] == UInt8(ascii: "\r") {
            upper -= 1
            carriageReturns -= 1
        }
        // Blocks that were never written because the power failed are zeros, and the next line stands behind them.
        if hasControlBytes, let first = (lower..<upper).first(where: { raw[$0] != 0 }), first > lower {
            lower = first
            hasControlBytes = (lower..<upper).contains { raw[$0] < 32 && raw[$0] != 9 && raw[$0] != 13 }
        }
        let line = raw.extracting(lower..<upper)
        if line.count > configuration.longestLine {
            return take(raw.extracting(0..<min(raw.count, MalformedLine.longestExcerpt)), flaw: .tooLong, into: &batch)
        }
        if hasControlBytes || carriageReturns > 0 { return take(line, flaw: .controlBytes, into: &batch) }
        var first = 0
        while first < line.count, line[first] == 32 || line[first] == 9 { first += 1 }
        if first == line.count {
            counters.blank += 1
        } else if line[first] == UInt8(ascii: "#") {
            counters.comments += 1
            takeComment(line, into: &batch)
        } else {
            take(line, flaw: nil, into: &batch)
        }
    }

    /// A line that begins with `#` says nothing, but in a Zeek log what the columns are.
    private mutating func takeComment(_ line: Span<UInt8>, into batch: inout RecordBatch) {
        guard configuration.format == .auto || configuration.format == .zeek, zeek.take(line) else { return }
        let columns = FlowDialect(kind: .zeek, delimiter: zeek.separator, columns: zeek.columns)
        if case .flows(let settled) = dialect?.format, settled.kind == .zeek {
            // Another log behind this one in the file is passed over.
            let isOther = !columns.isConnection && !zeek.path.isEmpty && zeek.path != KeyedFlowDecoder.connPath
            flows?.take(columns: isOther ? [] : columns.columns, delimiter: columns.delimiter)
            noteFlows()
        } else if dialect == nil, refusal == nil {
            guard columns.isConnection else {
                refusal = FlowSniffer.otherLog(String(decoding: zeek.path, as: UTF8.self))
                refusedLine = counters.lines
                return
            }
            let reason = "line \(counters.lines) begins with #fields and names \(zeek.columns.count) columns"
            settle(Dialect(flows: columns, because: reason, configuration: configuration))
            decodeHeld(into: &batch)
        }
    }

    private mutating func take(_ line: Span<UInt8>, flaw: MalformedReason?, into batch: inout RecordBatch) {
        take(line, flaw: flaw, number: counters.lines, into: &batch)
    }

    mutating func take(
        _ line: Span<UInt8>, flaw: MalformedReason?, number: UInt64, into batch: inout RecordBatch
    ) {
        guard refusal == nil else { return }
        guard !isSettled else {
            return decodeLine(line, flaw: flaw, number: number, endOffset: offset, into: &batch)
        }
        if configuration.format == .suricataStats, flaw == nil, isOtherEvent(line) {
            // They may stand in thousands before the first that is read.
            counters.unwatched += 1
            return
        }
        sniffer.hold(
            line, flaw: flaw, number: number, startOffset: lineStart, endOffset: offset, envelope: envelope)
        let most = configuration.channel == nil ? Self.mostLinesLookedAt : LongForm.mostLinesLookedAt
        let isFull =
            sniffer.lines.count >= most || sniffer.bytes.count >= Self.mostBytesLookedAt
        settleIfClear(isFinal: isFull, into: &batch)
    }

    private mutating func isOtherEvent(_ line: Span<UInt8>) -> Bool {
        switch SuricataStats.event(line, &eventScanner) {
        case .stats, .none: false
        case .flow, .other: true
        }
    }

    /// Settles the dialect when the lines held allow it, and decodes them.
    private mutating func settleIfClear(isFinal: Bool, into batch: inout RecordBatch) {
        switch sniffer.decide(isFinal: isFinal) {
        case .undecided: return
        case .refused(let error) where isOfDatagrams:
            forgetHeld("\(error)")
            return
        case .refused(let error):
            refusal = error
            refusedLine = sniffer.line(showing: error)
        case .settled(var found):
            found.schema.zone = configuration.zone.rules
            settle(found)
        }
        decodeHeld(into: &batch)
    }

    /// Decodes the lines that were looked at.
    private mutating func decodeHeld(into batch: inout RecordBatch) {
        var held = DialectSniffer(configuration)
        swap(&held, &sniffer)
        guard let dialect else { return }
        if dialect.namesSeries, configuration.series == nil, !keepsSeries {
            series = SeriesTable([], admission: admission)
            series.channelsOfGroups = dialect.schema.groups.map(\.count)
        }
        let current = (lineStart, envelope)
        defer { (lineStart, envelope) = current }
        for line in held.lines {
            lineStart = line.startOffset
            envelope = line.envelope
            decodeLine(
                held.bytes.span.extracting(line.range), flaw: line.flaw, number: line.number, endOffset: line.endOffset,
                into: &batch)
        }
    }

    /// Whether the dialect is known. Read off its tag alone: compared with `nil` it would be copied, for each line.
    var isSettled: Bool { if case .some = dialect { true } else { false } }

    mutating func settle(_ found: Dialect) {
        if case .flows = found.format, let fault = configuration.faultOfFlowSeries {
            // Every way to flows leads here: by a header, by what lines hold, by what is stored.
            refusal = fault
            refusedLine = counters.lines > 0 ? counters.lines : nil
            return
        }
        dialect = found
        isKeyedByEnvelope = configuration.isKeyedByTopic && !found.namesSeries
        series.channelsOfGroups = found.schema.groups.map(\.count)
        switch found.format {
        case .columns(let columns): delimited = DelimitedDecoder(columns, found)
        case .keys(let keys):
            keyed = KeyedDecoder(keys, found)
            if keys.isList, assembler == nil, probe == nil, sniffer.lines.isEmpty {
                assembler = ObjectAssembler(longest: configuration.longestLine)
            }
        case .measurements(let measurements): influx = InfluxDecoder(measurements, found)
        case .metrics(let kinds): metrics = StatsDDecoder(kinds)
        case .flows(let dialect) where dialect.kind == .netflow: exports = exports ?? ExportDecoder()
        case .flows(let dialect): flows = FlowDecoder(dialect, zone: found.schema.zone)
        }
        storeDialect()
    }

    mutating func storeDialect() {
        isStateStale = false
        guard let dialect else { return }
        var writer = StateWriter()
        dialect.encode(to: &writer)
        if dialect.isExports { exports?.encode(to: &writer) }
        dialectState = writer.bytes
    }
}

/// How an unusable line is shown.
enum MalformedLine {
    /// Most bytes shown.
    static let longestExcerpt = 80

    /// The first bytes; those that are not printable ASCII are shown as `.`, so that no line can write to a terminal.
    static func excerpt(_ line: Span<UInt8>) -> String {
        var shown = ""
        for index in 0..<min(line.count, longestExcerpt) {
            let byte = line[index]
            shown.unicodeScalars.append((32...126).contains(byte) ? Unicode.Scalar(byte) : ".")
        }
        return shown
    }
}
