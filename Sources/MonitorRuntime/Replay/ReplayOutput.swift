import Alerting
import AnomalyDetection
import Ingest
import Synchronization

/// The files that a replay writes, behind a lock: the pipeline and the desk write from tasks of their own.
final class ReplayOutput: Sendable {
    private struct Files {
        var scores: ScoreFile?
        var alerts: OutputFile?
        var incidents = 0
    }

    private let files: Mutex<Files>
    let writesScores: Bool

    init(_ request: ReplayRequest) throws(OutputError) {
        var made = Files()
        if let path = request.scoresPath { made.scores = try ScoreFile(path: path) }
        if let path = request.alertsPath { made.alerts = try OutputFile(path: path) }
        writesScores = made.scores != nil
        files = Mutex(made)
    }

    var incidents: Int { files.withLock { $0.incidents } }

    func write(_ records: [AlertRecord]) throws {
        try files.withLock { files in
            for record in records {
                if record.event == .open { files.incidents += 1 }
                try files.alerts?.write(record.jsonLine() + "\n")
            }
        }
    }

    func write(_ outcome: borrowing LineOutcome, level: Int, of batch: RecordBatch) throws {
        let row = batch.rows[outcome.step.row]
        let verdict = outcome.verdict
        // Of gathered input there is a row for each series and tick, none for a line that gives no value to any.
        if batch.isGathered, row.malformed != nil || row.series < 0 || row.endsSeries { return }
        let key = Int(row.timeText.upperBound)..<(Int(row.timeText.upperBound) + Int(row.keyLength))
        try files.withLock { files in
            try files.scores?.write(
                timeText: batch.text[Int(row.timeText.lowerBound)..<Int(row.timeText.upperBound)],
                series: batch.seriesNames.indices.contains(outcome.step.series)
                    ? batch.seriesNames[outcome.step.series] : String(decoding: batch.text[key], as: UTF8.self),
                verdict: verdict, alertLevel: level)
        }
    }

    func finish() throws {
        try files.withLock { files in
            try files.scores?.finish()
            try files.alerts?.flush()
        }
    }
}
