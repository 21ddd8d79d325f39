/// One field of a delimited line.
struct DelimitedField: Equatable, Sendable {
    /// The bytes between delimiters, or between quotes.
    var range: Range<Int>
    /// Whether it stood in quotes.
    var isQuoted = false
    /// Whether it holds `""`.
    var hasEscapes = false
}

/// Splits delimited lines (RFC 4180, one record a line).
enum DelimitedLine {
    /// Reads the field at `position` and moves to the delimiter behind it, or to the end.
    ///
    /// - Returns: `nil` when a quote is never closed.
    static func field(_ line: Span<UInt8>, at position: inout Int, delimiter: UInt8) -> DelimitedField? {
        let count = line.count
        var index = position
        while index < count, line[index] == 32 { index += 1 }
        guard index < count, line[index] == UInt8(ascii: "\"") else {
            let start = position
            index = line.first(delimiter, from: index)
            position = index
            return DelimitedField(range: start..<index)
        }
        index += 1
        let start = index
        var hasEscapes = false
        while true {
            while index < count, line[index] != UInt8(ascii: "\"") { index += 1 }
            guard index < count else { return nil }
            guard index + 1 < count, line[index + 1] == UInt8(ascii: "\"") else { break }
            hasEscapes = true
            index += 2
        }
        let end = index
        index += 1
        // What stands between the closing quote and the delimiter belongs to nobody.
        while index < count, line[index] != delimiter { index += 1 }
        position = index
        return DelimitedField(range: start..<end, isQuoted: true, hasEscapes: hasEscapes)
    }

    /// Most fields of a line that is taken apart as a whole: enough for the most channels with as many other columns
    /// beside them, few enough that a hostile line costs little.
    static let mostFields = 4 * Dialect.mostChannels

    /// All fields of a line; `nil` when a quote is never closed or there are more than ``mostFields``.
    static func fields(_ line: Span<UInt8>, delimiter: UInt8) -> [DelimitedField]? {
        var fields: [DelimitedField] = []
        var position = 0
        while true {
            guard let field = field(line, at: &position, delimiter: delimiter) else { return nil }
            guard fields.count < mostFields else { return nil }
            fields.append(field)
            if position >= line.count { return fields }
            position += 1
        }
    }

    /// The text of a field, without its quotes and spaces.
    static func text(_ line: Span<UInt8>, _ field: DelimitedField) -> String {
        let text = Ingest.text(line, trimmed(line, field.range))
        guard field.hasEscapes else { return text }
        var plain = ""
        var afterQuote = false
        for character in text {
            if character == "\"", afterQuote {
                afterQuote = false
                continue
            }
            afterQuote = character == "\""
            plain.append(character)
        }
        return plain
    }
}
