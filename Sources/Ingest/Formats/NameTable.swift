/// Names as bytes, each with its number: the measurements, fields and channels of a stream.
///
/// Looking a name up allocates nothing. The one behind the last that was found is tried first, because lines tend to
/// name things in the same order.
struct NameTable: Equatable, Sendable {
    /// The names in the order of their numbers.
    private(set) var names: [[UInt8]] = []
    private var numberOfHash: [UInt64: Int32] = [:]
    private var expected = 0

    /// Creates a table of these names; of two that are equal the first counts.
    init(_ names: [[UInt8]] = []) {
        for name in names { insert(name) }
    }

    /// Whether two tables have the same names in the same order.
    static func == (first: NameTable, second: NameTable) -> Bool { first.names == second.names }

    /// How many there are.
    var count: Int { names.count }

    /// Begins anew with the first name.
    mutating func rewind() { expected = 0 }

    /// The number of the name in a range of bytes; `nil` when there is none.
    @inline(__always)
    mutating func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        if expected < names.count, matches(bytes, range, names[expected]) {
            expected += 1
            return expected - 1
        }
        return find(bytes, range)
    }

    private mutating func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var hash = Self.hash(bytes, range)
        while let found = numberOfHash[hash] {
            if matches(bytes, range, names[Int(found)]) {
                expected = Int(found) + 1
                return Int(found)
            }
            hash &+= 1
        }
        return nil
    }

    /// Adds a name behind the others.
    mutating func insert(_ name: [UInt8]) {
        var hash = Self.hash(name.span, 0..<name.count)
        while numberOfHash[hash] != nil { hash &+= 1 }
        numberOfHash[hash] = Int32(names.count)
        names.append(name)
    }

    /// FNV-1a.
    private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { state = (state ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
        return state
    }
}
