import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite("snapshots of partitions") struct SnapshotReaderTests {
    /// What a compacted topic keeps: the last record of each key, in the order of their writing.
    private struct Topic {
        var records: [SnapshotRecords.Record] = []

        mutating func write(_ more: [SnapshotRecords.Record]) { records += more }

        mutating func compact() {
            var kept: [SnapshotRecords.Record] = []
            for (index, record) in records.enumerated()
            where !records[(index + 1)...].contains(where: { $0.key == record.key }) {
                if record.value != nil { kept.append(record) }
            }
            records = kept
        }

        func read() -> SnapshotReader {
            var reader = SnapshotReader()
            for record in records {
                let key = Array(record.key.utf8)
                if let value = record.value {
                    reader.take(key: key.span, value: value.span)
                } else {
                    reader.take(key: key.span, value: nil)
                }
            }
            return reader
        }
    }

    private func block(_ seed: UInt8, bytes: Int = 1_200_000) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7) ^ seed }
    }

    private func place(_ epoch: UInt64, _ generation: UInt64, _ next: Int64) -> SnapshotPlace {
        SnapshotPlace(epoch: epoch, generation: generation, next: next)
    }

    @Test func `the newest whole snapshot counts, chunks and all`() throws {
        var topic = Topic()
        topic.write([SnapshotRecords.claim(epoch: 1, worker: "a", base: place(1, 0, 5))])
        topic.write(SnapshotRecords.snapshot(block(1), at: place(1, 1, 100)))
        topic.write(SnapshotRecords.snapshot(block(2), at: place(1, 2, 200)))
        let found = try #require(topic.read().best())
        #expect(found.place == place(1, 2, 200))
        #expect(found.block == block(2))
        topic.compact()
        #expect(topic.read().best()?.place == place(1, 2, 200))
    }

    @Test func `one that was cut off while it was written leaves the one before`() throws {
        var topic = Topic()
        topic.write([SnapshotRecords.claim(epoch: 1, worker: "a", base: place(1, 0, 0))])
        topic.write(SnapshotRecords.snapshot(block(1), at: place(1, 1, 100)))
        topic.write(SnapshotRecords.snapshot(block(2), at: place(1, 2, 200)))
        let third = SnapshotRecords.snapshot(block(3), at: place(1, 3, 300))
        for cut in 1..<third.count {
            var half = topic
            half.write(Array(third[..<cut]))
            half.compact()
            let found = try #require(half.read().best())
            #expect(found.place == place(1, 2, 200), "after \(cut) of \(third.count) records")
            #expect(found.block == block(2))
        }
    }

    @Test func `what a worker writes that has lost the partition does not count`() throws {
        var topic = Topic()
        topic.write([SnapshotRecords.claim(epoch: 1, worker: "a", base: place(1, 0, 0))])
        topic.write(SnapshotRecords.snapshot(block(1), at: place(1, 1, 100)))
        topic.write([SnapshotRecords.claim(epoch: 2, worker: "b", base: place(1, 1, 100))])
        topic.write(SnapshotRecords.snapshot(block(2), at: place(2, 1, 150)))
        // The first one wakes up and goes on for a while.
        for generation in 2...5 {
            topic.write(
                SnapshotRecords.snapshot(block(9), at: place(1, UInt64(generation), Int64(1_000 * generation))))
        }
        for _ in 0..<2 {
            let found = try #require(topic.read().best())
            #expect(found.place == place(2, 1, 150))
            #expect(found.block == block(2))
            topic.compact()
        }
        #expect(topic.read().highestEpoch == 2)
    }

    @Test func `a worker that was gone before its first snapshot hands on what it began with`() throws {
        var topic = Topic()
        topic.write([SnapshotRecords.claim(epoch: 1, worker: "a", base: place(1, 0, 0))])
        topic.write(SnapshotRecords.snapshot(block(1), at: place(1, 1, 100)))
        topic.write([SnapshotRecords.claim(epoch: 2, worker: "b", base: place(1, 1, 100))])
        topic.compact()
        #expect(try #require(topic.read().best()).place == place(1, 1, 100))
        #expect(topic.read().claim(of: 2)?.worker == "b")
    }

    @Test func `the first snapshot of an epoch clears the epochs before away`() throws {
        var topic = Topic()
        topic.write([SnapshotRecords.claim(epoch: 1, worker: "a", base: nil)])
        topic.write(SnapshotRecords.snapshot(block(1), at: place(1, 1, 100)))
        topic.write([SnapshotRecords.claim(epoch: 2, worker: "b", base: place(1, 1, 100))])
        let old = topic.read().keys(below: 2)
        #expect(old.count == 5, "a claim, three chunks and a seal")
        topic.write(SnapshotRecords.snapshot(block(2), at: place(2, 1, 150)) + SnapshotRecords.removal(of: old))
        topic.compact()
        #expect(topic.records.count == 5)
        #expect(topic.read().best()?.block == block(2))
    }

    @Test func `a changed byte is noticed, and damage of any kind ends in nothing worse`() throws {
        let whole =
            [SnapshotRecords.claim(epoch: 1, worker: "a", base: nil)]
            + SnapshotRecords.snapshot(block(1, bytes: 700), at: place(1, 1, 100))
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            var topic = Topic(records: whole)
            let index = Int.random(in: topic.records.indices, using: &generator)
            var value = topic.records[index].value ?? []
            let at = Int.random(in: value.indices, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: value[at] ^= UInt8.random(in: 1...255, using: &generator)
            case 1: value.removeLast(value.count - at)
            default: value.insert(7, at: at)
            }
            topic.records[index].value = value
            if let found = topic.read().best() {
                // Only the claim, or where the seal says the snapshot is, may be another.
                #expect(found.block == block(1, bytes: 700))
            }
        }
        var reader = SnapshotReader()
        for key in ["", "claim", "claim/x", "1/2/0", "1/0/seal/x", "-1/0/0", "1/0/4294967296", "\u{7f}"] {
            reader.take(key: Array(key.utf8).span, value: [1].span)
        }
        #expect(reader.strange == 8)
        #expect(reader.best() == nil)
    }
}
