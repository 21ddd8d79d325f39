import CKernels
import Testing
import TimeSeries

@testable import NeuralNet

/// The kernels over windows of rows.
@Suite struct WindowKernelTests {
    @Test(arguments: [1, 2, 3, 16, 32])
    func `the scatter of columns is that of the twin at every width`(R: Int) {
        for N in 0...65 {
            var random = SeededGenerator(seed: UInt64(100 * N + R))
            let x = random.floats(R * N, scale: 6)
            for kernels in Kernels.available {
                let (window, out) = (
                    Misaligned(x, offset: N % 5), Misaligned([Float](repeating: 0, count: N), offset: 3)
                )
                unsafe kernels.table.pointee.column_rms(R, N, window.base, out.base)
                let expected = ReferenceKernels.columnRootMeanSquares(R: R, N: N, x: x)
                let place: Comment = "\(kernels.name), \(R) x \(N)"
                #expect(firstDifference(out.values, expected) == nil && out.isGuarded, place)
            }
        }
    }

    @Test func `rows of a ring are those of the twin, around its end too`() {
        let capacity = 8
        for N in 0...21 {
            var random = SeededGenerator(seed: UInt64(N))
            let width = N + 3
            var ring = random.floats(capacity * width, scale: 9)
            if N > 0 { (ring[0], ring[width]) = (.nan, -.infinity) }
            for (first, R) in [(0, 1), (3, 5), (5, 8), (7, 2)] {
                for kernels in Kernels.available {
                    let rows = Misaligned(ring, offset: 1 + N % 3)
                    let out = Misaligned([Float](repeating: 0, count: R * N), offset: 2)
                    unsafe kernels.table.pointee.gather_clamped(R, N, rows.base, capacity, first, width, 6, out.base)
                    let expected = ReferenceKernels.gatherClamped(
                        R: R, N: N, ring: ring, capacity: capacity, first: first, ldr: width, limit: 6)
                    let place: Comment = "\(kernels.name), \(R) x \(N) from \(first) on"
                    #expect(firstDifference(out.values, expected) == nil && out.isGuarded, place)
                }
            }
        }
    }

    @Test func `a ring is read no further than it is filled`() async {
        let isFilled = [Float](repeating: 1, count: 4 * 3)
        var window = [Float](repeating: 0, count: 4)
        Kernels.best.gather(
            rows: 2, columns: 2, of: isFilled.span, width: 3, capacity: 8, from: 10, limit: 6, into: &window, at: 0)
        #expect(window == [1, 1, 1, 1])
        await #expect(processExitsWith: .failure) {
            let rows = [Float](repeating: 1, count: 4 * 3)
            var window = [Float](repeating: 0, count: 4)
            Kernels.best.gather(
                rows: 2, columns: 2, of: rows.span, width: 3, capacity: 8, from: 11, limit: 6, into: &window, at: 0)
        }
        await #expect(processExitsWith: .failure) {
            let rows = [Float](repeating: 1, count: 8 * 3)
            var window = [Float](repeating: 0, count: 3)
            Kernels.best.gather(
                rows: 2, columns: 2, of: rows.span, width: 3, capacity: 8, from: 7, limit: 6, into: &window, at: 0)
        }
    }
}
