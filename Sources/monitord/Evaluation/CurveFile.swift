/// Writes the points of the ROC and PR curves as CSV: `series,threshold,recall,false_positive_rate,precision`.
///
/// `false_positive_rate` and `recall` are the ROC curve, `recall` and `precision` the PR curve. The series `*` is all rows
/// together. The first point of each takes nothing and has no threshold.
struct CurveFile {
    /// Points of one curve at most: a longer one is thinned evenly, and keeps its ends.
    static let mostPoints = 1_000

    private let output: SimulationOutput

    /// Creates or empties a file.
    init(path: String) throws(SimulationOutputError) { output = try .file(path) }

    /// Writes the curves of all rows together and of each series that has rows of both kinds.
    func write(_ series: [ScoredSeries]) throws(SimulationOutputError) {
        try output.write("series,threshold,recall,false_positive_rate,precision\n")
        try write("*", series)
        for one in series { try write(one.name, [one]) }
    }

    private func write(_ name: String, _ series: [ScoredSeries]) throws(SimulationOutputError) {
        let ranking = Ranking(
            scores: series.flatMap { $0.kept($0.scores) }, isAnomalous: series.flatMap { $0.kept($0.isAnomalous) })
        guard ranking.anomalous > 0, ranking.normal > 0 else { return }
        let field = Self.field(name)
        var text = "\(field),,0.0,0.0,1.0\n"
        for level in ranking.curve(atMost: Self.mostPoints - 1) {
            let threshold = level.threshold.isFinite ? "\(level.threshold)" : level.threshold > 0 ? "inf" : "-inf"
            let recall = Double(level.hits) / Double(ranking.anomalous)
            let falseRate = Double(level.rows - level.hits) / Double(ranking.normal)
            text += "\(field),\(threshold),\(recall),\(falseRate),\(Double(level.hits) / Double(level.rows))\n"
        }
        try output.write(text)
    }

    private static func field(_ name: String) -> String {
        guard name.contains(where: { ",\"\r\n".contains($0) }) else { return name }
        return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
