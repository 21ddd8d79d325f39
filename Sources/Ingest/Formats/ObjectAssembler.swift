/// Puts the objects of a JSON list together that is spread over lines: `[`, then `{…},` over one line or many, then `]`.
///
/// Works byte by byte, so that it does not matter how they come. An object longer than a bound is not kept; one whose
/// quotes or brackets are broken ends at the latest where it is too long and a line begins with `{`.
struct ObjectAssembler: Sendable {
    /// The bytes of the object that ended last, line ends as spaces.
    private(set) var object: [UInt8] = []
    /// Why it cannot be used, as far as its bytes alone show.
    private(set) var flaw: MalformedReason?
    /// The line on which it began, from 1.
    private(set) var line: UInt64 = 1

    private let longest: Int
    private var currentLine: UInt64 = 1
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isJunk = false
    private var isDone = false
    private var isAtLineStart = true

    /// Creates an assembler that stands between objects.
    init(longest: Int) { self.longest = longest }

    /// Whether part of an object is held.
    var isInObject: Bool { !isDone && (depth > 0 || isJunk) }

    /// Takes bytes up to the end of the next object.
    ///
    /// - Returns: where it stopped, and whether an object ended there.
    mutating func feed(_ bytes: Span<UInt8>, from start: Int) -> (end: Int, hasObject: Bool) {
        if isDone { begin() }
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if depth == 0 {
                if takeBetween(byte) { return (index, true) }
            } else if isAtLineStart, flaw == .tooLong, byte == UInt8(ascii: "{") {
                // The object before never ended.
                isDone = true
                return (index, true)
            } else if takeInside(byte) {
                isDone = true
                return (index + 1, true)
            }
            if byte == UInt8(ascii: "\n") {
                currentLine += 1
                isAtLineStart = true
            } else if byte != 32, byte != 9 {
                isAtLineStart = false
            }
            index += 1
        }
        return (index, false)
    }

    /// The input has ended: what is held is half an object.
    mutating func finish() -> Bool {
        guard isInObject else { return false }
        flaw = flaw ?? .badSyntax
        isDone = true
        return true
    }

    private mutating func begin() {
        object.removeAll(keepingCapacity: object.capacity <= 1 << 16)
        flaw = nil
        depth = 0
        isInString = false
        isEscaped = false
        isJunk = false
        isDone = false
    }

    /// A byte between objects; `true` when what is no object ended before it.
    private mutating func takeBetween(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "\n"), UInt8(ascii: ","):
            if isJunk {
                isDone = true
                return true
            }
            guard byte == UInt8(ascii: "{") else { return false }
            line = currentLine
            depth = 1
            keep(byte)
        case 32, 9, UInt8(ascii: "\r"), UInt8(ascii: "["), UInt8(ascii: "]"), 0xef, 0xbb, 0xbf: break
        default:
            if !isJunk { line = currentLine }
            isJunk = true
            flaw = .badSyntax
            keep(byte)
        }
        return false
    }

    /// A byte of an object; `true` when it ends it.
    private mutating func takeInside(_ byte: UInt8) -> Bool {
        if byte < 32, byte != 9 {
            let isLineEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            if !isLineEnd { flaw = flaw ?? .controlBytes }
            // No text goes on over a line end.
            if isInString { flaw = flaw ?? .badSyntax }
            isInString = false
            isEscaped = false
            keep(32)
            return false
        }
        keep(byte)
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        return depth == 0
    }

    private mutating func keep(_ byte: UInt8) {
        guard flaw != .tooLong else { return }
        if object.count < longest {
            object.append(byte)
        } else {
            flaw = .tooLong
            object = Array(object.prefix(MalformedLine.longestExcerpt))
        }
    }
}

/// Looks at the first bytes of a stream for a JSON list of objects: `[` and `{`, with nothing but space around them.
struct ListProbe: Sendable {
    /// Space that is looked past, at most.
    private static let most = 256

    enum Outcome: Equatable, Sendable {
        case undecided
        case list
        case other
    }

    /// The bytes that were looked at.
    private(set) var held: [UInt8] = []
    private var hasBracket = false

    /// Looks at the next byte.
    mutating func look(at byte: UInt8) -> Outcome {
        held.append(byte)
        switch byte {
        case 32, 9, 10, 13, 0xef, 0xbb, 0xbf: return held.count < Self.most ? .undecided : .other
        case UInt8(ascii: "[") where !hasBracket:
            hasBracket = true
            return .undecided
        case UInt8(ascii: "{") where hasBracket: return .list
        default: return .other
        }
    }
}
