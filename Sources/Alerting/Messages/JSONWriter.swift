/// Writes JSON text: keys in the order given, no blanks, numbers as short as they read back.
///
/// `JSONEncoder` sorts keys or leaves their order open and has its own mind about numbers; the record's bytes are part
/// of the contract, so they are written here.
package struct JSONWriter {
    /// A JSON value.
    package indirect enum Value: Equatable {
        case text(String)
        case integer(Int)
        case boolean(Bool)
        case number(Double)
        case list([Value])
        case members([Member])
        /// Nothing, in a list whose places count.
        case null

        /// A number, or nothing when it is absent or not finite: JSON has no word for those.
        package static func finite(_ number: Double?) -> Value? {
            guard let number, number.isFinite else { return nil }
            return .number(number)
        }

        /// An object of the members that are present.
        package static func object(_ members: [(String, Value?)]) -> Value {
            .members(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
        }
    }

    /// A key and its value.
    package struct Member: Equatable {
        package var key: String
        package var value: Value
    }

    package private(set) var text = ""
    private var needsComma = false

    package init() {}

    mutating func beginObject() {
        text += "{"
        needsComma = false
    }

    mutating func endObject() {
        text += "}"
        needsComma = true
    }

    mutating func member(_ key: String, _ value: Value) {
        if needsComma { text += "," }
        quote(key)
        text += ":"
        write(value)
        needsComma = true
    }

    package mutating func write(_ value: Value) {
        switch value {
        case .text(let string): quote(string)
        case .null: text += "null"
        case .integer(let number): text += String(number)
        case .boolean(let isTrue): text += isTrue ? "true" : "false"
        case .number(let number): text += Self.shortest(number)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value)
            }
            text += "]"
        case .members(let members):
            beginObject()
            for member in members { self.member(member.key, member.value) }
            endObject()
        }
    }

    /// The shortest text that reads back as the same number; whole numbers without decimals.
    ///
    /// - Precondition: `number` is finite.
    static func shortest(_ number: Double) -> String {
        // Above 2^53 the description's exponent form is the shorter one.
        if number.magnitude < 0x1p53, number == number.rounded(.towardZero) { return String(Int64(number)) }
        return number.description
    }

    /// Escapes what RFC 8259 demands and nothing else, with DEL left as it is; the text is UTF-8 already.
    private mutating func quote(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
