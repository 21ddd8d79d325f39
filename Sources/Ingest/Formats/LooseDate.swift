/// A date in numbers whose order must be known: `21/11/2026`, `11-21-2026 2:15 PM`, `1.2.2026`.
///
/// ``TimeParser`` reads dates that have one reading. The others are rewritten as `2026-11-21 14:15` once their order is
/// settled. Dates with dots have the day first in every country that writes them so.
struct LooseDate: Equatable, Sendable {
    /// What stands first: the day or the month.
    var first: Int
    /// What stands second.
    var second: Int
    var year: Int
    /// `/`, `-` or `.`.
    var separator: UInt8
    /// Where the date ends.
    var end: Int

    /// Reads `1/2/2026` at the start of a range; `nil` when something else stands there.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var index = range.lowerBound
        guard let first = Self.number(bytes, range, &index, digits: 1...2), index < range.upperBound else { return nil }
        separator = bytes[index]
        guard separator == UInt8(ascii: "/") || separator == UInt8(ascii: "-") || separator == UInt8(ascii: ".") else {
            return nil
        }
        index += 1
        guard let second = Self.number(bytes, range, &index, digits: 1...2), index < range.upperBound,
            bytes[index] == separator
        else { return nil }
        index += 1
        guard let year = Self.number(bytes, range, &index, digits: 4...4),
            index == range.upperBound || bytes[index] == 32 || bytes[index] | 0x20 == UInt8(ascii: "t")
        else { return nil }
        self.first = first
        self.second = second
        self.year = year
        end = index
    }

    private static func number(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ index: inout Int, digits: ClosedRange<Int>
    ) -> Int? {
        var value = 0
        var count = 0
        while index < range.upperBound, bytes[index] &- 48 <= 9, count < digits.upperBound {
            value = value * 10 + Int(bytes[index] &- 48)
            index += 1
            count += 1
        }
        return count >= digits.lowerBound ? value : nil
    }

    /// The date as `2026-11-21` in the given order.
    func text(_ order: SourceConfiguration.DateOrder) -> String {
        var bytes: [UInt8] = []
        append(order, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func append(_ order: SourceConfiguration.DateOrder, to bytes: inout [UInt8]) {
        let (month, day) = order == .monthFirst ? (first, second) : (second, first)
        for unit in [1_000, 100, 10, 1] { bytes.append(UInt8(48 + year / unit % 10)) }
        for part in [month, day] {
            bytes.append(UInt8(ascii: "-"))
            bytes.append(UInt8(48 + part / 10))
            bytes.append(UInt8(48 + part % 10))
        }
    }

    /// Writes date and time of day as ``TimeParser`` reads them.
    ///
    /// - Parameters:
    ///   - clock: where the time of day stands, with a zone or `AM`/`PM` behind it; may be empty.
    ///   - scratch: takes the text; what it held is dropped.
    func rewrite(
        _ bytes: Span<UInt8>, clock: Range<Int>, _ order: SourceConfiguration.DateOrder, into scratch: inout [UInt8]
    ) {
        scratch.removeAll(keepingCapacity: true)
        append(order, to: &scratch)
        var range = trimmed(bytes, clock)
        // No time of day is longer than this; what is cut off cannot be read either way.
        range = range.lowerBound..<min(range.upperBound, range.lowerBound + 64)
        guard !range.isEmpty else { return }
        if bytes[range.lowerBound] | 0x20 == UInt8(ascii: "t") { range = (range.lowerBound + 1)..<range.upperBound }
        var hour = 0
        var index = range.lowerBound
        while index < range.upperBound, index < range.lowerBound + 2, bytes[index] &- 48 <= 9 {
            hour = hour * 10 + Int(bytes[index] &- 48)
            index += 1
        }
        if index == range.lowerBound { hour = 99 }
        var end = range.upperBound
        if end - index >= 2, bytes[end - 1] | 0x20 == UInt8(ascii: "m") {
            let half = bytes[end - 2] | 0x20
            if half == UInt8(ascii: "a") || half == UInt8(ascii: "p") {
                hour = (1...12).contains(hour) ? hour % 12 + (half == UInt8(ascii: "p") ? 12 : 0) : 99
                end -= 2
            }
        }
        while end > index, bytes[end - 1] == 32 { end -= 1 }
        scratch.append(32)
        scratch.append(UInt8(48 + hour / 10))
        scratch.append(UInt8(48 + hour % 10))
        for place in index..<end { scratch.append(bytes[place]) }
    }
}
