import Foundation
import TestSupport
import Testing

/// The cases of Fixtures/Evaluation, which say what an independent program makes of the same files.
private let cases = repositoryRoot.appending(path: "Tests/MonitordTests/Fixtures/Evaluation")

@Suite("evaluate", .needsBinary) struct EvaluateTests {
    private struct Difference: CustomStringConvertible {
        let path: String
        let expected: Any
        let found: Any?

        var description: String { "\(path): expected \(expected), found \(found ?? "nothing")" }
    }

    /// Where two reports differ by more than 1e-9; texts meant for people are not compared.
    private func differences(_ expected: Any, _ found: Any?, _ path: String = "") -> [Difference] {
        let different = [Difference(path: path, expected: expected, found: found)]
        switch expected {
        case let object as [String: Any]:
            guard let other = found as? [String: Any] else { return different }
            let surplus = Set(other.keys).subtracting(object.keys).subtracting(["accuracy", "closed_before_end"])
                .sorted()
            return object.flatMap { key, value in
                key == "nab_note" ? [] : differences(value, other[key], path + "/" + key)
            } + surplus.map { Difference(path: path + "/" + $0, expected: "nothing", found: other[$0]) }
        case let number as NSNumber:
            guard let other = found as? NSNumber else { return different }
            let bound = 1e-9 * max(1, abs(number.doubleValue))
            return abs(number.doubleValue - other.doubleValue) <= bound ? [] : different
        case let text as String: return text == found as? String ? [] : different
        case let list as NSArray: return list.isEqual(found) ? [] : different
        default: return found is NSNull ? [] : different
        }
    }

    private func report(_ arguments: [String]) throws -> [String: Any] {
        let result = try monitord(["evaluate", "--json"] + arguments)
        #expect(result.exitCode == 0, "\(arguments): \(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private func runs(_ name: String) throws -> [(arguments: [String], expected: [String: Any])] {
        let folder = cases.appending(path: name)
        let data = try Data(contentsOf: folder.appending(path: "runs.json"))
        let runs = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(!runs.isEmpty)
        return try runs.map { run in
            let arguments = try #require(run["arguments"] as? [String])
            let files = ["--labels", "@labels.json", "--scores", "@scores"]
            let expected = try #require(run["expected"] as? [String: Any])
            return ((files + arguments).map { $0.replacing("@", with: folder.path + "/") }, expected)
        }
    }

    @Test(arguments: [
        "no-anomaly", "all-anomalous", "ties", "unscored", "duplicate-times", "overlapping", "one-event", "many-events",
        "nab", "skab", "smd", "flows", "data", "vus", "spellings",
    ])
    func `every figure is that of the independent scorer`(name: String) throws {
        for run in try runs(name) {
            let found = differences(run.expected, try report(run.arguments))
            #expect(found.isEmpty, "\(run.arguments.dropFirst(4)): \(found)")
        }
    }

    /// From TSB-AD's own program (RangeAUC_volume_opt, 250 thresholds) on the same rows.
    @Test(arguments: [
        ("0", 0.4567602870816231, 0.7813863612175393), ("20", 0.49946808475951476, 0.8380956989376994),
        ("61", 0.5404987689516154, 0.8742907268511183),
    ])
    func `the volumes are those of the paper's program`(window: String, pr: Double, roc: Double) throws {
        let run = try #require(try runs("vus").first)
        let found = try report(Array(run.arguments.prefix(4)) + ["--vus-window", window])
        let macro = try #require(found["macro"] as? [String: Any])
        #expect(abs(try #require(macro["vus_pr"] as? Double) - pr) < 1e-9)
        #expect(abs(try #require(macro["vus_roc"] as? Double) - roc) < 1e-9)
    }

    @Test func `accuracy counts what is right`() throws {
        let directory = try TemporaryDirectory()
        let labels = try directory.write("{\"a\": [[1, 2]]}", to: "labels.json")
        let scores = try directory.write("timestamp,score,alert\n0,1,0\n1,3,1\n2,1,0\n3,2,1\n4,0,0\n", to: "a.csv")
        let found = try report(["--labels", labels, "--scores", scores])
        let own = try #require((found["pooled"] as? [String: Any])?["own"] as? [String: Any])
        #expect(own["accuracy"] as? Double == 0.6)
        #expect(own["precision"] as? Double == 0.5)
        #expect(own["recall"] as? Double == 0.5)
    }

