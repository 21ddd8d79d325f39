import Logging
import Synchronization

/// What a decoder counted.
public struct DecoderCounters: Equatable, Sendable {
    /// Lines met, of every kind.
    public var lines: UInt64 = 0
    /// Usable rows.
    public var records: UInt64 = 0
    /// Header (and unit) lines, the first one included.
    public var headers: UInt64 = 0
    /// Empty lines and lines of spaces.
    public var blank: UInt64 = 0
    /// Lines that begin with `#`.
    public var comments: UInt64 = 0
    /// Keys, fields and names of channels that appeared after the channels were settled, one count for each line and key.
    public var unknownKeys: UInt64 = 0
    /// Lines in which nothing is watched: of a channel that was not known at the start, of a measurement without numbers.
    public var unwatched: UInt64 = 0
    /// Lines of messages that a broker had kept, so that they are old, and that have no time of their own.
    public var undated: UInt64 = 0
    private var byReason = [UInt64](repeating: 0, count: MalformedReason.allCases.count)

    /// Creates counters at 0.
    public init() {}

    /// Malformed lines of one reason.
    public internal(set) subscript(reason: MalformedReason) -> UInt64 {
        get { byReason[Int(reason.rawValue)] }
        set { byReason[Int(reason.rawValue)] = newValue }
    }

    /// Malformed lines of all reasons.
    public var malformed: UInt64 { byReason.reduce(0, +) }
}

/// An unusable line that is shown: the first of its reason and every 10,000th after that.
public struct MalformedNotice: Equatable, Sendable {
    /// Number of the line in the stream, from 1.
    public var line: UInt64
    /// Why it could not be used.
    public var reason: MalformedReason
    /// Its first bytes, at most 80, those that are not printable ASCII replaced by `.`.
    public var excerpt: String
    /// Malformed lines of this reason so far, this one included.
    public var count: UInt64
}

/// A name that lines hold and nobody watches, because it was not there when the channels were settled.
public struct UnknownNotice: Equatable, Sendable {
    /// Number of the line in the stream, from 1.
    public var line: UInt64
    /// The name as written, printable ASCII only.
    public var name: String
}

/// Counters of one source, readable from any task while it runs.
public final class SourceTelemetry: Sendable {
    /// One reading of the counters.
    public struct Counters: Equatable, Sendable {
        /// What the decoders of all its streams counted.
        public var decoded = DecoderCounters()
        /// Bytes read.
        public var bytes: UInt64 = 0
        /// Files that took a followed file's name.
        public var rotations: UInt64 = 0
        /// Followed files that shrank or were rewritten in place.
        public var truncations: UInt64 = 0
        /// Times that something of a followed file was lost, as far as it is known.
        public var lostParts: UInt64 = 0
        /// Bytes of followed files that were seen and were gone before they could be read.
        public var lostBytes: UInt64 = 0
        /// Datagrams received.
        public var datagrams: UInt64 = 0
        /// Datagrams that the socket dropped because its buffer was full, by its own count.
        public var droppedDatagrams: UInt64 = 0
        /// Datagrams longer than the room for one; what was cut is lost, the lines before it are not.
        public var cutDatagrams: UInt64 = 0
        /// Rows that were received and decoded, and dropped because the pipeline was too far behind.
        public var droppedRows: UInt64 = 0
        /// What came of the datagrams of flow exporters.
        public var exports = ExportCounters()
        /// What became of the messages of a broker; `nil` for a source that has none.
        public var broker: BrokerCounters?
        /// Bytes of the socket's buffer, as granted.
        public var receiveBuffer = 0
        /// The first unusable line of each reason.
        public var firstUnusable: [MalformedNotice] = []
        /// Compressed files that were cut off or damaged.
        public var damagedFiles: [String] = []
        /// Formats in which another source could read what was passed over.
        public var otherKinds: [SourceConfiguration.Format] = []
        /// The first names that nobody watches.
        public var unknown: [UnknownNotice] = []
    }

    /// Whether the reading thread waits or works.
    public let activity = ReadingActivity()
    private let state = Mutex(Counters())

