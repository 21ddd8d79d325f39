/// What is evaluated, and how.
struct EvaluationRequest {
    /// Labels: JSON, or the CSV of `monitord simulate --labels`.
    var labels: String
    /// A folder with a file for each key of the labels, or one file.
    var scores: String
    var dataset = DatasetConvention.generic
    /// The column that ranks the rows.
    var scoreColumn = "score"
    /// What is not scored at the beginning of each file.
    var probation = Probation.none
    /// The scored data: its rows must be those of the scores, and give the window of ``VolumeUnderSurface``.
    var data: String?
    /// JSON with true changes by file.
    var changePoints: String?
    /// JSON with the anomalous instants within the labelled intervals by file.
    var points: String?
    /// The window of ``VolumeUnderSurface`` in rows; `nil` leaves it out.
    var vusWindow: Int? = 100
    var hasNAB = true
    /// Alerted rows at most so many rows apart are one alert.
    var alertGap = 0
    /// Seconds after an event in which an alert still belongs to it.
    var tolerance = 0.0
    /// Only names with one of these in them; empty for all.
    var only: [String] = []
    /// Labelled files without scores are left out, and reported.
    var allowsMissing = false
    /// Whether each file's own figures are reported.
    var hasFiles = true
}
