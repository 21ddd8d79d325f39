/// Standard normal numbers from a seed, for initial weights: the same on every machine.
///
/// Twelve uniform numbers are added instead of taking logarithms and cosines (Irwin and Hall): the tails end at ±6,
/// which initial weights do not miss, and no libm is involved.
struct InitialWeights {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func normal() -> Float {
        var sum = -6.0
        for _ in 0..<12 { sum += Double(next() >> 11) * 0x1p-53 }
        return Float(sum)
    }

    /// SplitMix64: Steele, Lea, Flood 2014, doi 10.1145/2714064.2660195.
    private mutating func next() -> UInt64 {
        state = state &+ 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
