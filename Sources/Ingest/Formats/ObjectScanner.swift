/// Steps through the values of one JSON object (RFC 8259), those of the objects and lists in it among them.
///
/// The key of a value is its path: `a.b` of `{"a":{"b":1}}`, `acc.0` of `{"acc":[1,2]}`. Lists of objects, and what lies
/// deeper than ``deepest``, are given as one value that is not looked into.
///
/// Total: any bytes give values and then an end, in one pass, without recursion. What is not looked into is skipped by its
/// brackets and strings alone.
struct ObjectScanner: Sendable {
    /// Objects and lists within each other that are looked into.
    static let deepest = 8
    /// Longest part of a path in bytes; a longer key is cut.
    private static let longestPart = 256

    /// A value of the object.
    struct Member: Equatable, Sendable {
        /// The kinds of value.
        enum Kind: Equatable, Sendable {
            /// A number, `null`, or what stands where one is due.
            case bare
            case boolean(Bool)
            /// A string; the range is what stands between its quotes.
            case text
            /// The beginning of an array or object whose values follow; the range is that of its bracket.
            case opening
            /// A list of objects.
            case records
            /// An array or object that is too deep to be looked into.
            case deep
        }

        /// The key as written, or the last part of the path; empty in a list.
        var key: Range<Int>
        /// Whether the key is that of the object itself and has no escapes: then it is the path.
        var isPlain: Bool
        var kind: Kind
        var value: Range<Int>
        var hasEscapes = false
        /// Whether the scanner put the value together, see ``KeyScanner/composed``; the range is what it was made of.
        var isComposed = false

        /// Whether it is an array or object.
        var isNested: Bool { kind == .opening || kind == .records || kind == .deep }
    }

    private struct Frame {
        /// Bytes of the path of what holds it.
        var pathCount: Int
        var isList: Bool
        var index = 0
    }

    /// The path of the last value, unless it was plain.
    private(set) var path: [UInt8] = []
    /// Where the scanner stands: behind the object once that is closed.
    private(set) var position = 0
    /// Whether the object was closed.
    private(set) var isClosed = false
    private var frames: [Frame] = []
    private var isFirst = true

    /// Whether the object was closed and nothing stands behind it.
    func isComplete(_ line: Span<UInt8>) -> Bool {
        guard isClosed else { return false }
        for index in position..<line.count where line[index] != 32 && line[index] != 9 { return false }
        return true
    }

    /// Begins with the object at a place in a line.
    mutating func begin(_ line: Span<UInt8>, at start: Int = 0) {
        position = start
        isClosed = false
        isFirst = true
        frames.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        skipSpaces(line)
    }

    /// Whether the path of a member is this one.
    @inline(__always)
    func isAt(_ expected: [UInt8], _ member: Member, _ line: Span<UInt8>) -> Bool {
        member.isPlain ? matches(line, member.key, expected) : path == expected
    }

    /// The path of a member.
    func path(of member: Member, _ line: Span<UInt8>) -> [UInt8] {
        guard member.isPlain else { return path }
        var copy: [UInt8] = []
        for index in member.key { copy.append(line[index]) }
        return copy
    }

    /// The next value; `nil` at the end of the object and where the syntax is broken, see ``isClosed``.
    mutating func next(_ line: Span<UInt8>) -> Member? {
        if frames.isEmpty {
            guard !isClosed, isFirst, take(UInt8(ascii: "{"), line) else { return nil }
            frames.append(Frame(pathCount: 0, isList: false))
            skipSpaces(line)
        }
        // Ends of objects and lists, then the comma before the next value.
        while true {
            guard let frame = frames.last else { return nil }
            if take(frame.isList ? UInt8(ascii: "]") : UInt8(ascii: "}"), line) {
                frames.removeLast()
                isFirst = false
                if frames.isEmpty {
                    isClosed = true
                    return nil
                }
                skipSpaces(line)
                continue
            }
            if !isFirst {
                guard take(UInt8(ascii: ","), line) else { return nil }
                skipSpaces(line)
            }
            isFirst = false
            return frame.isList ? element(line) : keyed(line)
        }
    }

