/// A 64-bit hash that is the same in every process and on every machine, unlike `Hasher`.
///
/// FNV-1a over the bytes, then the finaliser of SplitMix64, so that short inputs differ in all bits. It is not
/// cryptographic: it names incidents and picks minibatches.
/// Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/; Steele, Lea, Flood (2014), doi 10.1145/2714064.2660195.
public struct StableHash: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Creates a hash of nothing.
    public init() {}

    /// Mixes in an integer, little-endian.
    public mutating func combine(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    /// Mixes in the length and the bytes of a text.
    public mutating func combine(_ text: String) {
        combine(UInt64(text.utf8.count))
        for byte in text.utf8 { mix(byte) }
    }

    /// The hash of what was combined so far.
    public var value: UInt64 { splitMix(state) }

    private mutating func mix(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
}

/// SplitMix64's output function: a bijection of 64 bits in which every input bit reaches every output bit.
@inlinable
public func splitMix(_ input: UInt64) -> UInt64 {
    var mixed = input &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
}

/// A seeded pseudo-random generator (SplitMix64): small, fast, and its whole state is one number in the checkpoint.
public struct SeededGenerator: RandomNumberGenerator, Equatable, Sendable {
    /// The state; storing it and starting from it continues the sequence.
    public var state: UInt64

    /// Creates a generator.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state = state &+ 0x9e37_79b9_7f4a_7c15
        return splitMix(state &- 0x9e37_79b9_7f4a_7c15)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    @inlinable
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
