import Ingest

/// What gatherers make of a batch of lines: a batch of samples.
extension RecordBatch {
    /// The same without rows, for the samples that its rows make.
    var emptied: RecordBatch {
        var empty = self
        empty.rows = []
        empty.values = []
        empty.text = []
        empty.isGathered = true
        return empty
    }

    /// Takes over a row that is not gathered.
    mutating func pass(_ passed: Row, of batch: RecordBatch) {
        var row = passed
        let start = Int32(text.count)
        let end = Int(row.timeText.upperBound) + Int(row.keyLength)
        text.append(contentsOf: batch.text[Int(row.timeText.lowerBound)..<end])
        row.timeText = start..<(start + Int32(row.timeText.count))
        if row.malformed == nil, row.series >= 0, let schema = batch.schema {
            let first = Int(row.firstValue)
            let count = schema.groups[Int(batch.seriesGroups[Int(row.series)])].count
            row.firstValue = Int32(values.count)
            values.append(contentsOf: batch.values[first..<(first + count)])
        }
        rows.append(row)
    }
}
