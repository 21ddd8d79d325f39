import Alerting
import Foundation
import Ingest
import Logging
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime
@testable import Persistence

extension StateStore {
    /// Has the database refuse what is written, as a full disk does.
    fileprivate func refuseWrites(_ isOn: Bool) throws {
        try database.execute("PRAGMA query_only = \(isOn ? 1 : 0)")
    }
}

@Suite struct CommitterTests {
    /// A clock that a test turns.
    private final class Hands: Sendable {
        let seconds = Mutex(0.0)
        func turn(to time: Double) { seconds.withLock { $0 = time } }
    }

    /// A state that takes its time, and so many random bytes.
    private struct Slow: CommittedState {
        let hands: Hands
        let until: Double
        let bytes: Int

        func cut() async -> (streams: [StreamCut], policy: [UInt8]?)? {
            hands.turn(to: until)
            var generator = SeededGenerator(seed: UInt64(until))
            return ([], (0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        }
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `a state that takes long to store is stored in a tenth of the time at most`() async throws {
        let store = try StateStore(directory: nil)
        let desk = AlertDesk(policy: AlertPolicy()) { _ in }
        let hands = Hands()
        let committer = Committer(
            store: store, every: 60, first: .infinity, mostBytesPerDay: 1e12, logger: quiet,
            clock: { hands.seconds.withLock { $0 } })
        func commit(at time: Double, taking seconds: Double) async {
            hands.turn(to: time)
            await committer.store(Slow(hands: hands, until: time + seconds, bytes: 10), with: desk)
        }
        #expect(await !committer.isDue)
        await commit(at: 60, taking: 2)
        hands.turn(to: 119)
        #expect(await !committer.isDue)
        hands.turn(to: 120)
        #expect(await committer.isDue, "two seconds are less than a tenth of a minute")
        await commit(at: 120, taking: 20)
        hands.turn(to: 319)
        #expect(await !committer.isDue)
        hands.turn(to: 320)
        #expect(await committer.isDue)
        await commit(at: 320, taking: 1)
        hands.turn(to: 380)
        #expect(await committer.isDue)
    }

    @Test func `no more is written than a day allows`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.path("state"))
        let desk = AlertDesk(policy: AlertPolicy()) { _ in }
        let hands = Hands()
        let allowed = 20e6
        let committer = Committer(
            store: store, every: 1, first: .infinity, mostBytesPerDay: allowed, logger: quiet,
            clock: { hands.seconds.withLock { $0 } })
        var commits = 0
        for second in stride(from: 0, to: 86_400, by: 10) {
            hands.turn(to: Double(second))
            guard await committer.isDue else { continue }
            await committer.store(Slow(hands: hands, until: Double(second), bytes: 40_000), with: desk)
            commits += 1
        }
        let written = Double(await store.bytesOnDisk)
        // An hour's worth may be saved up at the start.
        #expect((0.9 * allowed...1.1 * allowed).contains(written), "\(commits) commits wrote \(written) bytes")
    }

    @Test func `a stream's first commit does not wait, for a crash before it forgets which file was read`() async throws
    {
        let store = try StateStore(directory: nil)
        let hands = Hands()
        let committer = Committer(
            store: store, every: 60, mostBytesPerDay: 1e12, logger: quiet, clock: { hands.seconds.withLock { $0 } })
        #expect(await !committer.isDue)
        let empty = AlertDesk(policy: AlertPolicy()) { _ in }
        hands.turn(to: 1)
        #expect(await committer.isDue)
        await committer.store(Slow(hands: hands, until: 1, bytes: 10), with: empty)
        hands.turn(to: 2)
        #expect(await committer.isDue, "no stream has been read yet")
        let streams = try await streams(feeding: Self.lines(series: 3, ticks: 60)[...])
        #expect(await committer.store(streams.table, with: streams.desk))
        hands.turn(to: 61)
        #expect(await !committer.isDue)
        hands.turn(to: 62)
        #expect(await committer.isDue)
    }

