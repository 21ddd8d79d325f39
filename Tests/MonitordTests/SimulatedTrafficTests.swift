import Foundation
import TestSupport
import Testing

@Suite("simulate --kind flows", .needsBinary) struct SimulatedTrafficTests {
    /// A line of conn.log.
    private struct Flow {
        var start: Double
        var source: String
        var destination: String
        var port: Int
        var duration: Double
        var bytesOut: Double
        var state: String
        var line: Substring
        var end: Double { start + duration }

        init(_ line: Substring) throws {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            try #require(cells.count == 21)
            start = try #require(Double(cells[0]))
            (source, destination) = (String(cells[2]), String(cells[4]))
            port = try #require(Int(cells[5]))
            duration = Double(cells[8]) ?? 0
            bytesOut = Double(cells[9]) ?? 0
            state = String(cells[11])
            self.line = line
        }
    }

    /// Monday, 2026-03-16.
    private static let monday = ["--kind", "flows", "--start", "2026-03-16", "--hosts", "20"]
    private static let midnight = 1_773_619_200.0

    private func simulate(_ arguments: String...) throws -> CommandResult {
        try monitord(["simulate"] + Self.monday + arguments.flatMap { $0.split(separator: " ").map(String.init) })
    }

    private func flows(_ arguments: String) throws -> [Flow] {
        let result = try simulate(arguments)
        try #require(result.exitCode == 0, "\(result.errors)")
        return try result.output.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(Flow.init)
    }

    /// The connections that only one of two streams has.
    private func difference(_ planted: [Flow], _ clean: [Flow]) -> (added: [Flow], gone: [Flow]) {
        let before = Set(clean.map(\.line))
        let after = Set(planted.map(\.line))
        return (planted.filter { !before.contains($0.line) }, clean.filter { !after.contains($0.line) })
    }

    /// FNV-1a of 64 bits.
    private func hash(_ text: String) -> String {
        let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(value, radix: 16)
    }

    @Test func `the same seed gives the same bytes and another seed others`() throws {
        let first = try simulate("--duration 6h --anomaly all/8")
        #expect(first.exitCode == 0, "\(first.errors)")
        #expect(try simulate("--duration 6h --anomaly all/8").output == first.output)
        #expect(try simulate("--duration 6h --anomaly all/8 --seed 2").output != first.output)
    }

    /// Recorded on x86-64; a change here is a change of every stream that somebody keeps by its options alone.
    @Test func `the bytes are those of every other machine`() throws {
        #expect(hash(try simulate("--duration 12h --anomaly all/8").output) == "3890f04123d08386")
    }

    @Test func `lines are in the order of the ends and unlike one another`() throws {
        let all = try flows("--duration 12h")
        #expect(zip(all, all.dropFirst()).allSatisfy { $1.end >= $0.end - 1e-6 })
        #expect(Set(all.map(\.line)).count == all.count)
        #expect(all.allSatisfy { $0.start >= Self.midnight && $0.end < Self.midnight + 43_200 })
        #expect(all.contains { $0.duration > 3_600 })
    }

    @Test func `a working day has the connections of its hosts at the hours of its people`() throws {
        let all = try flows("--duration 1d")
        // About 1,700 a host and day over the week, so more on a Monday.
        #expect((15_000...60_000).contains(all.count), "\(all.count)")
        let failed = Double(all.count { $0.state != "SF" }) / Double(all.count)
        #expect((0.001...0.02).contains(failed), "\(failed)")
        func web(_ hours: Range<Double>) -> Int {
            all.count { $0.port == 443 && hours.contains(($0.start - Self.midnight) / 3_600) }
        }
        #expect(web(9..<11) > 4 * web(2..<4))
        #expect(web(9..<11) > web(12..<13) * 2)
        // Each PLC is asked every 30 seconds, by day and by night.
        let polls = Dictionary(grouping: all.filter { $0.port == 502 }, by: \.destination).values
        #expect(polls.count == 2)
        #expect(polls.allSatisfy { (2_878...2_881).contains($0.count) })
        #expect(all.contains { $0.port == 10_000 && $0.bytesOut > 1e7 })
        #expect(Set(all.map(\.source)).allSatisfy { $0.hasPrefix("10.2") })
    }

    @Test func `Sunday is quiet`() throws {
        let sunday = try flows("--duration 1d --start 2026-03-15")
        let monday = try flows("--duration 1d")
        #expect(sunday.count < monday.count * 2 / 3)
    }

