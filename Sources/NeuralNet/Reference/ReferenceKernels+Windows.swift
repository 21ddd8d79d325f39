/// The twins of the kernels over windows; they compute the same in either arithmetic class.
extension ReferenceKernels {
    /// Root of the mean over r ascending of x[r][n]², `[N]`.
    static func columnRootMeanSquares(R: Int, N: Int, x: [Float]) -> [Float] {
        (0..<N).map { n in
            var sum: Float = 0
            for r in 0..<R {
                let square = x[r * N + n] * x[r * N + n]
                sum += square
            }
            return (sum / Float(R)).squareRoot()
        }
    }

    /// ring[(first + r) mod capacity][n] within ±`limit`, `[R, N]`; NaN becomes the limit. Rows of the ring are `ldr` floats apart.
    static func gatherClamped(
        R: Int, N: Int, ring: [Float], capacity: Int, first: Int, ldr: Int, limit: Float
    ) -> [Float] {
        (0..<R).flatMap { r in
            let row = (first + r) % capacity * ldr
            return (0..<N).map { n in
                let below = ring[row + n] < limit ? ring[row + n] : limit
                return below > -limit ? below : -limit
            }
        }
    }
}
