/// What the labels say, by file or series.
struct LabelFile {
    /// How labels and scores find each other.
    enum Keys {
        /// Names of score files.
        case files
        /// Names of series, as `monitord simulate --labels` writes them.
        case series
    }

    /// What the keys are.
    let keys: Keys
    /// Labelled intervals by key, in the order of the file; anomaly-free ones have none.
    private(set) var intervals: [String: [LabelledInterval]] = [:]

    /// Reads labels: JSON when the file begins with a brace, else the CSV of `monitord simulate --labels`.
    ///
    /// - Throws: ``EvaluationError``.
    init(path: String) throws(EvaluationError) {
        if try Self.isObject(path) {
            keys = .files
            for (name, entries) in try TimeListFile(path: path, size: 2).entries {
                intervals[name] = entries.map {
                    LabelledInterval(
                        start: $0.texts[0], end: $0.texts[1], startTime: $0.seconds[0], endTime: $0.seconds[1])
                }
            }
        } else {
            keys = .series
            try readTruth(path)
        }
    }

    /// Reads `series,channel,kind,size,from,until`; `until` is the first time that is no longer touched.
    private mutating func readTruth(_ path: String) throws(EvaluationError) {
        var fields = DelimitedFields()
        var columns: [Int]?
        try TextLines.read(path) { line, number throws(EvaluationError) in
            guard fields.split(line) else {
                throw .badLine(path: path, line: number, reason: "a quote is not closed")
            }
            guard let columns else {
                let header = (0..<fields.count).map { fields.string($0) }
                let found = ["series", "kind", "from", "until"].compactMap { header.firstIndex(of: $0) }
                guard found.count == 4 else {
                    throw .badLine(
                        path: path, line: number,
                        reason: "neither a JSON object nor the header series,channel,kind,size,from,until")
                }
                columns = found
                return
            }
            if line.isEmpty { return }
            guard let last = columns.max(), fields.count > last else {
                throw .badLine(path: path, line: number, reason: "it has fewer fields than the header")
            }
            let from = fields.string(columns[2])
            let until = fields.string(columns[3])
            guard let start = TimeText.seconds(from), let end = TimeText.seconds(until) else {
                throw .badLine(path: path, line: number, reason: "from and until must be times")
            }
            intervals[fields.string(columns[0]), default: []].append(
                LabelledInterval(
                    start: from, end: until, startTime: start, endTime: end, includesEnd: false,
                    isExcuse: fields.string(columns[1]) == "maintenance", mayOverlap: true))
        }
        guard columns != nil else {
            throw .badLine(path: path, line: 1, reason: "it is empty; labels were expected")
        }
    }

    private static func isObject(_ path: String) throws(EvaluationError) -> Bool {
        let bytes = try TextLines.contents(of: path, atMost: TimeListFile.longest)
        let head = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        return NumberText.trimmed(head.prefix(4_096)).first == UInt8(ascii: "{")
    }
}