    /// Creates counters at 0.
    public init() {}

    /// The counters now.
    public var counters: Counters { state.withLock { $0 } }

    package func update(_ body: (inout Counters) -> Void) { state.withLock { body(&$0) } }
}

extension DecoderCounters {
    /// Adds what happened between two readings of one decoder.
    mutating func add(_ now: DecoderCounters, since before: DecoderCounters) {
        lines += now.lines - before.lines
        records += now.records - before.records
        headers += now.headers - before.headers
        blank += now.blank - before.blank
        comments += now.comments - before.comments
        unknownKeys += now.unknownKeys - before.unknownKeys
        unwatched += now.unwatched - before.unwatched
        undated += now.undated - before.undated
        for reason in MalformedReason.allCases { self[reason] += now[reason] - before[reason] }
    }
}

/// All messages of the module, seen as one list.
extension Logger {
    func reading(_ stream: String, as summary: String) {
        info("reading input", metadata: ["stream.name": "\(stream)", "stream.dialect": "\(summary)"])
    }

    func unclear(_ input: String, _ line: String) {
        warning(
            "nothing is watched yet: the first \(LineDecoder.linesUntilUnclear) lines do not show numbers, or in what form; \(LineDecoder.mostLinesLookedAt) are looked at (`monitord formats` shows what is read)",
            metadata: ["input": "\(input)", "line.excerpt": "`\(line)`"])
    }

    func otherZone(_ stream: String, _ zone: String, _ cause: TimeZoneLoadingError) {
        warning(
            "the time zone that this stream was read in is not to be had: times without a zone are read in another",
            metadata: ["stream.name": "\(stream)", "stream.zone": "\(zone)", "error": "\(cause)"])
    }

    func zoneNote(_ zone: String, _ note: String) {
        notice("about the time zone: \(note)", metadata: ["stream.zone": "\(zone)"])
    }

    func malformed(_ notice: MalformedNotice, stream: String) {
        warning(
            "unusable line",
            metadata: [
                "stream.name": "\(stream)", "line.number": "\(notice.line)", "line.reason": "\(notice.reason)",
                "line.excerpt": "\(notice.excerpt)", "line.count": "\(notice.count)",
            ])
    }

    func refusedSeries(_ stream: String, records: UInt64, usage: SeriesAllowance.Usage) {
        warning(
            "no room for another series: records of newcomers are counted only (raise max_series or max_memory)",
            metadata: [
                "stream.name": "\(stream)", "series.records": "\(records)", "series.count": "\(usage.series)",
                "series.bytes": "\(usage.bytes)",
            ])
    }

    func listening(_ address: String, port: UInt16, granted: Int, asked: Int) {
        let facts: Logger.Metadata = [
            "udp.address": "\(address)", "udp.port": "\(port)", "udp.buffer": "\(granted)",
        ]
        if granted < asked {
            // Most systems grant less, and most senders need less: what is lost is counted and told when it is.
            notice(
                "listening; longer bursts want a larger receive buffer than the system grants (net.core.rmem_max)",
                metadata: facts.merging(["udp.buffer_asked": "\(asked)"]) { $1 })
        } else {
            info("listening", metadata: facts)
        }
    }

    func dropped(_ address: String, datagrams: UInt64) {
        error(
            "datagrams were lost: the socket's buffer was full",
            metadata: ["udp.address": "\(address)", "udp.dropped": "\(datagrams)"])
    }

    func dropped(_ address: String, rows: UInt64) {
        error(
            "rows were dropped: they came faster than they could be scored",
            metadata: ["udp.address": "\(address)", "udp.dropped_rows": "\(rows)"])
    }

    func cut(_ address: String, datagrams: UInt64) {
        warning(
            "datagrams were longer than the room for one and were cut",
            metadata: ["udp.address": "\(address)", "udp.cut": "\(datagrams)"])
    }

