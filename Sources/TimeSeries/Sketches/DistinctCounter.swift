/// Estimates how many different things there were among many: HyperLogLog.
///
/// 1,024 registers of one byte; the standard error is 1.04 / √1024 = 3.3 % (tested against exact counting). Below 2.5 × 1,024
/// it counts empty registers instead (linear counting), which is closer there. 64-bit hashes need no correction for large
/// numbers.
///
/// Flajolet, Fusy, Gandouet, Meunier, *HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm*,
/// AofA 2007; Heule, Nunkesser, Hall, *HyperLogLog in practice*, EDBT 2013, doi:10.1145/2452376.2452456. We leave out the
/// bias table of the latter: between 2.5 and 5 × 1,024 the estimate is up to a few per cent high.
public struct DistinctCounter: Equatable, Sendable {
    private static let indexBits = 10
    private static let registerCount = 1 << indexBits

    private var registers: [UInt8]

    /// Creates a counter of nothing.
    public init() { registers = Array(repeating: 0, count: Self.registerCount) }

    /// Counts a thing by its hash, of which all 64 bits are good.
    public mutating func insert(hash: UInt64) {
        let index = Int(hash >> UInt64(64 - Self.indexBits))
        let rest = hash << UInt64(Self.indexBits) | 1 << UInt64(Self.indexBits - 1)
        registers[index] = max(registers[index], UInt8(rest.leadingZeroBitCount + 1))
    }

    /// The estimate.
    public var estimate: Double {
        let count = Double(Self.registerCount)
        var sum = 0.0
        var empty = 0
        for register in registers {
            sum += Double(sign: .plus, exponent: -Int(register), significand: 1)
            if register == 0 { empty += 1 }
        }
        let raw = 0.7213 / (1 + 1.079 / count) * count * count / sum
        guard raw <= 2.5 * count, empty > 0 else { return raw }
        return count * Transcendental.log(count / Double(empty))
    }

    /// Writes the counter.
    public func encode(to writer: inout StateWriter) { writer.write(registers) }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        registers = try reader.readIntegers()
        guard registers.count == Self.registerCount, registers.allSatisfy({ $0 <= 64 }) else {
            throw .invalid("a counter of \(registers.count) registers")
        }
    }
}
