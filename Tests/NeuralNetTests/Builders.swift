import CKernels
import TimeSeries

@testable import NeuralNet

/// The builds of the kernels that this machine runs.
enum Levels {
    /// Names of the builds that this machine runs; `baseline` and `exact` always do.
    static let names = Kernels.available.map(\.name)

    /// What this machine cannot run, for the test output: it must not look tested.
    static let missing = ["avx512", "avx2", "avx512-unfused", "avx2-unfused"].filter { !names.contains($0) }

    /// Builds of one class; on aarch64 the unfused class is empty.
    static func of(_ arithmetic: ArithmeticClass) -> [Kernels] {
        Kernels.available.filter { $0.arithmeticClass == arithmetic }
    }
}

extension Kernels {
    /// The plain Swift twin of the build's arithmetic class.
    var twin: ReferenceKernels { ReferenceKernels(fused: arithmeticClass == .fused) }
}

/// Floats that begin one float past a 64-byte border, with guards behind them that a kernel must not touch.
final class Misaligned {
    private static let guardValue: Float = -98_765.25
    private let buffer: AlignedBuffer
    private let count: Int

    /// - Parameter offset: distance from the border, in floats.
    init(_ values: [Float], offset: Int = 1) {
        count = values.count + offset
        buffer = AlignedBuffer(count: count + 16)
        var filled = [Float](repeating: Self.guardValue, count: buffer.count)
        for (index, value) in values.enumerated() { filled[offset + index] = value }
        buffer.assign(filled)
        self.offset = offset
    }

    private let offset: Int

    /// Where the values begin; valid as long as the owner, which each test keeps to its end.
    @unsafe var base: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }

    var values: [Float] { Array(buffer.array(count: count).dropFirst(offset)) }

    /// Whether everything around the values is untouched.
    var isGuarded: Bool {
        let all = buffer.array(count: buffer.count)
        return (all.prefix(offset) + all.suffix(from: count)).allSatisfy { $0 == Self.guardValue }
    }
}

extension SeededGenerator {
    /// Uniform numbers from −scale to scale.
    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float(2 * uniform() - 1) * scale }
    }
}

/// The first place where two arrays differ in bits (two NaNs are the same), in words; `nil` when they are equal.
func firstDifference(_ left: [Float], _ right: [Float]) -> String? {
    guard left.count == right.count else { return "\(left.count) and \(right.count) numbers" }
    var (first, count) = (-1, 0)
    for index in left.indices
    where left[index].bitPattern != right[index].bitPattern && !(left[index].isNaN && right[index].isNaN) {
        if count == 0 { first = index }
        count += 1
    }
    guard count > 0 else { return nil }
    let distance = Int64(left[first].bitPattern) - Int64(right[first].bitPattern)
    return "\(count) of \(left.count) differ, first [\(first)]: \(left[first]) and \(right[first]), \(distance) ulp apart"
}

/// The first `width` numbers of each row of a matrix whose rows stand `gap` floats apart.
func rows(_ values: [Float], count: Int, width: Int, gap: Int) -> [Float] {
    (0..<count).flatMap { Array(values[$0 * gap..<$0 * gap + width]) }
}
