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

    /// The number of one to eight digits; `nil` for anything else, and at the first eight bytes of the span.
    ///
    /// The eight bytes that end with the field at once, those before it replaced by zeros: first as pairs, then as fours,
    /// then all (Lemire, "Quickly parsing eight digits", 2018). Fields differ in length, and the end of a loop would be
    /// guessed wrongly.
    @inline(__always)
    func digits(_ range: Range<Int>) -> UInt64? {
        let length = range.upperBound &- range.lowerBound
        guard length >= 1, length <= 8, range.upperBound >= 8, range.upperBound <= count else { return nil }
        let before = UInt64(truncatingIfNeeded: 8 &* (8 &- length))
        // A shift by 64 does not come: there is a digit.
        let field = UInt64.max << before
        let text = word(at: range.upperBound &- 8) & field | 0x3030_3030_3030_3030 & ~field
        // Digits are 0x30 to 0x39: the upper half of the byte is 3, and still is when 6 is added.
        let (upper, threes): (UInt64, UInt64) = (0xf0f0_f0f0_f0f0_f0f0, 0x3030_3030_3030_3030)
        guard text & upper == threes, (text &+ 0x0606_0606_0606_0606) & upper == threes else { return nil }
        let ones = text & 0x0f0f_0f0f_0f0f_0f0f
        let pairs = (ones &* 10 &+ ones >> 8) & 0x00ff_00ff_00ff_00ff
        let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_ffff_0000_ffff
        return (fours &* 10_000 &+ fours >> 32) & 0xffff_ffff
    }

    /// Up to eight bytes as one number, the first of them lowest; `nil` when there are more.
    @inline(__always)
    func packed(_ range: Range<Int>) -> UInt64? {
        guard range.count <= 8 else { return nil }
        if range.upperBound >= 8, range.upperBound <= count, !range.isEmpty {
            // The eight bytes that end with them.
            return word(at: range.upperBound - 8) >> UInt64(8 * (8 - range.count))
        }
        var packed: UInt64 = 0
        for index in range.reversed() { packed = packed << 8 | UInt64(self[index]) }
        return packed
    }
}

/// Where the fields of a line end, one after another: its delimiters, found for 64 bytes at once, and the line's end.
///
/// A bit for each byte, and not a look at each word for whether it holds any: fields differ in length, and that would be guessed
/// wrongly once a field.
struct FieldEnds {
    private let pattern: UInt64
    /// Bytes from `base` on that are delimiters and were not given yet, the first of them lowest.
    private var found: UInt64 = 0
    private var base = -64

    init(delimiter: UInt8) { pattern = 0x0101_0101_0101_0101 &* UInt64(delimiter) }

    /// The next end of the line, which is the same at each call.
    @inline(__always)
    mutating func next(_ line: Span<UInt8>) -> Int {
        while found == 0 {
            guard base &+ 64 < line.count else { return line.count }
            look(line)
        }
        let end = base &+ found.trailingZeroBitCount
        found &= found &- 1
        return end
    }

    /// How many delimiters are left.
    @inline(__always)
    mutating func countRest(_ line: Span<UInt8>) -> Int {
        var count = found.nonzeroBitCount
        while base &+ 64 < line.count {
            look(line)
            count += found.nonzeroBitCount
        }
        found = 0
        return count
    }

    /// Looks at the next 64 bytes, or at what is left of the line.
    @inline(__always)
    private mutating func look(_ line: Span<UInt8>) {
        base &+= 64
        found = 0
        var place = base
        let end = min(line.count, base &+ 64)
        while place &+ 8 <= end {
            found |= delimiters(line.word(at: place)) << UInt64(truncatingIfNeeded: place &- base)
            place &+= 8
        }
        if place < end { found |= delimiters(tail(line, from: place)) << UInt64(truncatingIfNeeded: place &- base) }
    }

    /// A bit for each byte of a word that is a delimiter.
    @inline(__always)
    private func delimiters(_ word: UInt64) -> UInt64 {
        let other = word ^ pattern
        // No carry leaves its byte: bit 7 of each says whether it is another.
        let same = ~(((other & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7f7f_7f7f_7f7f_7f7f) | other) & 0x8080_8080_8080_8080
        // Bit 8i goes to bit 56 + i; no other sum of the product reaches those, and no two meet below.
        return (same >> 7 &* 0x0102_0408_1020_4080) >> 56
    }

    /// The last bytes of a line, up to seven, and bytes that are no delimiter behind them.
    @inline(__always)
    private func tail(_ line: Span<UInt8>, from place: Int) -> UInt64 {
        let missing = UInt64(truncatingIfNeeded: 8 &* (8 &- (line.count &- place)))
        guard line.count >= 8 else {
            var word = ~pattern
            for index in place..<line.count {
                let shift = UInt64(8 * (index - place))
                word = word & ~(0xff << shift) | UInt64(line[index]) << shift
            }
            return word
        }
        // Between 8 and 56 bits are missing.
        return line.word(at: line.count &- 8) >> missing | ~pattern << (64 &- missing)
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
