/// Takes the tokens of a JSON text one after the other; what they make together is the caller's.
struct JSONScanner {
    private let path: String
    private let bytes: [UInt8]
    private var place = 0
    /// The line of the last token, from 1.
    private(set) var line = 1

    /// - Parameter path: for messages.
    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
    }

    /// Whether nothing but blanks is left.
    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return place == bytes.count
        }
    }

    /// An error that names the file and the line.
    func problem(_ reason: String) -> EvaluationError { .badLine(path: path, line: line, reason: reason) }

    /// Takes a mark if it is next.
    mutating func takes(_ mark: Character) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == mark.asciiValue else { return false }
        place += 1
        return true
    }

    /// Takes a mark, or throws the reason.
    mutating func take(_ mark: Character, _ reason: String) throws(EvaluationError) {
        if !takes(mark) { throw problem(reason) }
    }

    /// Takes a text or a number, as text: a whole number as it is written, another as the shortest that reads back.
    mutating func scalar() throws(EvaluationError) -> String {
        skipBlanks()
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") { return try text() }
        let start = place
        while place < bytes.count, !isMark(bytes[place]) { place += 1 }
        let token = bytes[start..<place]
        guard let first = token.first, first == UInt8(ascii: "-") || isDigit(first), token.count <= 400,
            let number = NumberText.number(token)
        else { throw problem("a time was expected") }
        let isWhole = token.dropFirst().allSatisfy(isDigit)
        return isWhole ? String(decoding: token, as: UTF8.self) : "\(number)"
    }

    /// Takes a text in quotes.
    mutating func text() throws(EvaluationError) -> String {
        try take("\"", "a text in quotes was expected")
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escaped().utf8
            case 0..<0x20: throw problem("a text does not end on its line")
            default: text.append(byte)
            }
        }
        throw problem("a text has no end")
    }

    private mutating func escaped() throws(EvaluationError) -> String {
        guard place < bytes.count else { throw problem("a text has no end") }
        defer { place += 1 }
        switch bytes[place] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let high = try unit()
            guard high & 0xfc00 == 0xd800, bytes.count - place > 6, bytes[place + 1] == UInt8(ascii: "\\"),
                bytes[place + 2] == UInt8(ascii: "u")
            else { return String(decoding: [high], as: UTF16.self) }
            place += 2
            return String(decoding: [high, try unit()], as: UTF16.self)
        default: throw problem("an escape in a text that JSON does not know")
        }
    }

    /// The four digits behind the `u` at the place, which is left at the last of them.
    private mutating func unit() throws(EvaluationError) -> UInt16 {
        let digits = bytes[min(place + 1, bytes.count)..<min(place + 5, bytes.count)]
        guard digits.count == 4, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits were expected") }
        place += 4
        return unit
    }

    private mutating func skipBlanks() {
        while place < bytes.count, [9, 10, 13, 32].contains(bytes[place]) {
            if bytes[place] == 10 { line += 1 }
            place += 1
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private func isMark(_ byte: UInt8) -> Bool {
        [9, 10, 13, 32, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":")].contains(byte)
    }
}
