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

    @Test(
        arguments: [(e: 0.0, logSigma: 0.0), (0.3, -1), (-1.7, 0.5), (6, 1.2), (-40, -2)], OutputHead.allCases)
    func `the output gradient is the head's loss's, preconditioned by the scale`(
        at: (e: Double, logSigma: Double), head: OutputHead
    ) {
        // At the corner of the pinball loss there is no slope.
        if head == .quantile && at.e == 0 { return }
        let target = 0.7
        let scale = exp(at.logSigma)
        let location = target - at.e * scale
        let reference = ReferenceHead(head: head)
        let slopes = reference.preconditioned(target, location: location, logScale: at.logSigma)
        let step = Self.h * scale
        // The pinball losses have a unit: the location's slope is theirs as it is.
        let byLocation =
            (reference.locationLoss(target, location: location + step, logScale: at.logSigma)
                - reference.locationLoss(target, location: location - step, logScale: at.logSigma))
            / (2 * (head == .quantile ? step : Self.h))
        let byScale =
            (reference.scaleLoss(target, location: location, logScale: at.logSigma + Self.h)
                - reference.scaleLoss(target, location: location, logScale: at.logSigma - Self.h))
            / (2 * Self.h * (head == .quantile ? scale : 2))
        // Truncation and rounding of the difference, as above, where e² is of the order of 1; the normal loss grows with it.
        let tolerance = 1e-9 * max(1, at.e * at.e)
        #expect((slopes.location - byLocation).magnitude < tolerance, "\(slopes.location), not \(byLocation)")
        #expect((slopes.logScale - byScale).magnitude < tolerance, "\(slopes.logScale), not \(byScale)")
        // And what training uses is that, in Float: ten operations on numbers of the order of e².
        let used = head.slopes(Float(at.e))
        let rounding = 10 * 0x1p-24 * max(1, at.e * at.e)
        #expect((Double(used.location) - slopes.location).magnitude <= rounding)
        #expect((Double(used.logScale) - slopes.logScale).magnitude <= rounding)
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
        let slopes = ReferenceHead(head: .student).preconditioned(
            Double(target), location: 0.25, logScale: Double(clamped))
        let isBeyond = raw > 3 || raw < -4
        #expect(bias[0] == 0 && bias[2] == 0, "a NaN target moved \(bias)")
        // Rounding of e (the target's and the difference's share |target| / σ), then ten operations.
        let tolerance = 0x1p-24 * (10 + 4 * (Double(target.magnitude) + 1) / sigma)
        #expect(
            (Double(bias[1]) - slopes.location / 2).magnitude <= tolerance, "\(bias[1]), not \(slopes.location / 2)")
        let expected = isBeyond && !open ? 0 : slopes.logScale / 2
        #expect((Double(bias[3]) - expected).magnitude <= 3 * tolerance, "\(bias[3]), not \(expected)")
        if isBeyond && !open { #expect(bias[3] == 0, "the clamp let \(bias[3]) through") }
    }

    /// Every cell with every build; other heads and several samples ahead, which only the head sees, with the fastest.
    private static let builtVariants =
        Levels.names.flatMap { name in ForecasterCell.allCases.map { (name, ForecasterVariant(cell: $0)) } }
        + [
            ForecasterVariant(cell: .gru, head: .gaussian), ForecasterVariant(cell: .rnn, head: .quantile),
            ForecasterVariant(cell: .lstm, head: .student, horizon: 3),
            ForecasterVariant(cell: .cnn, head: .gaussian, horizon: 8),
        ].map { (Kernels.best.name, $0) }

    @Test(arguments: builtVariants)
    func `back-propagation through head and cell is that of finite differences`(
        name: String, variant: ForecasterVariant
    ) throws {
        let kernels = try #require(Kernels.named(name))
        var setup = ForecasterCase(variant)
        // Long enough that the convolution's widest taps are within the sequence.
        let length = variant.cell == .cnn ? 11 : 4
        (setup.sequenceLength, setup.burnIn, setup.batch) = (length, 1, 2)
        let shape = setup.shape
        var random = SeededGenerator(seed: 17)
        var parameters = ForecasterWeights(shape: shape, seed: 4).parameters
        // A head that matters, or hardly anything would flow back; a convolution's sees sums of three layers.
        let emphasis: Float = variant.cell == .cnn ? 8 : 20
        for index in shape.headOffset..<shape.headBiasOffset { parameters[index] *= emphasis }
        var minibatch = setup.minibatch(&random)
        // Two unknown targets among the scored ones.
        let first = 2 * shape.horizon * shape.channels
        minibatch.targets[first + 1] = .nan
        minibatch.targets[first + 10] = .nan
        let trainer = setup.trainer(kernels, parameters: parameters)
        let outcome = trainer.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span)
        #expect(outcome != .skipped)

        let reference = ReferenceForecaster(shape: shape, sequenceLength: length, burnIn: 1, batch: 2)
        let outputs = reference.outputs(parameters.map(Double.init), inputs: minibatch.inputs)
        let dOutputs = reference.dOutputs(outputs, targets: minibatch.targets)
        for (index, value) in outputs.enumerated() where index / shape.channels % 2 == 1 {
            #expect((-4...3).contains(value), "\(variant): at the clamp, which has a test of its own")
        }
        let body =
            variant.cell == .cnn
            ? (0..<3).map {
                Block(name: "layer \($0)", range: shape.stack.weightOffset($0)..<shape.stack.weightOffset($0 + 1))
            }
            : [
                Block(name: "recurrent weights", range: 0..<shape.biasOffset),
                Block(name: "gate biases", range: shape.biasOffset..<shape.headOffset),
            ]
        // Forward and back through each step's layer and the head, and the sum over a convolution's steps.
        let chain = variant.cell == .cnn ? 2 * (3 * 96 + 96) + 22 : 4 * (3 + 32) + 4 * 4 * 32
        checkGradient(
            trainer.lastGradient, at: parameters,
            blocks: body + [
                Block(name: "head weights", range: shape.headOffset..<shape.headBiasOffset),
                Block(name: "head biases", range: shape.headBiasOffset..<shape.parameterCount),
            ],
            chain: chain + 32 + 8 * shape.horizon,
            stride: name != Kernels.best.name ? 211 : variant.cell == .cnn ? 97 : 23,
            place: "\(name), \(variant)"
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
