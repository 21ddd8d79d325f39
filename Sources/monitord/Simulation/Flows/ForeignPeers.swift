import TimeSeries

/// The Internet as one host knows it: some favourites, and everybody else by popularity.
///
/// Popularity falls as 1 / rank (Zipf), drawn as e^(u · ln n): the first tenth of the logarithm is one address, the last tenth half of
/// them. Most favourites are popular with everybody; a few are the host's own.
struct ForeignPeers {
    private static let everybody = 20_000.0
    private static let favourites = 60.0

    let seed: UInt64

    /// An address to talk to.
    func draw(_ generator: inout SeededGenerator) -> UInt32 {
        let word = generator.next()
        guard word % 100 < 88 else { return Self.address(Self.rank(generator.uniform(), of: Self.everybody)) }
        let favourite = UInt64(Self.rank(generator.uniform(), of: Self.favourites))
        let hash = splitMix(seed ^ splitMix(favourite))
        return Self.address(Self.rank(Double(hash >> 11) * 0x1p-53, of: Self.everybody))
    }

    /// An address nobody has talked to before: of another part of the address space.
    static func unknown(_ seed: UInt64) -> UInt32 {
        let hash = splitMix(seed)
        return 185 << 24 | UInt32(truncatingIfNeeded: hash) & 0x00ff_fffe | 1
    }

    /// The address of a rank.
    static func address(_ rank: Int) -> UInt32 {
        let hash = splitMix(0x5eed_0f_ad_d7e5 ^ UInt64(rank))
        // First octets in which every address is public.
        let first: [UInt32] = [13, 20, 23, 34, 35, 52, 54, 64, 91, 104, 142, 151]
        return first[Int((hash >> 40) % 12)] << 24 | UInt32(truncatingIfNeeded: hash) & 0x00ff_fffe | 1
    }

    private static func rank(_ uniform: Double, of count: Double) -> Int {
        Int(Transcendental.exp(uniform * Transcendental.log(count + 1)))
    }
}
