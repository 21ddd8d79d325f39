/// The series of an evaluation, read from files.
struct EvaluationInput {
    /// In the order of their names' bytes.
    private(set) var series: [ScoredSeries] = []
    /// Windows of ``VolumeUnderSurface`` by name, where the data says.
    private(set) var windows: [String: Int] = [:]
    /// Labelled names without scores.
    private(set) var missing: [String] = []
    /// True changes by name, in seconds since 1970; `nil` when none were given.
    private(set) var changePoints: [String: [Double]]?
    /// Anomalous instants by name, in seconds since 1970; `nil` when none were given.
    private(set) var points: [String: [Double]]?

    /// Reads everything that a request names.
    ///
    /// - Throws: ``EvaluationError``.
    init(_ request: EvaluationRequest) throws(EvaluationError) {
        let labels = try LabelFile(path: request.labels)
        guard let isFolder = request.scores == "-" ? false : TextLines.isFolder(request.scores) else {
            throw .cannotOpen(path: request.scores, reason: "no such file or directory")
        }
        let names = labels.intervals.keys.filter { name in
            (request.only.isEmpty || request.only.contains { name.contains($0) }) && !request.dataset.isTraining(name)
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if isFolder {
            try readFolder(request, labels, names)
        } else {
            try readFile(request, labels, names)
        }
        guard missing.isEmpty || request.allowsMissing else { throw .missing(scores: request.scores, names: missing) }
        guard !series.isEmpty else { throw .mismatch("nothing to score: \(request.labels) names nothing of it") }
        for index in series.indices {
            series[index].start(
                at: request.probation.rowCount(series[index].times), dropsStarted: request.dataset == .flows)
        }
        if let data = request.data { try compare(with: data) }
        changePoints = try Self.instants(request.changePoints)
        points = try Self.instants(request.points)
    }

    private mutating func readFolder(
        _ request: EvaluationRequest, _ labels: LabelFile, _ names: [String]
    ) throws(EvaluationError) {
        for name in names {
            let file = labels.keys == .series && !name.hasSuffix(".csv") ? name + ".csv" : name
            guard let path = Self.file(file, in: request.scores) else {
                missing.append(name)
                continue
            }
            let table = try ScoreTable(path: path, scoreColumn: request.scoreColumn)
            series.append(Self.series(name, table, table.scores.indices, labels))
        }
    }

    /// One file: that of the only key, or of the key with its name; or rows of the series that the labels name.
    private mutating func readFile(
        _ request: EvaluationRequest, _ labels: LabelFile, _ names: [String]
    ) throws(EvaluationError) {
        let table = try ScoreTable(path: request.scores, scoreColumn: request.scoreColumn)
        if labels.keys == .files {
            let own = names.filter { request.scores == $0 || request.scores.hasSuffix("/" + $0) }
            guard let name = names.count == 1 ? names.first : own.count == 1 ? own.first : nil else {
                throw .mismatch(
                    "\(request.labels) labels \(names.count) files, and \(request.scores) could be any of them; name it as its key, pick one with --only, or give a folder"
                )
            }
            series = [Self.series(name, table, table.scores.indices, labels)]
            return
        }
        var rows: [String: [Int]] = [:]
        if let numbers = table.series {
            var bySeries = [[Int]](repeating: [], count: table.seriesNames.count)
            for (row, number) in numbers.enumerated() { bySeries[Int(number)].append(row) }
            // A line that could not be used names no series.
            for (name, own) in zip(table.seriesNames, bySeries) where !name.isEmpty { rows[name] = own }
        } else {
            // Without a column of names there is one series.
            rows[names.count == 1 ? names[0] : "input"] = Array(table.scores.indices)
        }
        missing = names.filter { rows[$0] == nil }
        for (name, own) in rows.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        where request.only.isEmpty || request.only.contains(where: { name.contains($0) }) {
            series.append(Self.series(name, table, own, labels))
        }
    }

    private static func series(
        _ name: String, _ table: ScoreTable, _ rows: some Collection<Int>, _ labels: LabelFile
    ) -> ScoredSeries {
        ScoredSeries(
            name: name, stamps: rows.map { table.stamps[$0] }, times: rows.map { table.times[$0] },
            scores: rows.map { table.scores[$0] },
            alerts: table.alerts.map { alerts in rows.map { alerts[$0] } }, labels: labels.intervals[name] ?? [])
    }

    /// The file of a key, plain or in gzip.
    private static func file(_ key: String, in folder: String) -> String? {
        let plain = folder + "/" + (key.hasSuffix(".gz") ? String(key.dropLast(3)) : key)
        return [plain, plain + ".gz"].first { TextLines.isFolder($0) == false }
    }

    /// Checks the rows against the data, which also says how wide an anomaly's buffer is.
    private mutating func compare(with folder: String) throws(EvaluationError) {
        for one in series {
            guard let path = Self.file(one.name, in: folder) else { continue }
            var fields = DelimitedFields()
            var values: [Double] = []
            var rows = 0
            var differs: Int?
            try TextLines.read(path) { line, number throws(EvaluationError) in
                guard number > 1, !line.isEmpty else { return }
                guard fields.split(line), fields.count > 1 else {
                    throw .badLine(path: path, line: number, reason: "a time and a value were expected")
                }
                if rows < one.count, !Self.isSameTime(fields.string(0), one.stamps[rows]) {
                    differs = differs ?? number
                }
                rows += 1
                // More than the rows of the scores are only counted.
                if rows <= one.count { values.append(NumberText.number(fields[1]) ?? 0) }
            }
            guard rows == one.count else {
                throw .mismatch("\(one.name): \(one.count) rows of scores, but \(rows) of data in \(path)")
            }
            if let differs { throw .badLine(path: path, line: differs, reason: "its time is not that of the scores") }
            windows[one.name] = DominantPeriod.rows(values)
        }
    }

    private static func isSameTime(_ left: String, _ right: String) -> Bool {
        if left == right { return true }
        guard let left = TimeText.seconds(left), let right = TimeText.seconds(right) else { return false }
        return abs(left - right) <= 1e-6
    }

    private static func instants(_ path: String?) throws(EvaluationError) -> [String: [Double]]? {
        guard let path else { return nil }
        return try TimeListFile(path: path, size: 1).entries.mapValues { $0.flatMap(\.seconds) }
    }
}
