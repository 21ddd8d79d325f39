/// The lines that begin with `#` in a Zeek log: how its columns are separated and what they are called.
///
/// They stand at the head of each log, and again wherever a log was rotated or a process began anew; the columns may
/// change there. The separator is escaped text (`\x09`), which lines behind it use already.
struct ZeekHeader: Equatable, Sendable {
    static let mostColumns = 1_024

    /// What separates columns.
    private(set) var separator: UInt8 = 9
    /// The columns by the last `#fields`; empty before one.
    private(set) var columns: [[UInt8]] = []
    /// The log's name by `#path`.
    private(set) var path: [UInt8] = []

    /// Takes a line that begins with `#`.
    ///
    /// - Returns: whether it names columns.
    mutating func take(_ line: Span<UInt8>) -> Bool {
        if let value = value(of: "#separator", line, by: 32) {
            if let byte = Self.escaped(line, value) { separator = byte }
            return false
        }
        if let value = value(of: "#path", line, by: separator) {
            path = value.map { line[$0] }
            return false
        }
        guard let value = value(of: "#fields", line, by: separator) else { return false }
        var names: [[UInt8]] = [[]]
        for index in value {
            if line[index] == separator {
                guard names.count < Self.mostColumns else { return false }
                names.append([])
            } else {
                names[names.count - 1].append(line[index])
            }
        }
        columns = names
        return true
    }

    private func value(of key: StaticString, _ line: Span<UInt8>, by delimiter: UInt8) -> Range<Int>? {
        let key = Array("\(key)".utf8)
        guard line.count > key.count, matches(line, 0..<key.count, key), line[key.count] == delimiter else {
            return nil
        }
        return (key.count + 1)..<line.count
    }

    /// `\x09` or the byte itself.
    private static func escaped(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt8? {
        if range.count == 1 { return line[range.lowerBound] }
        guard range.count == 4, line[range.lowerBound] == UInt8(ascii: "\\"),
            line[range.lowerBound + 1] == UInt8(ascii: "x")
        else { return nil }
        return UInt8(text(line, (range.lowerBound + 2)..<range.upperBound), radix: 16)
    }
}
