import TimeSeries

/// Finds the snapshot that counts among the records of the snapshots' topic.
///
/// It is the newest one of the highest epoch. Where that epoch's worker was gone before its first, it is the one that its
/// claim rests on, or a later one of the same epoch: the worker before may have written it when it did not know yet that it
/// had lost the partition, and what it holds follows from the same messages. Snapshots of other epochs do not count as long
/// as there is any of these; after that the next lower claim is asked in the same way.
struct SnapshotReader {
    struct Claim: Equatable {
        var worker: String
        var base: SnapshotPlace?
    }

    private struct Seal {
        var generation: UInt64
        var next: Int64
        var length: UInt64
        var chunks: UInt32
        var sum: UInt64
    }

    private struct Slot {
        var seal: Seal?
        var chunks: [UInt32: [UInt8]] = [:]
    }

    private struct Epoch {
        var claim: Claim?
        var slots: [UInt64: Slot] = [:]
    }

    private var epochs: [UInt64: Epoch] = [:]
    /// Keys that have a record, by epoch: what a new owner clears away.
    private var keys: [UInt64: Set<String>] = [:]
    /// Bytes of snapshots held.
    private var bytes = 0
    /// Records that are none of monitord's, or that it cannot read.
    private(set) var strange = 0
    /// Most bytes of snapshots that are held while they are read; of more the lowest epochs go.
    static let mostBytes = 1 << 30
    /// Most epochs, likewise.
    static let mostEpochs = 1_000

    /// Takes the next record of the topic's partition.
    mutating func take(key: Span<UInt8>, value: Span<UInt8>?) {
        guard key.count <= 64, let name = Self.text(key) else { return strange += 1 }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, parts[0] == "claim", let epoch = UInt64(parts[1]) {
            takeClaim(name, epoch, value)
        } else if parts.count == 3, let epoch = UInt64(parts[0]), let slot = UInt64(parts[1]), slot < 2 {
            if parts[2] == "seal" {
                takeSeal(name, epoch, slot, value)
            } else if let number = UInt32(parts[2]) {
                takeChunk(name, epoch, slot, number, value)
            } else {
                strange += 1
            }
        } else {
            strange += 1
        }
        while bytes > Self.mostBytes || epochs.count > Self.mostEpochs, let lowest = epochs.keys.min(), epochs.count > 1
        {
            forget(lowest)
        }
    }

    /// The highest epoch that anybody has claimed or written in; 0 when nobody has.
    var highestEpoch: UInt64 { epochs.keys.max() ?? 0 }

    /// Who claimed an epoch.
    func claim(of epoch: UInt64) -> Claim? { epochs[epoch]?.claim }

    /// The snapshot that counts; `nil` when there is none.
    func best() -> (place: SnapshotPlace, block: [UInt8])? {
        for epoch in epochs.keys.sorted(by: >) {
            if let found = newest(of: epoch, from: 0) { return found }
            guard let base = epochs[epoch]?.claim?.base else { continue }
            if let found = newest(of: base.epoch, from: base.generation) { return found }
        }
        return nil
    }

    /// Keys of lower epochs, which nobody needs once there is a snapshot of this one.
    func keys(below epoch: UInt64) -> [String] {
        keys.filter { $0.key < epoch }.flatMap(\.value).sorted()
    }

    private func newest(of epoch: UInt64, from generation: UInt64) -> (place: SnapshotPlace, block: [UInt8])? {
        guard let slots = epochs[epoch]?.slots.values else { return nil }
        let sealed = slots.compactMap { slot in slot.seal.map { (slot: slot, seal: $0) } }
        for (slot, seal) in sealed.sorted(by: { $0.seal.generation > $1.seal.generation }) {
            guard seal.generation >= generation, let block = Self.block(slot, seal) else { continue }
            return (SnapshotPlace(epoch: epoch, generation: seal.generation, next: seal.next), block)
        }
        return nil
    }

    /// The chunks put together; `nil` when one is missing or another than was sealed.
    private static func block(_ slot: Slot, _ seal: Seal) -> [UInt8]? {
        var block: [UInt8] = []
        for number in 0..<seal.chunks {
            guard let chunk = slot.chunks[number], UInt64(block.count + chunk.count) <= seal.length else { return nil }
            block += chunk
        }
        return UInt64(block.count) == seal.length && SnapshotRecords.sum(block) == seal.sum ? block : nil
    }

    private mutating func takeClaim(_ name: String, _ epoch: UInt64, _ value: Span<UInt8>?) {
        guard note(name, epoch, isGone: value == nil), let value else {
            epochs[epoch]?.claim = nil
            return forgetIfEmpty(epoch)
        }
        do {
            var reader = StateReader(value.copied())
            guard try reader.read(UInt8.self) == SnapshotRecords.version else { return strange += 1 }
            let worker = try reader.readString()
            let hasBase = try reader.readBool()
            let base = SnapshotPlace(
                epoch: try reader.read(), generation: try reader.read(), next: try reader.read())
            epochs[epoch, default: Epoch()].claim = Claim(worker: worker, base: hasBase ? base : nil)
        } catch {
            strange += 1
        }
    }

    private mutating func takeSeal(_ name: String, _ epoch: UInt64, _ slot: UInt64, _ value: Span<UInt8>?) {
        guard note(name, epoch, isGone: value == nil), let value else {
            epochs[epoch]?.slots[slot]?.seal = nil
            return forgetIfEmpty(epoch)
        }
        do {
            var reader = StateReader(value.copied())
            guard try reader.read(UInt8.self) == SnapshotRecords.version else { return strange += 1 }
            let seal = Seal(
                generation: try reader.read(), next: try reader.read(), length: try reader.read(),
                chunks: try reader.read(), sum: try reader.read())
            epochs[epoch, default: Epoch()].slots[slot, default: Slot()].seal = seal
        } catch {
            strange += 1
        }
    }

    private mutating func takeChunk(
        _ name: String, _ epoch: UInt64, _ slot: UInt64, _ number: UInt32, _ value: Span<UInt8>?
    ) {
        let isThere = note(name, epoch, isGone: value == nil)
        bytes -= epochs[epoch]?.slots[slot]?.chunks[number]?.count ?? 0
        guard isThere, let value else {
            epochs[epoch]?.slots[slot]?.chunks[number] = nil
            return forgetIfEmpty(epoch)
        }
        bytes += value.count
        epochs[epoch, default: Epoch()].slots[slot, default: Slot()].chunks[number] = value.copied()
    }

    /// Notes whether a key has a record.
    private mutating func note(_ name: String, _ epoch: UInt64, isGone: Bool) -> Bool {
        if isGone {
            keys[epoch]?.remove(name)
        } else {
            keys[epoch, default: []].insert(name)
        }
        return !isGone
    }

    /// An epoch of which all was cleared away is not there.
    private mutating func forgetIfEmpty(_ epoch: UInt64) {
        if keys[epoch]?.isEmpty ?? true {
            keys[epoch] = nil
            epochs[epoch] = nil
        }
    }

    private mutating func forget(_ epoch: UInt64) {
        for slot in epochs[epoch]?.slots.values ?? [:].values {
            for chunk in slot.chunks.values { bytes -= chunk.count }
        }
        epochs[epoch] = nil
    }

    private static func text(_ bytes: Span<UInt8>) -> String? {
        for index in bytes.indices where bytes[index] < 32 || bytes[index] > 126 { return nil }
        return String(decoding: bytes.copied(), as: UTF8.self)
    }
}

extension Span<UInt8> {
    /// The bytes as an array.
    func copied() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in indices { bytes.append(self[index]) }
        return bytes
    }
}
