/// Looking for bytes eight at a time, in a machine word (Mycroft's test, see Warren, "Hacker's Delight", 2nd edition, 6-1).
extension Span<UInt8> {
    /// The eight bytes from a place on, the first of them lowest.
    @inline(__always)
    fileprivate func word(at index: Int) -> UInt64 {
        // The callers stay within the span.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
    }

    /// Position of the first control byte (below 32, a line end among them) that is no tab; `count` when there is none.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        let (low, high): (UInt64, UInt64) = (0x7f7f_7f7f_7f7f_7f7f, 0x8080_8080_8080_8080)
        var index = start
        while index + 8 <= count {
            let word = word(at: index)
            let tabs = word ^ 0x0909_0909_0909_0909
            // No carry leaves its byte: bit 7 of each says whether it is below 32, and whether it is no tab.
            let isControl = ~(((word & low) &+ 0x6060_6060_6060_6060) | word)
            let isNoTab = ((tabs & low) &+ low) | tabs
            let found = isControl & isNoTab & high
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, self[index] >= 32 || self[index] == 9 { index += 1 }
        return index
    }

    /// Position of the first such byte; `count` when there is none.
    @inline(__always)
    func first(_ byte: UInt8, from start: Int) -> Int {
        let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
        var index = start
        while index + 8 <= count {
            let word = word(at: index) ^ pattern
            let found = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, self[index] != byte { index += 1 }
        return index
    }

    /// Whether these bytes stand at a place.
    @inline(__always)
    func has(_ expected: Span<UInt8>, at place: Int) -> Bool {
        guard place + expected.count <= count else { return false }
        var index = 0
        while index + 8 <= expected.count {
            guard word(at: place + index) == expected.word(at: index) else { return false }
            index += 8
        }
        while index < expected.count {
            guard self[place + index] == expected[index] else { return false }
            index += 1
        }
        return true
    }

    /// Up to eight bytes as one number, the first of them lowest; `nil` when there are more.
    @inline(__always)
    func packed(_ range: Range<Int>) -> UInt64? {
        guard range.count <= 8 else { return nil }
        var packed: UInt64 = 0
        for index in range.reversed() { packed = packed << 8 | UInt64(self[index]) }
        return packed
    }
}

/// Where the fields of a line end, one after another: its delimiters, found for eight bytes at once, and the line's end.
struct FieldEnds {
    private let pattern: UInt64
    /// Bit 7 of each byte of the eight at `base` that is a delimiter and was not given yet.
    private var found: UInt64 = 0
    private var base = -8

    init(delimiter: UInt8) { pattern = 0x0101_0101_0101_0101 &* UInt64(delimiter) }

    /// The next end of the line, which is the same at each call.
    @inline(__always)
    mutating func next(_ line: Span<UInt8>) -> Int {
        while found == 0 {
            base += 8
            guard base < line.count else { return line.count }
            // Behind the line's end stand bytes that are no delimiter.
            let other = (base + 8 <= line.count ? line.word(at: base) : tail(line)) ^ pattern
            // No carry leaves its byte: bit 7 of each says whether it is another.
            found = ~(((other & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7f7f_7f7f_7f7f_7f7f) | other) & 0x8080_8080_8080_8080
        }
        let end = base + found.trailingZeroBitCount >> 3
        found &= found &- 1
        return end
    }

    private func tail(_ line: Span<UInt8>) -> UInt64 {
        var word = ~pattern
        for index in base..<line.count {
            let shift = UInt64(8 * (index - base))
            word = word & ~(0xff << shift) | UInt64(line[index]) << shift
        }
        return word
    }
}

extension [UInt8] {
    /// Appends bytes at once: one by one each would ask for room.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        // Read within the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
