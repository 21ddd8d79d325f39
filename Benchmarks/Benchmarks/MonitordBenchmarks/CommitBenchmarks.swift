import Alerting
import AnomalyDetection
import Ingest
import Logging
import Persistence
import TimeSeries

@testable import MonitorRuntime

/// Storing what a restart needs: the whole daemon's way to it, and the database alone. In a temporary folder, on its disk.
func registerCommit() {
    for profile in [DetectionProfile.full, .lean] {
        measureWaiting("commit: 1,000 series of 1 channel, \(profile.rawValue), after 8 samples each [commit]") {
            try await Fleet(profile)
        } prepare: { fleet in
            for _ in 0..<8 { try await fleet.feedTick() }
        } run: { fleet in
            try await fleet.commit()
        }
    }
    registerDatabase()
}

private let seriesCount = 1_000
private let warmUpTicks = 256

/// A stream with its series, and where its state is kept.
private final class Fleet: CommittedState {
    private let folder: TemporaryFolder
    private let store: StateStore
    private let desk: AlertDesk
    private let pipeline: Pipeline
    private let committer: Committer
    private let rows: Rows

    init(_ profile: DetectionProfile) async throws {
        folder = try TemporaryFolder()
        store = try StateStore(directory: folder.path)
        desk = AlertDesk(policy: AlertPolicy()) { _ in }
        pipeline = Pipeline(
            name: "input", interval: 60,
            configuration: MonitorConfiguration(detection: DetectionConfiguration(profile: profile)), timesByRow: false,
            shardCount: 1, desk: desk)
        committer = Committer(
            store: store, every: 60, mostBytesPerDay: 1e15,
            logger: Logger(label: "commit") { _ in SwiftLogNoOpLogHandler() }, clock: { 0 })
        rows = Rows()
        for _ in 0..<warmUpTicks { try await feedTick() }
    }

    /// Gives every series a sample.
    func feedTick() async throws { try await pipeline.process(await rows.next()) }

    /// Stores what has changed.
    func commit() async throws -> Amount {
        let before = await store.bytesWritten
        guard await committer.store(self, with: desk) else { throw NotStored() }
        return Amount(units: 1, bytes: await store.bytesWritten - before)
    }

    func cut() async -> (streams: [StreamCut], policy: [UInt8])? {
        guard let policy = await desk.state(), let stream = await pipeline.cut() else { return nil }
        return ([stream], policy)
    }
}

/// The state was not stored.
private struct NotStored: Error {}

/// Lines of all series, a minute at a time.
private actor Rows {
    private var signal = Signal(channels: seriesCount)
    private var tick = 0
    private var batch = RecordBatch()

    init() {
        batch.schema = StreamSchema(channels: [Channel(name: "value")], hasTime: true, summary: "made")
        batch.seriesNames = (0..<seriesCount).map { "s\($0)" }
        batch.seriesGroups = Array(repeating: 0, count: seriesCount)
        batch.dialect = [0]
    }

    func next() -> RecordBatch {
        signal.advance()
        batch.values = signal.values
        let now = time(60 * tick)
        batch.rows = (0..<Int32(seriesCount)).map {
            RecordBatch.Row(malformed: nil, series: $0, time: now, timeText: 0..<0, firstValue: $0, endOffset: 0)
        }
        tick += 1
        return batch
    }
}

// MARK: The database alone

/// Pieces of a state, every one of them new each time.
private final class Pieces: Sendable {
    static let size = 8 << 10
    let folder: TemporaryFolder
    let store: StateStore
    let parts: [[StatePart]]

    init() throws {
        folder = try TemporaryFolder()
        store = try StateStore(directory: folder.path)
        var generator = SeededGenerator(seed: 1)
        parts = (0..<2).map { _ in
            (0..<seriesCount).map { number in
                // Half of it is noise, as packed state is.
                let bytes = (0..<Self.size).map { $0 & 1 == 0 ? UInt8(truncatingIfNeeded: generator.next()) : 0 }
                return StatePart(scope: "stream/input", name: "series/\(number)", bytes: bytes)
            }
        }
    }

    /// Stores one of the two versions; `round` says which.
    func store(round: Int) async throws -> Amount {
        try await store.stage(parts[round & 1])
        _ = try await store.seal(at: "\(round)")
        while try await store.clearSome() {}
        return Amount(units: 1, bytes: seriesCount * Self.size)
    }
}

private func registerDatabase() {
    final class Rounds { var count = 0 }
    let rounds = Rounds()
    measureWaiting("commit: the database alone, 1,000 pieces of 8 KiB [commit]") {
        try Pieces()
    } run: { pieces in
        rounds.count += 1
        return try await pieces.store(round: rounds.count)
    }
}
