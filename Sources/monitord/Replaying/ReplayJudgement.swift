import ArgumentParser
import Glibc
import TimeSeries

/// The comparison of a replay with labels: `monitord evaluate` over the scores that it has written.
struct ReplayJudgement {
    /// What came of it.
    struct Figures {
        /// As a table for people.
        var text: String
        /// Line by line.
        var figures: [(name: String, value: String, note: String?)]
        /// What the labels name, in order of time.
        var labels: [(series: String?, from: String, until: String)]
    }

    private let labels: LabelFile
    private let labelsPath: String
    private let recordings: [String]
    /// The file that the scores have to go to.
    let scores: String
    private let isTemporary: Bool

    /// Reads the labels, before anything is replayed.
    ///
    /// - Parameters:
    ///   - scores: where the scores go anyway; elsewhere a file that is deleted once it was read.
    ///   - recordings: what is replayed: of labels of several files it is the one with that name.
    /// - Throws: `ExitCode` when they cannot be used; that is told.
    init(labels path: String, scores: String?, recordings: [String]) throws {
        labels = try Self.told { () throws(EvaluationError) in try LabelFile(path: path) }
        labelsPath = path
        self.recordings = recordings
        if let scores, scores != "-" {
            (self.scores, isTemporary) = (scores, false)
            return
        }
        guard scores == nil else {
            Start.say("--labels reads the scores back: write them to a file, not to standard output")
            throw ExitCode(64)
        }
        var name = Array("\(Start.environment["TMPDIR"] ?? "/tmp")/monitord-scores-XXXXXX.csv".utf8CString)
        // mkstemps writes the name into the buffer that it is given, which ends with a null byte.
        let descriptor = unsafe mkstemps(&name, 4)
        guard descriptor >= 0 else {
            Start.say("no file for the scores can be made in \(Start.environment["TMPDIR"] ?? "/tmp")")
            throw ExitCode(73)
        }
        close(descriptor)
        (self.scores, isTemporary) = (
            String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self), true
        )
    }

    /// Compares the scores with the labels.
    ///
    /// - Throws: `ExitCode` when they do not fit together; that is told.
    func judge() throws -> Figures {
        // The path is copied for the call.
        defer { if isTemporary { _ = unsafe unlink(scores) } }
        let key = labels.keys == .files ? try keyOfRecording() : nil
        var request = EvaluationRequest(labels: labelsPath, scores: scores)
        if let key { request.only = [key] }
        request.hasFiles = false
        let report = try Self.told { () throws(EvaluationError) in
            Evaluation(request, try EvaluationInput(request)).report()
        }
        let summary = EvaluationSummary(report, column: request.scoreColumn)
        let named = labels.intervals.filter { key == nil || $0.key == key }
        return Figures(
            text: summary.text,
            figures: summary.rows.filter { !$0.title.isEmpty }.map {
                (
                    name: $0.title, value: $0.parts[0],
                    note: $0.parts.count > 1 ? $0.parts.dropFirst().joined(separator: "; ") : nil
                )
            },
            labels: named.flatMap { name, intervals in
                intervals.filter { !$0.isExcuse }.map { (labels.keys == .series ? name : nil, $0) }
            }.sorted { $0.1.startTime < $1.1.startTime }.map { series, interval in
                (series: series, from: Self.text(interval.startTime), until: Self.text(interval.endTime))
            })
    }

    /// The key of the labels that is the recording's name.
    private func keyOfRecording() throws -> String {
        let keys = labels.intervals.keys.sorted()
        let own = keys.filter { key in recordings.contains { $0 == key || $0.hasSuffix("/" + key) } }
        if own.count == 1 { return own[0] }
        if keys.count == 1 { return keys[0] }
        Start.say("\(labelsPath) labels \(keys.count) files, and none of them is \(recordings.joined(separator: ", "))")
        throw ExitCode(65)
    }

    private static func text(_ seconds: Double) -> String {
        "\(Timestamp(nanoseconds: Int64(seconds * 1e9)))"
    }

    private static func told<Result>(_ work: () throws(EvaluationError) -> Result) throws -> Result {
        do {
            return try work()
        } catch {
            Start.say("\(error)")
            throw ExitCode(error.exitCode)
        }
    }
}
