/// Some samples of one series, oldest first, on their way to the history or out of it.
public struct HistoryChunk: Equatable, Sendable {
    /// The series' key.
    public var series: String
    /// Event time of the first sample, in nanoseconds since 1970.
    public var first: Int64
    /// Event time of the last one.
    public var last: Int64
    /// Whether anything unusual is in it: such chunks are kept when there is not room for all.
    public var isNotable: Bool
    /// The samples, in the writer's own form.
    public var bytes: [UInt8]

    /// Creates a chunk.
    public init(series: String, first: Int64, last: Int64, isNotable: Bool = false, bytes: [UInt8]) {
        self.series = series
        self.first = first
        self.last = last
        self.isNotable = isNotable
        self.bytes = bytes
    }
}

/// A row of the history: where its samples lie in event time, in nanoseconds since 1970.
public struct HistoryRow: Equatable, Sendable {
    /// Rises with each row that is stored.
    public var number: Int64
    /// The first sample's time.
    public var first: Int64
    /// The last one's.
    public var last: Int64
}

/// A piece of the history.
public struct HistoryPiece: Equatable, Sendable {
    /// The chunks in it, those of a newer row first.
    public var chunks: [HistoryChunk] = []
    /// Where the next older piece begins; `nil` when there is none.
    public var next: Int64?
}

/// Recent samples: written behind, without waiting for the disk, and bounded in age and in bytes.
///
/// A row holds the chunks of many series that came at about the same time: with an index by series, thousands of them would
/// touch as many pages each second. It stands beside the commits: after a crash samples may be read and stored again, in other
/// chunks but with the same numbers; who reads it takes a sample's last.
extension StateStore {
    /// Rows that are looked at in one go when there is too much.
    private static let rowsAtOnce = 100
    /// Rows of which a piece of the history is made: that are looked at, and that are unpacked.
    private static let rowsLookedAt: Int64 = 1_024
    private static let rowsUnpacked = 8
    /// What a row takes besides its samples.
    private static let rowBytes = 64

