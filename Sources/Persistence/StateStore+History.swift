/// Some samples of a series as they are stored, oldest first.
public struct HistoryChunk: Equatable, Sendable {
    /// The stream's name.
    public var stream: String
    /// The series' key.
    public var series: String
    /// Event time of the first sample, in nanoseconds since 1970.
    public var first: Int64
    /// Event time of the last one.
    public var last: Int64
    /// The samples, in the writer's own form.
    public var bytes: [UInt8]

    /// Creates a chunk.
    public init(stream: String, series: String, first: Int64, last: Int64, bytes: [UInt8]) {
        self.stream = stream
        self.series = series
        self.first = first
        self.last = last
        self.bytes = bytes
    }
}

/// Recent samples: written behind, without waiting for the disk, and bounded in age and in bytes.
///
/// It stands beside the commits: after a crash samples may be read and stored again, in other chunks but with the same
/// numbers; who reads it takes a sample's last.
extension StateStore {
    /// Chunks that are deleted in one go.
    private static let deletedAtOnce = 500
    /// What a row takes besides its samples.
    private static let rowBytes = 64

    /// Stores chunks, and deletes what is too old or too much.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970 by the wall clock, against which the age of what was stored is reckoned.
    ///   - seconds: for how long chunks are kept.
    ///   - mostBytes: that all chunks together may take.
    /// - Throws: `DatabaseError`; then nothing of it is stored.
    public func appendHistory(_ chunks: [HistoryChunk], now: Int, keeping seconds: Double, mostBytes: Int) throws {
        var total = try historyBytes ?? Int64(historySize().bytes)
        try database.transaction { () throws(DatabaseError) in
            for chunk in chunks {
                let packed = Compression.pack(chunk.bytes)
                try database.run(
                    "INSERT OR REPLACE INTO history (stream, series, first, last, stored, size, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [
                        .text(chunk.stream), .text(chunk.series), .integer(chunk.first), .integer(chunk.last),
                        .integer(Int64(now)), .integer(Int64(packed.count + Self.rowBytes)), .blob(packed),
                    ])
                // One that replaces another counts twice until the next start, which only makes room too early.
                total += Int64(packed.count + Self.rowBytes)
            }
            while true {
                var (count, size): (Int64, Int64) = (0, 0)
                try database.query(
                    "SELECT size, stored FROM history ORDER BY number LIMIT ?", [.integer(Int64(Self.deletedAtOnce))]
                ) { row throws(DatabaseError) in
                    guard total - size > Int64(mostBytes) || row.integer(1) < Int64(now) - Int64(seconds) else {
                        return
                    }
                    count += 1
                    size += row.integer(0)
                }
                guard count > 0 else { return }
                try database.run(
                    "DELETE FROM history WHERE number IN (SELECT number FROM history ORDER BY number LIMIT ?)",
                    [.integer(count)])
                total -= size
            }
        }
        historyBytes = total
    }

    /// The chunks of a series that have samples of a span of event time, in the order they were stored.
    public func history(
        of stream: String, series: String, from: Int64 = .min, to: Int64 = .max
    ) throws -> [HistoryChunk] {
        var chunks: [HistoryChunk] = []
        try database.query(
            "SELECT first, last, bytes FROM history WHERE stream = ? AND series = ? AND last >= ? AND first <= ? ORDER BY number",
            [.text(stream), .text(series), .integer(from), .integer(to)]
        ) { row throws(DatabaseError) in
            guard let bytes = Compression.unpack(row.blob(2)) else { return }
            chunks.append(
                HistoryChunk(
                    stream: stream, series: series, first: row.integer(0), last: row.integer(1), bytes: bytes))
        }
        return chunks
    }

    /// Chunks, their bytes, and the number of series that they are of.
    public func historySize() throws -> (chunks: Int, bytes: Int, series: Int) {
        var size = (chunks: 0, bytes: 0, series: 0)
        try database.query(
            "SELECT COUNT(*), COALESCE(SUM(size), 0), COUNT(DISTINCT stream || char(0) || series) FROM history"
        ) { row throws(DatabaseError) in
            size = (Int(row.integer(0)), Int(row.integer(1)), Int(row.integer(2)))
        }
        return size
    }
}
