/// Reads decimal numbers out of bytes, exactly and without a String.
///
/// The value is always the Double nearest to the decimal text (ties to even), the one `Double(_: String)` gives. Three
/// ways lead to it: up to 2^53 and ten to the 22nd, both factors are exact and one division rounds once (Clinger 1990,
/// "How to read floating point numbers accurately", doi 10.1145/93542.93557); up to 19 digits and as many decimals, a
/// 128 by 64 bit integer division gives a quotient of at least 62 bits and whether anything is left, which rounds
/// correctly; what remains (exponents, more digits) is rare and goes through `Double(_: String)`, which knows no locale.
///
/// A number is `[+-]digits[.digits][(e|E)[+-]digits]`, with digits on one side of the mark at least. Digits grouped by
/// three (`1.234,5` with the mark `,`) are a number when both marks are in it; `1.234` alone could be meant either way, and
/// is grouped only for a parser that was told so. Hexadecimal and units glued to the number are none.
struct NumberParser: Sendable {
    /// What a field is.
    enum Outcome: Equatable, Sendable {
        case number(Double)
        /// Empty, `-`, `?`, `NA`, `N/A`, `null`, `none`, `nan`, in any case.
        case missing
        /// `inf`, `infinity`, or too large for a Double.
        case outOfRange
        case notANumber
    }

    /// The decimal mark, `.` or `,`.
    let mark: UInt8
    /// Whether the other mark alone groups digits: `1.234` is 1234.
    let readsGroups: Bool
    private let powers: [Double]
    private let integerPowers: [UInt64]

    /// Creates a parser.
    init(mark: UInt8 = UInt8(ascii: "."), readsGroups: Bool = false) {
        self.mark = mark
        self.readsGroups = readsGroups
        var power = 1.0
        // Every power up to the 22nd is exact in a Double, and so is each product on the way.
        powers = (0...22).map { _ in
            defer { power *= 10 }
            return power
        }
        var integer: UInt64 = 1
        integerPowers = (0...19).map { exponent in
            defer { if exponent < 19 { integer *= 10 } }
            return integer
        }
    }

