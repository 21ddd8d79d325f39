import AnomalyDetection
import Ingest
import Synchronization
import TimeSeries

/// The samples of one stream in memory, so that copies of stretches of it can be changed and run again.
///
/// What is kept is what the pipeline makes samples of: whole rows, lines of long form already put together.
struct Recording: Sendable {
    /// Channels and groups.
    var schema: StreamSchema
    /// Names of the series by number.
    var seriesNames: [String]
    /// The group of each.
    var seriesGroups: [Int32]
    /// One row for each sample, in the order of the input.
    private(set) var rows: [RecordBatch.Row] = []
    /// The rows' values; NaN is missing.
    private(set) var values: [Double] = []
    /// Samples that were there and are not kept, because they were too many.
    private(set) var forgotten = 0

    init(schema: StreamSchema, seriesNames: [String] = [], seriesGroups: [Int32] = []) {
        self.schema = schema
        self.seriesNames = seriesNames
        self.seriesGroups = seriesGroups
    }

    /// The channels of a series.
    func channels(of series: Int) -> [Channel] { schema.groups[Int(seriesGroups[series])] }

    /// Takes a sample.
    mutating func append(series: Int, time: Timestamp?, repeatedAfter: Int32 = 0, values cells: some Collection<Double>)
    {
        rows.append(
            RecordBatch.Row(
                malformed: nil, series: Int32(series), time: time, repeatedAfter: repeatedAfter, timeText: 0..<0,
                firstValue: Int32(values.count), endOffset: 0))
        values += cells
    }

    /// Forgets the oldest samples but `count`.
    mutating func keepLast(_ count: Int) {
        guard rows.count > count else { return }
        let rest = rows.suffix(count)
        let first = rest.first.map { Int($0.firstValue) } ?? values.count
        forgotten += rows.count - count
        values.removeFirst(first)
        rows = rest.map { row in
            var row = row
            row.firstValue -= Int32(first)
            return row
        }
    }

    /// The value of a channel at a row.
    func value(_ row: Int, _ channel: Int) -> Double { values[Int(rows[row].firstValue) + channel] }

    /// Some rows as a batch of the pipeline.
    ///
    /// - Parameter change: what other values a row has than its own.
    func batch(_ range: Range<Int>, changing change: (Int, inout [Double]) -> Void = { _, _ in }) -> RecordBatch {
        var batch = RecordBatch()
        batch.schema = schema
        batch.seriesNames = seriesNames
        batch.seriesGroups = seriesGroups
        batch.rows.reserveCapacity(range.count)
        for index in range {
            var row = rows[index]
            let first = Int(row.firstValue)
            var cells = Array(values[first..<first + channels(of: Int(row.series)).count])
            change(index, &cells)
            row.firstValue = Int32(batch.values.count)
            // By this the verdict on the row is found again.
            row.endOffset = Int64(index)
            batch.values += cells
            batch.rows.append(row)
        }
        return batch
    }

    /// Seconds between two samples of a series, as its middle distance of two is; `nil` where no two have times.
    func interval(of places: [Int]) -> Double? {
        var distances: [Double] = []
        for (before, after) in zip(places, places.dropFirst()).suffix(2_000) {
            guard let from = rows[before].time, let to = rows[after].time, to > from else { continue }
            distances.append(to.seconds(since: from))
        }
        guard !distances.isEmpty else { return nil }
        return distances.sorted()[distances.count / 2]
    }
}
