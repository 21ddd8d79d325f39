/// Takes a line of the InfluxDB line protocol apart: `pump,site=a temp=21.4,run=true 1792000000000000000`.
///
/// `measurement[,tag=value…] field=value[,field=value…] [time]`. A backslash before a comma, a space, an equals sign or a
/// backslash takes its meaning away; texts stand in double quotes, with `\"` and `\\` in them. Names and tags are given as
/// written, escapes and all. Source: docs.influxdata.com, "Line protocol reference".
///
/// Total: any bytes give parts or `nil`.
enum InfluxLine {
    /// What stands before the fields.
    struct Head: Equatable, Sendable {
        /// The measurement's name.
        var measurement: Range<Int>
        /// The measurement and its tags: the key of the series.
        var key: Range<Int>
        /// Where the fields begin.
        var fields: Int
    }

    /// One field.
    struct Field: Equatable, Sendable {
        /// The kinds of value.
        enum Kind: Equatable, Sendable {
            /// A number, without the suffix `i` or `u`.
            case number
            case boolean(Bool)
            case text
        }

        var name: Range<Int>
        var kind: Kind
        var value: Range<Int>
    }

    /// Reads measurement and tags; `nil` when the line has none, or ends with them.
    static func head(_ line: Span<UInt8>) -> Head? {
        var index = 0
        while index < line.count, line[index] == 32 { index += 1 }
        let start = index
        skip(line, &index, to: comma, or: space)
        guard index > start, index < line.count else { return nil }
        let measurement = start..<index
        while index < line.count, line[index] != space {
            index += 1
            skip(line, &index, to: comma, or: space)
        }
        let key = start..<index
        while index < line.count, line[index] == space { index += 1 }
        return index < line.count ? Head(measurement: measurement, key: key, fields: index) : nil
    }

    /// The tag at a place behind the measurement's comma, moved behind it; `nil` behind the last one.
    static func tag(
        _ line: Span<UInt8>, _ key: Range<Int>, at index: inout Int
    ) -> (whole: Range<Int>, name: Range<Int>)? {
        guard index < key.upperBound else { return nil }
        let inner = line.extracting(0..<key.upperBound)
        let start = index
        skip(inner, &index, to: equals, or: comma)
        let name = start..<index
        if index < key.upperBound, inner[index] == equals { skip(inner, &index, to: comma, or: comma) }
        let whole = start..<index
        index += 1
        return (whole, name)
    }

    /// The field at a place, moved to the comma, the space or the end behind it; `nil` when it is none.
    static func field(_ line: Span<UInt8>, at index: inout Int) -> Field? {
        let start = index
        skip(line, &index, to: equals, or: space)
        guard index > start, index + 1 < line.count, line[index] == equals else { return nil }
        let name = start..<index
        index += 1
        if line[index] == UInt8(ascii: "\"") {
            index += 1
            let text = index
            while index < line.count, line[index] != UInt8(ascii: "\"") {
                index += line[index] == backslash ? 2 : 1
            }
            guard index < line.count else { return nil }
            index += 1
            return Field(name: name, kind: .text, value: text..<(index - 1))
        }
        let value = index
        while index < line.count, line[index] != comma, line[index] != space { index += 1 }
        return self.value(line, value..<index).map { Field(name: name, kind: $0.kind, value: $0.range) }
    }

    /// What a value without quotes is.
    private static func value(_ line: Span<UInt8>, _ range: Range<Int>) -> (kind: Field.Kind, range: Range<Int>)? {
        guard let first = range.first else { return nil }
        switch line[first] {
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            let last = line[range.upperBound - 1]
            let hasSuffix = last == UInt8(ascii: "i") || last == UInt8(ascii: "u")
            return (.number, range.lowerBound..<(range.upperBound - (hasSuffix ? 1 : 0)))
        case UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "I"): return (.number, range)
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            return isOne(of: trueWords, line, range) ? (.boolean(true), range) : nil
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            return isOne(of: falseWords, line, range) ? (.boolean(false), range) : nil
        default: return nil
        }
    }

    private static func isOne(of words: [[UInt8]], _ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for word in words where matches(line, range, word) { return true }
        return false
    }

    private static let trueWords = ["t", "T", "true", "True", "TRUE"].map { Array($0.utf8) }
    private static let falseWords = ["f", "F", "false", "False", "FALSE"].map { Array($0.utf8) }
    private static let comma = UInt8(ascii: ",")
    private static let space = UInt8(ascii: " ")
    private static let equals = UInt8(ascii: "=")
    private static let backslash = UInt8(ascii: "\\")

    /// Moves to the next of two bytes that no backslash stands before, or to the end.
    @inline(__always)
    private static func skip(_ line: Span<UInt8>, _ index: inout Int, to first: UInt8, or second: UInt8) {
        while index < line.count {
            let byte = line[index]
            if byte == first || byte == second { return }
            index += byte == backslash ? 2 : 1
        }
        index = line.count
    }

    /// A name without its escapes.
    static func plain(_ name: [UInt8]) -> String {
        var plain: [UInt8] = []
        var index = 0
        while index < name.count {
            if name[index] == backslash, index + 1 < name.count,
                [comma, space, equals, backslash].contains(name[index + 1])
            {
                index += 1
            }
            plain.append(name[index])
            index += 1
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
