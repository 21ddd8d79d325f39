import CKernels
import Testing
import TimeSeries

@testable import NeuralNet

/// Each build of the GRU against the plain Swift twin of its arithmetic class, bit by bit, and against Double.
@Suite struct GRUKernelsTests {
    @Test(arguments: [16, 32, 48], [1, 3, 8, 16])
    func `a GRU step is that of the twin`(H: Int, I: Int) {
        for B in H == 48 ? [1, 5] : [1, 2, 3, 4, 5, 16, 17] {
            let seed = UInt64(H * 10_000 + I * 100 + B)
            var random = SeededGenerator(seed: seed)
            let (ldx, ldh, ldo) = (I + 2, H + 3, H + 1)
            let (panel, bias) = (random.floats(3 * H * (I + H)), random.floats(4 * H))
            let (x, h) = (random.floats(B * ldx, scale: 3), random.floats(B * ldh))
            let expected = [false, true].map {
                ReferenceKernels(fused: $0).gruStep(
                    B: B, I: I, H: H, panel: panel, bias: bias, x: x, ldx: ldx, h: h, ldh: ldh)
            }
            for kernels in Kernels.available {
                let (panels, biases) = (Misaligned(panel), Misaligned(bias, offset: 3))
                let (xs, hs) = (Misaligned(x), Misaligned(h))
                let hidden = Misaligned([Float](repeating: 0, count: B * ldo))
                let gates = Misaligned([Float](repeating: 0, count: 4 * B * H))
                let wanted = expected[kernels.twin.fused ? 1 : 0]
                let place = "\(kernels.name), B \(B), I \(I), H \(H), seed \(seed)"
                unsafe kernels.table.pointee.gru_step(
                    B, I, H, panels.base, biases.base, xs.base, ldx, hs.base, ldh, hidden.base, ldo, gates.base)
                let result = rows(hidden.values, count: B, width: H, gap: ldo)
                #expect(firstDifference(result, wanted.h) == nil, "state, \(place)")
                #expect(firstDifference(gates.values, wanted.gates) == nil, "gates, \(place)")
                #expect(hidden.isGuarded && gates.isGuarded, "guards, \(place)")

                // As in scoring: nothing kept.
                let other = Misaligned([Float](repeating: 0, count: B * ldo), offset: 11)
                unsafe kernels.table.pointee.gru_step(
                    B, I, H, panels.base, biases.base, xs.base, ldx, hs.base, ldh, other.base, ldo, nil)
                #expect(firstDifference(other.values, hidden.values) == nil, "state without gates, \(place)")
            }
        }
    }

    @Test(arguments: [16, 48])
    func `backward through the gates is that of the twin`(H: Int) {
        for B in [1, 2, 3, 4, 5, 16, 17] {
            let seed = UInt64(H * 100 + B)
            var random = SeededGenerator(seed: seed)
            let gates = random.floats(4 * B * H)
            let ldh = H + 3
            let (h, dH, dBefore) = (random.floats(B * ldh), random.floats(B * H), random.floats(B * H))
            for kernels in Kernels.available {
                let (gate, before) = (Misaligned(gates), Misaligned(h, offset: 3))
                let (dHidden, dOld) = (Misaligned(dH), Misaligned(dBefore, offset: 7))
                let dGates = Misaligned([Float](repeating: .nan, count: 4 * B * H), offset: 5)
                unsafe kernels.table.pointee.gru_gates_backward(
                    B, H, gate.base, before.base, ldh, dHidden.base, dOld.base, dGates.base)
                let expected = kernels.twin.gruGatesBackward(
                    B: B, H: H, gates: gates, h: h, ldh: ldh, dH: dH, adding: dBefore)
                #expect(firstDifference(dGates.values, expected.dGates) == nil, "\(kernels.name), B \(B), seed \(seed)")
                #expect(firstDifference(dOld.values, expected.dBefore) == nil, "\(kernels.name), B \(B), seed \(seed)")
                #expect(dGates.isGuarded && dOld.isGuarded, "\(kernels.name) wrote beside its output, B \(B)")

                // Before the first step nothing is asked for.
                let first = Misaligned([Float](repeating: .nan, count: 4 * B * H))
                unsafe kernels.table.pointee.gru_gates_backward(
                    B, H, gate.base, before.base, ldh, dHidden.base, nil, first.base)
                #expect(firstDifference(first.values, expected.dGates) == nil, "\(kernels.name), B \(B), first step")
            }
        }
    }