    @Test(arguments: [
        ("scan:90", 900.0, "10.20."), ("sweep:60", 600, "10.26."), ("flood:300", 3_000, "10.20."),
        ("beacon:10", 60, "185."), ("exfiltration:500", 120, "185."),
    ])
    func `what is planted adds its connections within its label and nothing else`(
        anomaly: String, count: Double, target: String
    ) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("labels")
        let clean = try flows("--duration 2h")
        let planted = try flows("--duration 2h --anomaly 10.26.0.2.\(anomaly)@1h+10min --labels \(path)")
        let (added, gone) = difference(planted, clean)
        #expect(gone.isEmpty)
        // Counts at random differ by four of their deviations at most.
        #expect(abs(Double(added.count) - count) <= 4 * count.squareRoot(), "\(added.count)")
        #expect(added.allSatisfy { $0.source == "10.26.0.2" && $0.destination.hasPrefix(target) })
        #expect(added.allSatisfy { $0.start >= Self.midnight + 3_600 && $0.start < Self.midnight + 4_200 })
        let kind = anomaly.prefix { $0 != ":" }
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == """
                series,channel,kind,size,from,until
                10.26.0.2,*,\(kind),\(anomaly.dropFirst(kind.count + 1)),2026-03-16T01:00:00Z,2026-03-16T01:10:00Z

                """)
        switch kind {
        case "scan": #expect(Set(added.map(\.port)).count == added.count)
        case "sweep": #expect(Set(added.map(\.destination)).count == added.count)
        case "exfiltration": #expect(abs(added.map(\.bytesOut).reduce(0, +) / 3e8 - 1) < 0.05)
        default: #expect(Set(added.map(\.destination)).count == 1)
        }
    }

    @Test func `a silent host has no connections and one that is out of service answers none`() throws {
        let clean = try flows("--duration 2h")
        let span = (Self.midnight + 3_600)..<(Self.midnight + 4_800)
        let silent = difference(try flows("--duration 2h --anomaly 10.22.0.1.silence@1h+20min"), clean)
        #expect(silent.added.isEmpty)
        let expected = clean.filter { $0.source == "10.22.0.1" && span.contains($0.start) }
        #expect(!expected.isEmpty && silent.gone.map(\.line) == expected.map(\.line))

        let directory = try TemporaryDirectory()
        let path = directory.path("labels")
        let dead = difference(
            try flows("--duration 2h --anomaly 10.21.0.1.outage@1h+20min --labels \(path)"), clean)
        #expect(dead.added.count == dead.gone.count && dead.added.count > 30)
        #expect(dead.added.allSatisfy { $0.destination == "10.21.0.1" && $0.state == "S0" && span.contains($0.start) })
        let labels = try String(contentsOfFile: path, encoding: .utf8)
        #expect(labels.contains("10.21.0.1,*,outage,1,") && labels.contains("10.22.0.1,*,outage,1,"))
    }

    @Test func `anomalies at random are as many as asked`() throws {
        let result = try simulate("--duration 2d --anomaly beacon/4+1h --anomaly all/3")
        #expect(result.errors.contains("anomalies planted"))
        let total = try #require(result.errors.firstMatch(of: /([0-9]+) anomalies planted/)?.output.1)
        #expect(Int(total) == 14, "\(result.errors)")
    }

    @Test func `a replay reads the lines and an evaluation the labels`() throws {
        let directory = try TemporaryDirectory()
        let truth = directory.path("truth.csv")
        let stream = try simulate("--duration 1h --anomaly 10.22.0.1.flood:600@30min+10min --labels \(truth)")
        let log = try directory.write(stream.output, to: "conn.log")
        let scores = directory.path("scores.csv")
        let replayed = try monitord(["replay", "--scores", scores, log])
        #expect(replayed.exitCode == 0, "\(replayed.errors)")
        let rows = try String(contentsOfFile: scores, encoding: .utf8).split(separator: "\n")
        // The HMI speaks in every bin; the last one is not complete.
        #expect(rows.count { $0.contains(",10.22.0.1,") } >= 170)
        let result = try monitord(["evaluate", "--labels", truth, "--scores", scores])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.contains(" rows: ") && result.output.contains(" 30 of them anomalous"))
    }

    @Test(arguments: [
        ("--anomaly noise:3", "\"noise\" is no kind of anomaly; accepted are scan, sweep, flood"),
        ("--anomaly 10.9.9.9.scan", "there is no such host; accepted are 10.2"),
        ("--anomaly beacon:0.1", "it is seconds between calls"), ("--hosts 5", "accepted is 10 to 10000"),
        ("--anomaly scan@40d", "not before the end of the stream"),
        ("--interval 5s", "lines of Zeek's conn.log"), ("--format csv", "no such choice"),
    ])
    func `an argument that cannot be used is named with what can`(arguments: String, text: String) throws {
        let result = try simulate(arguments)
        #expect(result.exitCode == 64)
        #expect(result.errors.contains(text), "\(result.errors)")
        #expect(result.output.isEmpty)
    }
}
