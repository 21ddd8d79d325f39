/// Finds where each key of a TOML document is written.
///
/// The document must have been accepted by a parser: this scanner does not judge, it only follows the structure closely
/// enough to know which key a character belongs to. Tables, dotted and quoted keys, arrays of tables, inline tables,
/// arrays over several lines, comments, and all four kinds of strings are followed. On a document that is not TOML it
/// ends early, never traps.
struct TOMLKeyLocator: Equatable, Sendable {
    /// A place in the text; both count from 1, the column in Unicode scalars.
    struct Place: Equatable, Sendable {
        var line: Int
        var column: Int
    }

    /// Every key and array element that was met, in the order of the text.
    private(set) var paths: [TOMLPath] = []
    private var places: [TOMLPath: Place] = [:]

    /// The place of the key that a path ends with, or of the nearest table around it that is written down.
    subscript(path: TOMLPath) -> Place {
        var path = path
        while !path.steps.isEmpty {
            if let place = places[path] { return place }
            path.steps.removeLast()
        }
        return Place(line: 1, column: 1)
    }

    /// Scans a document.
    ///
    /// - Complexity: O(length of the text).
    init(text: String) {
        var scanner = Scanner(text: text)
        scanner.document()
        paths = scanner.paths
        places = scanner.places
    }

    private struct Scanner {
        private let scalars: [Unicode.Scalar]
        private var at = 0
        private var line = 1
        private var lineStart = 0
        /// How many elements each array of tables has so far.
        private var tableCounts: [TOMLPath: Int] = [:]
        var paths: [TOMLPath] = []
        var places: [TOMLPath: Place] = [:]

        init(text: String) {
            scalars = Array(text.unicodeScalars)
        }

        private var current: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }
        private var place: Place { Place(line: line, column: at - lineStart + 1) }

        mutating func document() {
            var table = TOMLPath()
            skipBlank(newlines: true)
            while let scalar = current {
                let before = at
                if scalar == "[" {
                    table = header()
                } else {
                    assignment(in: table)
                }
                skipBlank(newlines: true)
                if at == before { advance() }
            }
        }

        /// `[a.b]` or `[[a.b]]`: gives the table that the following keys belong to.
        private mutating func header() -> TOMLPath {
            advance()
            let isArray = current == "["
            if isArray { advance() }
            let keys = keyPath()
            var path = TOMLPath()
            for (number, key) in keys.enumerated() {
                path = path.appending(key.name)
                note(path, at: key.place)
                if isArray, number == keys.count - 1 {
                    let index = tableCounts[path, default: 0]
                    tableCounts[path] = index + 1
                    path = path.appending(index)
                    note(path, at: key.place)
                } else if let count = tableCounts[path] {
                    // A table below an array of tables belongs to the last element that was opened.
                    path = path.appending(count - 1)
                }
            }
            while current == "]" { advance() }
            return path
        }

        /// `a.b = value`
        private mutating func assignment(in table: TOMLPath) {
            var path = table
            for key in keyPath() {
                path = path.appending(key.name)
                note(path, at: key.place)
            }
            guard current == "=" else { return skipLine() }
            advance()
            skipBlank(newlines: false)
            value(of: path)
        }

        private mutating func value(of path: TOMLPath) {
            switch current {
            case "\"", "'": _ = string()
            case "[": array(of: path)
            case "{": inlineTable(of: path)
            default:
                while let scalar = current, !",]}#\n".unicodeScalars.contains(scalar) { advance() }
            }
        }

        private mutating func array(of path: TOMLPath) {
            advance()
            var index = 0
            skipBlank(newlines: true)
            while let scalar = current, scalar != "]" {
                let before = at
                note(path.appending(index), at: place)
                value(of: path.appending(index))
                index += 1
                skipBlank(newlines: true)
                if current == "," { advance() }
                skipBlank(newlines: true)
                if at == before { return }
            }
            advance()
        }

        private mutating func inlineTable(of path: TOMLPath) {
            advance()
            skipBlank(newlines: true)
            while let scalar = current, scalar != "}" {
                let before = at
                assignment(in: path)
                skipBlank(newlines: true)
                if current == "," { advance() }
                skipBlank(newlines: true)
                if at == before { return }
            }
            advance()
        }

        /// Bare or quoted keys with dots between them, and the place where each begins.
        private mutating func keyPath() -> [(name: String, place: Place)] {
            var keys: [(name: String, place: Place)] = []
            while let scalar = current {
                skipBlank(newlines: false)
                let start = place
                if scalar == "\"" || scalar == "'" || current == "\"" || current == "'" {
                    keys.append((string(), start))
                } else {
                    var name = ""
                    while let scalar = current, !" \t.=]\n#\"'".unicodeScalars.contains(scalar) {
                        name.unicodeScalars.append(scalar)
                        advance()
                    }
                    keys.append((name, start))
                }
                skipBlank(newlines: false)
                guard current == "." else { break }
                advance()
            }
            return keys
        }

        /// A string of any of the four kinds; gives its text. Escapes are resolved for keys, where they matter.
        private mutating func string() -> String {
            guard let quote = current else { return "" }
            let isLong = at + 2 < scalars.count && scalars[at + 1] == quote && scalars[at + 2] == quote
            for _ in 0..<(isLong ? 3 : 1) { advance() }
            var text = ""
            while let scalar = current {
                if scalar == "\\", quote == "\"" {
                    text += escape()
                } else if scalar == quote {
                    if !isLong {
                        advance()
                        return text
                    }
                    var run = 0
                    while current == quote {
                        advance()
                        run += 1
                    }
                    // Up to two quotes may stand before the three that end a long string.
                    if run >= 3 { return text }
                } else {
                    text.unicodeScalars.append(scalar)
                    advance()
                }
            }
            return text
        }

        private mutating func escape() -> String {
            advance()
            guard let letter = current else { return "" }
            advance()
            switch letter {
            case "n": return "\n"
            case "t": return "\t"
            case "r": return "\r"
            case "b": return "\u{8}"
            case "f": return "\u{C}"
            case "u", "U":
                let digits = scalars[at..<min(at + (letter == "u" ? 4 : 8), scalars.count)]
                for _ in digits { advance() }
                let text = String(String.UnicodeScalarView(digits))
                return UInt32(text, radix: 16).flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
            default: return String(Character(letter))
            }
        }

        private mutating func note(_ path: TOMLPath, at place: Place) {
            guard places[path] == nil else { return }
            places[path] = place
            paths.append(path)
        }

        private mutating func advance() {
            guard let scalar = current else { return }
            at += 1
            if scalar == "\n" {
                line += 1
                lineStart = at
            }
        }

        private mutating func skipLine() {
            while let scalar = current, scalar != "\n" { advance() }
        }

        /// Skips spaces, and with `newlines` also line ends and comments.
        private mutating func skipBlank(newlines: Bool) {
            while let scalar = current {
                if scalar == " " || scalar == "\t" || scalar == "\r" || (newlines && scalar == "\n") {
                    advance()
                } else if newlines, scalar == "#" {
                    skipLine()
                } else {
                    return
                }
            }
        }
    }
}
