import Foundation
import TestSupport
import Testing

@Suite("formats and samples", .needsBinary) struct FormatsTests {
    @Test func `formats lists what is read, each with a line of it`() throws {
        let result = try monitord(["formats"])
        #expect(result.exitCode == 0)
        for text in ["csv: with a header", "jsonl: records", "influx: line protocol", "series = \"device\"", "gzip"] {
            #expect(result.output.contains(text), "\(text)")
        }
        let json = try monitord(["formats", "--json"])
        let list = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(
            Set(list.compactMap { $0["format"] as? String }) == [
                "csv", "jsonl", "influx", "zeek", "suricata", "suricata-stats", "nfdump", "argus", "logfmt", "graphite",
                "syslog",
                "netflow", "statsd",
            ])
    }

    @Test func `a sample says what was recognised and why, and which lines cannot be used`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            "time,sensor,value\n1792000000,a,1\n1792000000,b,2\n1792000010,a,3\n1792000010,b,x\n1792000020,a,4\n",
            to: "s.csv")
        let result = try monitord(["check", "--sample", file])
        #expect(result.exitCode == 0, "\(result.errors)")
        for text in [
            "delimiter", "4 of 4 lines", "series        in \"sensor\": long form", "interval: 10s (2 of 2 steps",
            "series: 2: a, b", "\(file):5: unusable, a field that should be a number is none: `1792000010,b,x`",
        ] {
            #expect(result.output.contains(text), "\(text) is not in\n\(result.output)")
        }
    }

    @Test(arguments: [
        ("12,5\n12,6\n12,7\n", ":1: cannot tell how to read"), ("", ": no data line"),
        ("time,a\n\n03/04/2026,1\n03/05/2026,2\n", ":3: cannot tell how to read the line `03/04/2026`"),
    ])
    func `a sample of which nothing can be used ends with 65 and the line`(text: String, message: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(text, to: "s.csv")
        let result = try monitord(["check", "--sample", file])
        #expect(result.exitCode == 65)
        #expect(result.output.contains(file + message), "\(result.output)")
    }

    @Test func `a compressed recording is replayed, one of another program is refused with the way to read it`() throws
    {
        let directory = try TemporaryDirectory()
        let gzip = try runCommand(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "gzip -c \"$0\" > \"$1\"", sample("pump.csv"), directory.path("p")])
        #expect(gzip.exitCode == 0)
        let plain = try monitord(["replay", "--alerts", "-", sample("pump.csv")])
        let packed = try monitord(["replay", "--alerts", "-", directory.path("p")])
        #expect(packed.exitCode == 0, "\(packed.errors)")
        #expect(packed.output == plain.output)
        let cut = try runCommand(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "head -c 20000 \"$0\" > \"$1\"", directory.path("p"), directory.path("cut")])
        #expect(cut.exitCode == 0)
        let told = try monitord(["replay", directory.path("cut")])
        #expect(told.exitCode == 0)
        #expect(told.errors.contains("it is cut off"))
        let other = try directory.write("BZh9", to: "p.bz2")
        #expect(try monitord(["replay", other]).errors.contains("bzcat"))
    }
}
