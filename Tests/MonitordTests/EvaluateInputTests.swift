import Foundation
import TestSupport
import Testing
import TimeSeries

@Suite("evaluate, bad input", .needsBinary) struct EvaluateInputTests {
    private static let labels = "{\"a.csv\": [[\"60\", \"120\"]]}"
    private static let scores = "timestamp,score,alert\n0,1,0\n60,2,1\n120,1,0\n180,0,0\n"

    @Test(arguments: [
        ("", scores, "labels:1: it is empty; labels were expected"),
        ("{", scores, "labels:1: a text in quotes was expected"),
        ("[]", scores, "labels:1: neither a JSON object nor the header series,channel,kind,size,from,until"),
        ("{\"a.csv\":\n[[1, 2, 3]]}", scores, "labels:2: a beginning and an end were expected, nothing more"),
        ("{\"a.csv\":\n[[1, [2]]]}", scores, "labels:2: a time was expected"),
        ("{\"a.csv\": [[\"noon\", 2]]}", scores, "labels:1: `noon` is neither an ISO 8601 time nor epoch seconds"),
        ("{\"a.csv\": []}\nx", scores, "labels:2: something follows the object"),
        ("{\"a.csv\": [], \"b.csv\": []}", scores, "labels labels 2 files"),
        ("series,kind,from,until\np,step,now,then\n", scores, "labels:2: from and until must be times"),
        (labels, "", "scores:1: it is empty; a header was expected"),
        (labels, "time,score\n", "scores:1: the header has no column timestamp, but time, score"),
        (labels, "timestamp,score\n0,1\nnoon,1\n", "scores:3: `noon` is neither an ISO 8601 time nor epoch seconds"),
        (labels, "timestamp,score\n,1\n,2\n", "scores:2: no row has a time"),
        (labels, "timestamp,score\n0\n", "scores:2: it has 1 field, the header more"),
        (labels, "timestamp,score\n\"0,1\n", "scores:2: a quote is not closed"),
        (labels, String(repeating: "x", count: 1_200_000), "scores:1: it is longer than 1048576 bytes"),
    ])
    func `what cannot be used is told with its file and line, and ends with 65`(
        labels: String, scores: String, message: String
    ) throws {
        let directory = try TemporaryDirectory()
        let files = [try directory.write(labels, to: "labels"), try directory.write(scores, to: "scores")]
        let result = try monitord(["evaluate", "--labels", files[0], "--scores", files[1]])
        #expect(result.exitCode == 65)
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix(directory.path(message)), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }

    @Test func `a line that could not be used has the time of its neighbour and no score`() throws {
        let directory = try TemporaryDirectory()
        let labels = try directory.write(Self.labels, to: "labels.json")
        let rows = "timestamp,score,alert\n,,0\n0,1,0\n60,2,1\n,,1\n120,3,0\n"
        let result = try monitord(
            ["evaluate", "--json", "--labels", labels, "--scores", try directory.write(rows, to: "scores.csv")])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.contains("\"rows_anomalous\":3"))
        #expect(result.output.contains("\"auc_roc\":0.75"))
    }

    @Test func `what is not there ends with 66, and a wrong option with 64`() throws {
        let directory = try TemporaryDirectory()
        let labels = try directory.write(Self.labels, to: "labels.json")
        let scores = try directory.write(Self.scores, to: "scores.csv")
        func exitCode(_ arguments: String...) throws -> Int32 { try monitord(["evaluate"] + arguments).exitCode }
        #expect(try exitCode("--labels", labels, "--scores", scores) == 0)
        #expect(try exitCode("--labels", directory.path("no"), "--scores", scores) == 66)
        #expect(try exitCode("--labels", labels, "--scores", directory.path("no")) == 66)
        #expect(try exitCode("--labels", directory.url.path, "--scores", scores) == 66)
        let missing = try monitord(["evaluate", "--labels", labels, "--scores", directory.url.path])
        #expect(missing.exitCode == 66)
        #expect(missing.errors.contains("has no scores for a.csv"))
        #expect(try exitCode("--labels", labels) == 64)
        #expect(try exitCode("--labels", labels, "--scores", scores, "--dataset", "mnist") == 64)
        #expect(try exitCode("--labels", labels, "--scores", scores, "--probation", "-3") == 64)
        #expect(try exitCode("--labels", labels, "--scores", scores, "--vus-window", "20000") == 64)
        #expect(try exitCode("--labels", labels, "--scores", scores, "--curves", "/no/such/folder/c.csv") == 73)
    }

    @Test func `scores of other rows than the data's are refused`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("data"), withIntermediateDirectories: true)
        let arguments = [
            "evaluate", "--labels", try directory.write(Self.labels, to: "labels.json"), "--scores",
            try directory.write(Self.scores, to: "scores.csv"), "--data", directory.path("data"),
        ]
        _ = try directory.write("timestamp,v\n0,1\n60,1\n120,1\n", to: "data/a.csv")
        let short = try monitord(arguments)
        #expect(short.exitCode == 65)
        #expect(short.errors.contains("4 rows of scores, but 3 of data"))
        _ = try directory.write("timestamp,v\n0,1\n61,1\n120,1\n180,1\n", to: "data/a.csv")
        let other = try monitord(arguments)
        #expect(other.exitCode == 65)
        #expect(other.errors.contains("data/a.csv:3: its time is not that of the scores"))
    }

    @Test func `a gzip file that is cut off is told`() throws {
        let directory = try TemporaryDirectory()
        let fixture = repositoryRoot.appending(path: "Tests/MonitordTests/Fixtures/Evaluation/data/scores/wave.csv.gz")
        let packed = try Data(contentsOf: fixture)
        let labels = try directory.write("{\"wave.csv\": []}", to: "labels.json")
        let scores = try directory.write(packed.prefix(packed.count / 2), to: "wave.csv.gz")
        let result = try monitord(["evaluate", "--labels", labels, "--scores", scores])
        #expect(result.exitCode == 74)
        #expect(result.errors.contains("cut off or damaged"))
    }

    /// Bytes of valid files are changed, doubled and dropped: it may refuse them, but never stop in the middle.
    @Test func `no bytes make it trap`() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 11)
        let truth = "series,channel,kind,size,from,until\na,*,step,,60,130\na,*,maintenance,,150,200\n"
        let pieces = ["\"", ",", "\n", "\\u", "{", "[", "1e308", "-1e308", "9", "nan", "\u{0}", "é", "0x", "Z", "-"]
        func broken(_ text: String) -> Data {
            var bytes = Array(text.utf8)
            for _ in 0..<(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(contentsOf: pieces[Int(random.next() % UInt64(pieces.count))].utf8, at: place)
                default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            return Data(bytes)
        }
        for round in 0..<150 {
            let labels = try directory.write(broken(round % 2 == 0 ? Self.labels : truth), to: "labels")
            let scores = try directory.write(broken(Self.scores), to: "scores")
            let result = try monitord(["evaluate", "--labels", labels, "--scores", scores, "--json"])
            #expect([0, 65, 66].contains(result.exitCode), "seed 11, round \(round): \(result.exitCode)")
        }
    }
}