    @Test func `what the disk refuses is stored later, whole`() async throws {
        let lines = Self.lines(series: 3, ticks: 60)
        let half = lines.count / 2
        let store = try StateStore(directory: nil)
        let committer = Committer(store: store, every: 1, mostBytesPerDay: 1e12, logger: quiet, clock: { 0 })
        let streams = try await streams(feeding: lines[..<half])
        #expect(await committer.store(streams.table, with: streams.desk))
        try await streams.feed(lines[half...])
        try await store.refuseWrites(true)
        #expect(await !committer.store(streams.table, with: streams.desk))
        try await store.refuseWrites(false)
        let before = try await self.streams(feeding: lines[..<half]).pieces()
        #expect(try await store.load(scope: "stream/input") == before)
        #expect(await committer.store(streams.table, with: streams.desk))
        let all = try await self.streams(feeding: lines[...]).pieces()
        #expect(try await store.load(scope: "stream/input") == all)
    }

    @Test(arguments: [1, 7, 64]) func `a state that is saved while its stream goes on is that of one moment`(size: Int)
        async throws
    {
        let lines = Self.lines(series: 12, ticks: 60)
        let half = lines.count / 2
        let stopped = try await streams(feeding: lines[..<half])
        let reference = try await stopped.pieces()
        #expect(reference.count > 12)

        let store = try StateStore(directory: nil)
        let running = try await streams(feeding: lines[..<half])
        let cut = try #require(await running.table.cut())
        // The first half of the rest comes before anything is saved, the other while it is.
        var rest = lines[half...]
        func feed(_ count: Int) async throws {
            guard !rest.isEmpty else { return }
            try await running.feed(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        for _ in 0..<(3 * 12 / size) { try await feed(size) }
        for stream in cut.streams {
            try await store.stage(stream.parts())
            try await stream.saveSeries { parts in
                try await feed(size)
                try await store.stage(parts)
            }
        }
        _ = try await store.seal()
        for stream in cut.streams { await stream.end(isStored: true) }
        #expect(try await store.load(scope: "stream/input") == reference)

        // The next commit stores what has changed since.
        try await running.feed(rest)
        let all = try await streams(feeding: lines[...]).pieces()
        let committer = Committer(store: store, every: 1, mostBytesPerDay: 1e12, logger: quiet, clock: { 0 })
        #expect(await committer.store(running.table, with: running.desk))
        #expect(try await store.load(scope: "stream/input") == all)
    }

    // MARK: Streams

    private static func lines(series: Int, ticks: Int) -> [String] {
        var generator = SeededGenerator(seed: 23)
        return (0..<ticks).flatMap { tick in
            (0..<series).map { "\(1_767_225_600 + tick),s\($0),\(60 + 0.3 * normal(&generator))\n" }
        }
    }

    /// A table of one stream, and what feeds it.
    private actor Fed {
        let table: StreamTable
        let desk: AlertDesk
        private var decoder: LineDecoder
        private let source = SourceConfiguration(input: .standardInput, interval: 1)

        init(logger: Logger) {
            let configuration = MonitorConfiguration(sources: [source])
            desk = AlertDesk(policy: AlertPolicy()) { _ in }
            table = StreamTable(
                configuration: configuration, allowance: configuration.seriesAllowance(), desk: desk, stored: [:],
                logger: logger)
            decoder = LineDecoder(configuration: source, seriesName: "input", admission: .atOnce)
        }

        func feed(_ lines: ArraySlice<String>, header: String = "") async throws {
            var batch = RecordBatch()
            batch.stream = "input"
            decoder.decode(Array((header + lines.joined()).utf8), into: &batch)
            try await table.process(batch, of: source, number: 0)
        }

        /// What a commit of it now stores.
        func pieces() async throws -> [String: [UInt8]] {
            let store = try StateStore(directory: nil)
            let committer = Committer(
                store: store, every: 1, mostBytesPerDay: 1e12,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { 0 })
            #expect(await committer.store(table, with: desk))
            return try await store.load(scope: "stream/input")
        }
    }

    private func streams(feeding lines: ArraySlice<String>) async throws -> Fed {
        let fed = Fed(logger: quiet)
        try await fed.feed(lines, header: "time,series,temp\n")
        return fed
    }
}
