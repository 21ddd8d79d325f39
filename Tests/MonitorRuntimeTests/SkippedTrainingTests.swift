import Alerting
import AnomalyDetection
import Ingest
import Logging
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct SkippedTrainingTests {
    private static let calm = SkippedTraining.calmSamples

    @Test func `an episode begins with its first round and ends when it has been calm for long`() {
        var skipped = SkippedTraining()
        #expect(skipped.note(round: 4, skips: false, samples: 400) == nil)
        #expect(skipped.note(round: 5, skips: true, samples: 500) == .begins)
        #expect(skipped.note(round: 6, skips: true, samples: 600) == nil)
        #expect(skipped.note(round: 7, skips: false, samples: 700) == nil)
        #expect(skipped.note(round: 8, skips: true, samples: 800) == nil, "the same episode")
        #expect(skipped.note(round: 9, skips: false, samples: 800 + Self.calm - 1) == nil)
        let episode = SkippedTraining.Episode(first: 5, last: 8, rounds: 3)
        #expect(skipped.note(round: 10, skips: false, samples: 800 + Self.calm) == .ended(episode))
        #expect(skipped.note(round: 11, skips: false, samples: 900 + 2 * Self.calm) == nil, "told once")
        #expect(skipped.note(round: 12, skips: true, samples: 900 + 3 * Self.calm) == .begins)
        #expect(skipped.rounds == 4)
        #expect(skipped.episodes == [episode, .init(first: 12, last: 12, rounds: 1)])
    }

    @Test func `only the last episodes are kept, and every round is counted`() {
        var skipped = SkippedTraining()
        for number in 0..<UInt64(100) {
            #expect(skipped.note(round: 2 * number, skips: true, samples: 2 * number * Self.calm) == .begins)
            _ = skipped.note(round: 2 * number + 1, skips: false, samples: (2 * number + 1) * Self.calm)
        }
        #expect(skipped.rounds == 100)
        #expect(skipped.episodes.count == SkippedTraining.mostEpisodes)
        #expect(skipped.episodes.last?.first == 198)
    }

    @Test func `it is stored with the rounds' numbers, and goes on within an episode`() throws {
        var skipped = SkippedTraining()
        for round in UInt64(3)..<6 { _ = skipped.note(round: round, skips: true, samples: 8 * round) }
        var writer = StateWriter()
        skipped.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try SkippedTraining(from: &reader)
        #expect(restored == skipped)
        #expect(reader.remaining == 0)
        #expect(restored.note(round: 6, skips: true, samples: 48) == nil, "not told again")
        // Cut short or wrong it is refused.
        for length in 0..<writer.bytes.count {
            var short = StateReader(Array(writer.bytes.prefix(length)))
            #expect(throws: StateCodingError.self) { try SkippedTraining(from: &short) }
        }
    }

    @Test func `the count of the version before is read`() throws {
        var writer = StateWriter()
        writer.write(UInt8(1))
        writer.write(UInt64(17))
        writer.write(UInt64(901))
        var reader = StateReader(writer.bytes)
        let restored = try SkippedTraining(from: &reader)
        #expect(restored.rounds == 17)
        #expect(restored.episodes.last?.last == 901)
    }

    /// What came of a stream of which some batches were behind.
    private struct Watched: Equatable {
        var scores: [Double?] = []
        var counts: LineCounts?
        var steps: UInt64 = 0
        var told: [String] = []
        var stored: SkippedTraining?
    }

    /// Watches 1,200 lines, eight at once, of which those of some batches come when others wait.
    private func watch(behind: Range<Int>) async throws -> Watched {
        var generator = SeededGenerator(seed: 21)
        let lines = (0..<1_200).map { tick in
            "\(1_767_225_600 + tick),\(60 + 3 * cosine(Double(tick) / 30) + 0.3 * normal(&generator))\n"
        }
        let scores = Mutex<[Double?]>([])
        let log = ListedLog.Lines()
        let configuration = MonitorConfiguration()
        let pipeline = Pipeline(
            name: "input", interval: 1, configuration: configuration, timesByRow: false, shardCount: 1,
            desk: AlertDesk(policy: AlertPolicy(configuration: configuration.alerting)) { _ in },
            observer: { outcome, _, _ in scores.withLock { $0.append(outcome.verdict?.score) } }, logger: log.logger)
        var decoder = LineDecoder(
            configuration: SourceConfiguration(input: .standardInput), seriesName: "input", admission: .atOnce)
        var done = 0
        while done < lines.count {
            let end = done == 0 ? 104 : done + 8
            var batch = RecordBatch()
            let text = (done == 0 ? "time,temp\n" : "") + lines[done..<end].joined()
            decoder.decode(Array(text.utf8), into: &batch)
            batch.isBehind = behind.contains(done / 8)
            try await pipeline.process(batch)
            done = end
        }
        var result = Watched(scores: scores.withLock { $0 })
        result.counts = await pipeline.counts
        result.steps = await pipeline.trainingCounts().made
        result.told = log.all
        result.stored = await pipeline.cut()?.header.skippedTraining
        return result
    }

    @Test func `rounds that are behind are scored and not learned from, the same each time, and told once`()
        async throws
    {
        let behind = try await watch(behind: 60..<100)
        #expect(behind.counts?.samples == 1_200)
        #expect(behind.counts?.roundsWithoutTraining == 40)
        #expect(behind.stored?.rounds == 40)
        #expect(behind.stored?.episodes == [.init(first: 60, last: 99, rounds: 40)])
        #expect(behind.told.filter { $0.contains("training is skipped") }.count == 1, "\(behind.told)")
        #expect(behind.told.contains { $0.contains("training.round=60") }, "\(behind.told)")
        #expect(try await watch(behind: 60..<100) == behind)

        let whole = try await watch(behind: 0..<0)
        #expect(whole.counts?.roundsWithoutTraining == 0)
        #expect(!whole.told.contains { $0.contains("training is skipped") })
        #expect(whole.steps > behind.steps, "\(whole.steps) steps and \(behind.steps)")
        // Scored all the same: until the first round that another model is used in, by the same numbers.
        #expect(whole.scores.count == behind.scores.count)
        #expect(whole.scores.map { $0 == nil } == behind.scores.map { $0 == nil })
        #expect(whole.scores[..<488].elementsEqual(behind.scores[..<488]))
    }

    @Test func `a recording is never behind`() async throws {
        let directory = try TemporaryDirectory()
        let text = "time,a\n" + (0..<20_000).map { "\($0),\($0 % 7)\n" }.joined()
        let files = RecordedFiles(
            paths: [try directory.write(text, to: "a.csv")],
            configuration: SourceConfiguration(input: .standardInput), limits: ReadingLimits(readSize: 256),
            telemetry: SourceTelemetry(), admission: .atOnce)
        let batches = Mutex((all: 0, behind: 0))
        try await files.run { batch in
            batches.withLock { counts in
                counts.all += 1
                if batch.isBehind { counts.behind += 1 }
            }
        }
        #expect(batches.withLock { $0.all } > 100)
        #expect(batches.withLock { $0.behind } == 0)
    }
}

/// Keeps what was said, with its facts.
struct ListedLog: LogHandler {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var logger: Logger {
            Logger(label: "test") { _ in ListedLog { line in self.lines.withLock { $0.append(line) } } }
        }
    }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let take: @Sendable (String) -> Void

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        take("\(event.message) \(facts)")
    }
}