    /// Reads a plain number (no exponent, at most 19 digits) that reaches to the next `delimiter` or the end of the line.
    ///
    /// - Parameter position: where the field begins; moved to its end when it is plain, else left alone.
    /// - Returns: the value, or `nil` when the field is anything else.
    @inline(__always)
    func scanPlain(_ bytes: Span<UInt8>, at position: inout Int, delimiter: UInt8) -> Double? {
        let count = bytes.count
        var index = position
        guard index < count else { return nil }
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var mantissa: UInt64 = 0
        let wholeStart = index
        while index < count {
            let digit = bytes[index] &- 48
            if digit > 9 { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index += 1
        }
        var digits = index - wholeStart
        var decimals = 0
        if index < count, bytes[index] == mark {
            index += 1
            let fractionStart = index
            while index < count {
                let digit = bytes[index] &- 48
                if digit > 9 { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                index += 1
            }
            decimals = index - fractionStart
            digits += decimals
        }
        guard digits >= 1, digits <= 19, index == count || bytes[index] == delimiter else { return nil }
        position = index
        let magnitude = value(mantissa, decimals: decimals)
        return isNegative ? -magnitude : magnitude
    }

    /// mantissa · 10^-decimals, rounded once.
    @inline(__always)
    private func value(_ mantissa: UInt64, decimals: Int) -> Double {
        if mantissa <= 1 << 53 { return Double(mantissa) / powers[decimals] }
        return quotient(mantissa, decimals: decimals)
    }

    /// The same for mantissas that a Double does not hold.
    private func quotient(_ mantissa: UInt64, decimals: Int) -> Double {
        let divisor = integerPowers[decimals]
        let mantissaShift = mantissa.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let normalised = mantissa << UInt64(mantissaShift)
        // The high half is below 2^63 and the divisor at least 2^63, so the quotient fits in 64 bits and has 62 at least.
        let (whole, rest) = (divisor << UInt64(divisorShift)).dividingFullWidth((normalised >> 1, normalised << 63))
        // A remainder shows as the last bit: it can only matter for ties, which lie above it.
        let sticky = whole | (rest == 0 ? 0 : 1)
        return Double(sign: .plus, exponent: divisorShift - mantissaShift - 63, significand: Double(sticky))
    }

    /// What the bytes of a whole field are; spaces around it do not count.
    func parse(_ bytes: Span<UInt8>, _ field: Range<Int>) -> Outcome {
        let range = trimmed(bytes, field)
        guard !range.isEmpty else { return .missing }
        var position = range.lowerBound
        let inner = bytes.extracting(0..<range.upperBound)
        if let plain = scanPlain(inner, at: &position, delimiter: 0), position == range.upperBound {
            return .number(plain)
        }
        guard let text = decimalText(bytes, range) ?? groupedText(bytes, range) else { return word(bytes, range) }
        guard let value = Double(text) else { return .notANumber }
        return value.isFinite ? .number(value) : .outOfRange
    }

    /// The field with `.` as its mark, when it has the shape of a number.
    private func decimalText(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        var text = ""
        var digits = 0
        var exponentDigits: Int?
        var hasMark = false
        var previous: UInt8 = 0
        for index in range {
            let byte = bytes[index]
            switch byte {
            case 48...57:
                if exponentDigits == nil { digits += 1 } else { exponentDigits? += 1 }
            case UInt8(ascii: "+"), UInt8(ascii: "-"):
                guard index == range.lowerBound || previous | 0x20 == UInt8(ascii: "e") else { return nil }
            case mark:
                guard !hasMark, exponentDigits == nil else { return nil }
                hasMark = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard exponentDigits == nil, digits > 0 else { return nil }
                exponentDigits = 0
            default: return nil
            }
            previous = byte
            text.unicodeScalars.append(byte == mark ? "." : Unicode.Scalar(byte))
        }
        guard digits > 0, exponentDigits != 0 else { return nil }
        return text
    }

    /// The field without its grouping marks, when it is a number whose digits are grouped.
    private func groupedText(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        switch Self.shape(bytes, range) {
        case .grouped(let own) where own == mark: break
        case .groupOrDecimals(let separator) where separator != mark && readsGroups: break
        default: return nil
        }
        var text = ""
        for index in range where bytes[index] == mark || !Self.isMark(bytes[index]) {
            text.unicodeScalars.append(bytes[index] == mark ? "." : Unicode.Scalar(bytes[index]))
        }
        return text
    }

    // MARK: Shape

    /// What the marks in a number say about its decimal mark.
    enum Shape: Equatable, Sendable {
        /// No mark, or no plain number at all.
        case unmarked
        /// `21.4`, `0,25`: this byte is the decimal mark.
        case decimals(UInt8)
        /// `1.234`: this byte is the decimal mark or groups digits.
        case groupOrDecimals(UInt8)
        /// `1.234,5` and `1.234.567`: digits are grouped, and this byte is the decimal mark.
        case grouped(UInt8)
    }

    private static func isMark(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") }

    /// The shape of digits with marks between them.
    static func shape(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Shape {
        var index = range.lowerBound
        if index < range.upperBound, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            index += 1
        }
        // The lengths of the runs of digits and the marks between them; the last run may be decimals with an exponent.
        var runs = 0
        var firstRun = 0
        var run = 0
        var areThrees = true
        var separator: UInt8 = 0
        while index < range.upperBound {
            let byte = bytes[index]
            if byte &- 48 <= 9 {
                run += 1
            } else if isMark(byte) {
                if runs == 0 {
                    firstRun = run
                    separator = byte
                } else {
                    areThrees = areThrees && run == 3
                    if byte != separator {
                        let isGrouped = areThrees && (1...3).contains(firstRun)
                        return isGrouped && areDigits(bytes, (index + 1)..<range.upperBound)
                            ? .grouped(byte) : .unmarked
                    }
                }
                runs += 1
                run = 0
            } else {
                // An exponent follows decimals only.
                return runs == 1 && byte | 0x20 == UInt8(ascii: "e") ? .decimals(separator) : .unmarked
            }
            index += 1
        }
        guard runs > 0 else { return .unmarked }
        let isGrouped = areThrees && run == 3 && (1...3).contains(firstRun)
        if runs == 1 {
            // `0.250` is never grouped.
            guard isGrouped, firstRun > 1 || bytes[range.upperBound - 5] != UInt8(ascii: "0") else {
                return .decimals(separator)
            }
            return .groupOrDecimals(separator)
        }
        // Four runs between points are an address of the Internet.
        guard isGrouped, separator == UInt8(ascii: ",") || runs != 3 else { return .unmarked }
        return .grouped(separator == UInt8(ascii: ",") ? UInt8(ascii: ".") : UInt8(ascii: ","))
    }

    private static func areDigits(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where bytes[index] &- 48 > 9 { return false }
        return true
    }

    private func word(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Outcome {
        guard range.count <= 9 else { return .notANumber }
        var text = ""
        for index in range {
            let byte = bytes[index]
            text.unicodeScalars.append(Unicode.Scalar((65...90).contains(byte) ? byte | 0x20 : byte))
        }
        switch text {
        case "-", "?", "na", "n/a", "null", "none", "nan", "+nan", "-nan": return .missing
        case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity": return .outOfRange
        default: return .notANumber
        }
    }
}

/// The range without spaces and tabs at its ends.
func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper, bytes[lower] == 32 || bytes[lower] == 9 { lower += 1 }
    while upper > lower, bytes[upper - 1] == 32 || bytes[upper - 1] == 9 { upper -= 1 }
    return lower..<upper
}

/// The bytes of a range as text; ill-formed UTF-8 becomes U+FFFD.
func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for index in range { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
}

/// Whether a range holds exactly these bytes.
@inline(__always)
func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ expected: [UInt8]) -> Bool {
    guard range.count == expected.count else { return false }
    for offset in 0..<expected.count where bytes[range.lowerBound + offset] != expected[offset] { return false }
    return true
}
