/// What the numeric kernels compute, in plain Swift: scalar loops over arrays, in the kernels' order of operations.
///
/// Every build of the kernels must give the bits of the twin of its arithmetic class, at every size and alignment; the tests
/// hold them to it. Nothing else uses the twins: they allocate, and are hundreds of times slower.
///
/// Sizes as in `CKernels.h`: `B` rows, `I` inputs, `H` hidden units and `N` outputs (multiples of 16), `K` inputs of a layer.
struct ReferenceKernels {
    /// One rounding for a·b + c, or two.
    let fused: Bool

    /// a · b + c.
    func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
        guard fused else {
            let product = a * b
            return product + c
        }
        return c.addingProduct(a, b)
    }

    // MARK: Products

    /// A layer: y[b][n] = f(bias[n] + Σ over k ascending of x[b][k] · w[k][n]), f being tanh when `squash`, else the identity.
    ///
    /// - Parameters:
    ///   - x: `[B]` rows of `K`, `ldx` floats apart.
    ///   - w: `[K, N]`.
    ///   - bias: `[N]`.
    /// - Returns: `[B, N]`.
    func dense(
        B: Int, K: Int, N: Int, x: [Float], ldx: Int, w: [Float], bias: [Float], squash: Bool
    ) -> [Float] {
        var y = [Float](repeating: 0, count: B * N)
        for b in 0..<B {
            for n in 0..<N {
                var sum = bias[n]
                for k in 0..<K { sum = multiplyAdd(w[k * N + n], x[b * ldx + k], sum) }
                y[b * N + n] = squash ? tanh(sum) : sum
            }
        }
        return y
    }

    /// out[m][n] (+)= Σ over k ascending of a[m · row + k · column] · w[k · ldw + n].
    ///
    /// - Parameters:
    ///   - out: `[M, N]`, what the sums start from; zero when nothing is accumulated.
    ///   - a: element (m, k) at m · row + k · column, so that it can be read transposed.
    ///   - w: `[K]` rows of `N`, `ldw` floats apart.
    func matmul(
        M: Int, N: Int, K: Int, adding out: [Float], a: [Float], row: Int, column: Int, w: [Float], ldw: Int
    ) -> [Float] {
        var result = out
        for m in 0..<M {
            for n in 0..<N {
                var sum = out[m * N + n]
                for k in 0..<K { sum = multiplyAdd(w[k * ldw + n], a[m * row + k * column], sum) }
                result[m * N + n] = sum
            }
        }
        return result
    }

    /// sums[n] + Σ over b ascending of a[b][n], with `a` rows `lda` floats apart.
    func addRows(B: Int, N: Int, a: [Float], lda: Int, sums: [Float]) -> [Float] {
        var result = sums
        for n in 0..<N {
            for b in 0..<B { result[n] += a[b * lda + n] }
        }
        return result
    }

    /// Σ x², in 16 partial sums (number i mod 16) that are joined in halves: 8 + 8, 4 + 4, 2 + 2, 1 + 1.
    func squareSum(_ x: [Float]) -> Float {
        var lanes = [Float](repeating: 0, count: 16)
        for (index, value) in x.enumerated() { lanes[index % 16] = multiplyAdd(value, value, lanes[index % 16]) }
        var half = 8
        while half > 0 {
            for lane in 0..<half { lanes[lane] += lanes[lane + half] }
            half /= 2
        }
        return lanes[0]
    }

    // MARK: The LSTM

    /// What one LSTM step leaves.
    struct Step: Equatable {
        /// The new cell state, `[B, H]`.
        var c: [Float]
        /// The new hidden state, `[B, H]`.
        var h: [Float]
        /// The gates after their activations, `[B, H/16, 4, 16]`, ordered input, forget, cell, output.
        var gates: [Float]
        /// tanh of the new cell state, `[B, H]`.
        var squashed: [Float]
    }

    /// One LSTM step: c' = f c + i g, h' = o tanh c'.
    ///
    /// The five activations share two divisions, as in the kernels: with e the exponentials and p = 1 + e,
    /// 1 / (pi pf pg) is multiplied by the two factors that each gate does not want.
    ///
    /// - Parameters:
    ///   - panel: `[H/16, I + H, 4, 16]`, inputs before state.
    ///   - bias: `[H/16, 4, 16]`.
    ///   - x: `[B]` rows of `I`, `ldx` floats apart.
    ///   - h: `[B]` rows of `H`, `ldh` floats apart.
    ///   - c: `[B, H]`.
    func lstmStep(
        B: Int, I: Int, H: Int, panel: [Float], bias: [Float], x: [Float], ldx: Int, h: [Float], ldh: Int, c: [Float]
    ) -> Step {
        let zero = [Float](repeating: 0, count: B * H)
        var step = Step(c: zero, h: zero, gates: [Float](repeating: 0, count: 4 * B * H), squashed: zero)
        for b in 0..<B {
            for u in 0..<H {
                var sums: [Float] = [0, 0, 0, 0]
                for gate in 0..<4 {
                    var sum = bias[u / 16 * 64 + gate * 16 + u % 16]
                    for k in 0..<(I + H) {
                        let input = k < I ? x[b * ldx + k] : h[b * ldh + k - I]
                        sum = multiplyAdd(panel[((u / 16 * (I + H) + k) * 4 + gate) * 16 + u % 16], input, sum)
                    }
                    sums[gate] = sum
                }
                let (eI, eF, eG, eO) = (exp(-sums[0]), exp(-sums[1]), exp(sums[2] * -2), exp(-sums[3]))
                let (pI, pF, pG, pO) = (1 + eI, 1 + eF, 1 + eG, 1 + eO)
                let both = pI * pG
                let inverse = 1 / (both * pF)
                let (i, f, g) = (inverse * (pG * pF), inverse * both, (1 - eG) * (inverse * (pI * pF)))
                let next = multiplyAdd(c[b * H + u], f, i * g)
                let eC = exp(next * -2)
                let pC = 1 + eC
                let inverseOutput = 1 / (pO * pC)
                let (o, t) = (inverseOutput * pC, (1 - eC) * (inverseOutput * pO))
                for (gate, value) in [i, f, g, o].enumerated() {
                    step.gates[b * 4 * H + u / 16 * 64 + gate * 16 + u % 16] = value
                }
                step.squashed[b * H + u] = t
                step.c[b * H + u] = next
                step.h[b * H + u] = o * t
            }
        }
        return step
    }

    /// Backward through the gates of one step.
    ///
    /// - Parameters:
    ///   - gates: `[B, H/16, 4, 16]` and `squashed`, `[B, H]`, of that step.
    ///   - c: `[B, H]`, the cell state before it.
    ///   - dH: `[B, H]`, gradient of the new hidden state.
    ///   - dC: `[B, H]`, gradient of the new cell state.
    /// - Returns: the gradient of the old cell state, `[B, H]`, and of the gates before their activations, like `gates`.
    func lstmGatesBackward(
        B: Int, H: Int, gates: [Float], squashed: [Float], c: [Float], dH: [Float], dC: [Float]
    ) -> (dC: [Float], dGates: [Float]) {
        var result = (dC: dC, dGates: [Float](repeating: 0, count: 4 * B * H))
        for b in 0..<B {
            for u in 0..<H {
                let at = b * H + u
                let gate = b * 4 * H + u / 16 * 64 + u % 16
                let (i, f, g, o) = (gates[gate], gates[gate + 16], gates[gate + 32], gates[gate + 48])
                let t = squashed[at]
                let dCell = multiplyAdd(dH[at] * o, multiplyAdd(-t, t, 1), dC[at])
                result.dGates[gate] = dCell * g * (i * (1 - i))
                result.dGates[gate + 16] = dCell * c[at] * (f * (1 - f))
                result.dGates[gate + 32] = dCell * i * multiplyAdd(-g, g, 1)
                result.dGates[gate + 48] = dH[at] * t * (o * (1 - o))
                result.dC[at] = dCell * f
            }
        }
        return result
    }

    // MARK: Activations

    /// dy · (1 − y²), element by element.
    func tanhBackward(y: [Float], dY: [Float]) -> [Float] {
        zip(y, dY).map { y, dY in dY * multiplyAdd(-y, y, 1) }
    }

    /// Exponential (kind 0), logistic function (1), hyperbolic tangent (2).
    func activate(kind: Int, _ x: [Float]) -> [Float] {
        x.map { kind == 0 ? exp($0) : kind == 1 ? sigmoid($0) : tanh($0) }
    }

    /// e^x for x clamped to ±28; NaN passes through.
    ///
    /// x = n ln 2 + r, a polynomial of degree 5 in r, and n added to the exponent. The magic number rounds to an integer
    /// and leaves it in the low bits.
    func exp(_ x: Float) -> Float {
        var x = 28 < x ? 28 : x
        x = -28 > x ? -28 : x
        let magic: Float = 12_582_912
        let shifted = multiplyAdd(x, 1.44269504, magic)
        let r = multiplyAdd(shifted - magic, -0.693147182, x)
        var p: Float = 0x1.0fe57ap-7
        for coefficient: Float in [0x1.575f72p-5, 0x1.555a1ap-3, 0x1.fffd18p-2, 0x1.fffff6p-1, 0x1.000002p+0] {
            p = multiplyAdd(p, r, coefficient)
        }
        return Float(bitPattern: p.bitPattern &+ shifted.bitPattern << 23)
    }

    /// 1 / (1 + e^−x).
    func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

    /// (1 − e^−2x) / (1 + e^−2x).
    func tanh(_ x: Float) -> Float {
        let e = exp(x * -2)
        return (1 - e) / (1 + e)
    }

    /// a[m][n], rows `lda` floats apart, at [n][m] of `out`, rows `ldo` floats apart; the rest of `out` stays.
    func transpose(M: Int, N: Int, a: [Float], lda: Int, into out: [Float], ldo: Int) -> [Float] {
        var result = out
        for m in 0..<M {
            for n in 0..<N { result[n * ldo + m] = a[m * lda + n] }
        }
        return result
    }

    // MARK: Adam

    /// Parameters and moments under Adam, all of one length.
    struct Moments: Equatable {
        var p: [Float]
        var m: [Float]
        var v: [Float]
    }

    /// One step of Adam on gradients `g` times `scale`; `rate` is lr / (1 − beta1^t), `correction` 1 / (1 − beta2^t).
    func adam(
        _ state: Moments, g: [Float], scale: Float, beta1: Float, beta2: Float, rate: Float, correction: Float,
        epsilon: Float
    ) -> Moments {
        var next = state
        for index in g.indices {
            let gradient = g[index] * scale
            let first = multiplyAdd(beta1, state.m[index], gradient * (1 - beta1))
            let second = multiplyAdd(beta2, state.v[index], (gradient * gradient) * (1 - beta2))
            next.m[index] = first
            next.v[index] = second
            next.p[index] = state.p[index] - (first * rate) / ((second * correction).squareRoot() + epsilon)
        }
        return next
    }
}
