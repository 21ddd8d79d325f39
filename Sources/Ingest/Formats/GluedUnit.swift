/// Units that stand glued to a number: `12ms`, `21.4°C`, `1.5GiB`.
///
/// A channel keeps the unit of its first value. Values with another unit of the same kind are converted to it, because the
/// same writer says `950ms` and then `1.2s`; one of another kind is no number. Only units from a list are split off, so
/// that `3rd` and `10base2` stay texts.
enum GluedUnit {
    /// A unit: what it measures, and how much of the kind's smallest unit it is.
    private struct Unit {
        var name: [UInt8]
        var kind: Int
        var size: Double
    }

    /// The units by what they measure. Units that only look alike (°C and K) are kinds of their own: they differ by more
    /// than a factor.
    private static let kinds: [[(String, Double)]] = [
        [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("sec", 1e9), ("min", 6e10),
            ("h", 3.6e12), ("d", 8.64e13),
        ],
        [
            ("B", 1), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KiB", 1_024),
            ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
        ],
        [("bps", 1), ("kbps", 1e3), ("Mbps", 1e6), ("Gbps", 1e9)],
        [("B/s", 1), ("kB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9)],
        [("mHz", 1), ("Hz", 1e3), ("kHz", 1e6), ("MHz", 1e9), ("GHz", 1e12)],
        [("mW", 1), ("W", 1e3), ("kW", 1e6), ("MW", 1e9)], [("Wh", 1), ("kWh", 1e3), ("MWh", 1e6)],
        [("uV", 1), ("µV", 1), ("mV", 1e3), ("V", 1e6), ("kV", 1e9)],
        [("uA", 1), ("µA", 1), ("mA", 1e3), ("A", 1e6), ("kA", 1e9)],
        [("Pa", 1), ("hPa", 100), ("mbar", 100), ("kPa", 1e3), ("bar", 1e5), ("MPa", 1e6)],
        [("mm", 1), ("cm", 10), ("m", 1e3), ("km", 1e6)], [("mg", 1), ("g", 1e3), ("kg", 1e6), ("t", 1e9)],
        [("ml", 1), ("l", 1e3), ("L", 1e3)], [("mm/s", 1), ("m/s", 1e3)], [("l/min", 1)], [("l/h", 1)], [("m3/h", 1)],
        [("m³/h", 1)], [("km/h", 1)], [("%", 1)], [("°C", 1), ("C", 1)], [("°F", 1), ("F", 1)], [("K", 1)],
        [("rpm", 1)], [("psi", 1)], [("ppm", 1)], [("ppb", 1)], [("dB", 1)], [("dBm", 1)], [("lx", 1)], [("Nm", 1)],
        [("N", 1), ("kN", 1e3)], [("Ω", 1), ("kΩ", 1e3)], [("°", 1)], [("x", 1)],
    ]

    private static let units: [Unit] = kinds.enumerated().flatMap { kind, units in
        units.map { Unit(name: Array($0.0.utf8), kind: kind, size: $0.1) }
    }
    private static let longest = units.reduce(0) { max($0, $1.name.count) }
    private static let second = index(of: "s")
    private static let (hourByte, minuteByte, secondByte) = (UInt8(ascii: "h"), UInt8(ascii: "m"), UInt8(ascii: "s"))

    /// The number of the unit with a name; `nil` when it is not known.
    static func index(of name: String) -> Int? {
        let bytes = Array(name.utf8)
        return units.firstIndex { $0.name == bytes }
    }

    /// The name of a unit.
    static func name(_ unit: Int) -> String { String(decoding: units[unit].name, as: UTF8.self) }

    /// Whether a value of one unit can be said in another.
    static func isConvertible(_ unit: Int, to other: Int) -> Bool { units[unit].kind == units[other].kind }

    /// A value of one unit in another of the same kind.
    ///
    /// Rounds once where the units differ by a whole factor.
    static func convert(_ value: Double, _ unit: Int, to other: Int) -> Double {
        let (from, to) = (units[unit].size, units[other].size)
        return from >= to ? value * (from / to) : value / (to / from)
    }

    /// A number with its unit, or a time as Go writes it (`1m30.5s`); `nil` when it is neither.
    static func read(
        _ bytes: Span<UInt8>, _ field: Range<Int>, _ parser: NumberParser
    ) -> (value: Double, unit: Int)? {
        let range = trimmed(bytes, field)
        let end = numberEnd(bytes, range)
        guard end > range.lowerBound, end < range.upperBound,
            case .number(let value) = parser.parse(bytes, range.lowerBound..<end)
        else { return nil }
        let suffix = end..<range.upperBound
        if suffix.count <= longest {
            for (index, unit) in units.enumerated() where matches(bytes, suffix, unit.name) { return (value, index) }
        }
        guard let seconds = duration(bytes, range, parser), let second else { return nil }
        return (seconds, second)
    }

    /// Where the number at the beginning of a field ends.
    private static func numberEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        if index < range.upperBound, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            index += 1
        }
        let digits = index
        while index < range.upperBound, bytes[index] &- 48 <= 9 || bytes[index] == UInt8(ascii: ".") { index += 1 }
        guard index > digits else { return range.lowerBound }
        guard index < range.upperBound, bytes[index] | 0x20 == UInt8(ascii: "e") else { return index }
        var exponent = index + 1
        if exponent < range.upperBound, bytes[exponent] == UInt8(ascii: "-") || bytes[exponent] == UInt8(ascii: "+") {
            exponent += 1
        }
        guard exponent < range.upperBound, bytes[exponent] &- 48 <= 9 else { return index }
        while exponent < range.upperBound, bytes[exponent] &- 48 <= 9 { exponent += 1 }
        return exponent
    }

    /// Hours, minutes and seconds, each once and in this order.
    private static func duration(_ bytes: Span<UInt8>, _ range: Range<Int>, _ parser: NumberParser) -> Double? {
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var place = range.lowerBound + (isNegative ? 1 : 0)
        var seconds = 0.0
        var last = Double.infinity
        while place < range.upperBound {
            let end = numberEnd(bytes, place..<range.upperBound)
            guard end > place, end < range.upperBound, case .number(let value) = parser.parse(bytes, place..<end) else {
                return nil
            }
            let size: Double
            switch bytes[end] {
            case hourByte: size = 3_600
            case minuteByte: size = 60
            case secondByte: size = 1
            default: return nil
            }
            guard size < last, value >= 0 else { return nil }
            last = size
            seconds += value * size
            place = end + 1
        }
        return isNegative ? -seconds : seconds
    }
}