    /// Labels of a simulation: the end is not part of it, faults that overlap are one event, maintenance is neither.
    @Test func `labels of a simulation are read by series`() throws {
        let directory = try TemporaryDirectory()
        let truth = try directory.write(
            """
            series,channel,kind,size,from,until
            p1,temp,step,3,1970-01-01T00:00:02Z,1970-01-01T00:00:05Z
            p1,flow,spike,9,1970-01-01T00:00:04Z,1970-01-01T00:00:06Z
            p1,*,maintenance,,1970-01-01T00:00:08Z,1970-01-01T00:00:10Z
            """, to: "truth.csv")
        let rows = (0..<20).map { row in
            "\(row / 2),p\(row % 2 + 1),\(row),5,,0,\([10, 16, 17].contains(row) ? 1 : 0)\n"
        }
        let scores = "timestamp,series,score,threshold,severity,state,alert\n" + rows.joined()
        let found = try report(["--labels", truth, "--scores", try directory.write(scores, to: "scores.csv")])
        #expect(found["files"] as? Int == 2)
        #expect(found["rows"] as? Int == 20)
        #expect(found["rows_scored"] as? Int == 18)
        #expect(found["rows_anomalous"] as? Int == 4)
        let events = try #require(found["events"] as? [String: Any])
        #expect(events["events"] as? Int == 1)
        #expect(events["detected"] as? Int == 1)
        #expect(events["alert_segments"] as? Int == 2)
        #expect(events["false_segments"] as? Int == 1)
        #expect(events["median_delay_s"] as? Double == 3)
    }

    @Test func `a recording is simulated, replayed and evaluated`() throws {
        let directory = try TemporaryDirectory()
        let truth = directory.path("truth.csv")
        let stream = try monitord([
            "simulate", "--interval", "10s", "--duration", "3d", "--anomaly", "pressure.step:30@40h", "--labels", truth,
        ])
        let recording = try directory.write(stream.output, to: "pump.csv")
        let scores = directory.path("scores.csv")
        #expect(try monitord(["replay", "--scores", scores, recording]).exitCode == 0)
        let result = try monitord(["evaluate", "--labels", truth, "--scores", scores])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.hasPrefix("1 series, 25901 rows: 25901 scored (probation none), 180 of them anomalous\n"))
        #expect(result.output.contains("1 of 1 events found"))
        #expect(result.output.contains("Figures that mislead:"))
        #expect(result.output.contains("--column severity"))
        // The alert lasts as long as its fault: until the pressure is where it was.
        #expect(!result.output.contains("went on when their alert had closed"))
        let severity = try report(["--labels", truth, "--scores", scores, "--column", "severity"])
        let event = try report(["--labels", truth, "--scores", scores])
        func area(_ report: [String: Any]) throws -> Double {
            try #require((report["macro"] as? [String: Any])?["vus_pr"] as? Double)
        }
        #expect(try area(severity) != area(event))
    }

    @Test func `curves are bounded, end at one and have the areas of the report`() throws {
        let directory = try TemporaryDirectory()
        let folder = cases.appending(path: "many-events").path
        let curves = directory.path("curves.csv")
        let found = try report([
            "--labels", folder + "/labels.json", "--scores", folder + "/scores", "--curves", curves,
        ])
        let lines = try String(contentsOfFile: curves, encoding: .utf8).split(separator: "\n")
        #expect(lines[0] == "series,threshold,recall,false_positive_rate,precision")
        var series = try #require(found["per_file"] as? [String: [String: Any]])
        series["*"] = try #require(found["pooled"] as? [String: Any])
        for (name, figures) in series {
            let points = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
                .filter { $0[0] == name }.map { $0.dropFirst(2).compactMap { Double($0) } }
            #expect((2...1_000).contains(points.count) && points.first == [0, 0, 1])
            #expect(points.last?.prefix(2) == [1, 1])
            var roc = 0.0
            var pr = 0.0
            for (left, right) in zip(points, points.dropFirst()) {
                roc += (right[1] - left[1]) * (right[0] + left[0]) / 2
                pr += (right[0] - left[0]) * right[2]
            }
            #expect(abs(roc - (try #require(figures["auc_roc"] as? Double))) < 1e-9)
            #expect(abs(pr - (try #require(figures["auc_pr"] as? Double))) < 1e-9)
        }
        let long = "timestamp,score\n" + (0..<5_000).map { "\($0),\($0 * 7_919 % 5_003)\n" }.joined()
        let one = ["--labels", try directory.write("{\"a\":[[9,99]]}", to: "l"), "--scores", "-", "--curves", curves]
        #expect(try monitord(["evaluate"] + one, input: Data(long.utf8)).exitCode == 0)
        let thinned = try String(contentsOfFile: curves, encoding: .utf8).split(separator: "\n")
        #expect(thinned.count == 2_001)
        #expect(thinned.last?.hasPrefix("a,0.0,1.0,1.0,") == true)
    }
}
