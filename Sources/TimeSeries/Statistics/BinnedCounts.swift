/// Counts of numbers in bins, with quick questions about ranks. What range a bin stands for is the user's business.
///
/// Two levels: one count for each bin and one for each block of 64 bins. Adding and removing touch two numbers, and a
/// rank adds up at most 64 bins and `binCount`/64 blocks instead of all bins.
///
///     bins    |0 … 63|64 … 127|  …  |1984 … 2047|      UInt16 each
///     blocks  |  0   |   1    |  …  |     31    |      UInt16 each
public struct BinnedCounts: Sendable, Equatable {
    private static let blockBits = 6

    /// How many bins there are.
    public let binCount: Int
    /// Numbers counted now.
    public private(set) var total = 0
    /// Seen by other modules only so that a bin is read without a call.
    @usableFromInline var bins: [UInt16]
    private var blocks: [UInt16]

    /// Creates empty bins.
    ///
    /// - Precondition: `binCount` is a positive multiple of 64, below 65,536.
    public init(binCount: Int) {
        precondition(binCount > 0 && binCount % 64 == 0 && binCount < 65_536, "\(binCount) bins")
        self.binCount = binCount
        bins = Array(repeating: 0, count: binCount)
        blocks = Array(repeating: 0, count: binCount >> Self.blockBits)
    }

    /// How many numbers lie in a bin.
    @inlinable public subscript(bin: Int) -> Int { Int(bins[bin]) }

    /// The first bin of a bin's block when the whole block is empty, else the bin itself: where a walk down may go on.
    public func emptyBlockStart(of bin: Int) -> Int {
        blocks[bin >> Self.blockBits] == 0 ? bin & ~((1 << Self.blockBits) - 1) : bin
    }

    /// Counts a number in a bin.
    ///
    /// - Precondition: fewer than 65,536 numbers are counted in all.
    public mutating func add(bin: Int) {
        bins[bin] += 1
        blocks[bin >> Self.blockBits] += 1
        total += 1
    }

    /// Takes a number out of a bin.
    ///
    /// - Precondition: there is one in it.
    public mutating func remove(bin: Int) {
        bins[bin] -= 1
        blocks[bin >> Self.blockBits] -= 1
        total -= 1
    }

    /// How many numbers lie in this bin or above.
    public func count(from bin: Int) -> Int {
        let block = bin >> Self.blockBits
        var sum = 0
        let blockSpan = blocks.span
        let binSpan = bins.span
        for index in (block + 1)..<max(block + 1, blockSpan.count) { sum &+= Int(blockSpan[index]) }
        for index in bin..<((block + 1) << Self.blockBits) { sum &+= Int(binSpan[index]) }
        return sum
    }

    /// Forgets all numbers.
    public mutating func removeAll() {
        for bin in bins.indices { bins[bin] = 0 }
        for block in blocks.indices { blocks[block] = 0 }
        total = 0
    }

    /// Bytes that the counts take.
    public var memoryBytes: Int { 2 * (bins.count + blocks.count) }
}
