import Alerting
import Ingest
import NeuralNet
import Persistence
import Synchronization
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite("taking a partition over") struct PartitionStartTests {
    /// A clock that a test turns.
    private final class Hands: Sendable {
        let seconds = Mutex(100.0)
    }

    /// Pieces of a stream that stands at an offset.
    private func pieces(at offset: Int64, epoch: UInt64? = nil) -> [String: [UInt8]] {
        var place = ReadingPlace()
        place.offset = offset
        let header = StoredStream.Header(
            groups: [[Channel(name: "v")]], arithmetic: .fused, place: place, levels: [],
            lastTime: Timestamp(nanoseconds: 0),
            sequencer: StreamSequencer(declaredInterval: nil, timesByRow: false),
            gatherer: TickGatherer(interval: nil, writesTimes: false), skippedTraining: SkippedTraining(),
            watch: InputWatch(), inputCondition: ConditionTracker(kind: .input), silence: SilenceWatch(.everyTick))
        var pieces = ["stream": header.encoded()]
        if let epoch { pieces[PartitionOwner.piece] = PartitionOwner(epoch: epoch, beginning: 3).bytes }
        return pieces
    }

    private func snapshots(_ records: [SnapshotRecords.Record]) -> SnapshotReader {
        var reader = SnapshotReader()
        for record in records { reader.take(key: Array(record.key.utf8).span, value: record.value?.span) }
        return reader
    }

    private func snapshot(epoch: UInt64, generation: UInt64 = 1, at next: Int64) -> [SnapshotRecords.Record] {
        SnapshotRecords.snapshot(
            PieceBundle.pack(pieces(at: next)),
            at: SnapshotPlace(epoch: epoch, generation: generation, next: next))
    }

    private func claim(_ epoch: UInt64, _ base: SnapshotPlace?) -> SnapshotRecords.Record {
        SnapshotRecords.claim(epoch: epoch, worker: "w", base: base)
    }

    private func decide(
        _ local: [String: [UInt8]], _ records: [SnapshotRecords.Record], offsets: Range<Int64> = 0..<1_000
    ) -> (start: PartitionStart, problems: [String]) {
        PartitionStart.decide(
            local: local, snapshots: snapshots(records), offsets: offsets, fresh: offsets.lowerBound)
    }

    @Test func `where nobody has been it begins at the first message, and says so`() {
        let (start, problems) = decide([:], [])
        #expect(start.origin == .nothing)
        #expect(start.epoch == 1)
        #expect(start.next == 0)
        #expect(start.base == SnapshotPlace(epoch: 1, generation: 0, next: 0))
        #expect(problems.isEmpty)
    }

    @Test func `its own state is the furthest when nobody else has had the partition`() {
        let records = [claim(4, nil)] + snapshot(epoch: 4, at: 300)
        let (start, _) = decide(pieces(at: 350, epoch: 4), records)
        #expect(start.origin == .local)
        #expect(start.next == 350)
        #expect(start.epoch == 5)
        #expect(start.base == SnapshotPlace(epoch: 4, generation: 1, next: 300), "what others could go on from")
    }

    @Test func `its own state is passed over once another has had the partition`() {
        let records =
            [claim(4, nil)] + snapshot(epoch: 4, at: 300)
            + [claim(5, SnapshotPlace(epoch: 4, generation: 1, next: 300))] + snapshot(epoch: 5, at: 400)
        let (start, _) = decide(pieces(at: 350, epoch: 4), records)
        #expect(start.origin == .snapshot)
        #expect(start.next == 400)
        #expect(start.epoch == 6)
    }

    @Test func `without a snapshot it begins where the one before began`() {
        let (start, _) = decide([:], [claim(1, SnapshotPlace(epoch: 1, generation: 0, next: 42))])
        #expect(start.origin == .nothing)
        #expect(start.next == 42)
        #expect(start.epoch == 2)
        #expect(start.base == SnapshotPlace(epoch: 2, generation: 0, next: 42))
    }

    @Test func `messages that are gone are counted, a topic that was made anew is begun anew`() {
        let records = [claim(1, nil)] + snapshot(epoch: 1, at: 400)
        let (late, lateProblems) = decide([:], records, offsets: 500..<1_000)
        #expect(late.next == 500)
        #expect(lateProblems == ["100 messages are gone that were not read"])
        let (anew, problems) = decide([:], records, offsets: 0..<10)
        #expect(anew.origin == .nothing)
        #expect(anew.next == 0)
        #expect(
            problems == [
                "a snapshot goes on at offset 400 and the log ends at 10: the topic was made anew, and it is learned anew"
            ])
        let (claimed, _) = decide([:], [claim(1, SnapshotPlace(epoch: 1, generation: 0, next: 42))], offsets: 0..<10)
        #expect(claimed.next == 0, "no message has the offset at which the one before began")
    }

    @Test(arguments: [
        (begin: Int64(0), end: Int64(398), stays: true), (0, 200, true), (0, 199, false), (300, 350, true),
        (300, 349, false), (396, 396, true), (395, 395, false),
    ])
    func `a log that is a little short leaves what was learned as it is`(begin: Int64, end: Int64, stays: Bool) {
        let records = [claim(1, nil)] + snapshot(epoch: 1, at: 400)
        for local in [[:], pieces(at: 400, epoch: 1)] {
            let (start, problems) = decide(local, records, offsets: begin..<end)
            #expect((start.origin != .nothing) == stays)
            #expect(start.next == (stays ? end : begin))
            let name = local.isEmpty ? "a snapshot" : "its own state"
            let rest =
                stays ? "what was learned stays, and it is read from the log's end on" : "the topic was made anew"
            #expect(
                problems.first?.hasPrefix("\(name) goes on at offset 400 and the log ends at \(end): \(rest)") == true)
        }
    }

    @Test func `a damaged state of its own gives way to the snapshot`() {
        var local = pieces(at: 350, epoch: 1)
        local["stream"] = [1, 2, 3]
        let (start, problems) = decide(local, [claim(1, nil)] + snapshot(epoch: 1, at: 300))
        #expect(start.origin == .snapshot)
        #expect(start.next == 300)
        #expect(problems.count == 1)
    }

    @Test func `a lease lasts from the sending of what was answered, and ends by the clock alone`() {
        let hands = Hands()
        let lease = PartitionLease(session: 10) { hands.seconds.withLock { $0 } }
        func turn(to time: Double) { hands.seconds.withLock { $0 = time } }
        #expect(!lease.isHeld)
        lease.renew(sentAt: 98)
        #expect(lease.isHeld)
        turn(to: 105.9)
        #expect(lease.isHeld)
        turn(to: 106)
        #expect(!lease.isHeld)
        lease.renew(sentAt: 97)
        #expect(!lease.isHeld, "an older answer does not prolong it")
        lease.turn()
        #expect(!lease.isHeld, "once it has run out no turn brings it back")
        lease.renew(sentAt: 106)
        for time in stride(from: 110.0, to: 200, by: 7) {
            turn(to: time)
            lease.turn()
            #expect(lease.isHeld)
        }
    }
}
