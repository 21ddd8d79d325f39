/// Says what to write where a file is no TOML, in the words of who wrote it.
///
/// A parser tells what it expected at the character where it gave up. What people do wrong is known and is seen from the line:
/// quotes left out, typographic ones, another language's comment, a second header of the same name. Where nothing of it is
/// seen, the parser's own words stand.
struct SyntaxAdvice {
    private let lines: [String]

    /// Looks at a document that was refused.
    init(text: String) {
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(String.UnicodeScalarView(line.filter { $0 != "\r" && $0 != "\u{FEFF}" }))
        }
    }

    /// What is wrong, in one line.
    ///
    /// - Parameters:
    ///   - line: where the parser gave up, from 1.
    ///   - column: in characters, from 1.
    ///   - parser: what it said.
    func reason(line: Int, column: Int, parser: String) -> String {
        guard lines.indices.contains(line - 1) else { return Self.plain(parser) }
        return advice(line - 1, column, parser) ?? Self.plain(parser)
    }

    private func advice(_ index: Int, _ column: Int, _ parser: String) -> String? {
        if lines.first(where: { !Self.trimmed($0).isEmpty }).map({ Self.trimmed($0).hasPrefix("{") }) == true {
            return "this is JSON; a configuration is TOML: lines such as key = value below tables such as [[source]]"
        }
        let line = Self.trimmed(lines[index])
        let scalars = Array(lines[index].unicodeScalars)
        if scalars.indices.contains(column - 1),
            "\u{A0}\u{2007}\u{202F}\u{3000}".unicodeScalars.contains(scalars[column - 1])
        {
            return "this is a no-break space, which only looks like a space: write it anew"
        }
        for mark in ["//", ";", "--", "%", "/*"] where line.hasPrefix(mark) {
            return "a comment begins with #, not with \(mark)"
        }
        if line.hasPrefix("[") { return header(line, index, parser) }
        if parser.contains("parsing array"), !line.contains("["),
            let start = lines[..<index].lastIndex(where: { Self.assignment($0)?.value.hasPrefix("[") == true })
        {
            return "the list that begins on line \(start + 1) is not closed: it wants a ] at its end"
        }
        guard let (key, value) = Self.assignment(line) else { return withoutEquals(line) }
        return assignment(key, value, index, parser)
    }

    // MARK: - Headers

    private func header(_ line: String, _ index: Int, _ parser: String) -> String? {
        let name = line.drop { $0 == "[" }.prefix { $0 != "]" }
        let opened = line.prefix { $0 == "[" }.count
        let brackets = (String(repeating: "[", count: opened), String(repeating: "]", count: opened))
        if parser.contains("cannot redefine") {
            let before = lines[..<index].map(Self.trimmed)
            if opened == 2, let other = before.firstIndex(where: { $0.hasPrefix("[\(name)]") }) {
                return "[\(name)] on line \(other + 1) has one bracket, this has two: write [[\(name)]] there too"
            }
            if let other = before.firstIndex(where: { $0.hasPrefix("[\(name)]") || $0.hasPrefix("[[\(name)]]") }) {
                return
                    "\(brackets.0)\(name)\(brackets.1) stands here again after line \(other + 1): put the keys of both below one"
            }
            return nil
        }
        if let dot = name.firstIndex(of: "."), !name.contains("\""), name.contains(where: { "*?/: ".contains($0) }) {
            return "the pattern wants quotes: [\(name[..<dot]).\"\(name[name.index(after: dot)...])\"]"
        }
        guard line.contains("]\(opened == 2 ? "]" : "")") else {
            return "the header is not closed: write \(brackets.0)\(name)\(brackets.1)"
        }
        return nil
    }

    // MARK: - Lines without and with "="

    private func withoutEquals(_ line: String) -> String? {
        let word = line.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        guard !word.isEmpty else { return "expected key = value, found \(Self.shown(line))" }
        let rest = Self.trimmed(String(line[word.endIndex...]))
        if rest.hasPrefix(":") {
            let value = Self.trimmed(String(rest.dropFirst()))
            return value.isEmpty
                ? "this is YAML; a configuration is TOML: lines such as key = value below tables such as [[source]]"
                : "after a key comes =, not a colon: \(word) = \(Self.quoted(value))"
        }
        guard rest.first.map({ !",;.".contains($0) }) == true, line[word.endIndex] == " " else {
            return "expected key = value, found \(Self.shown(line))"
        }
        return "after a key comes =: \(word) = \(Self.quoted(rest))"
    }

    private func assignment(_ key: String, _ value: String, _ index: Int, _ parser: String) -> String? {
        if !key.hasPrefix("\""), !key.hasPrefix("'"), key.contains(" ") {
            return "there is no space in a key: found \(Self.shown(key))"
        }
        if parser.contains("cannot redefine") {
            let table = lines[..<index].lastIndex { Self.trimmed($0).hasPrefix("[") } ?? -1
            let first = lines[(table + 1)..<index].firstIndex { Self.assignment($0)?.key == key }
            return first.map { "\(key) is set here again after line \($0 + 1): leave one of them" }
        }
        guard let first = value.first else { return "there is no value behind \(key) =" }
        if "“”„‟‘’‚«»".contains(first) {
            return "this is a typographic quotation mark; TOML wants straight ones: \(key) = \(Self.quoted(value))"
        }
        if first == "\"" || first == "'" { return text(key, value, first, parser) }
        if first == "[" { return list(key, value) }
        if first == "=" { return "one = is enough: \(key) = \(Self.quoted(Self.trimmed(String(value.dropFirst()))))" }
        if first == "{" {
            guard !value.contains("="), value.hasSuffix("}") else { return nil }
            return
                "a list is written in square brackets: \(key) = [\(Self.trimmed(String(value.dropFirst().dropLast())))]"
        }
        return bare(key, value, parser)
    }

    private func text(_ key: String, _ value: String, _ quote: Character, _ parser: String) -> String? {
        if quote == "\"", parser.contains("escape sequence") || parser.contains("unicode scalar") {
            let inside = value.dropFirst().prefix { $0 != "\"" }
            return "a backslash in \"…\" begins an escape; write the text in single quotes: \(key) = '\(inside)'"
        }
        let rest = value.dropFirst()
        guard let end = rest.firstIndex(of: quote) else {
            return "the text is not closed: it wants a \(quote) at its end"
        }
        let behind = Self.trimmed(String(rest[rest.index(after: end)...]))
        guard let next = Self.assignment(behind) else { return nil }
        return "a line has one key: put \(next.key) = \(next.value) on a line of its own"
    }

    private func list(_ key: String, _ value: String) -> String? {
        guard value.hasSuffix("]") else { return nil }
        let parts = value.dropFirst().dropLast().split(separator: ",").map { Self.trimmed(String($0)) }
        guard parts.contains(where: { $0.first?.isLetter == true }) else { return nil }
        return "texts in a list want quotes: \(key) = [\(parts.map(Self.quoted).joined(separator: ", "))]"
    }

    /// A value without quotes.
    private func bare(_ key: String, _ value: String, _ parser: String) -> String? {
        let small = value.lowercased()
        if ["yes", "on", "true"].contains(small) { return "\(value) is neither true nor false: write \(key) = true" }
        if ["no", "off", "false"].contains(small) { return "\(value) is neither true nor false: write \(key) = false" }
        let digits = value.filter { $0 != "," && $0 != "'" && $0 != " " }
        if !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            if parser.contains("representable") { return "\(value) is too large for a whole number" }
            let number = digits.drop { $0 == "0" }
            return
                "a number is written without separators and zeros before it: \(key) = \(number.isEmpty ? "0" : number)"
        }
        return "a text wants quotes: \(key) = \(Self.quoted(value))"
    }

    // MARK: - Text

    /// The key and the value of a line, without a comment behind; `nil` when it has no "=".
    private static func assignment(_ line: String) -> (key: String, value: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        var value = trimmed(String(line[line.index(after: equals)...]))
        if value.first != "\"", value.first != "'", let comment = value.firstIndex(of: "#") {
            value = trimmed(String(value[..<comment]))
        }
        return (trimmed(String(line[..<equals])), value)
    }

    /// A text in straight quotes, whatever it stood in; numbers, lists and truths as they are.
    private static func quoted(_ text: String) -> String {
        let quotes = "\"'“”„‟‘’‚«»"
        var bare = text[...]
        while let first = bare.first, quotes.contains(first) { bare.removeFirst() }
        while let last = bare.last, quotes.contains(last) { bare.removeLast() }
        if bare.count == text.count, text.hasPrefix("[") || Double(text) != nil || text == "true" || text == "false" {
            return text
        }
        return TOMLDocument.quoted(String(bare.prefix(80)))
    }

    private static func shown(_ text: String) -> String { TOMLDocument.quoted(String(text.prefix(40))) }

    private static func plain(_ parser: String) -> String {
        let start = "Error while parsing "
        return parser.hasPrefix(start) ? "this is not TOML, in the \(parser.dropFirst(start.count))" : parser
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
