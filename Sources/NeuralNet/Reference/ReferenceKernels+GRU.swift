extension ReferenceKernels {
    /// What one GRU step leaves.
    struct GRUStep: Equatable {
        /// The new state, `[B, H]`.
        var h: [Float]
        /// Candidate, reset and update gate after their activations, and the state's part of the candidate before the
        /// reset gate, `[B, H/16, 4, 16]`.
        var gates: [Float]
    }

    /// One GRU step with the reset gate behind the state's product: n = tanh(an + r q), h' = n + z (h - n).
    ///
    /// The three activations share two divisions, as in the kernels: with e the exponentials and p = 1 + e, 1 / (pz pn) is
    /// multiplied by the factor that update gate or candidate does not want.
    ///
    /// - Parameters:
    ///   - panel: `[H/16, I + H, 3, 16]`, inputs before state; inputs feed candidate, reset and update, the state reset,
    ///     update and q.
    ///   - bias: `[H/16, 4, 16]`: candidate, reset, update, q.
    ///   - x: `[B]` rows of `I`, `ldx` floats apart.
    ///   - h: `[B]` rows of `H`, `ldh` floats apart.
    func gruStep(
        B: Int, I: Int, H: Int, panel: [Float], bias: [Float], x: [Float], ldx: Int, h: [Float], ldh: Int
    ) -> GRUStep {
        var step = GRUStep(
            h: [Float](repeating: 0, count: B * H), gates: [Float](repeating: 0, count: 4 * B * H))
        for b in 0..<B {
            for u in 0..<H {
                var sums: [Float] = [0, 0, 0, 0]
                for number in 0..<4 {
                    var sum = bias[u / 16 * 64 + number * 16 + u % 16]
                    for k in 0..<(I + H) {
                        let column = k < I ? number : number - 1
                        guard (0..<3).contains(column) else { continue }
                        let input = k < I ? x[b * ldx + k] : h[b * ldh + k - I]
                        sum = multiplyAdd(panel[((u / 16 * (I + H) + k) * 3 + column) * 16 + u % 16], input, sum)
                    }
                    sums[number] = sum
                }
                let (eR, eZ) = (exp(-sums[1]), exp(-sums[2]))
                let r = 1 / (1 + eR)
                let eN = exp(multiplyAdd(r, sums[3], sums[0]) * -2)
                let (pZ, pN) = (1 + eZ, 1 + eN)
                let inverse = 1 / (pZ * pN)
                let (z, n) = (inverse * pN, (1 - eN) * (inverse * pZ))
                for (number, value) in [n, r, z, sums[3]].enumerated() {
                    step.gates[b * 4 * H + u / 16 * 64 + number * 16 + u % 16] = value
                }
                step.h[b * H + u] = multiplyAdd(z, h[b * ldh + u] - n, n)
            }
        }
        return step
    }

    /// Backward through the gates of one GRU step.
    ///
    /// - Parameters:
    ///   - gates: `[B, H/16, 4, 16]` of that step.
    ///   - h: `[B]` rows of `H`, `ldh` floats apart: the state before it.
    ///   - dH: `[B, H]`, gradient of the new state.
    ///   - before: `[B, H]`, what the gradient of the old state is added to.
    /// - Returns: the gradient of the old state but for what goes through its products, and that of the four sums.
    func gruGatesBackward(
        B: Int, H: Int, gates: [Float], h: [Float], ldh: Int, dH: [Float], adding before: [Float]
    ) -> (dBefore: [Float], dGates: [Float]) {
        var result = (dBefore: before, dGates: [Float](repeating: 0, count: 4 * B * H))
        for b in 0..<B {
            for u in 0..<H {
                let at = b * H + u
                let gate = b * 4 * H + u / 16 * 64 + u % 16
                let (n, r, z, q) = (gates[gate], gates[gate + 16], gates[gate + 32], gates[gate + 48])
                let dN = dH[at] * (1 - z) * multiplyAdd(-n, n, 1)
                result.dGates[gate] = dN
                result.dGates[gate + 16] = dN * q * (r * (1 - r))
                result.dGates[gate + 32] = dH[at] * (h[b * ldh + u] - n) * (z * (1 - z))
                result.dGates[gate + 48] = dN * r
                result.dBefore[at] = multiplyAdd(dH[at], z, before[at])
            }
        }
        return result
    }
}
