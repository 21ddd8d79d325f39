/// Reads numbers as they stand in score files: decimal, with an exponent, or as words for infinite and not a number.
enum NumberText {
    /// The number of a text with blanks around it: `3.2`, `.5`, `1e-3`, `inf`, `-Infinity`, `nan`; `nil` for anything else.
    ///
    /// What is too large for a `Double` is infinite.
    static func number(_ text: ArraySlice<UInt8>) -> Double? {
        let trimmed = trimmed(text)
        guard let first = trimmed.first, trimmed.count <= 400 else { return nil }
        let isSigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        let unsigned = isSigned ? trimmed.dropFirst() : trimmed
        switch String(decoding: unsigned, as: UTF8.self).lowercased() {
        case "inf", "infinity": return first == UInt8(ascii: "-") ? -.infinity : .infinity
        case "nan": return .nan
        default: break
        }
        guard isDecimal(unsigned) else { return nil }
        return Double(String(decoding: trimmed, as: UTF8.self))
    }

    /// The bytes without the blanks around them.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = text
        while let byte = rest.first, isBlank(byte) { rest.removeFirst() }
        while let byte = rest.last, isBlank(byte) { rest.removeLast() }
        return rest
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Digits with at most one point, then maybe an exponent. `Double` alone would also take hexadecimal numbers.
    private static func isDecimal(_ text: ArraySlice<UInt8>) -> Bool {
        var digits = 0
        var index = text.startIndex
        func skipDigits() -> Int {
            let start = index
            while index < text.endIndex, (48...57).contains(text[index]) { index += 1 }
            return index - start
        }
        digits += skipDigits()
        if index < text.endIndex, text[index] == UInt8(ascii: ".") {
            index += 1
            digits += skipDigits()
        }
        guard digits > 0 else { return false }
        guard index < text.endIndex else { return true }
        guard text[index] | 0x20 == UInt8(ascii: "e") else { return false }
        index += 1
        if index < text.endIndex, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(text[index]) { index += 1 }
        return skipDigits() > 0 && index == text.endIndex
    }
}
