import Foundation
import TestSupport
import Testing

/// Input that nobody should send, and what is said to it: nothing crashes, nothing is silent.
@Suite("hostile input", .needsBinary) struct HostileInputTests {
    /// One input, with the exit code and a piece of the message that it must give.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var exitCode: Int32 = 0
        var message: String
        var samples: Int?
        var input: @Sendable () -> Data

        var testDescription: String { name }

        init(
            _ name: String, exit: Int32 = 0, samples: Int? = nil, says message: String,
            _ input: @autoclosure @escaping @Sendable () -> String
        ) {
            self.init(name, exit: exit, samples: samples, says: message, data: Data(input().utf8))
        }

        init(
            _ name: String, exit: Int32 = 0, samples: Int? = nil, says message: String,
            data: @autoclosure @escaping @Sendable () -> Data
        ) {
            self.name = name
            exitCode = exit
            self.message = message
            self.samples = samples
            input = data
        }
    }

    private static let header = "time,temp,flow\n"
    /// Sixty good lines, a second apart.
    private static let good = header + (0..<60).map { "\(1_767_225_600 + $0),\(20 + $0 % 7),\(3 + $0 % 3)\n" }.joined()
    private static let objects = (0..<3).map { "{\"t\":\(1_767_225_600 + $0),\"a\":\($0)}\n" }.joined()

    private static func longLine() -> Data {
        var data = Data(good.utf8)
        data.append(Data(repeating: UInt8(ascii: "9"), count: 100 << 20))
        data.append(Data("\n1767225660,20,3\n".utf8))
        return data
    }

    private static func noise() -> Data {
        // No zero byte and no line end: one endless line of nonsense.
        Data((0..<200_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) | 0x80 })
    }

    static let cases: [Case] = [
        Case("nothing at all", samples: 0, says: "no data line", ""),
        Case("empty lines only", samples: 0, says: "no data line", String(repeating: "\n", count: 500)),
        Case("only a header", exit: 65, says: "cannot find a number to watch", header),
        Case("NUL bytes", exit: 65, says: "cannot read the input as lines of text", data: Data(count: 10_000)),
        Case("a NUL within a line", samples: 61, says: "controlBytes", good + "1767225660,2\0 0,3\n1767225661,20,3\n"),
        Case("bytes of no text", exit: 65, says: "cannot", data: noise()),
        Case(
            "ill-formed UTF-8", samples: 60, says: "notANumber",
            data: Data(good.utf8) + [0x31, 0x2c, 0xff, 0xfe, 0x2c, 0x33, 0x0a]),
        Case("a line of 100 MB", samples: 61, says: "tooLong", data: longLine()),
        Case(
            "NaN is missing", samples: 62, says: "62 samples of 62 lines", good + "1767225660,NaN,nan\n1767225661,20,\n"
        ),
        Case("infinity", samples: 60, says: "outOfRange", good + "1767225660,inf,3\n1767225661,-Infinity,3\n"),
        Case("1e400", samples: 60, says: "outOfRange", good + "1767225660,1e400,3\n"),
        Case("a number that is none", samples: 60, says: "notANumber", good + "1767225660,twenty,3\n"),
        Case(
            "too few and too many fields", samples: 60, says: "fieldCount",
            good + "1767225660,20\n1767225661,20,3,4,5\n"),
        Case("half a line at the end", samples: 60, says: "fieldCount", good + "1767225660,2"),
        Case("a quote that never ends", samples: 61, says: "openQuote", good + "1767225660,\"20,3\n1767225661,20,3\n"),
        Case("a time that is none", samples: 60, says: "badTime", good + "yesterday,20,3\n"),
        Case("a time beyond all years", samples: 60, says: "badTime", good + "99999999999999999999,20,3\n"),
        Case(
            "time running backwards", samples: 1, says: "59 came late",
            header + (0..<60).map { "\(1_767_225_600 - $0),20,3\n" }.joined()),
        Case(
            "one time for all lines", samples: 1, says: "59 had the time of the one before",
            header + String(repeating: "1767225600,20,3\n", count: 60)),
        Case(
            "a clock that steps back for good", samples: 118, says: "clock of the input was set",
            good + (0..<60).map { "\(1_000_000_000 + $0),20,3\n" }.joined()),
        Case(
            "the header again and again", samples: 61, says: "61 samples of 61 lines",
            good + header + "1767225660,20,3\n" + header),
        Case(
            "a byte order mark and CRLF", samples: 60, says: "60 samples of 60 lines",
            "\u{feff}" + good.replacingOccurrences(of: "\n", with: "\r\n")),
        Case(
            "columns without a value", exit: 65, says: "cannot find a number to watch",
            header + (0..<60).map { "\(1_767_225_600 + $0),,\n" }.joined()),
        Case(
            "prose", exit: 65, says: "cannot find a number to watch", "the quick brown fox\njumps over\nthe lazy dog\n"),
        Case(
            "dates in two readings", exit: 65, says: "2026",
            "date,a\n" + (1...9).map { "0\($0)/04/2026 10:00,1\n" }.joined()),
        Case(
            "five thousand columns", exit: 65, says: "the most is 4096",
            "time," + (0..<5_000).map { "c\($0)" }.joined(separator: ",") + "\n"
                + String(repeating: "1767225600" + String(repeating: ",1", count: 5_000) + "\n", count: 4)),
        Case("broken JSON", samples: 3, says: "badSyntax", objects + "{\"t\":1767225603,\"a\":\n[1,2\n"),
        Case(
            "JSON nested 100,000 deep", samples: 3, says: "badSyntax",
            objects + "{\"t\":1767225603,\"a\":" + String(repeating: "[", count: 100_000) + "\n"),
        Case(
            "JSON lists, which their commas would take apart", exit: 65, says: "it holds a JSON list",
            "[1,2,3]\n[4,5,6]\n[7,8,9]\n"),
        Case("JSON without a known key", samples: 3, says: "noValues", objects + "{\"t\":1767225603,\"z\":5}\n"),
        Case(
            "a burst of unreadable lines", samples: 60, says: "200 lines could not be used",
            good + String(repeating: "?!\n", count: 200)),
        Case(
            "values at the end of the range", samples: 64, says: "64 samples",
            good + "1767225660,1.7e308,3\n1767225661,-1.7e308,3\n1767225662,1e-320,3\n1767225663,20,3\n"),
    ]

    @Test(arguments: cases) func `is told and does no harm`(input: Case) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(input.input(), to: "input")
        let scores = directory.path("scores")
        let result = try monitord(["replay", "--scores", scores, path])
        #expect(result.exitCode == input.exitCode, "\(result.errors)")
        #expect(result.errors.contains(input.message), "\(result.errors)")
        if let samples = input.samples { #expect(result.errors.contains("\(samples) samples of"), "\(result.errors)") }
        // Whatever came in, no score is anything but a number or empty.
        let rows = (try? String(contentsOfFile: scores, encoding: .utf8)) ?? ""
        #expect(!rows.contains("nan") && !rows.contains("inf"))
    }

    @Test(arguments: [
        ("commit_evry = \"1min\"\n", ":1:1: unknown key \"commit_evry\"; did you mean \"commit_every\"?"),
        ("commit_every = 7\n", ":1:1: commit_every is 7; expected a duration"),
        ("a = = 1\n", ":1:"), ("[[source]]\nfile = 3\n", ":2:1:"),
        ("false_alarms = \"often\"\n", "false_alarms is \"often\""),
        ("[[source]]\nfile = \"x\"\nformat = \"xml\"\n", "format"), ("\0", ":1:"),
        (
            "detectors = [\"+isolaton\"]\n",
            ":1:1: detectors: no detector is called \"isolaton\"; did you mean \"isolation\"?"
        ),
        (
            "detectors = [\"level\", \"-range\"]\n",
            "detectors: \"-range\" changes the profile's detectors, and \"level\" is one"
        ),
        ("detectors = \"level\"\n", ":1:1: detectors is \"level\"; expected a list"),
    ])
    func `a configuration that is wrong is refused with its place`(text: String, message: String) throws {
        let directory = try TemporaryDirectory()
        let result = try monitord(["check", "--config", try directory.write(text, to: "monitord.toml")])
        #expect(result.exitCode == 78)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        (["replay", "/nonexistent.csv"], Int32(66), "cannot open /nonexistent.csv: no such file or directory"),
        (["replay", "/tmp"], 74, "cannot read /tmp: is a directory"),
        (["replay", "--alerts", "/nonexistent/a", "/dev/null"], 73, "cannot create /nonexistent/a"),
        (
            ["run", "--stdin", "--state", "/proc/monitord", "--no-journal", "--log", "none"], 73,
            "cannot create /proc/monitord"
        ),
        (["--bogus"], 64, "Unknown option '--bogus'"), (["replay", "--strict"], 64, "name a PATH"),
    ])
    func `a place that cannot be used has its exit code and one line`(
        arguments: [String], exitCode: Int32, message: String
    ) throws {
        let result = try monitord(arguments)
        #expect(result.exitCode == exitCode)
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
