/// Steps through the members of one JSON object (RFC 8259) on one line.
///
/// Total: any bytes give members and then an end, in one pass, without recursion. Values within arrays and objects are
/// skipped by their brackets and strings alone; whether they are valid inside is not looked at.
struct ObjectScanner: Sendable {
    /// A member of the object.
    struct Member: Equatable, Sendable {
        /// The kinds of value.
        enum Kind: Equatable, Sendable {
            /// A number, `null`, or what stands where one is due.
            case bare
            case boolean(Bool)
            /// A string; the range is what stands between its quotes.
            case text
            /// An array or object.
            case nested
        }

        var key: Range<Int>
        var keyHasEscapes: Bool
        var kind: Kind
        var value: Range<Int>
        var hasEscapes = false

        /// Whether the key is this one.
        @inline(__always)
        func isKey(_ expected: [UInt8], _ line: Span<UInt8>) -> Bool {
            if keyHasEscapes { return Array(ObjectScanner.unescaped(line, key).utf8) == expected }
            return matches(line, key, expected)
        }
    }

    private var position = 0
    private var isFirst = true
    /// Whether the object was closed and nothing stands behind it.
    private(set) var isComplete = false

    /// Creates a scanner before the object.
    init(_ line: Span<UInt8>) { skipSpaces(line) }

    /// The next member; `nil` at the end of the object and where the syntax is broken, see ``isComplete``.
    mutating func next(_ line: Span<UInt8>) -> Member? {
        if isFirst {
            guard take(UInt8(ascii: "{"), line) else { return nil }
            skipSpaces(line)
        }
        if take(UInt8(ascii: "}"), line) {
            skipSpaces(line)
            isComplete = position == line.count
            return nil
        }
        if !isFirst {
            guard take(UInt8(ascii: ","), line) else { return nil }
            skipSpaces(line)
        }
        isFirst = false
        guard let (key, keyHasEscapes) = string(line) else { return nil }
        skipSpaces(line)
        guard take(UInt8(ascii: ":"), line) else { return nil }
        skipSpaces(line)
        guard var member = value(line) else { return nil }
        member.key = key
        member.keyHasEscapes = keyHasEscapes
        skipSpaces(line)
        return member
    }

    private mutating func value(_ line: Span<UInt8>) -> Member? {
        guard position < line.count else { return nil }
        let start = position
        switch line[position] {
        case UInt8(ascii: "\""):
            guard let (range, hasEscapes) = string(line) else { return nil }
            return Member(key: 0..<0, keyHasEscapes: false, kind: .text, value: range, hasEscapes: hasEscapes)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard skipNested(line) else { return nil }
            return Member(key: 0..<0, keyHasEscapes: false, kind: .nested, value: start..<position)
        default:
            while position < line.count, !Self.endsToken(line[position]) { position += 1 }
            return bare(line, start..<position)
        }
    }

    /// `null`, `NaN`, `true`, a number; anything else breaks the line.
    private func bare(_ line: Span<UInt8>, _ range: Range<Int>) -> Member? {
        guard !range.isEmpty else { return nil }
        var member = Member(key: 0..<0, keyHasEscapes: false, kind: .bare, value: range)
        switch line[range.lowerBound] {
        case UInt8(ascii: "t"):
            guard matches(line, range, Self.trueBytes) else { return nil }
            member.kind = .boolean(true)
        case UInt8(ascii: "f"):
            guard matches(line, range, Self.falseBytes) else { return nil }
            member.kind = .boolean(false)
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "n"), UInt8(ascii: "N"),
            UInt8(ascii: "I"):
            break
        default: return nil
        }
        return member
    }

    private static let trueBytes = Array("true".utf8)
    private static let falseBytes = Array("false".utf8)

    private static func endsToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "\""),
            UInt8(ascii: "{"), UInt8(ascii: "["), 32, 9:
            true
        default: false
        }
    }

    private mutating func string(_ line: Span<UInt8>) -> (Range<Int>, Bool)? {
        guard take(UInt8(ascii: "\""), line) else { return nil }
        let start = position
        var hasEscapes = false
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<(position - 1), hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default: position += 1
            }
        }
        position = line.count
        return nil
    }

    /// Skips an array or object by counting brackets; strings are skipped whole.
    private mutating func skipNested(_ line: Span<UInt8>) -> Bool {
        var depth = 0
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""):
                guard string(line) != nil else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return true }
        }
        return false
    }

    private mutating func take(_ byte: UInt8, _ line: Span<UInt8>) -> Bool {
        guard position < line.count, line[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpaces(_ line: Span<UInt8>) {
        while position < line.count, line[position] == 32 || line[position] == 9 { position += 1 }
    }

    /// The text of a string's bytes with its escapes resolved; an escape that is none stands for itself, half a surrogate
    /// pair for U+FFFD.
    static func unescaped(_ line: Span<UInt8>, _ range: Range<Int>) -> String {
        var units: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = line[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < range.upperBound else {
                units.append(byte)
                index += 1
                continue
            }
            index += 2
            switch line[index - 1] {
            case UInt8(ascii: "n"): units.append(10)
            case UInt8(ascii: "t"): units.append(9)
            case UInt8(ascii: "r"): units.append(13)
            case UInt8(ascii: "b"): units.append(8)
            case UInt8(ascii: "f"): units.append(12)
            case UInt8(ascii: "u"): units += Array(String(unicodeEscape(line, range, &index)).utf8)
            case let other: units.append(other)
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    private static func unicodeEscape(_ line: Span<UInt8>, _ range: Range<Int>, _ index: inout Int) -> Unicode.Scalar {
        guard let first = hexadecimal(line, range, index) else { return "\u{fffd}" }
        index += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, index + 1 < range.upperBound, line[index] == UInt8(ascii: "\\"),
            line[index + 1] == UInt8(ascii: "u"), let second = hexadecimal(line, range, index + 2),
            (0xdc00...0xdfff).contains(second)
        else { return "\u{fffd}" }
        index += 6
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
    }

    private static func hexadecimal(_ line: Span<UInt8>, _ range: Range<Int>, _ start: Int) -> UInt32? {
        guard start + 4 <= range.upperBound else { return nil }
        var value: UInt32 = 0
        for index in start..<(start + 4) {
            switch line[index] {
            case let digit where (48...57).contains(digit): value = value << 4 | UInt32(digit - 48)
            case let letter where (97...102).contains(letter | 0x20): value = value << 4 | UInt32((letter | 0x20) - 87)
            default: return nil
            }
        }
        return value
    }
}
