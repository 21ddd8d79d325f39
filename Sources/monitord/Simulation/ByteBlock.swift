/// A block of bytes that text and numbers are put into without making strings.
struct ByteBlock {
    private(set) var bytes: [UInt8]
    private(set) var count = 0

    /// - Parameter capacity: at first; it grows when more is put in.
    init(capacity: Int) { bytes = [UInt8](repeating: 0, count: max(64, capacity)) }

    /// Forgets what was put in.
    mutating func clear() { count = 0 }

    mutating func put(_ byte: UInt8) {
        reserve(1)
        bytes[count] = byte
        count += 1
    }

    mutating func put(_ other: [UInt8]) {
        reserve(other.count)
        for byte in other {
            bytes[count] = byte
            count += 1
        }
    }

    /// Puts a number of 10^−`decimals`: (−1205, 2) is −12.05.
    mutating func put(_ number: Int, decimals: Int) {
        reserve(24 + decimals)
        if number < 0 {
            bytes[count] = UInt8(ascii: "-")
            count += 1
        }
        var rest = number.magnitude
        var digits = 1
        var bound: UInt = 10
        while digits < 19, rest >= bound {
            digits += 1
            bound *= 10
        }
        if rest >= bound { digits = 20 }
        digits = max(digits, decimals + 1)
        let width = digits + (decimals > 0 ? 1 : 0)
        var place = count + width - 1
        var left = decimals
        for _ in 0..<digits {
            bytes[place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            place -= 1
            left -= 1
            if left == 0, decimals > 0 {
                bytes[place] = UInt8(ascii: ".")
                place -= 1
            }
        }
        count += width
    }

    /// Puts a number with leading zeros.
    mutating func put(_ number: Int, digits: Int) {
        reserve(digits)
        var rest = number
        for place in stride(from: count + digits - 1, through: count, by: -1) {
            bytes[place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > bytes.count else { return }
        bytes.append(contentsOf: repeatElement(0, count: bytes.count + more))
    }
}
