/// Takes a line of Graphite's plaintext protocol apart: `plant.hall2.pump3.temp;unit=c 21.4 1792000000`.
///
/// The members are `name`, `value` and `time`. Tags stand behind the name with semicolons between them; a name whose tags
/// are in another order than their alphabet's is given with the tags sorted, as Graphite stores it, because writers differ.
/// Source: graphite.readthedocs.io, "Feeding In Your Data" and "Graphite Tag Support".
///
/// Total: any bytes give three members or none.
struct GraphiteScanner: Sendable {
    /// Most tags that are sorted; a name with more stays as written.
    private static let mostTags = 64

    /// The keys of the members.
    static let keys = ["name", "value", "time"].map { Array($0.utf8) }

    /// The key of the last member.
    private(set) var path: [UInt8] = []
    /// The name with its tags sorted, where they were not.
    private(set) var composed: [UInt8] = []
    /// Whether the line has the three parts.
    private(set) var isComplete = false
    private var parts = [0..<0, 0..<0, 0..<0]
    private var tags: [Range<Int>] = []
    private var step = 0

    /// Begins with a line.
    mutating func begin(_ line: Span<UInt8>) {
        step = 0
        isComplete = false
        var found = 0
        var index = 0
        while true {
            while index < line.count, Self.isSpace(line[index]) { index += 1 }
            guard index < line.count else { break }
            let start = index
            while index < line.count, !Self.isSpace(line[index]) { index += 1 }
            guard found < 3 else { return }
            parts[found] = start..<index
            found += 1
        }
        isComplete = found == 3
    }

    /// The next member; `nil` behind the last one.
    mutating func next(_ line: Span<UInt8>) -> ObjectScanner.Member? {
        guard isComplete, step < 3 else { return nil }
        path = Self.keys[step]
        var member = ObjectScanner.Member(
            key: parts[step], isPlain: false, kind: step == 0 ? .text : .bare, value: parts[step])
        if step == 0 { member.isComposed = sortTags(line, parts[0]) }
        step += 1
        return member
    }

    /// Sorts the tags of a name into ``composed``; `false` when they are in order as written.
    private mutating func sortTags(_ line: Span<UInt8>, _ name: Range<Int>) -> Bool {
        tags.removeAll(keepingCapacity: true)
        var isSorted = true
        var index = name.lowerBound
        while index < name.upperBound {
            let start = index
            while index < name.upperBound, line[index] != Self.semicolon { index += 1 }
            if let last = tags.last, tags.count > 1, Self.precedes(line, start..<index, last) { isSorted = false }
            guard tags.count <= Self.mostTags else { return false }
            tags.append(start..<index)
            index += 1
        }
        guard !isSorted else { return false }
        // A few tags behind the name: insertion needs no memory.
        for place in 2..<tags.count {
            var slot = place
            while slot > 1, Self.precedes(line, tags[slot], tags[slot - 1]) {
                tags.swapAt(slot, slot - 1)
                slot -= 1
            }
        }
        composed.removeAll(keepingCapacity: true)
        for tag in tags {
            if !composed.isEmpty { composed.append(Self.semicolon) }
            for index in tag { composed.append(line[index]) }
        }
        return true
    }

    private static func precedes(_ line: Span<UInt8>, _ first: Range<Int>, _ second: Range<Int>) -> Bool {
        for offset in 0..<min(first.count, second.count) {
            let (a, b) = (line[first.lowerBound + offset], line[second.lowerBound + offset])
            if a != b { return a < b }
        }
        return first.count < second.count
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    private static let semicolon = UInt8(ascii: ";")

    /// Whether a line can be nothing else: a name with a letter and without quotes or commas, a number or `nan`, and a
    /// time since 1970 as large as those of our days, or -1.
    static func isPlain(_ line: [UInt8]) -> Bool {
        var scanner = GraphiteScanner()
        scanner.begin(line.span)
        guard scanner.isComplete else { return false }
        let name = line[scanner.parts[0]].prefix { $0 != semicolon }
        guard name.contains(where: { (65...90).contains($0 & 0xdf) || $0 >= 128 }),
            !name.contains(where: { [UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "=")].contains($0) })
        else { return false }
        let parser = NumberParser()
        guard parser.isNumber(line.span, scanner.parts[1]),
            case .number(let time) = parser.parse(line.span, scanner.parts[2])
        else { return false }
        return time == -1 || (TimeNames.smallestEpoch...1e12).contains(time)
    }
}
