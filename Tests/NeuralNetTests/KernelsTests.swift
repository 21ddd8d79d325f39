import CKernels
import Glibc
import TestSupport
import Testing
import TimeSeries

@testable import NeuralNet

/// Each build of the kernels against the plain Swift twin of its arithmetic class, bit by bit.
@Suite struct KernelsTests {
    private static let batches = [1, 2, 3, 4, 5, 16, 17]
    private static let widths = [16, 32, 48, 80]

    /// Every K with every width, the batch size going round; at a few K, every pair.
    private static let shapes: [(K: Int, N: Int, B: Int)] = (0...65).flatMap { K in
        widths.enumerated().flatMap { place, N in
            [0, 1, 17, 33].contains(K)
                ? batches.map { (K, N, $0) } : [(K, N, batches[(K + 2 * place) % batches.count])]
        }
    }

    @Test func `baseline and exact always run and the rest is named`() {
        #expect(Levels.names.contains("baseline") && Levels.names.contains("exact"), "\(Levels.names)")
        print("kernel builds run: \(Levels.names); not on this machine: \(Levels.missing)")
    }

    @Test func `an unknown name gives no build`() {
        #expect(Kernels.named("nonsense") == nil)
        #expect(Kernels.named("") == nil)
        #expect(Kernels.named("avx") == nil)
        #expect(Kernels.named("exactly") == nil)
    }

