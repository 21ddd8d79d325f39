/// Remembers what was seen lately, in bounded memory: two Bloom filters that take turns.
///
/// What is inserted goes into the younger filter. When that has taken its capacity, or has reached its age, the older one
/// is forgotten and they change places; so a thing is remembered for at least as long as one filter lasts and at most for two.
/// A thing that was never seen is taken for seen with a probability of at most 2 × 1 % while neither filter is above its
/// capacity; one that is remembered is always found.
///
/// Bloom, *Space/time trade-offs in hash coding with allowable errors*, CACM 1970, doi:10.1145/362686.362692; the two
/// positions that all others are made of: Kirsch, Mitzenmacher, ESA 2006, doi:10.1007/11841036_42.
public struct AgedMembership: Equatable, Sendable {
    private static let hashCount = 7
    /// Bits for each thing at capacity: with 7 hashes 1 % of errors.
    private static let bitsEach = 10

    /// Things that one filter takes.
    public let capacity: Int
    /// Seconds that one filter takes them for.
    public let lifetime: Double
    private var young: [UInt64]
    private var old: [UInt64]
    private var count = 0
    private var since: Timestamp?

    /// Creates a memory of nothing.
    ///
    /// - Precondition: both are above 0.
    public init(capacity: Int, lifetime: Double) {
        precondition(capacity > 0 && lifetime > 0, "\(capacity) things for \(lifetime) s")
        self.capacity = capacity
        self.lifetime = lifetime
        let words = (capacity * Self.bitsEach + 63) / 64
        young = Array(repeating: 0, count: words)
        old = young
    }

    /// Bytes that both filters take.
    public var memoryBytes: Int { 8 * (young.count + old.count) }

    /// Remembers a thing by its hash.
    ///
    /// - Returns: whether it was not remembered before.
    public mutating func insert(hash: UInt64, at time: Timestamp) -> Bool {
        let isKnown = Self.contains(young, hash)
        let wasKnown = isKnown || Self.contains(old, hash)
        if isKnown { return false }
        if count >= capacity || time.seconds(since: since ?? time) >= lifetime { turn(at: time) }
        if since == nil { since = time }
        Self.insert(hash, into: &young)
        count += 1
        return !wasKnown
    }

    private mutating func turn(at time: Timestamp) {
        swap(&young, &old)
        for index in young.indices { young[index] = 0 }
        count = 0
        since = time
    }

    private static func bit(_ hash: UInt64, _ index: Int, _ words: Int) -> (word: Int, mask: UInt64) {
        let step = hash >> 32 | 1
        let place = (hash &+ UInt64(index) &* step) % UInt64(words * 64)
        return (Int(place / 64), 1 << (place % 64))
    }

    private static func contains(_ words: [UInt64], _ hash: UInt64) -> Bool {
        for index in 0..<hashCount {
            let (word, mask) = bit(hash, index, words.count)
            if words[word] & mask == 0 { return false }
        }
        return true
    }

    private static func insert(_ hash: UInt64, into words: inout [UInt64]) {
        for index in 0..<hashCount {
            let (word, mask) = bit(hash, index, words.count)
            words[word] |= mask
        }
    }

    /// Writes the memory.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt64(capacity))
        writer.write(lifetime)
        writer.write(young)
        writer.write(old)
        writer.write(UInt64(count))
        writer.write(since != nil)
        writer.write(since?.nanoseconds ?? 0)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        let capacity = try reader.read(UInt64.self)
        let lifetime = try reader.readDouble()
        guard (1...1 << 28).contains(capacity), lifetime > 0 else { throw .invalid("a memory of \(capacity) things") }
        self.capacity = Int(capacity)
        self.lifetime = lifetime
        young = try reader.readIntegers()
        old = try reader.readIntegers()
        let count = try reader.read(UInt64.self)
        let words = (self.capacity * Self.bitsEach + 63) / 64
        guard young.count == words, old.count == words, count <= capacity else {
            throw .invalid("a memory of \(young.count) and \(old.count) words")
        }
        self.count = Int(count)
        let hasBegun = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        since = hasBegun ? time : nil
    }
}
