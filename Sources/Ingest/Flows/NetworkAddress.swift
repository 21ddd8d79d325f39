/// An IPv4 or IPv6 address in 128 bits; an IPv4 address is the IPv4-mapped one (RFC 4291, section 2.5.5.2).
public struct NetworkAddress: Hashable, Sendable {
    /// The first 64 bits.
    public var high: UInt64
    /// The last 64 bits.
    public var low: UInt64

    /// Creates an address of its bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Creates an IPv4 address.
    public init(ipv4: UInt32) { self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4)) }

    /// The IPv4 address, when it is one.
    public var ipv4: UInt32? { high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil }

    /// Whether it is of a network that the Internet does not route to: private (RFC 1918, RFC 4193), link-local, loopback,
    /// shared (RFC 6598), multicast, or unspecified.
    public var isLocal: Bool {
        if let ipv4 {
            switch ipv4 >> 24 {
            case 0, 10, 127, 224...255: return true
            case 100: return ipv4 >> 22 == 0x191
            case 169: return ipv4 >> 16 == 0xa9fe
            case 172: return ipv4 >> 20 == 0xac1
            case 192: return ipv4 >> 16 == 0xc0a8
            default: return false
            }
        }
        let first = high >> 56
        return first == 0xff || first & 0xfe == 0xfc || high >> 54 == 0x3fa || (high == 0 && low <= 1)
    }

    /// The network of its first bits: `prefix` of 32 for an IPv4 address, of 128 otherwise.
    public func network(prefix: Int) -> NetworkAddress {
        let bits = min(128, max(0, ipv4 == nil ? prefix : prefix + 96))
        let highMask: UInt64 = bits >= 64 ? .max : bits == 0 ? 0 : ~(UInt64.max >> UInt64(bits))
        let lowMask: UInt64 = bits <= 64 ? 0 : bits == 128 ? .max : ~(UInt64.max >> UInt64(bits - 64))
        return NetworkAddress(high: high & highMask, low: low & lowMask)
    }

    // MARK: Text

    /// Reads the text of an address, `10.0.5.12`, `fe80::1`, `::ffff:10.0.5.12`; a zone behind `%` is dropped. `nil` for
    /// anything else.
    init?(_ bytes: Span<UInt8>, _ field: Range<Int>) {
        if field.count <= 15, let address = Self.ipv4(bytes, field) {
            self.init(ipv4: address)
            return
        }
        var range = trimmed(bytes, field)
        for index in range where bytes[index] == UInt8(ascii: "%") {
            range = range.lowerBound..<index
            break
        }
        guard !range.isEmpty, range.count <= 45 else { return nil }
        var hasColon = false
        for index in range where bytes[index] == UInt8(ascii: ":") { hasColon = true }
        if !hasColon {
            guard let address = Self.ipv4(bytes, range) else { return nil }
            self.init(ipv4: address)
            return
        }
        self.init(ipv6: bytes, range)
    }

    /// Four numbers below 256 between dots.
    private static func ipv4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var address: UInt32 = 0
        var parts = 0
        var index = range.lowerBound
        while true {
            var number: UInt32 = 0
            var digits = 0
            while index < range.upperBound, bytes[index] &- 48 <= 9, digits < 3 {
                number = number * 10 + UInt32(bytes[index] &- 48)
                digits += 1
                index += 1
            }
            guard digits > 0, number <= 255 else { return nil }
            address = address << 8 | number
            parts += 1
            if parts == 4 { return index == range.upperBound ? address : nil }
            guard index < range.upperBound, bytes[index] == UInt8(ascii: ".") else { return nil }
            index += 1
        }
    }

    /// Eight groups of hexadecimal digits, `::` for zeros once, the last two groups perhaps as an IPv4 address.
    private init?(ipv6 bytes: Span<UInt8>, _ range: Range<Int>) {
        var groups: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        var gap: Int?
        func push(_ group: UInt64) {
            groups = (groups.high << 16 | groups.low >> 48, groups.low << 16 | group)
            count += 1
        }
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == UInt8(ascii: ":") {
                let isDouble = index + 1 < range.upperBound && bytes[index + 1] == UInt8(ascii: ":")
                if isDouble {
                    guard gap == nil else { return nil }
                    gap = count
                    index += 2
                    continue
                }
                guard count > 0, index + 1 < range.upperBound, bytes[index - 1] != UInt8(ascii: ":") else { return nil }
                index += 1
            } else if index > range.lowerBound, bytes[index - 1] != UInt8(ascii: ":") {
                return nil
            }
            let start = index
            var group: UInt64 = 0
            while index < range.upperBound, let digit = Self.hexadecimal(bytes[index]), index - start < 4 {
                group = group << 4 | digit
                index += 1
            }
            if index < range.upperBound, bytes[index] == UInt8(ascii: ".") {
                guard let rest = Self.ipv4(bytes, start..<range.upperBound), count <= 6 else { return nil }
                push(UInt64(rest >> 16))
                push(UInt64(rest & 0xffff))
                index = range.upperBound
                break
            }
            guard index > start, count < 8 else { return nil }
            push(group)
        }
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        if let gap {
            // What stands behind the gap is at the end already; what stands before it moves up over the zeros.
            let behind = (count - gap) * 16
            let all = (UInt128(groups.high) << 64) | UInt128(groups.low)
            let tail = behind == 0 ? 0 : all & (UInt128.max >> UInt128(128 - behind))
            let head = gap == 0 ? 0 : (all >> UInt128(behind)) << UInt128(128 - gap * 16)
            groups = (UInt64(truncatingIfNeeded: (head | tail) >> 64), UInt64(truncatingIfNeeded: head | tail))
        }
        self.init(high: groups.high, low: groups.low)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 48...57: UInt64(byte - 48)
        case 65...70: UInt64(byte - 55)
        case 97...102: UInt64(byte - 87)
        default: nil
        }
    }
}

extension NetworkAddress: CustomStringConvertible {
    /// The address as text, of IPv6 the shortest (RFC 5952).
    public var description: String {
        if let ipv4 { return "\(ipv4 >> 24).\(ipv4 >> 16 & 255).\(ipv4 >> 8 & 255).\(ipv4 & 255)" }
        let groups = (0..<8).map { index -> UInt64 in
            let half = index < 4 ? high : low
            return half >> UInt64(48 - 16 * (index % 4)) & 0xffff
        }
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > max(1, best.count) { best = index..<end }
            index = max(end, index + 1)
        }
        func text(_ part: Range<Int>) -> String {
            part.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
    }
}
