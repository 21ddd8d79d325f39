import CKernels
import Testing
import TimeSeries

@testable import NeuralNet

/// The transposed copies that backward passes read.
@Suite struct TransposeTests {
    /// Sizes around the blocks of four, and those of the networks.
    private static let sizes: [(M: Int, N: Int)] =
        (0...9).flatMap { M in (0...9).map { (M, $0) } } + (0...65).map { ($0, 65 - $0) }
        + [(32, 64), (64, 64), (16, 112), (6, 32), (32, 6), (32, 128), (32, 152)]

    @Test func `a transposed matrix is that of the twin at every size and alignment`() {
        for (place, (M, N)) in Self.sizes.enumerated() {
            var random = SeededGenerator(seed: UInt64(place))
            let (lda, ldo) = (N + place % 3, M + place % 4)
            let (a, out) = (random.floats(M * lda), random.floats(N * ldo))
            for kernels in Kernels.available {
                let (from, to) = (Misaligned(a, offset: place % 5), Misaligned(out, offset: 1 + place % 7))
                unsafe kernels.table.pointee.transpose(M, N, from.base, lda, to.base, ldo)
                let expected = kernels.twin.transpose(M: M, N: N, a: a, lda: lda, into: out, ldo: ldo)
                let difference = firstDifference(to.values, expected)
                #expect(difference == nil && to.isGuarded, "\(kernels.name), \(M) x \(N), seed \(place)")
            }
        }
    }

    @Test func `a number is moved with all its bits`() {
        // Signalling NaNs of different payloads: any arithmetic would quieten them.
        let values = (0..<16).map { Float(bitPattern: 0x7fa0_0000 | UInt32($0)) }
        for kernels in Kernels.available {
            let (from, to) = (Misaligned(values), Misaligned(values))
            unsafe kernels.table.pointee.transpose(4, 4, from.base, 4, to.base, 4)
            let bits = to.values.map { $0.bitPattern &- 0x7fa0_0000 }
            #expect(bits == [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], "\(kernels.name): \(bits)")
        }
    }
}
