/// Numbers for people: few digits, and the same decimals for all numbers that are compared with each other.
///
/// The decimals give the largest number three digits, and each distance that matters (the width of the band, the way from
/// the expected value) at least two, so that 1013.25 against a band of 1012.71 to 1013.09 does not become 1013 against
/// 1013 to 1013; at most six decimals more than the size alone would give.
package struct ReadableNumbers: Equatable {
    private static let digits = 3
    private static let digitsOfDistance = 2
    private static let mostMoreDecimals = 6
    private static let mostDecimals = 9

    private let decimals: Int

    /// For numbers that are whole: no decimals.
    static let whole = ReadableNumbers(decimals: 0)

    private init(decimals: Int) { self.decimals = decimals }

    /// Chooses the decimals for numbers that will be shown side by side, and distances between them that must be seen.
    package init(_ numbers: [Double], distances: [Double] = []) {
        let sizes = numbers.filter(\.isFinite)
        let largest = sizes.map(\.magnitude).max() ?? 0
        var wanted = largest > 0 ? Self.digits - 1 - Self.exponent(largest) : 0
        let bySize = wanted
        for distance in distances where distance.isFinite && distance.magnitude > largest * 1e-12 {
            // 5.55 − 5.45 is a little less than 0.1 in binary; it is meant to be 0.1.
            let leading = Self.exponent(distance.magnitude * (1 + 1e-9))
            wanted = max(wanted, min(Self.digitsOfDistance - 1 - leading, bySize + Self.mostMoreDecimals))
        }
        decimals = min(wanted, Self.mostDecimals)
    }

    /// The number with the decimals chosen; with its own when nothing of it would be left, and beyond 15 digits as it is.
    package func text(_ number: Double) -> String {
        guard number.isFinite, number.magnitude < 1e15 else { return number.description }
        if decimals < 0 {
            let unit = Self.power(-decimals)
            return String(Int64((number / unit).rounded() * unit))
        }
        let scaled = (number.magnitude * Self.power(decimals)).rounded()
        if scaled >= 0x1p53 { return number.description }
        if scaled == 0, number != 0 {
            let own = ReadableNumbers([number])
            return own.decimals > decimals ? own.text(number) : number.description
        }
        var shown = String(Int64(scaled))
        if decimals > 0 {
            if shown.count <= decimals { shown = String(repeating: "0", count: decimals + 1 - shown.count) + shown }
            shown.insert(".", at: shown.index(shown.endIndex, offsetBy: -decimals))
        }
        return number < 0 && scaled > 0 ? "-" + shown : shown
    }

    /// The power of ten of the leading digit, without a logarithm, whose last bit libm does not promise.
    private static func exponent(_ number: Double) -> Int {
        var power = 0
        var rest = number
        while rest >= 10 {
            rest /= 10
            power += 1
        }
        while rest < 1 && rest > 0 {
            rest *= 10
            power -= 1
        }
        return power
    }

    private static func power(_ exponent: Int) -> Double {
        (0..<exponent).reduce(1.0) { value, _ in value * 10 }
    }
}