    /// Stores chunks of a stream as one row, and deletes what is too old or too much.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970 by the wall clock, against which the age of what was stored is reckoned.
    ///   - seconds: for how long rows are kept.
    ///   - mostBytes: that all rows together may take.
    /// - Returns: the bytes of the row.
    /// - Throws: `DatabaseError`; then nothing of it is stored.
    @discardableResult
    public func appendHistory(
        _ chunks: [HistoryChunk], of stream: String, now: Int, keeping seconds: Double, mostBytes: Int
    ) throws -> Int {
        guard let first = chunks.map(\.first).min(), let last = chunks.map(\.last).max() else { return 0 }
        let packed = Compression.pack(Self.joined(chunks))
        let size = packed.count + Self.rowBytes
        var total = try historyBytes ?? Int64(historySize().bytes)
        try database.transaction { () throws(DatabaseError) in
            try database.run(
                "INSERT INTO history (stream, first, last, stored, size, bytes) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    .text(stream), .integer(first), .integer(last), .integer(Int64(now)), .integer(Int64(size)),
                    .blob(packed),
                ])
            total += Int64(size)
            while true {
                var (count, freed): (Int64, Int64) = (0, 0)
                try database.query(
                    "SELECT size, stored FROM history ORDER BY number LIMIT ?", [.integer(Int64(Self.rowsAtOnce))]
                ) { row throws(DatabaseError) in
                    guard total - freed > Int64(mostBytes) || row.integer(1) < Int64(now) - Int64(seconds) else {
                        return
                    }
                    count += 1
                    freed += row.integer(0)
                }
                guard count > 0 else { return }
                try database.run(
                    "DELETE FROM history WHERE number IN (SELECT number FROM history ORDER BY number LIMIT ?)",
                    [.integer(count)])
                total -= freed
            }
        }
        historyBytes = total
        return size
    }

    /// The chunks of a series that have samples of a span of event time, in the order they were stored.
    public func history(
        of stream: String, series: String, from: Int64 = .min, to: Int64 = .max
    ) throws -> [HistoryChunk] {
        var chunks: [HistoryChunk] = []
        try database.query(
            "SELECT bytes FROM history WHERE stream = ? AND last >= ? AND first <= ? ORDER BY number",
            [.text(stream), .integer(from), .integer(to)]
        ) { row throws(DatabaseError) in
            guard let bytes = Compression.unpack(row.blob(0)) else { return }
            chunks += Self.chunks(in: bytes, of: series).filter { $0.last >= from && $0.first <= to }
        }
        return chunks
    }

    /// Chunks of some series out of the newest rows, the newest row first: a piece of the history, between two of which the
    /// outbox has its turn, whatever is asked for.
    ///
    /// - Parameter place: the ``HistoryPiece/next`` of the piece before; `nil` to begin with the newest row.
    public func newestHistory(
        of stream: String, series: Set<String>, from: Int64 = .min, to: Int64 = .max, below place: Int64? = nil
    ) throws -> HistoryPiece {
        var (oldest, newest): (Int64, Int64) = (0, -1)
        try database.query("SELECT COALESCE(MIN(number), 0), COALESCE(MAX(number), -1) FROM history") {
            row throws(DatabaseError) in (oldest, newest) = (row.integer(0), row.integer(1))
        }
        let end = min(place ?? .max, newest + 1)
        let start = max(oldest, end - Self.rowsLookedAt)
        var piece = HistoryPiece(next: start > oldest ? start : nil)
        var rows = 0
        try database.query(
            """
            SELECT number, bytes FROM history WHERE number >= ? AND number < ? AND stream = ? AND last >= ? AND first <= ?
            ORDER BY number DESC LIMIT ?
            """,
            [
                .integer(start), .integer(end), .text(stream), .integer(from), .integer(to),
                .integer(Int64(Self.rowsUnpacked)),
            ]
        ) { row throws(DatabaseError) in
            rows += 1
            // Behind as many there may be more, above where it would have ended.
            if rows == Self.rowsUnpacked { piece.next = row.integer(0) }
            guard let bytes = Compression.unpack(row.blob(1)) else { return }
            for name in series {
                piece.chunks += Self.chunks(in: bytes, of: name).filter { $0.last >= from && $0.first <= to }
            }
        }
        return piece
    }

    /// The rows of a stream that have samples of a span of event time, in the order they were stored, without their samples.
    public func historyRows(
        of stream: String, from: Int64 = .min, to: Int64 = .max
    ) throws -> [HistoryRow] {
        var rows: [HistoryRow] = []
        try database.query(
            "SELECT number, first, last FROM history WHERE stream = ? AND last >= ? AND first <= ? ORDER BY number",
            [.text(stream), .integer(from), .integer(to)]
        ) { row throws(DatabaseError) in
            rows.append(HistoryRow(number: row.integer(0), first: row.integer(1), last: row.integer(2)))
        }
        return rows
    }

    /// The chunks of a row, of all its series; none when it is gone, or cannot be read.
    public func chunks(of row: HistoryRow) throws -> [HistoryChunk] {
        var chunks: [HistoryChunk] = []
        try database.query("SELECT bytes FROM history WHERE number = ?", [.integer(row.number)]) {
            row throws(DatabaseError) in
            guard let bytes = Compression.unpack(row.blob(0)) else { return }
            chunks = Self.chunks(in: bytes)
        }
        return chunks
    }

    /// Rows of the history and their bytes.
    public func historySize() throws -> (rows: Int, bytes: Int) {
        var size = (rows: 0, bytes: 0)
        try database.query("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM history") { row throws(DatabaseError) in
            size = (Int(row.integer(0)), Int(row.integer(1)))
        }
        return size
    }

    /// Each chunk: length of the key, the key, first, last, length of the samples, the samples.
    private static func joined(_ chunks: [HistoryChunk]) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ number: UInt64, _ width: Int) {
            for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))) }
        }
        for chunk in chunks {
            append(UInt64(chunk.series.utf8.count), 4)
            bytes += chunk.series.utf8
            append(UInt64(bitPattern: chunk.first), 8)
            append(UInt64(bitPattern: chunk.last), 8)
            append(UInt64(chunk.bytes.count), 4)
            bytes += chunk.bytes
        }
        return bytes
    }

    /// The chunks of a series in a row's bytes, or of all; what is behind a place that makes no sense is left out.
    private static func chunks(in bytes: [UInt8], of series: String? = nil) -> [HistoryChunk] {
        var found: [HistoryChunk] = []
        var position = 0
        func number(_ width: Int) -> UInt64? {
            guard bytes.count - position >= width else { return nil }
            defer { position += width }
            return (0..<width).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
        }
        func part() -> ArraySlice<UInt8>? {
            guard let length = number(4), Int(length) <= bytes.count - position else { return nil }
            defer { position += Int(length) }
            return bytes[position..<position + Int(length)]
        }
        while position < bytes.count {
            guard let key = part(), let first = number(8), let last = number(8), let samples = part() else { break }
            if let series, !key.elementsEqual(series.utf8) { continue }
            found.append(
                HistoryChunk(
                    series: series ?? String(decoding: key, as: UTF8.self), first: Int64(bitPattern: first),
                    last: Int64(bitPattern: last),
                    bytes: Array(samples)))
        }
        return found
    }
}