    func lost(_ notice: ExportLossNotice, stream: String) {
        error(
            notice.areDatagrams
                ? "datagrams of an exporter did not come: its numbers have gaps"
                : "flow records of an exporter did not come: its numbers have gaps",
            metadata: [
                "stream.name": "\(stream)", "netflow.exporter": "\(notice.exporter)",
                notice.areDatagrams ? "netflow.lost_datagrams" : "netflow.lost_flows": "\(notice.lost)",
            ])
    }

    func lostInAll(_ loss: ExportLossNotice, stream: String) {
        info(
            "what did not come of an exporter in all",
            metadata: [
                "stream.name": "\(stream)", "netflow.exporter": "\(loss.exporter)",
                loss.areDatagrams ? "netflow.lost_datagrams" : "netflow.lost_flows": "\(loss.lost)",
            ])
    }

    func withoutTemplate(_ sets: UInt64, stream: String) {
        warning(
            "flow records could not be read: their template did not come within a minute (have the exporter send its templates more often)",
            metadata: ["stream.name": "\(stream)", "netflow.sets": "\(sets)"])
    }

    func evicted(_ counters: ExportCounters, stream: String) {
        warning(
            "templates or exporters were forgotten: there are more than there is room for",
            metadata: [
                "stream.name": "\(stream)", "netflow.templates_evicted": "\(counters.templatesEvicted)",
                "netflow.exporters_evicted": "\(counters.exportersEvicted)",
            ])
    }

    func otherKind(_ format: SourceConfiguration.Format, stream: String) {
        notice(
            "\(format.otherKindWords)",
            metadata: ["stream.name": "\(stream)", "other.format": "\(format.rawValue)"])
    }

    func unwatched(_ notice: UnknownNotice, stream: String) {
        warning(
            "not watched: it was not there when the channels were settled",
            metadata: [
                "stream.name": "\(stream)", "line.number": "\(notice.line)", "channel.name": "\(notice.name)",
            ])
    }

    func damaged(_ path: String, _ reason: String, after bytes: Int64) {
        warning(
            "compressed file is damaged, what came before is used",
            metadata: ["file.path": "\(path)", "error": "\(reason)", "file.bytes": "\(bytes)"])
    }

    func waiting(for path: String, reason: String) {
        warning("cannot open file yet, waiting for it", metadata: ["file.path": "\(path)", "error": "\(reason)"])
    }

    func following(_ path: String, from offset: Int64) {
        info("following file", metadata: ["file.path": "\(path)", "file.offset": "\(offset)"])
    }

    func rotated(_ path: String) {
        info("file was replaced, reading the new one", metadata: ["file.path": "\(path)"])
    }

    func truncated(_ path: String, at offset: Int64) {
        warning(
            "file was truncated, reading from its start",
            metadata: ["file.path": "\(path)", "file.offset": "\(offset)"])
    }

    func positionLost(_ path: String) {
        error(
            "file of the stored position is gone, and no rotated file is it: what was written behind that place, if anything, is lost; reading from the start of the present one",
            metadata: ["file.path": "\(path)"])
    }

    func shortened(_ path: String, from offset: Int64, to size: Int64) {
        warning(
            "file is shorter than it was when it was last read, going on at its end",
            metadata: ["file.path": "\(path)", "file.offset": "\(offset)", "file.bytes": "\(size)"])
    }

    func lostBytes(_ path: String, _ bytes: Int64) {
        error(
            "part of a file was lost: it was truncated or removed before it was read, and no copy holds it",
            metadata: ["file.path": "\(path)", "file.lost_bytes": "\(bytes)"])
    }

    func watchOverflowed() {
        warning("changes in a watched folder came faster than the system keeps them, looking at all files")
    }

    func refused(_ path: String, _ cause: IngestError) {
        error("cannot follow file, leaving it out", metadata: ["file.path": "\(path)", "error": "\(cause)"])
    }
}

extension SourceConfiguration.Format {
    /// That events of this format are passed over in a stream that is read in another.
    public var otherKindWords: String {
        let events = self == .suricataStats ? "stats events" : "flow events"
        return
            "\(events) of Suricata are passed over here: a second source of the same file with format = \"\(rawValue)\" reads them"
    }
}
