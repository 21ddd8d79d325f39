internal import TOMLKit

/// A value of a TOML document.
indirect enum TOMLNode: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    /// A date, a time of day or both; no key of monitord takes one, so only its text is kept.
    case date(String)
    case array([TOMLNode])
    case table([String: TOMLNode])

    /// The value as a person would write it; long texts and lists are cut, tables are named only.
    var description: String {
        switch self {
        case .string(let text):
            TOMLDocument.quoted(text.count > 60 ? String(text.prefix(57)) + "..." : text)
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .boolean(let value): String(value)
        case .date(let text): text
        case .array(let values):
            "[" + values.prefix(4).map(\.description).joined(separator: ", ") + (values.count > 4 ? ", ...]" : "]")
        case .table: "a table"
        }
    }
}

/// The words that lead to a value: `source[1].format`. An index counts from 0.
struct TOMLPath: Hashable, Sendable, CustomStringConvertible {
    /// One step: into a table or into an array.
    enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    var steps: [Step]

    init(_ steps: [Step] = []) {
        self.steps = steps
    }

    func appending(_ key: String) -> TOMLPath { TOMLPath(steps + [.key(key)]) }
    func appending(_ index: Int) -> TOMLPath { TOMLPath(steps + [.index(index)]) }

    /// The keys with dots between them, quoted where TOML wants it. Indices are left out: a line says which one is meant.
    var description: String {
        steps.compactMap { step in
            guard case .key(let key) = step else { return nil }
            return TOMLDocument.key(key)
        }.joined(separator: ".")
    }
}

/// A TOML document as values, with the place of each key.
///
/// The library that parses gives positions for syntax errors only, so `TOMLKeyLocator` finds those of keys. All that
/// monitord knows about TOML goes through this type; another parser would change this file alone.
struct TOMLDocument: Equatable, Sendable {
    /// A document that is not TOML, and where that shows. Line and column count from 1.
    struct SyntaxError: Error, Equatable {
        var line: Int
        var column: Int
        var reason: String
    }

    /// The values by key.
    let root: [String: TOMLNode]
    /// The places of the keys, in the order of the text.
    let places: TOMLKeyLocator

    /// Reads a document.
    ///
    /// - Throws: `SyntaxError`.
    init(text: String) throws(SyntaxError) {
        // The parser takes a C string: it would silently stop at the first NUL, which TOML forbids anyway.
        if let place = Self.place(of: "\0", in: text) {
            throw SyntaxError(line: place.line, column: place.column, reason: "a NUL character is not allowed")
        }
        do {
            root = Self.table(try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            throw SyntaxError(
                line: error.source.begin.line, column: error.source.begin.column,
                reason: SyntaxAdvice(text: text).reason(
                    line: error.source.begin.line, column: error.source.begin.column,
                    parser: Self.oneLine(error.description)))
        } catch {
            throw SyntaxError(line: 1, column: 1, reason: Self.oneLine(String(describing: error)))
        }
        places = TOMLKeyLocator(text: text)
    }

    /// A key as TOML writes it: bare where it may be, else quoted.
    static func key(_ key: String) -> String {
        let bare = key.utf8.allSatisfy {
            ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x5F
        }
        return bare && !key.isEmpty ? key : quoted(key)
    }

    /// A text as a basic TOML string.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func table(_ table: TOMLTable) -> [String: TOMLNode] {
        var result: [String: TOMLNode] = [:]
        for key in table.keys {
            guard let value = table[key] else { continue }
            result[key] = node(value)
        }
        return result
    }

    private static func node(_ value: any TOMLValueConvertible) -> TOMLNode {
        // The library's accessors give nil only for another type than the one just asked for.
        switch value.type {
        case .string: .string(value.string ?? "")
        case .int: .integer(value.int ?? 0)
        case .double: .number(value.double ?? 0)
        case .bool: .boolean(value.bool ?? false)
        case .date, .time, .dateTime: .date(value.debugDescription)
        case .array: .array((value.array.map(Array.init) ?? []).map(node))
        case .table: .table(value.table.map(table) ?? [:])
        }
    }

    private static func place(of wanted: Unicode.Scalar, in text: String) -> (line: Int, column: Int)? {
        var line = 1
        var column = 1
        for scalar in text.unicodeScalars {
            if scalar == wanted { return (line, column) }
            column += 1
            if scalar == "\n" {
                line += 1
                column = 1
            }
        }
        return nil
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
