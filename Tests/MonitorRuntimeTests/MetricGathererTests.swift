import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct MetricGathererTests {
    /// Lines as they arrive, by seconds.
    private func batch(_ lines: [(time: Double?, text: String)], _ decoder: inout LineDecoder) -> [RecordBatch] {
        lines.map { line in
            var batch = RecordBatch()
            batch.arrival = line.time.flatMap { Timestamp(seconds: $0) }
            decoder.decode(Array((line.text + "\n").utf8), into: &batch)
            return batch
        }
    }

    /// Samples as `a@10: 5.0`, in the order in which intervals end.
    private func samples(
        _ lines: [(time: Double?, text: String)], interval: Double = 10, cut: Int? = nil
    ) throws -> [String] {
        var decoder = LineDecoder(configuration: SourceConfiguration(input: .standardInput, format: .statsd))
        var gatherer = MetricGatherer(interval: interval, writesTimes: false)
        var found: [String] = []
        for (index, batch) in batch(lines, &decoder).enumerated() {
            if index == cut {
                var writer = StateWriter()
                gatherer.encode(to: &writer)
                var reader = StateReader(writer.bytes)
                let restored = try MetricGatherer(interval: interval, writesTimes: false, from: &reader)
                #expect(restored == gatherer)
                gatherer = restored
            }
            found += samples(gatherer.gather(batch, rows: batch.rows.indices))
        }
        return found
    }

    private func samples(_ batch: RecordBatch) -> [String] {
        batch.rows.compactMap { row in
            guard row.malformed == nil, let schema = batch.schema, let time = row.time else { return nil }
            let count = schema.groups[Int(batch.seriesGroups[Int(row.series)])].count
            let values = batch.values[Int(row.firstValue)...].prefix(count).map { $0.isNaN ? "-" : "\($0)" }
            return "\(batch.seriesNames[Int(row.series)])@\(Int(time.seconds)): \(values.joined(separator: " "))"
        }
    }

    @Test func `counters are summed and divided by their rate, and are 0 in an interval without a line`() throws {
        let found = try samples([
            (1, "a:1|c"), (2, "a:2|c|@0.1"), (9.9, "a:1|c"), (12, "b:1|c"), (31, "a:1|c"),
        ])
        #expect(found == ["a@0: 22.0", "a@10: 0.0", "b@10: 1.0", "a@20: 0.0", "b@20: 0.0"])
    }

    @Test func `gauges keep their last value, and signed ones change it`() throws {
        let found = try samples([
            (1, "g:5|g"), (2, "g:+3|g"), (3, "g:-1|g"), (11, "x:1|c"), (21, "g:-10|g"), (31, "g:2|g"), (41, "x:1|c"),
        ])
        #expect(
            found == [
                "g@0: 7.0", "g@10: 7.0", "x@10: 1.0", "g@20: -3.0", "x@20: 0.0", "g@30: 2.0", "x@30: 0.0",
            ])
    }

    @Test func `timers have the mean, the largest and the count, and are missing without a line`() throws {
        let found = try samples([
            (1, "t:10:20|ms"), (2, "t:40|ms|@0.5"), (11, "x:1|c"), (21, "x:1|c"),
        ])
        #expect(found == ["t@0: 27.5 40.0 4.0", "t@10: - - 0.0", "x@10: 1.0"])
    }

    @Test func `sets count different members`() throws {
        var lines: [(Double?, String)] = [(1, "u:a|s"), (2, "u:b|s"), (3, "u:a|s"), (11, "x:1|c"), (21, "u:a|s")]
        for number in 0..<5_000 { lines.append((22, "u:m\(number)|s")) }
        lines.append((31, "x:1|c"))
        let found = try samples(lines)
        #expect(found.prefix(3) == ["u@0: 2.0", "u@10: 0.0", "x@10: 1.0"])
        let many = try #require(found.first { $0.hasPrefix("u@20: ") }.flatMap { Double($0.dropFirst(6)) })
        // Four standard errors of the estimate.
        #expect((4_340...5_660).contains(many), "\(many)")
    }

    @Test func `missing values say nothing, and sums that no number holds are missing`() throws {
        let found = try samples([
            (1, "a:nan|c"), (2, "g:null|g"), (3, "b:1e308|c"), (4, "b:1e308|c"), (5, "b:1e308|c"), (11, "b:1|c"),
            (21, "b:1|c"),
        ])
        #expect(found == ["b@0: -", "b@10: 1.0"])
    }

    @Test func `a time of its own counts where it is, one that cannot be as the arrival`() throws {
        let found = try samples([
            (100_001, "g:1|g|T99999"), (100_002, "a:1|c"), (100_003, "a:1|c|T5"), (100_004, "a:1|c|T99999"),
            (100_005, "a:1|c|T200000"), (100_011, "a:1|c"),
        ])
        #expect(found == ["g@99990: 1.0", "g@100000: 1.0", "a@100000: 4.0"])
    }

    @Test func `an arrival that goes back begins the intervals anew`() throws {
        let found = try samples([(100, "a:1|c"), (50, "a:2|c"), (61, "a:3|c")])
        #expect(found == ["a@100: 1.0", "a@50: 2.0"])
    }

    @Test func `a long pause is left out`() throws {
        let found = try samples([(1, "a:1|c"), (3_700, "a:1|c"), (3_711, "a:1|c")])
        #expect(found == ["a@0: 1.0", "a@3700: 1.0"])
        #expect(try samples([(1, "a:1|c"), (3_600, "a:1|c")]).count == 360)
        // Of many series a shorter one: 1,000 of them would be 359,000 samples.
        let many = (0..<1_000).map { (time: Optional(1.0), text: "a\($0):1|c") }
        #expect(try samples(many + [(3_600, "a0:1|c")]).count == 1_000)
    }

    @Test func `a recording goes by the times in it, or by its lines`() throws {
        #expect(
            try samples([(nil, "a:1|c|T1000"), (nil, "a:1|c"), (nil, "a:1|c|T1010"), (nil, "a:1|c|T9999999999")])
                == ["a@1000: 2.0"])
        let lines = (0..<25).map { _ in (time: Double?.none, text: "a:1|c") }
        #expect(try samples(lines) == ["a@0: 10.0", "a@10: 10.0"])
        let jump = (0..<20).map { _ in (time: Double?.none, text: "a:1|c|T900000") }
        #expect(
            try samples([(nil, "a:1|c|T1000")] + jump + [(nil, "a:1|c|T900010")]) == ["a@1000: 16.0", "a@900000: 5.0"])
    }

    @Test func `a restart within an interval changes nothing`() throws {
        let lines: [(Double?, String)] = [
            (1, "a:1|c"), (2, "g:5|g"), (3, "t:1|ms"), (4, "u:a|s"), (5, "a:1|c"), (6, "g:+1|g"), (7, "t:3|ms"),
            (8, "u:b|s"), (12, "a:1|c"), (22, "a:1|c"),
        ]
        let whole = try samples(lines)
        #expect(whole.prefix(4) == ["a@0: 2.0", "g@0: 6.0", "t@0: 2.0 3.0 2.0", "u@0: 2.0"])
        for cut in lines.indices { #expect(try samples(lines, cut: cut) == whole, "\(cut)") }
    }

    @Test func `whatever lines hold, samples are in order and finite or missing`() throws {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let texts = [
                "a:1|c", "a:1e308|c|@0.001", "g:+1e308|g", "g:-1e308|g", "t:1e308:1e308|ms|@1e-9", "u:x|s",
                "a:1|c|T1", "a:1|c|T9223372036", "g:1|g|T4000000000", "t:-1e308|h", "x", "a:nan|c",
            ]
            var lines: [(Double?, String)] = []
            var time = 0.0
            for _ in 0..<100 {
                time += Double(generator.next() % 9)
                if generator.next() % 30 == 0 { time = Double(generator.next() % 5_000) }
                lines.append(
                    (seed % 2 == 0 ? time : nil, texts[Int(generator.next() % UInt64(texts.count))]))
            }
            for sample in try samples(lines, cut: 50) { #expect(!sample.contains("inf"), "\(seed): \(sample)") }
        }
    }

    @Test(arguments: [(40, false), (2, true)]) func `lines that cannot be used are weighed against lines, not samples`(
        every: Int, isTold: Bool
    ) async throws {
        let directory = try TemporaryDirectory()
        var text = ""
        for line in 0..<2_000 {
            text += line % every == every - 1 ? "junk\n" : "a:1|c|T\(1_767_225_600 + line / 100)\n"
        }
        let path = try directory.write(text, to: "metrics.txt")
        for readSize in [1 << 16, 100] {
            var request = ReplayRequest(
                paths: [path],
                configuration: MonitorConfiguration(
                    sources: [SourceConfiguration(input: .file(pattern: path), format: .statsd)]))
            request.readSize = readSize
            let summary = try await ReplayRun(request, logger: nil).run()
            #expect(summary.unusableLines == UInt64(2_000 / every))
            #expect((summary.incidents > 0) == isTold, "read size \(readSize)")
        }
    }

    @Test func `a replay scores every series and interval, the same with any read size`() async throws {
        let directory = try TemporaryDirectory()
        var text = ""
        for tick in 0..<400 {
            for line in 0..<3 {
                let time = 1_767_225_600 + 10 * tick + line
                let starts = tick == 350 ? 90 : 2 + (tick + line) % 3
                text += "pump.starts:\(starts)|c|@0.5|T\(time)\npump.took:\(10 + (tick * 7 + line) % 5)|ms|T\(time)\n"
            }
            text += "pump.level:\(50 + tick % 7)|g\n"
        }
        let path = try directory.write(text, to: "metrics.txt")
        func scores(readSize: Int) async throws -> String {
            var request = ReplayRequest(
                paths: [path],
                configuration: MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: path))]))
            request.scoresPath = directory.path("scores-\(readSize)")
            request.readSize = readSize
            _ = try await ReplayRun(request, logger: nil).run()
            return try String(contentsOf: URL(fileURLWithPath: directory.path("scores-\(readSize)")), encoding: .utf8)
        }
        let reference = try await scores(readSize: 1 << 16)
        let rows = reference.split(separator: "\n").dropFirst()
        #expect(rows.count { $0.contains(",pump.starts,") } == 399)
        #expect(rows.count { $0.contains(",pump.took,") } == 399)
        #expect(rows.count { $0.contains(",pump.level,") } >= 396)
        #expect(rows.contains { $0.hasPrefix("2026-01-01T00:58:20") && $0.contains(",pump.starts,") })
        #expect(try await scores(readSize: 17) == reference)
    }
}