    @Test func `a build is found by the name it bears`() {
        for name in Levels.names { #expect(Kernels.named(name)?.name == name) }
    }

    @Test func `dense layers are those of the twin`() {
        for (K, N, B) in Self.shapes {
            let seed = UInt64(K * 10_000 + N * 100 + B)
            var random = SeededGenerator(seed: seed)
            let ldx = K + 3
            let (x, w, bias) = (random.floats(B * ldx), random.floats(K * N), random.floats(N))
            let squash = K % 2 == 1
            let expected = [false, true].map {
                ReferenceKernels(fused: $0).dense(B: B, K: K, N: N, x: x, ldx: ldx, w: w, bias: bias, squash: squash)
            }
            for kernels in Kernels.available {
                let ldy = N + 5
                let (xs, ws, biases) = (Misaligned(x), Misaligned(w, offset: 3), Misaligned(bias, offset: 5))
                let y = Misaligned([Float](repeating: 7, count: B * ldy), offset: 7)
                unsafe kernels.table.pointee.dense(
                    B, K, N, xs.base, ldx, ws.base, biases.base, squash ? 1 : 0, y.base, ldy)
                let result = rows(y.values, count: B, width: N, gap: ldy)
                let difference = firstDifference(result, expected[kernels.twin.fused ? 1 : 0])
                #expect(difference == nil, "\(kernels.name), K \(K), N \(N), B \(B), seed \(seed)")
                let gaps = (0..<B).flatMap { y.values[$0 * ldy + N..<($0 + 1) * ldy] }
                #expect(
                    y.isGuarded && gaps.allSatisfy { $0 == 7 }, "\(kernels.name) wrote beside its rows, N \(N), B \(B)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `matrix products are those of the twin, plain and transposed`(accumulate: Bool) {
        for (K, N, B) in Self.shapes {
            let seed = UInt64(K * 10_000 + N * 100 + B)
            var random = SeededGenerator(seed: seed)
            // Element (m, k) of the left side: rows together, or columns together as for a weight gradient.
            let (row, column) = K % 2 == 0 ? (K + 1, 1) : (1, B + 2)
            let ldw = N + 3
            let (a, w) = (random.floats((B + 2) * (K + 2)), random.floats(K * ldw))
            let start = accumulate ? random.floats(B * N) : [Float](repeating: 0, count: B * N)
            let expected = [false, true].map {
                ReferenceKernels(fused: $0).matmul(
                    M: B, N: N, K: K, adding: start, a: a, row: row, column: column, w: w, ldw: ldw)
            }
            for kernels in Kernels.available {
                let (left, right) = (Misaligned(a, offset: 3), Misaligned(w))
                let out = Misaligned(accumulate ? start : [Float](repeating: .nan, count: B * N), offset: 9)
                unsafe kernels.table.pointee.matmul(
                    B, N, K, accumulate ? 1 : 0, left.base, row, column, right.base, ldw, out.base, N)
                let difference = firstDifference(out.values, expected[kernels.twin.fused ? 1 : 0])
                #expect(difference == nil, "\(kernels.name), K \(K), N \(N), M \(B), seed \(seed)")
                #expect(out.isGuarded, "\(kernels.name) wrote beside its output, N \(N), M \(B)")
            }
        }
    }

    @Test(arguments: [16, 32, 48], [1, 3, 8, 16])
    func `an LSTM step is that of the twin`(H: Int, I: Int) {
        for B in H == 48 ? [1, 5] : Self.batches {
            let seed = UInt64(H * 10_000 + I * 100 + B)
            var random = SeededGenerator(seed: seed)
            let (ldx, ldh, ldo) = (I + 2, H + 3, H + 1)
            let (panel, bias) = (random.floats(4 * H * (I + H)), random.floats(4 * H))
            let (x, h, c) = (random.floats(B * ldx, scale: 3), random.floats(B * ldh), random.floats(B * H, scale: 2))
            let expected = [false, true].map {
                ReferenceKernels(fused: $0).lstmStep(
                    B: B, I: I, H: H, panel: panel, bias: bias, x: x, ldx: ldx, h: h, ldh: ldh, c: c)
            }
            for kernels in Kernels.available {
                let (panels, biases, xs) = (Misaligned(panel), Misaligned(bias, offset: 3), Misaligned(x))
                let (hs, cs, cell) = (Misaligned(h), Misaligned(c), Misaligned(c, offset: 5))
                let hidden = Misaligned([Float](repeating: 0, count: B * ldo))
                let gates = Misaligned([Float](repeating: 0, count: 4 * B * H))
                let squashed = Misaligned([Float](repeating: 0, count: B * H))
                let wanted = expected[kernels.twin.fused ? 1 : 0]
                let place = "\(kernels.name), B \(B), I \(I), H \(H), seed \(seed)"
                unsafe kernels.table.pointee.lstm_step(
                    B, I, H, panels.base, biases.base, xs.base, ldx, hs.base, ldh, cs.base, cell.base, hidden.base, ldo,
                    gates.base, squashed.base)
                #expect(firstDifference(cell.values, wanted.c) == nil, "cell state, \(place)")
                let result = rows(hidden.values, count: B, width: H, gap: ldo)
                #expect(firstDifference(result, wanted.h) == nil, "hidden state, \(place)")
                #expect(firstDifference(gates.values, wanted.gates) == nil, "gates, \(place)")
                #expect(firstDifference(squashed.values, wanted.squashed) == nil, "tanh of the cell state, \(place)")
                #expect(cell.isGuarded && hidden.isGuarded && gates.isGuarded && squashed.isGuarded, "guards, \(place)")

                // As in scoring: the cell state in place, and nothing kept.
                let other = Misaligned([Float](repeating: 0, count: B * ldo), offset: 11)
                unsafe kernels.table.pointee.lstm_step(
                    B, I, H, panels.base, biases.base, xs.base, ldx, hs.base, ldh, cs.base, cs.base, other.base, ldo,
                    nil,
                    nil)
                #expect(firstDifference(cs.values, wanted.c) == nil, "cell state in place, \(place)")
                #expect(firstDifference(other.values, hidden.values) == nil, "hidden state without gates, \(place)")
            }
        }
    }

    @Test(arguments: [16, 48])
    func `backward through the gates is that of the twin`(H: Int) {
        for B in Self.batches {
            let seed = UInt64(H * 100 + B)
            var random = SeededGenerator(seed: seed)
            let gates = random.floats(4 * B * H).map { $0.magnitude }
            let (squashed, c) = (random.floats(B * H), random.floats(B * H, scale: 2))
            let (dH, dC) = (random.floats(B * H), random.floats(B * H))
            for kernels in Kernels.available {
                let (gate, tanh, cell) = (Misaligned(gates), Misaligned(squashed), Misaligned(c, offset: 3))
                let (dHidden, dCell) = (Misaligned(dH), Misaligned(dC))
                let dGates = Misaligned([Float](repeating: .nan, count: 4 * B * H), offset: 5)
                unsafe kernels.table.pointee.lstm_gates_backward(
                    B, H, gate.base, tanh.base, cell.base, dHidden.base, dCell.base, dGates.base)
                let expected = kernels.twin.lstmGatesBackward(
                    B: B, H: H, gates: gates, squashed: squashed, c: c, dH: dH, dC: dC)
                #expect(firstDifference(dGates.values, expected.dGates) == nil, "\(kernels.name), B \(B), seed \(seed)")
                #expect(firstDifference(dCell.values, expected.dC) == nil, "\(kernels.name), B \(B), seed \(seed)")
                #expect(dGates.isGuarded && dCell.isGuarded, "\(kernels.name) wrote beside its output, B \(B)")
            }
        }
    }

    @Test(arguments: [0, 16, 32, 48, 64, 240])
    func `the loops over a vector are those of the twin`(n: Int) {
        let seed = UInt64(n + 1)
        var random = SeededGenerator(seed: seed)
        let (y, dY, x) = (random.floats(n), random.floats(n), random.floats(n, scale: 33))
        for kernels in Kernels.available {
            let place: Comment = "\(kernels.name), n \(n), seed \(seed)"
            let (ys, dYs, xs) = (Misaligned(y), Misaligned(dY, offset: 3), Misaligned(x, offset: 5))
            unsafe kernels.table.pointee.tanh_backward(n, ys.base, dYs.base)
            #expect(firstDifference(dYs.values, kernels.twin.tanhBackward(y: y, dY: dY)) == nil, place)
            #expect(dYs.isGuarded, place)
            let sum = unsafe kernels.table.pointee.square_sum(n, xs.base)
            #expect(firstDifference([sum], [kernels.twin.squareSum(x)]) == nil, place)
            for kind in 0...2 {
                let out = Misaligned([Float](repeating: 0, count: n))
                unsafe kernels.table.pointee.activate(CInt(kind), n, xs.base, out.base)
                #expect(
                    firstDifference(out.values, kernels.twin.activate(kind: kind, x)) == nil, "kind \(kind), \(place)")
                #expect(out.isGuarded, place)
            }
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 16, 17])
    func `sums over rows are those of the twin`(B: Int) {
        for N in Self.widths {
            var random = SeededGenerator(seed: UInt64(N))
            let (a, sums) = (random.floats(B * (N + 3)), random.floats(N))
            for kernels in Kernels.available {
                let (rows, out) = (Misaligned(a), Misaligned(sums, offset: 3))
                unsafe kernels.table.pointee.add_rows(B, N, rows.base, N + 3, out.base)
                let expected = kernels.twin.addRows(B: B, N: N, a: a, lda: N + 3, sums: sums)
                #expect(firstDifference(out.values, expected) == nil, "\(kernels.name), B \(B), N \(N), seed \(N)")
                #expect(out.isGuarded, "\(kernels.name), B \(B), N \(N)")
            }
        }
    }

    @Test(arguments: [16, 48, 208])
    func `Adam is that of the twin`(n: Int) {
        for kernels in Kernels.available {
            var random = SeededGenerator(seed: UInt64(n))
            var wanted = ReferenceKernels.Moments(
                p: random.floats(n), m: [Float](repeating: 0, count: n), v: [Float](repeating: 0, count: n))
            let (p, m, v) = (Misaligned(wanted.p), Misaligned(wanted.m, offset: 3), Misaligned(wanted.v, offset: 5))
            for step in 1...5 {
                let g = random.floats(n)
                let gradient = Misaligned(g)
                let (rate, correction) = (0.01 / Float(step), 3 / Float(step))
                unsafe kernels.table.pointee.adam(
                    n, p.base, gradient.base, m.base, v.base, 0.3, 0.9, 0.99, rate, correction, 1e-6)
                wanted = kernels.twin.adam(
                    wanted, g: g, scale: 0.3, beta1: 0.9, beta2: 0.99, rate: rate, correction: correction, epsilon: 1e-6
                )
                let place = "\(kernels.name), step \(step), n \(n)"
                #expect(firstDifference(p.values, wanted.p) == nil, "parameters, \(place)")
                #expect(firstDifference(m.values, wanted.m) == nil, "first moments, \(place)")
                #expect(firstDifference(v.values, wanted.v) == nil, "second moments, \(place)")
            }
            #expect(p.isGuarded && m.isGuarded && v.isGuarded, "\(kernels.name)")
        }
    }

    /// Not finite values and extreme ones: the exact build, too, must give what a fused instruction gives.
    @Test func `extreme values are handled as in the twin`() {
        let values: [Float] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNormalMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 0x1.fffffep-1, 0x1.000002p0,
            0x1p-128, 1e20,
        ]
        // Each a times each b (16 columns), plus each c: one multiply-add an output.
        for c in values {
            let bias = [Float](repeating: c, count: 16)
            for kernels in Kernels.available {
                let (x, w, start) = (Misaligned(values), Misaligned(values), Misaligned(bias))
                let y = Misaligned([Float](repeating: 0, count: 256))
                unsafe kernels.table.pointee.dense(16, 1, 16, x.base, 1, w.base, start.base, 0, y.base, 16)
                let expected = kernels.twin.dense(
                    B: 16, K: 1, N: 16, x: values, ldx: 1, w: values, bias: bias, squash: false)
                #expect(firstDifference(y.values, expected) == nil, "\(kernels.name), adding to \(c)")
            }
        }
    }
}
