import TimeSeries

/// How often each of many things occurred: exactly for the first 256 of them, by a sketch for how many there were beyond.
///
/// **Error.** Up to 256 different things everything is exact. Beyond, the number of different things is that of a
/// ``DistinctCounter`` (standard error 3.3 %), the counts of the first 256 stay exact, and the entropy takes the rest for
/// spread evenly over the other things, which is the most it can be.
struct KeyedCounts<Key: Hashable & Sendable>: Sendable, Equatable {
    /// A thing that is counted exactly.
    struct Entry: Sendable, Equatable {
        var hash: UInt64
        var key: Key
        var count: UInt32
        var bytes: Double
    }

    /// Things that are counted exactly.
    static var mostEntries: Int { 256 }

    private(set) var entries: [Entry] = []
    /// Occurrences of all other things.
    private(set) var rest = 0.0
    /// Open addressing by hash: position in `entries` + 1.
    private var places: [UInt16] = []
    private var counter: DistinctCounter?

    /// Counts a thing: `count` of 0 adds bytes only, when it is known.
    mutating func add(_ key: Key, hash: UInt64, count: UInt32, bytes: Double) {
        if let index = find(key, hash) {
            entries[index].count &+= count
            entries[index].bytes += bytes
            return
        }
        guard count > 0 else { return }
        if entries.count < Self.mostEntries {
            entries.append(Entry(hash: hash, key: key, count: count, bytes: bytes))
            place(entries.count - 1)
            return
        }
        if counter == nil {
            var made = DistinctCounter()
            for entry in entries { made.insert(hash: entry.hash) }
            counter = made
        }
        counter?.insert(hash: hash)
        rest += Double(count)
    }

    private func find(_ key: Key, _ hash: UInt64) -> Int? {
        guard !places.isEmpty else { return entries.firstIndex { $0.hash == hash && $0.key == key } }
        var slot = Int(truncatingIfNeeded: hash) & (places.count - 1)
        while places[slot] != 0 {
            let index = Int(places[slot]) - 1
            if entries[index].hash == hash, entries[index].key == key { return index }
            slot = (slot + 1) & (places.count - 1)
        }
        return nil
    }

    private mutating func place(_ index: Int) {
        // A few are found faster by looking at them all.
        guard entries.count > 8 else { return }
        if entries.count * 2 > places.count {
            places = Array(repeating: 0, count: max(32, places.count * 2))
            for known in entries.indices { insert(known) }
        } else {
            insert(index)
        }
    }

    private mutating func insert(_ index: Int) {
        var slot = Int(truncatingIfNeeded: entries[index].hash) & (places.count - 1)
        while places[slot] != 0 { slot = (slot + 1) & (places.count - 1) }
        places[slot] = UInt16(index + 1)
    }

    /// How many different things there were.
    var distinct: Double {
        guard let counter else { return Double(entries.count) }
        return max(Double(entries.count + 1), counter.estimate)
    }

    /// Shannon's entropy of the things, in bits.
    var entropy: Double {
        var total = rest
        for entry in entries { total += Double(entry.count) }
        guard total > 0 else { return 0 }
        var sum = 0.0
        for entry in entries where entry.count > 1 { sum += Double(entry.count) * Self.log2(Double(entry.count)) }
        if rest > 0 {
            let each = max(1, rest / max(1, distinct - Double(entries.count)))
            sum += rest * Self.log2(each)
        }
        return max(0, Self.log2(total) - sum / total)
    }

    private static func log2(_ value: Double) -> Double { Transcendental.log(value) * 1.4426950408889634 }

    /// The most frequent things, at most `count`; of equal ones the first met.
    func top(_ count: Int) -> [Entry] {
        var best: [Entry] = []
        for entry in entries {
            guard best.count < count || entry.count > (best.last?.count ?? 0) else { continue }
            let place = best.firstIndex { entry.count > $0.count } ?? best.count
            best.insert(entry, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }

    /// Writes the counts; `writeKey` writes a key.
    func encode(to writer: inout StateWriter, writeKey: (Key, inout StateWriter) -> Void) {
        writer.write(UInt16(entries.count))
        for entry in entries {
            writer.write(entry.hash)
            writeKey(entry.key, &writer)
            writer.write(entry.count)
            writer.write(entry.bytes)
        }
        writer.write(rest)
        writer.write(counter != nil)
        counter?.encode(to: &writer)
    }

    init() {}

    /// Reads what ``encode(to:writeKey:)`` wrote.
    init(
        from reader: inout StateReader, readKey: (inout StateReader) throws(StateCodingError) -> Key
    ) throws(StateCodingError) {
        let count = Int(try reader.read(UInt16.self))
        guard count <= Self.mostEntries else { throw .invalid("\(count) things counted exactly") }
        for _ in 0..<count {
            let entry = Entry(
                hash: try reader.read(), key: try readKey(&reader), count: try reader.read(),
                bytes: try reader.readDouble())
            entries.append(entry)
            place(entries.count - 1)
        }
        rest = try reader.readDouble()
        guard rest >= 0 else { throw .invalid("\(rest) other things") }
        counter = try reader.readBool() ? try DistinctCounter(from: &reader) : nil
    }

    /// Forgets everything, and keeps the memory for the next as long as it is little.
    mutating func removeAll() {
        if entries.capacity > 64 { entries = [] } else { entries.removeAll(keepingCapacity: true) }
        places = []
        rest = 0
        counter = nil
    }
}