    /// NaN goes through; infinities, and sums beyond the clamp of the exponential, end at the activations' limits.
    @Test(arguments: Levels.names)
    func `extreme inputs give what the twin gives, and NaN stays NaN`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        var random = SeededGenerator(seed: 51)
        let (I, H) = (1, 16)
        let (panel, bias) = (random.floats(3 * H * (I + H)), random.floats(4 * H))
        for value: Float in [.nan, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude] {
            let h = random.floats(H)
            let (panels, biases, x, hs) = (Misaligned(panel), Misaligned(bias), Misaligned([value]), Misaligned(h))
            let out = Misaligned([Float](repeating: 0, count: H))
            unsafe kernels.table.pointee.gru_step(
                1, I, H, panels.base, biases.base, x.base, I, hs.base, H, out.base, H, nil)
            let expected = kernels.twin.gruStep(
                B: 1, I: I, H: H, panel: panel, bias: bias, x: [value], ldx: I, h: h, ldh: H)
            #expect(firstDifference(out.values, expected.h) == nil, "\(name), \(value)")
            #expect(out.values.allSatisfy { value.isNaN ? $0.isNaN : $0.magnitude <= 1 }, "\(name), \(value)")
        }
    }

    /// Each sum errs by at most (I + H) · 2⁻²⁴ of its terms' sizes, here below 1 each; an activation halves that at least and
    /// adds 1.4 · 10⁻⁷; what the state brings along is damped by the gates. The head adds its weights' sizes.
    @Test(arguments: Levels.names, ForecasterCell.allCases)
    func `24 steps follow the textbook in Double`(name: String, cell: ForecasterCell) throws {
        let kernels = try #require(Kernels.named(name))
        let shape = ForecasterShape(cell: cell, inputSize: 5, hiddenSize: 32, channels: 2)
        var parameters = ForecasterWeights(shape: shape, seed: 3).parameters
        for index in shape.headOffset..<shape.headBiasOffset { parameters[index] *= 20 }
        let weights = try #require(ForecasterWeights(shape: shape, parameters: parameters))
        var random = SeededGenerator(seed: 7)
        let inputs = random.floats(24 * shape.inputSize, scale: 2)
        let reference = ReferenceForecaster(shape: shape, sequenceLength: 24, burnIn: 0, batch: 1)
        let expected = reference.outputs(parameters.map(Double.init), inputs: inputs)
        var forecaster = StreamingForecaster(kernels: kernels, shape: shape)
        var state = ForecasterState(shape: shape)
        var worst = 0.0
        for step in 0..<24 {
            let input = Array(inputs[step * shape.inputSize..<(step + 1) * shape.inputSize])
            var output = [Float](repeating: 0, count: 2 * shape.channels)
            var span = output.mutableSpan
            forecaster.step(weights: weights, input: input.span, state: &state, output: &span)
            for (index, value) in output.enumerated() {
                worst = max(worst, (Double(value) - expected[step * 2 * shape.channels + index]).magnitude)
            }
        }
        let head = parameters[shape.headOffset..<shape.headBiasOffset].reduce(0) { $0 + Double($1.magnitude) }
        let tolerance = Double(shape.stepWidth) * 0x1p-24 * head / Double(2 * shape.channels)
        #expect(worst <= tolerance, "\(name), \(cell): \(worst) apart, \(tolerance) allowed")
    }
}
