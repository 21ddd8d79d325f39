import TimeSeries

/// How many different members there were: exactly up to 256, estimated (``DistinctCounter``) above.
struct SetMembers: Equatable, Sendable {
    /// Most members that are told apart one by one.
    static let mostExact = 256

    private var exact: Set<UInt64> = []
    private var many: DistinctCounter?

    /// Counts a member by its number.
    mutating func insert(_ number: Double) {
        let hash = splitMix(number.bitPattern)
        if many != nil {
            many?.insert(hash: hash)
            return
        }
        exact.insert(hash)
        guard exact.count > Self.mostExact else { return }
        var counter = DistinctCounter()
        for hash in exact { counter.insert(hash: hash) }
        many = counter
    }

    /// How many there were.
    var count: Double { many.map { max(Double(Self.mostExact + 1), $0.estimate.rounded()) } ?? Double(exact.count) }

    /// Forgets them.
    mutating func removeAll() {
        exact.removeAll(keepingCapacity: true)
        many = nil
    }

    /// Writes the members.
    func encode(to writer: inout StateWriter) {
        writer.write(exact.sorted())
        writer.write(many != nil)
        many?.encode(to: &writer)
    }

    /// Creates a count of nothing.
    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let hashes = try reader.readIntegers(UInt64.self)
        guard hashes.count <= Self.mostExact + 1 else { throw .invalid("\(hashes.count) members of a set") }
        exact = Set(hashes)
        if try reader.readBool() { many = try DistinctCounter(from: &reader) }
    }
}
