import Glibc
import Testing
import TimeSeries

@testable import NeuralNet

/// Gradients of every layer against central differences of forward passes in Double.
///
/// The step h = 10⁻⁵ leaves a truncation of h² f‴ / 6 ≈ 10⁻¹¹ and a rounding of 10⁻¹⁶ / h = 10⁻¹¹: neither counts. What counts
/// is that the gradient itself is computed in Float: a chain of n multiply-adds errs by at most n · 2⁻²⁴ of the sum of its
/// terms' sizes, for which the largest gradient of the block stands. n is the sum over forward and backward pass.
@Suite struct GradientTests {
    private static let h = 1e-5

    @Test(arguments: [(e: 0.0, logSigma: 0.0), (0.3, -1), (-1.7, 0.5), (6, 1.2), (-40, -2)])
    func `the output gradient is the t likelihood's, preconditioned by sigma and one half`(e: Double, logSigma: Double)
    {
        let target = 0.7
        let sigma = exp(logSigma)
        let mean = target - e * sigma
        let slopes = StudentT.preconditioned(target, mean: mean, logSigma: logSigma)
        let step = Self.h * sigma
        let byMean =
            (StudentT.loss(target, mean: mean + step, logSigma: logSigma)
                - StudentT.loss(target, mean: mean - step, logSigma: logSigma)) / (2 * Self.h)
        let bySpread =
            (StudentT.loss(target, mean: mean, logSigma: logSigma + Self.h)
                - StudentT.loss(target, mean: mean, logSigma: logSigma - Self.h)) / (4 * Self.h)
        // Truncation and rounding of the difference, as above; the third derivative is below 10.
        #expect((slopes.mean - byMean).magnitude < 1e-9, "\(slopes.mean), not \(byMean)")
        #expect((slopes.logSigma - bySpread).magnitude < 1e-9, "\(slopes.logSigma), not \(bySpread)")
    }

    /// With one step and one sequence the gradient of the head's biases is that of the outputs.
    @Test(arguments: [(raw: Float(0.4), open: true), (-3.5, true), (5, true), (5, false), (-6, false), (-6, true)])
    func `the head receives the output gradient, and beyond the clamp only the way back`(raw: Float, open: Bool) {
        var setup = ForecasterCase()
        (setup.sequenceLength, setup.burnIn, setup.batch) = (1, 0, 1)
        let shape = setup.shape
        var parameters = ForecasterWeights(shape: shape, seed: 4).parameters
        for index in shape.headOffset..<shape.parameterCount { parameters[index] = 0 }
        parameters[shape.headBiasOffset + 1] = 0.25
        parameters[shape.headBiasOffset + 3] = raw
        let clamped = min(max(raw, -4), 3)
        let sigma = exp(Double(clamped))
        // Above the clamp a small error asks for less sigma, a large one for more; below it the other way round.
        let isSmall = (raw > 0) == open
        let target = Float(0.25 + sigma * (isSmall ? 0.5 : 3))
        let trainer = setup.trainer(.best, parameters: parameters)
        let inputs: [Float] = [0.1, 0.2, 0.3]
        let targets = [Float.nan, target]
        _ = trainer.step(inputs: inputs.span, targets: targets.span)
        let bias = Array(trainer.lastGradient[shape.headBiasOffset..<shape.headBiasOffset + 4])
        let slopes = StudentT.preconditioned(Double(target), mean: 0.25, logSigma: Double(clamped))
        let isBeyond = raw > 3 || raw < -4
        #expect(bias[0] == 0 && bias[2] == 0, "a NaN target moved \(bias)")
        // Rounding of e (the target's and the difference's share |target| / σ), then ten operations.
        let tolerance = 0x1p-24 * (10 + 4 * (Double(target.magnitude) + 1) / sigma)
        #expect((Double(bias[1]) - slopes.mean / 2).magnitude <= tolerance, "\(bias[1]), not \(slopes.mean / 2)")
        let expected = isBeyond && !open ? 0 : slopes.logSigma / 2
        #expect((Double(bias[3]) - expected).magnitude <= 3 * tolerance, "\(bias[3]), not \(expected)")
        if isBeyond && !open { #expect(bias[3] == 0, "the clamp let \(bias[3]) through") }
    }

    @Test(arguments: Levels.names, RecurrentCell.allCases)
    func `back-propagation through head and recurrent layer is that of finite differences`(
        name: String, cell: RecurrentCell
    ) throws {
        let kernels = try #require(Kernels.named(name))
        var setup = ForecasterCase(cell)
        (setup.sequenceLength, setup.burnIn, setup.batch) = (4, 1, 2)
        let shape = setup.shape
        var random = SeededGenerator(seed: 17)
        var parameters = ForecasterWeights(shape: shape, seed: 4).parameters
        // A head that matters, or hardly anything would flow back.
        for index in shape.headOffset..<shape.headBiasOffset { parameters[index] *= 20 }
        var minibatch = setup.minibatch(&random)
        // Two unknown targets among the scored ones.
        minibatch.targets[5] = .nan
        minibatch.targets[14] = .nan
        let trainer = setup.trainer(kernels, parameters: parameters)
        let outcome = trainer.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span)
        #expect(outcome != .skipped)

        let reference = ReferenceForecaster(shape: shape, sequenceLength: 4, burnIn: 1, batch: 2)
        let dOutputs = reference.dOutputs(
            reference.outputs(parameters.map(Double.init), inputs: minibatch.inputs), targets: minibatch.targets)
        checkGradient(
            trainer.lastGradient, at: parameters,
            blocks: [
                Block(name: "recurrent weights", range: 0..<shape.biasOffset),
                Block(name: "gate biases", range: shape.biasOffset..<shape.headOffset),
                Block(name: "head weights", range: shape.headOffset..<shape.headBiasOffset),
                Block(name: "head biases", range: shape.headBiasOffset..<shape.parameterCount),
            ],
            chain: 4 * (3 + 32) + 4 * 4 * 32 + 32 + 8, stride: name == Kernels.best.name ? 23 : 211,
            place: "\(name), \(cell.rawValue)"
        ) { p in
            zip(dOutputs, reference.outputs(p, inputs: minibatch.inputs)).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    @Test(arguments: Levels.names)
    func `back-propagation through all four layers is that of finite differences`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        let setup = AutoencoderCase()
        let shape = setup.shape
        var random = SeededGenerator(seed: 19)
        let windows = setup.minibatch(&random)
        let trainer = setup.trainer(kernels)
        let parameters = trainer.checkpoint.parameters
        guard case .stepped(let loss) = trainer.step(windows: windows.span) else {
            Issue.record("the step was skipped")
            return
        }
        let reference = ReferenceAutoencoder(shape: shape, batch: setup.batch)
        let chain = 20 + 32 + 6 + 32 + 20 + 32 + 6 + 32
        let expected = reference.loss(parameters.map(Double.init), windows: windows)
        #expect(
            (Double(loss) - expected).magnitude <= Double(chain) * 0x1p-24 * expected, "loss \(loss), not \(expected)")
        let layers = shape.layers
        let named = [("first", layers.0), ("second", layers.1), ("third", layers.2), ("fourth", layers.3)]
        checkGradient(
            trainer.lastGradient, at: parameters,
            blocks: named.flatMap { name, layer in
                [
                    Block(name: "\(name) layer's weights", range: layer.weights..<layer.biases),
                    Block(name: "\(name) layer's biases", range: layer.biases..<layer.end),
                ]
            },
            chain: chain, stride: name == Kernels.best.name ? 11 : 97, place: name
        ) { reference.loss($0, windows: windows) }
    }
}
