import Ingest
import Persistence
import TimeSeries

/// Reads what a state has kept of one stream, all its series together, in order of time and, of one time, of their numbers.
///
/// Rows of the history overlap in time, as series fill their chunks at different moments. What is ahead of the first sample of
/// the rows that are not read yet waits; that is about a chunk of each series.
struct HistoryReader: Sendable {
    /// One sample.
    struct Sample: Sendable {
        var time: Int64
        var series: Int
        /// Of a sample that was stored twice, the later counts.
        var row: Int64
        var values: [Double]
    }

    let stream: String
    let schema: StreamSchema
    let seriesNames: [String]
    let seriesGroups: [Int32]
    /// Event time of the first and of the last sample there is; `nil` when there is none.
    let span: ClosedRange<Timestamp>?
    private let store: StateStore
    private let numbers: [String: Int]
    private let begin: Int64
    private let rows: [HistoryRow]
    /// Of each row, the first time in it and in all behind it.
    private let firstFrom: [Int64]
    private var read = 0
    private var waiting: [Sample] = []
    private var ready: ArraySlice<Sample> = []
    private static let samplesAtOnce = 1_024

    /// Opens the history of a stream.
    ///
    /// - Parameters:
    ///   - header: what the state knows of the stream now.
    ///   - begin: event time from which on samples are read: of a tick that a state was cut in, the pipeline knows those it has seen.
    /// - Throws: `DatabaseError`.
    init(
        of stream: String, header: StoredStream.Header, zone: TimeZoneRules, from begin: Timestamp, in store: StateStore
    ) async throws {
        self.stream = stream
        self.store = store
        self.begin = begin.nanoseconds
        let known = header.place.decoding
        schema = StreamSchema(groups: header.groups, hasTime: true, zone: zone, summary: "")
        seriesNames = known.seriesNames
        seriesGroups = known.seriesGroups
        numbers = Dictionary(known.seriesNames.enumerated().map { ($1, $0) }) { first, _ in first }
        rows = try await store.historyRows(of: stream, from: begin.nanoseconds)
        var earliest = Int64.max
        firstFrom = rows.reversed().map { row in
            earliest = min(earliest, row.first)
            return earliest
        }.reversed()
        let last = rows.map(\.last).max() ?? .min
        span = firstFrom.first.map {
            Timestamp(nanoseconds: max($0, begin.nanoseconds))...Timestamp(nanoseconds: max($0, last))
        }
    }

    /// Event time of the next sample; `nil` behind the last one.
    mutating func nextTime() async throws -> Timestamp? {
        try await fill()
        return ready.first.map { Timestamp(nanoseconds: $0.time) }
    }

    /// The next samples as a batch of the pipeline; `nil` behind the last one.
    mutating func next() async throws -> RecordBatch? {
        try await fill()
        guard !ready.isEmpty else { return nil }
        defer { ready = ready.dropFirst(Self.samplesAtOnce) }
        var batch = RecordBatch()
        batch.schema = schema
        batch.seriesNames = seriesNames
        batch.seriesGroups = seriesGroups
        for sample in ready.prefix(Self.samplesAtOnce) {
            let time = Timestamp(nanoseconds: sample.time)
            let begin = Int32(batch.text.count)
            batch.text += "\(time)".utf8
            batch.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: Int32(sample.series), time: time, repeatedAfter: 0,
                    timeText: begin..<Int32(batch.text.count), firstValue: Int32(batch.values.count), endOffset: 0))
            batch.values += sample.values
        }
        return batch
    }

    private mutating func fill() async throws {
        while ready.isEmpty, read < rows.count || !waiting.isEmpty {
            if read < rows.count {
                try await take(rows[read])
                read += 1
            }
            let bound = read < rows.count ? firstFrom[read] : .max
            let split = waiting.partition { $0.time < bound }
            var ordered = waiting[split...].sorted { ($0.time, $0.series, $0.row) < ($1.time, $1.series, $1.row) }
            waiting.removeSubrange(split...)
            var kept = 0
            for sample in ordered {
                if kept > 0, ordered[kept - 1].time == sample.time, ordered[kept - 1].series == sample.series {
                    kept -= 1
                }
                ordered[kept] = sample
                kept += 1
            }
            ready = ordered[..<kept]
        }
    }

    private mutating func take(_ row: HistoryRow) async throws {
        for chunk in try await store.chunks(of: row) where chunk.last >= begin {
            guard let series = numbers[chunk.series] else { continue }
            let channels = schema.groups[Int(seriesGroups[series])].count
            // A chunk that cannot be read is a gap.
            for sample in (try? SeriesHistory.samples(of: chunk.bytes)) ?? []
            where sample.time.nanoseconds >= begin && sample.channels.count == channels {
                waiting.append(
                    Sample(
                        time: sample.time.nanoseconds, series: series, row: row.number,
                        values: sample.channels.map { $0.value ?? .nan }))
            }
        }
    }
}