    private mutating func keyed(_ line: Span<UInt8>) -> Member? {
        guard let (key, keyHasEscapes) = string(line) else { return nil }
        skipSpaces(line)
        guard take(UInt8(ascii: ":"), line) else { return nil }
        skipSpaces(line)
        let isPlain = frames.count == 1 && !keyHasEscapes
        if !isPlain { extendPath(line, key, hasEscapes: keyHasEscapes) }
        return value(line, key: key, isPlain: isPlain)
    }

    private mutating func element(_ line: Span<UInt8>) -> Member? {
        let last = frames.count - 1
        let index = frames[last].index
        frames[last].index += 1
        cutPath(frames[last].pathCount)
        var divisor = 1
        while index / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            path.append(UInt8(48 + index / divisor % 10))
            divisor /= 10
        }
        return value(line, key: position..<position, isPlain: false)
    }

    /// Goes back to the path of what holds the value, with the point behind it.
    private mutating func cutPath(_ count: Int) {
        path.removeLast(path.count - min(path.count, count))
        if count > 0 { path.append(UInt8(ascii: ".")) }
    }

    private mutating func extendPath(_ line: Span<UInt8>, _ key: Range<Int>, hasEscapes: Bool) {
        cutPath(frames[frames.count - 1].pathCount)
        if hasEscapes {
            path.append(contentsOf: Self.unescaped(line, key).utf8.prefix(Self.longestPart))
        } else {
            for index in key.prefix(Self.longestPart) { path.append(line[index]) }
        }
    }

    private mutating func value(_ line: Span<UInt8>, key: Range<Int>, isPlain: Bool) -> Member? {
        guard position < line.count else { return nil }
        let start = position
        var member = Member(key: key, isPlain: isPlain, kind: .bare, value: start..<start)
        switch line[position] {
        case UInt8(ascii: "\""):
            guard let (range, hasEscapes) = string(line) else { return nil }
            member.kind = .text
            member.value = range
            member.hasEscapes = hasEscapes
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isList = line[position] == UInt8(ascii: "[")
            var inner = position + 1
            while isList, inner < line.count, line[inner] == 32 || line[inner] == 9 { inner += 1 }
            let isRecords = isList && inner < line.count && line[inner] == UInt8(ascii: "{")
            let isInList = frames.last?.isList == true && !isList
            guard !isRecords, !isInList, frames.count < Self.deepest else {
                guard skipNested(line) else { return nil }
                member.kind = isRecords ? .records : .deep
                member.value = start..<position
                break
            }
            if isPlain {
                path.removeAll(keepingCapacity: true)
                for index in key.prefix(Self.longestPart) { path.append(line[index]) }
            }
            position += 1
            frames.append(Frame(pathCount: path.count, isList: isList))
            isFirst = true
            member.kind = .opening
            member.value = start..<position
        default:
            while position < line.count, !Self.endsToken(line[position]) { position += 1 }
            guard let kind = bare(line, start..<position) else { return nil }
            member.kind = kind
            member.value = start..<position
        }
        skipSpaces(line)
        return member
    }

    /// `null`, `NaN`, `true`, a number; anything else breaks the line.
    private func bare(_ line: Span<UInt8>, _ range: Range<Int>) -> Member.Kind? {
        guard !range.isEmpty else { return nil }
        switch line[range.lowerBound] {
        case UInt8(ascii: "t"): return matches(line, range, Self.trueBytes) ? .boolean(true) : nil
        case UInt8(ascii: "f"): return matches(line, range, Self.falseBytes) ? .boolean(false) : nil
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "n"), UInt8(ascii: "N"),
            UInt8(ascii: "I"):
            return .bare
        default: return nil
        }
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

    /// Skips a value that is no object; `false` when it cannot be read.
    mutating func skipValue(_ line: Span<UInt8>, at start: Int) -> Bool {
        begin(line, at: start)
        return value(line, key: start..<start, isPlain: true).map { $0.kind != .opening || skipRest(line, $0) } ?? false
    }

    private mutating func skipRest(_ line: Span<UInt8>, _ member: Member) -> Bool {
        position = member.value.lowerBound
        return skipNested(line)
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
