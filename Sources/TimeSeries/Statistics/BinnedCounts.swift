/// Counts of numbers in bins, with quick questions about ranks. What range a bin stands for is the user's business.
///
/// Two levels: one count for each bin and one for each block of 64 bins. Adding and removing touch two numbers, and a
/// rank adds up at most 64 bins and `binCount`/64 blocks instead of all bins.
///
///     blocks  |  0   |   1    |  …  |     31    |      UInt16 each, and behind them in the same array
///     bins    |0 … 63|64 … 127|  …  |1984 … 2047|      UInt16 each
public struct BinnedCounts: Sendable, Equatable {
    private static let blockBits = 6

    /// How many bins there are.
    public let binCount: Int
    /// Numbers counted now.
    public private(set) var total = 0
    /// Seen by other modules only so that a bin is read without a call.
    @usableFromInline var cells: [UInt16]
    /// Where the bins begin.
    @usableFromInline let blockCount: Int

    /// Creates empty bins.
    ///
    /// - Precondition: `binCount` is a positive multiple of 64, below 65,536.
    public init(binCount: Int) {
        precondition(binCount > 0 && binCount % 64 == 0 && binCount < 65_536, "\(binCount) bins")
        self.binCount = binCount
        blockCount = binCount >> Self.blockBits
        cells = Array(repeating: 0, count: blockCount + binCount)
    }

    /// How many numbers lie in a bin.
    @inlinable public subscript(bin: Int) -> Int { Int(cells[blockCount + bin]) }

    /// The first bin of a bin's block when the whole block is empty, else the bin itself: where a walk down may go on.
    public func emptyBlockStart(of bin: Int) -> Int {
        cells[bin >> Self.blockBits] == 0 ? bin & ~((1 << Self.blockBits) - 1) : bin
    }

    /// Counts a number in a bin.
    ///
    /// - Precondition: fewer than 65,536 numbers are counted in all.
    public mutating func add(bin: Int) {
        cells[blockCount + bin] += 1
        cells[bin >> Self.blockBits] += 1
        total += 1
    }

    /// Takes a number out of a bin.
    ///
    /// - Precondition: there is one in it.
    public mutating func remove(bin: Int) {
        cells[blockCount + bin] -= 1
        cells[bin >> Self.blockBits] -= 1
        total -= 1
    }

    /// How many numbers lie in this bin or above.
    public func count(from bin: Int) -> Int {
        let block = bin >> Self.blockBits
        var sum = 0
        let cells = cells.span
        for index in (block + 1)..<max(block + 1, blockCount) { sum &+= Int(cells[index]) }
        for index in (blockCount + bin)..<(blockCount + (block + 1) << Self.blockBits) { sum &+= Int(cells[index]) }
        return sum
    }

    /// Forgets all numbers.
    public mutating func removeAll() {
        for cell in cells.indices { cells[cell] = 0 }
        total = 0
    }

    /// Bytes that the counts take.
    public var memoryBytes: Int { 2 * cells.count }
}
