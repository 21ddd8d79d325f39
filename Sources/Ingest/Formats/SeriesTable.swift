/// The series that lines of one stream named, in order of first appearance.
///
/// Looking a key up allocates nothing; the key that followed this one last time is tried first, because devices tend to
/// report in turn.
struct SeriesTable: Sendable {
    /// Longest name in bytes.
    static let longestName = 256
    /// Most names of a stream; a stream that names more has a key that is none.
    static let mostNames = 1 << 20

    /// The names.
    private(set) var names: [String] = []
    /// The group of each series.
    private(set) var groups: [Int32] = []
    private var bytes: [[UInt8]] = []
    private var indexOfHash: [UInt64: Int32] = [:]
    private var last = 0

    /// Creates a table that knows these names already.
    init(_ names: [String]) {
        for name in names { insert(Array(name.utf8), name) }
    }

    /// The index of the series a range of bytes names, a new one if it was never met; `nil` when the name is empty or too
    /// long, or there are too many.
    mutating func index(_ line: Span<UInt8>, _ range: Range<Int>) -> Int32? {
        guard !range.isEmpty, range.count <= Self.longestName else { return nil }
        if isName(following, line, range) { last = following }
        if isName(last, line, range) { return Int32(last) }
        var hash = Self.hash(line, range)
        while let found = indexOfHash[hash] {
            if matches(line, range, bytes[Int(found)]) {
                last = Int(found)
                return found
            }
            hash &+= 1
        }
        guard bytes.count < Self.mostNames else { return nil }
        var copy: [UInt8] = []
        for index in range { copy.append(line[index]) }
        insert(copy, String(decoding: copy, as: UTF8.self))
        last = bytes.count - 1
        return Int32(last)
    }

    private var following: Int { last + 1 < bytes.count ? last + 1 : 0 }

    private func isName(_ index: Int, _ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        index < bytes.count && matches(line, range, bytes[index])
    }

    private mutating func insert(_ key: [UInt8], _ name: String) {
        var hash = Self.hash(key.span, 0..<key.count)
        while indexOfHash[hash] != nil { hash &+= 1 }
        indexOfHash[hash] = Int32(bytes.count)
        bytes.append(key)
        names.append(name)
        groups.append(0)
    }

    private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { state = (state ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
        return state
    }
}
