/// The rows of a file of scores: CSV with a header that has the columns `timestamp` and `score`.
///
/// `alert` (0 or 1) and `series` are read when they are there, other columns are not. This is what `monitord replay
/// --scores` writes.
struct ScoreTable {
    /// No more rows than this are read from one file.
    static let mostRows = 20_000_000

    /// The times as they stand in the file.
    private(set) var stamps: [String] = []
    /// Seconds since 1970.
    private(set) var times: [Double] = []
    /// Higher is more anomalous; −∞ where the file has no number.
    private(set) var scores: [Double] = []
    /// `nil` when there is no such column.
    private(set) var alerts: [Bool]?
    /// Names by row, as numbers into ``seriesNames``; `nil` when there is no such column.
    private(set) var series: [Int32]?
    /// Names of series in the order of their first rows.
    private(set) var seriesNames: [String] = []

    /// Reads a file, plain or in gzip.
    ///
    /// A row without a time (an unusable line of a recording) has the time of the row before it, the first ones that of the
    /// first row that has one.
    ///
    /// - Parameters:
    ///   - path: `-` is standard input.
    ///   - scoreColumn: the column that ranks the rows.
    /// - Throws: ``EvaluationError``.
    init(path: String, scoreColumn: String) throws(EvaluationError) {
        var fields = DelimitedFields()
        var columns: Columns?
        var numbers: [String: Int32] = [:]
        try TextLines.read(path) { line, number throws(EvaluationError) in
            guard fields.split(line) else {
                throw .badLine(path: path, line: number, reason: "a quote is not closed")
            }
            guard let columns else {
                let header = (0..<fields.count).map {
                    String(decoding: NumberText.trimmed(fields[$0]), as: UTF8.self)
                }
                let found = try Columns(header, scoreColumn: scoreColumn, path: path, line: number)
                columns = found
                if found.alert != nil { alerts = [] }
                if found.series != nil { series = [] }
                return
            }
            if line.isEmpty { return }
            guard fields.count > columns.last else {
                throw .badLine(
                    path: path, line: number,
                    reason: "it has \(fields.count) \(fields.count == 1 ? "field" : "fields"), the header more")
            }
            guard scores.count < Self.mostRows else {
                throw .badLine(path: path, line: number, reason: "more than \(Self.mostRows) rows are not read")
            }
            try append(fields, columns, path: path, line: number)
            guard let column = columns.series else { return }
            let name = fields.string(column)
            let known = numbers[name] ?? Int32(seriesNames.count)
            if known == seriesNames.count {
                numbers[name] = known
                seriesNames.append(name)
            }
            series?.append(known)
        }
        guard columns != nil else { throw .badLine(path: path, line: 1, reason: "it is empty; a header was expected") }
        if times.last?.isNaN == true { throw .badLine(path: path, line: 2, reason: "no row has a time") }
    }

    private mutating func append(
        _ fields: DelimitedFields, _ columns: Columns, path: String, line: Int
    ) throws(EvaluationError) {
        let stamp = fields.string(columns.timestamp)
        if NumberText.trimmed(fields[columns.timestamp]).isEmpty {
            times.append(times.last ?? .nan)
        } else if let time = TimeText.seconds(stamp) {
            if times.last?.isNaN == true { times = Array(repeating: time, count: times.count) }
            times.append(time)
        } else {
            throw .badLine(
                path: path, line: line, reason: "`\(stamp.prefix(40))` is neither an ISO 8601 time nor epoch seconds")
        }
        stamps.append(stamp)
        let score = NumberText.number(fields[columns.score]) ?? .nan
        scores.append(score.isNaN ? -.infinity : score)
        if let column = columns.alert {
            let text = String(decoding: NumberText.trimmed(fields[column]), as: UTF8.self)
            alerts?.append(!["", "0", "0.0", "false", "False"].contains(text))
        }
    }

    private struct Columns {
        let timestamp: Int
        let score: Int
        let alert: Int?
        let series: Int?

        init(_ header: [String], scoreColumn: String, path: String, line: Int) throws(EvaluationError) {
            func place(_ name: String) throws(EvaluationError) -> Int {
                if let place = header.firstIndex(of: name) { return place }
                throw .badLine(
                    path: path, line: line,
                    reason: "the header has no column \(name), but \(header.joined(separator: ", ").prefix(200))")
            }
            timestamp = try place("timestamp")
            score = try place(scoreColumn)
            alert = header.firstIndex(of: "alert")
            series = header.firstIndex(of: "series")
        }

        /// The last column that each row must have.
        var last: Int { max(timestamp, score, alert ?? 0, series ?? 0) }
    }
}
