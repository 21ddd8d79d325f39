/// A JSON file of times by name: `{"pump.csv": [["2026-03-16T16:00:00Z", "2026-03-16T16:30:00Z"]]}`, or single times
/// instead of pairs.
///
/// Times are texts or numbers. Nothing else is accepted, so that nesting is bounded.
struct TimeListFile {
    /// No longer file is read.
    static let longest = 64 << 20

    /// The times of one entry, one or two, and the line they stand on.
    struct Entry {
        /// As they are written.
        var texts: [String]
        /// Seconds since 1970.
        var seconds: [Double]
        var line: Int
    }

    /// Entries by name; of names that come twice the last.
    private(set) var entries: [String: [Entry]] = [:]

    /// Reads a file.
    ///
    /// - Parameter size: how many times an entry has, 1 (bare) or 2 (in brackets).
    /// - Throws: ``EvaluationError``.
    init(path: String, size: Int) throws(EvaluationError) {
        var scanner = JSONScanner(path: path, bytes: try TextLines.contents(of: path, atMost: Self.longest))
        try scanner.take("{", "an object with a list of times for each name was expected")
        if !scanner.takes("}") {
            repeat {
                let name = try scanner.text()
                try scanner.take(":", "a colon was expected")
                entries[name] = try Self.list(&scanner, size)
            } while scanner.takes(",")
            try scanner.take("}", "a comma or the end of the object was expected")
        }
        guard scanner.isAtEnd else { throw scanner.problem("something follows the object") }
    }

    private static func list(_ scanner: inout JSONScanner, _ size: Int) throws(EvaluationError) -> [Entry] {
        var list: [Entry] = []
        try scanner.take("[", "a list of times was expected")
        if scanner.takes("]") { return list }
        repeat {
            var entry = Entry(texts: [], seconds: [], line: scanner.line)
            if size > 1 { try scanner.take("[", "a beginning and an end in brackets were expected") }
            for index in 0..<size {
                if index > 0 { try scanner.take(",", "a beginning and an end were expected") }
                let text = try scanner.scalar()
                guard let seconds = TimeText.seconds(text) else {
                    throw scanner.problem("`\(text.prefix(40))` is neither an ISO 8601 time nor epoch seconds")
                }
                entry.texts.append(text)
                entry.seconds.append(seconds)
            }
            if size > 1 { try scanner.take("]", "a beginning and an end were expected, nothing more") }
            list.append(entry)
        } while scanner.takes(",")
        try scanner.take("]", "a comma or the end of the list was expected")
        return list
    }
}
