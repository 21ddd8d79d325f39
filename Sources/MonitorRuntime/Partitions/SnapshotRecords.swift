import TimeSeries

/// How far a partition's state was read, and by whom: one snapshot among those in the snapshots' topic.
struct SnapshotPlace: Equatable, Sendable {
    /// Rises with each worker that takes the partition over; what a lower one writes later does not count.
    var epoch: UInt64
    /// Rises with each snapshot of an epoch, from 1.
    var generation: UInt64
    /// The offset of the message from which a worker goes on.
    var next: Int64
}

/// What is written into the snapshots' topic, into the partition of the same number as the one it is of.
///
/// The topic is compacted: of each key the last record stays. A snapshot's chunks take one of two slots in turn, so that
/// the one before it is whole until it is. All keys have the epoch in them: a worker that has lost the partition and does not
/// know it yet writes beside what its successor writes, never over it.
///
///     claim/EPOCH            by whom the partition is taken over, and on which snapshot that rests
///     EPOCH/SLOT/NUMBER      a chunk of the packed pieces
///     EPOCH/SLOT/seal        the snapshot in that slot is whole: its place, length and sum
enum SnapshotRecords {
    /// Most bytes of a chunk: brokers refuse records above 1 MB unless they are told otherwise.
    static let chunkBytes = 512 << 10
    static let version: UInt8 = 1

    typealias Record = (key: String, value: [UInt8]?)

    /// A worker takes the partition over.
    ///
    /// - Parameter base: the snapshot that it goes on from; `nil` when it begins anew.
    static func claim(epoch: UInt64, worker: String, base: SnapshotPlace?) -> Record {
        var writer = StateWriter()
        writer.write(version)
        writer.write(worker)
        writer.write(base != nil)
        writer.write(base?.epoch ?? 0)
        writer.write(base?.generation ?? 0)
        writer.write(base?.next ?? 0)
        return ("claim/\(epoch)", writer.bytes)
    }

    /// A snapshot, its seal last.
    static func snapshot(_ block: [UInt8], at place: SnapshotPlace) -> [Record] {
        let slot = place.generation % 2
        var records: [Record] = []
        for start in stride(from: 0, to: block.count, by: chunkBytes) {
            let end = min(start + chunkBytes, block.count)
            records.append(("\(place.epoch)/\(slot)/\(records.count)", Array(block[start..<end])))
        }
        var writer = StateWriter()
        writer.write(version)
        writer.write(place.generation)
        writer.write(place.next)
        writer.write(UInt64(block.count))
        writer.write(UInt32(records.count))
        writer.write(sum(block))
        records.append(("\(place.epoch)/\(slot)/seal", writer.bytes))
        return records
    }

    /// Says of keys that they are gone.
    static func removal(of keys: [String]) -> [Record] { keys.map { ($0, nil) } }

    static func sum(_ bytes: [UInt8]) -> UInt64 {
        var hash = StableHash()
        var word: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            word = word << 8 | UInt64(byte)
            guard index % 8 == 7 else { continue }
            hash.combine(word)
            word = 0
        }
        hash.combine(word)
        hash.combine(UInt64(bytes.count))
        return hash.value
    }
}
