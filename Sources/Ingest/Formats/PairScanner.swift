/// Steps through the `key=value` pairs of a logfmt line: `ts=2026-11-21T02:15:40Z temp=21.4 msg="start of run" ok`.
///
/// Spaces or tabs stand between pairs. A value may stand in double quotes, with a backslash before a quote or a backslash
/// in it. A word without `=` is a key that is true. `key=` is an empty value, unless a number or a quoted text follows
/// behind spaces: then that is the value, as some writers pad it (`key= 21.4`). logfmt has no standard; this is what
/// github.com/kr/logfmt and github.com/go-logfmt/logfmt read, but for the padding.
///
/// Total: any bytes give members and then an end, each byte is looked at twice at most.
struct PairScanner: Sendable {
    /// Where the scanner stands.
    private(set) var position = 0
    /// Whether a pair was met.
    private(set) var hasPairs = false
    /// Whether a quote was opened and never closed.
    private(set) var isQuoteOpen = false

    /// Begins at a place in a line.
    mutating func begin(at start: Int = 0) {
        position = start
        hasPairs = false
        isQuoteOpen = false
    }

    /// The next pair or bare key; `nil` at the end.
    mutating func next(_ line: Span<UInt8>) -> ObjectScanner.Member? {
        while true {
            skipSpaces(line)
            guard position < line.count else { return nil }
            let start = position
            if line[start] == Self.quote, quotedEnd(line, from: start) < line.count {
                // A quoted text that is no value says nothing, whatever looks like a pair in it.
                position = quotedEnd(line, from: start) + 1
                continue
            }
            while position < line.count, line[position] != Self.equals, !Self.isSpace(line[position]) { position += 1 }
            let key = start..<position
            guard position < line.count, line[position] == Self.equals else {
                return ObjectScanner.Member(
                    key: key, isPlain: true, kind: .boolean(true), value: position..<position)
            }
            position += 1
            if key.isEmpty { continue }
            hasPairs = true
            return value(line, key)
        }
    }

    private mutating func value(_ line: Span<UInt8>, _ key: Range<Int>) -> ObjectScanner.Member {
        skipPadding(line)
        var member = ObjectScanner.Member(key: key, isPlain: true, kind: .bare, value: position..<position)
        guard position < line.count, !Self.isSpace(line[position]) else { return member }
        let start = position
        if line[start] == Self.quote {
            let end = quotedEnd(line, from: start)
            isQuoteOpen = isQuoteOpen || end == line.count
            position = min(end + 1, line.count)
            member.kind = .text
            member.value = (start + 1)..<end
            for index in member.value where line[index] == Self.backslash { member.hasEscapes = true }
            return member
        }
        while position < line.count, !Self.isSpace(line[position]) { position += 1 }
        member.value = start..<position
        if matches(line, member.value, Self.trueBytes) { member.kind = .boolean(true) }
        if matches(line, member.value, Self.falseBytes) { member.kind = .boolean(false) }
        return member
    }

    /// Moves over the spaces behind `=` when what follows them can only be the value.
    private mutating func skipPadding(_ line: Span<UInt8>) {
        guard position < line.count, Self.isSpace(line[position]) else { return }
        var place = position
        while place < line.count, Self.isSpace(line[place]) { place += 1 }
        guard place < line.count else { return }
        switch line[place] {
        case Self.quote: position = place
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            var end = place
            while end < line.count, !Self.isSpace(line[end]), line[end] != Self.equals { end += 1 }
            if end == line.count || line[end] != Self.equals { position = place }
        default: break
        }
    }

    /// Where the quote at a place is closed; the end of the line when it is not.
    private func quotedEnd(_ line: Span<UInt8>, from start: Int) -> Int {
        var index = start + 1
        while index < line.count, line[index] != Self.quote { index += line[index] == Self.backslash ? 2 : 1 }
        return min(index, line.count)
    }

    private mutating func skipSpaces(_ line: Span<UInt8>) {
        while position < line.count, Self.isSpace(line[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    private static let quote = UInt8(ascii: "\"")
    private static let equals = UInt8(ascii: "=")
    private static let backslash = UInt8(ascii: "\\")
    private static let trueBytes = Array("true".utf8)
    private static let falseBytes = Array("false".utf8)

    // MARK: Recognition

    /// Whether a line can be nothing else: it begins with a pair whose key is a name, and at least half of its words are
    /// pairs.
    ///
    /// - Parameter hasNumber: set when the value of one is a number.
    static func isPlain(_ line: [UInt8], hasNumber: inout Bool) -> Bool {
        var scanner = PairScanner()
        var pairs = 0
        var words = 0
        let parser = NumberParser()
        while let member = scanner.next(line.span) {
            words += 1
            let isPair = line.indices.contains(member.key.upperBound) && line[member.key.upperBound] == equals
            if words == 1, !isPair { return false }
            guard isPair else { continue }
            guard isName(line[member.key]) else { return false }
            pairs += 1
            guard member.kind == .bare, !member.value.isEmpty else { continue }
            if case .number = parser.parse(line.span, member.value) { hasNumber = true }
            if GluedUnit.read(line.span, member.value, parser) != nil { hasNumber = true }
        }
        return pairs * 2 >= words && pairs > 0 && !scanner.isQuoteOpen
    }

    private static func isName(_ key: ArraySlice<UInt8>) -> Bool {
        guard let first = key.first, (65...90).contains(first & 0xdf) || first == UInt8(ascii: "_") || first >= 128
        else {
            return false
        }
        return key.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 128...255, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}
