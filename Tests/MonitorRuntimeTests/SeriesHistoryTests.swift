import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime
@testable import Persistence

@Suite struct SeriesHistoryTests {
    private let learning = LearningState(learnedSamples: 0, neededSamples: 0, learnedSeconds: 0)

    private func verdict(_ second: Int, score: Double?) -> Verdict {
        Verdict(
            time: Timestamp(nanoseconds: Int64(second) * 1_000_000_000), sampleNumber: UInt64(second), score: score,
            threshold: 5.5, severity: score.map { $0 / 2 }, isAbnormal: second % 2 == 1, learning: learning)
    }

    private func filled(_ seconds: Range<Int>, channels: Int) -> SeriesHistory {
        var history = SeriesHistory(channelCount: channels, capacity: 64)
        for second in seconds {
            let values = (0..<channels).map { $0 == 1 ? Double.nan : Double(second) + 0.1 }
            history.append(verdict(second, score: second < 5 ? nil : Double(second)), values: values.span) {
                $0 == 0 ? nil : SeriesHistory.ChannelBand(expected: 1, low: 0.5, high: Float(second))
            }
        }
        return history
    }

    @Test(arguments: [1, 3]) func `samples come back as they were`(channels: Int) throws {
        var history = filled(0..<10, channels: channels)
        let taken = history.takeChunk(series: "a")
        let chunk = try #require(taken)
        #expect(history.count == 0)
        #expect((chunk.first, chunk.last) == (0, 9_000_000_000))
        let samples = try SeriesHistory.samples(of: chunk.bytes)
        #expect(samples.count == 10)
        #expect(samples[7].time == Timestamp(nanoseconds: 7_000_000_000))
        #expect(samples[7].score == 7 && samples[7].threshold == 5.5 && samples[7].severity == 3.5)
        #expect(samples[2].score == nil && samples[2].severity == nil)
        #expect(samples[7].isAbnormal && !samples[8].isAbnormal)
        #expect(samples[7].channels[0] == HistorySample.Channel(value: 7.1))
        if channels == 3 {
            #expect(samples[7].channels[1] == HistorySample.Channel(value: nil, expected: 1, low: 0.5, high: 7))
        }
    }

    @Test func `bytes that are no chunk are refused`() throws {
        var history = filled(0..<10, channels: 2)
        let taken = history.takeChunk(series: "a")
        let bytes = try #require(taken).bytes
        for length in 0..<bytes.count {
            #expect(throws: StateCodingError.self) { try SeriesHistory.samples(of: Array(bytes[..<length])) }
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<16, using: &generator)] = UInt8.random(in: .min ... .max, using: &generator)
            // Whatever comes of it, it comes to an end.
            _ = try? SeriesHistory.samples(of: damaged)
        }
    }

    @Test func `the first chunks of series of one age end at different times`() {
        let lengths = (0..<64).map { number in
            var history = SeriesHistory(channelCount: 1, capacity: 64, number: number)
            var count = 0
            while !history.isFull {
                history.append(verdict(count, score: 0), values: [1.0].span) { _ in nil }
                count += 1
            }
            return count
        }
        #expect(Set(lengths) == Set(1...64))
    }

    @Test func `a sample that was stored twice is its last, and spans are cut out`() async throws {
        let store = try StateStore(directory: nil)
        for (seconds, channels) in [(0..<20, 1), (10..<30, 1), (5..<15, 3)] {
            var history = filled(seconds, channels: channels)
            let taken = history.takeChunk(series: channels == 1 ? "a" : "b")
            let chunk = try #require(taken)
            try await store.appendHistory([chunk], of: "input", now: 0, keeping: 100, mostBytes: 1 << 20)
        }
        #expect(
            try await store.samples(of: "input", series: "a").map(\.time.nanoseconds)
                == (0..<30).map { $0 * 1_000_000_000 })
        let span = try await store.samples(
            of: "input", series: "a", from: Timestamp(nanoseconds: 8_000_000_000),
            to: Timestamp(nanoseconds: 12_500_000_000))
        #expect(span.map(\.score) == [8, 9, 10, 11, 12])
        #expect(try await store.samples(of: "input", series: "b").count == 10)
        #expect(try await store.samples(of: "input", series: "c").isEmpty)
        #expect(try await store.samples(of: "other", series: "a").isEmpty)
    }

    private func chunk(_ first: Int, isNotable: Bool = false, bytes: Int = 1_000) -> HistoryChunk {
        var generator = SeededGenerator(seed: UInt64(first))
        return HistoryChunk(
            series: "\(first % 7)", first: Int64(first), last: Int64(first), isNotable: isNotable,
            bytes: (0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    @Test func `what is too old or too much goes, the oldest first`() async throws {
        let store = try StateStore(directory: nil)
        for first in 0..<3_000 {
            try await store.appendHistory([chunk(first)], of: "s", now: first, keeping: 1e9, mostBytes: 200_000)
        }
        var size = try await store.historySize()
        #expect((170...200).contains(size.rows) && size.bytes <= 200_000, "\(size)")
        #expect(try await store.history(of: "s", series: "\(2_999 % 7)").last?.first == 2_999)
        try await store.appendHistory([chunk(3_000)], of: "s", now: 3_000, keeping: 50, mostBytes: 200_000)
        size = try await store.historySize()
        #expect(size.rows == 51, "\(size)")
        // A smaller bound is kept at the next row.
        try await store.appendHistory([chunk(3_001)], of: "s", now: 3_001, keeping: 50, mostBytes: 5_000)
        size = try await store.historySize()
        #expect(size.bytes <= 5_000 && size.rows == 4, "\(size)")
    }

    @Test func `of more samples than the disk may take the notable ones are kept`() async throws {
        let store = try StateStore(directory: nil)
        let hands = Mutex(0.0)
        let allowed = 4e6
        let writer = HistoryWriter(
            store: store, bounds: HistoryWriter.Bounds(keptSeconds: 1e9, mostBytes: 1 << 30, mostBytesPerDay: allowed),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { hands.withLock { $0 } })
        // A day of 20 MB, one chunk in a hundred notable.
        for minute in 0..<1_440 {
            hands.withLock { $0 = Double(minute) * 60 }
            let chunks = (0..<14).map { chunk(minute * 14 + $0, isNotable: (minute * 14 + $0) % 100 == 0) }
            await writer.write([CollectedHistory(stream: "s", chunks: chunks)])
        }
        let size = try await store.historySize()
        #expect((0.4...0.6).contains(Double(size.bytes) / allowed), "\(size): it is written twice")
        var notable = 0
        for series in 0..<7 {
            notable += try await store.history(of: "s", series: "\(series)").count { $0.first % 100 == 0 }
        }
        #expect(notable == 202)
    }
}
