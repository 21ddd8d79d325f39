public import TimeSeries

/// Counts how often keys came lately, in bounded memory: for keys that come in turn.
///
/// A sketch that gives a newcomer the place of another (``SpaceSaving``) never sees a key twice when more keys than it
/// keeps come in turn: each goes just before it would have come again. Here keys are kept by generation. When the newest
/// is full, the one before is forgotten and a new one begins; a key that comes again moves to the newest with its count.
/// So a count is exact while fewer than ``most`` other keys come between two records of its key, and a key that comes
/// once is forgotten after at most twice as many.
///
/// A key is its hash of 64 bits: two keys of one hash, about one pair in 10^11 among a million, count as one.
public struct RecentKeys: Sendable, Equatable {
    /// Fewest keys of a generation.
    public static let fewest = 4_096
    /// Most keys of a generation, whatever is asked for: about 50 MB of both.
    public static let mostEver = 1 << 20
    /// Counts go no further: a key becomes a series long before.
    private static let largestCount = UInt8.max

    /// Keys of a generation before the next one begins.
    public private(set) var most: Int
    private var newest: [UInt64: UInt8] = [:]
    private var older: [UInt64: UInt8] = [:]

    /// Creates an empty count.
    ///
    /// - Parameter most: keys of a generation; brought into ``fewest``...``mostEver``.
    public init(most: Int = RecentKeys.fewest) { self.most = Self.bounded(most) }

    private static func bounded(_ keys: Int) -> Int { min(max(keys, fewest), mostEver) }

    /// Keys that are kept now, at most twice ``most``; one that moved counts once.
    public var keyCount: Int { newest.count + older.count }

    /// Whether the next new key begins a generation.
    var isFull: Bool { newest.count >= most }

    /// Counts a key once.
    ///
    /// - Returns: how often it came, up to 255.
    /// - Complexity: O(1); allocates while a generation grows.
    public mutating func count(hash: UInt64) -> UInt8 {
        if let before = newest[hash] {
            let count = before < Self.largestCount ? before + 1 : before
            newest[hash] = count
            return count
        }
        let before = older.removeValue(forKey: hash) ?? 0
        if isFull {
            // The room of the forgotten generation is that of the new one.
            swap(&newest, &older)
            newest.removeAll(keepingCapacity: true)
        }
        let count = before < Self.largestCount ? before + 1 : before
        newest[hash] = count
        return count
    }

    /// Forgets a key.
    public mutating func remove(hash: UInt64) {
        newest[hash] = nil
        older[hash] = nil
    }

    /// Lets generations grow to so many keys; never less than they have now.
    mutating func widen(to most: Int) { self.most = max(self.most, Self.bounded(most)) }

    // MARK: State

    /// Writes the counts, in order of the hashes: equal counts give equal bytes.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(UInt32(most))
        for generation in [newest, older] {
            writer.write(UInt32(generation.count))
            for hash in generation.keys.sorted() {
                writer.write(hash)
                writer.write(generation[hash] ?? 0)
            }
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "recent keys") }
        self.init(most: Int(try reader.read(UInt32.self)))
        newest = try Self.generation(from: &reader, most)
        older = try Self.generation(from: &reader, most)
    }

    private static func generation(
        from reader: inout StateReader, _ most: Int
    ) throws(StateCodingError) -> [UInt64: UInt8] {
        let count = Int(try reader.read(UInt32.self))
        guard count <= most else { throw .invalid("\(count) keys in a generation of \(most)") }
        var keys: [UInt64: UInt8] = [:]
        for _ in 0..<count { keys[try reader.read()] = try reader.read() }
        return keys
    }
}
