/// Whether a value is good, as a field beside it says.
///
/// Bad: `false`, 0, a number from 2 to 191 (OPC DA has 192 and more for good, 64 to 191 for uncertain), a text that
/// begins with bad, uncertain, invalid, false, stale, error or fault in any case. All else is good, an absent or empty
/// field among it.
enum Quality {
    private static let badWords = ["bad", "uncertain", "invalid", "false", "stale", "error", "fault"].map {
        Array($0.utf8)
    }

    /// Whether a field says that its value is good.
    static func isGood(_ bytes: Span<UInt8>, _ field: Range<Int>, _ parser: NumberParser) -> Bool {
        let range = trimmed(bytes, field)
        if case .number(let value) = parser.parse(bytes, range) { return value == 1 || value >= 192 }
        return !badWords.contains { word in
            range.count >= word.count && word.indices.allSatisfy { bytes[range.lowerBound + $0] | 0x20 == word[$0] }
        }
    }
}
