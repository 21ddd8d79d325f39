public import TimeSeries

/// Counts how often keys occur, in bounded memory: the space-saving sketch.
///
/// Keeps at most `capacity` keys. A key that is not kept takes the place of the one with the smallest count and goes on
/// from there, so a count is never too small and too large by at most ``Entry/error``. A key that occurs in more than
/// 1 / `capacity` of what was counted is always kept.
///
/// Metwally, Agrawal, El Abbadi, *Efficient computation of frequent and top-k elements in data streams*, ICDT 2005,
/// doi:10.1007/978-3-540-30570-5_27. We keep the counts in a binary heap instead of the paper's list of buckets:
/// O(log capacity) for a count, with nothing but arrays. Of equal counts the key that was counted least recently goes,
/// so that the same keys in the same order leave the same sketch.
public struct SpaceSaving: Sendable, Equatable {
    /// A key that is kept.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public var key: [UInt8]
        /// How often it occurred, at most.
        public var count: UInt64
        /// By how much `count` may be too large.
        public var error: UInt64
        /// Number of the count that touched it last.
        var touched: UInt64
        var hash: UInt64

        /// How often it occurred, at least.
        public var least: UInt64 { count - error }
    }

    /// Keys that a stream's decoder counts at once.
    public static let candidates = 4_096

    /// Most keys kept.
    public let capacity: Int
    /// Keys counted so far, each time they occurred.
    public private(set) var counted: UInt64 = 0
    /// Keys that lost their place to another so far.
    public private(set) var displaced: UInt64 = 0

    /// The entries as a heap: the one to go first is at 0.
    private(set) var heap: [Entry] = []
    private var place: [UInt64: Int] = [:]

    /// Creates an empty sketch.
    ///
    /// - Precondition: `capacity` is above 0.
    public init(capacity: Int = SpaceSaving.candidates) {
        precondition(capacity > 0, "a sketch of \(capacity) keys")
        self.capacity = capacity
    }

    /// Number of keys kept.
    public var keyCount: Int { heap.count }

    /// Counts a key once.
    ///
    /// - Parameter hash: of the key; keys of one hash are taken for one key, so it should have 64 good bits.
    /// - Returns: the entry as it is now.
    /// - Complexity: O(log capacity); copies the key when it was not kept.
    public mutating func count(_ key: Span<UInt8>, hash: UInt64) -> Entry {
        counted += 1
        if let index = place[hash] {
            heap[index].count += 1
            heap[index].touched = counted
            return sink(index)
        }
        var copy: [UInt8] = []
        copy.reserveCapacity(key.count)
        for index in 0..<key.count { copy.append(key[index]) }
        if heap.count < capacity {
            heap.append(Entry(key: copy, count: 1, error: 0, touched: counted, hash: hash))
            place[hash] = heap.count - 1
            return heap[rise(heap.count - 1)]
        }
        displaced += 1
        let least = heap[0].count
        place[heap[0].hash] = nil
        heap[0] = Entry(key: copy, count: least + 1, error: least, touched: counted, hash: hash)
        place[hash] = 0
        return sink(0)
    }

    /// Forgets a key; one that is not kept is left alone.
    public mutating func remove(hash: UInt64) {
        guard let index = place.removeValue(forKey: hash) else { return }
        let last = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = last
        place[last.hash] = index
        if rise(index) == index { _ = sink(index) }
    }

    private func goesBefore(_ first: Int, _ second: Int) -> Bool {
        (heap[first].count, heap[first].touched) < (heap[second].count, heap[second].touched)
    }

    private mutating func exchange(_ first: Int, _ second: Int) {
        heap.swapAt(first, second)
        place[heap[first].hash] = first
        place[heap[second].hash] = second
    }

    private mutating func rise(_ start: Int) -> Int {
        var index = start
        while index > 0, goesBefore(index, (index - 1) / 2) {
            exchange(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
        return index
    }

    private mutating func sink(_ start: Int) -> Entry {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && goesBefore(child, smallest) {
                smallest = child
            }
            guard smallest != index else { return heap[index] }
            exchange(index, smallest)
            index = smallest
        }
    }

    // MARK: State

    /// Writes the sketch.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(UInt32(capacity))
        writer.write(counted)
        writer.write(displaced)
        writer.write(UInt32(heap.count))
        for entry in heap {
            writer.write(entry.key)
            writer.write(entry.count)
            writer.write(entry.error)
            writer.write(entry.touched)
            writer.write(entry.hash)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a sketch of keys") }
        let capacity = Int(try reader.read(UInt32.self))
        guard (1...1 << 20).contains(capacity) else { throw .invalid("a sketch of \(capacity) keys") }
        self.init(capacity: capacity)
        counted = try reader.read()
        displaced = try reader.read()
        let count = Int(try reader.read(UInt32.self))
        guard count <= capacity, counted < 1 << 62 else { throw .invalid("\(count) keys in a sketch of \(capacity)") }
        for index in 0..<count {
            let entry = Entry(
                key: try reader.readIntegers(), count: try reader.read(), error: try reader.read(),
                touched: try reader.read(), hash: try reader.read())
            guard entry.error <= entry.count, entry.count <= counted, entry.touched <= counted else {
                throw .invalid("a key counted more often than there were")
            }
            heap.append(entry)
            guard place.updateValue(index, forKey: entry.hash) == nil else { throw .invalid("a key twice in a sketch") }
            if index > 0, goesBefore(index, (index - 1) / 2) { throw .invalid("a sketch that is out of order") }
        }
    }
}
