import TestSupport
import Testing
import TimeSeries

@testable import NeuralNet

@Suite struct AutoencoderTrainerTests {
    private let setup = AutoencoderCase()

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `a value that is not finite skips the step, is counted, and moves nothing`(value: Float) {
        var random = SeededGenerator(seed: 41)
        let (trainer, untouched) = (setup.trainer(.best), setup.trainer(.best))
        var copy = random
        _ = trainer.train(setup, steps: 3, &random)
        _ = untouched.train(setup, steps: 3, &copy)
        var bad = setup.minibatch(&random)
        _ = setup.minibatch(&copy)
        bad[25] = value
        var before = trainer.checkpoint
        let outcome = trainer.step(windows: bad.span)
        #expect(outcome == .skipped)
        before.skippedSteps += 1
        #expect(trainer.checkpoint == before)

        // And nothing of it stays in the scratch.
        _ = trainer.train(setup, steps: 3, &random)
        _ = untouched.train(setup, steps: 3, &copy)
        #expect(firstDifference(trainer.checkpoint.floats, untouched.checkpoint.floats) == nil)
    }

    @Test func `a long gradient is shortened to 1`() {
        var random = SeededGenerator(seed: 42)
        let trainer = setup.trainer(.best)
        _ = trainer.train(setup, steps: 1, &random)
        let before = norm(trainer.lastGradient)
        #expect(before > 1, "a gradient of \(before) shows nothing")
        // The first mean of gradients is (1 − beta1) of the clipped one: three roundings, and n / 16 in the sum of squares.
        let after = norm(trainer.checkpoint.firstMoments) / Double(1 - setup.configuration.beta1)
        let tolerance = Double(setup.shape.parameterCount / 16 + 8) * 0x1p-24
        #expect((after - 1).magnitude <= tolerance, "\(after) from \(before)")
    }

    @Test func `a wild number moves the network no further than one at the corner of the loss`() {
        var random = SeededGenerator(seed: 43)
        let trainer = setup.trainer(.best)
        let width = setup.shape.layers.3.width
        let biases = setup.shape.layers.3.biases
        var windows = setup.minibatch(&random)
        for row in 0..<setup.batch { windows[row * setup.shape.inputSize + 4] = 1e6 }
        _ = trainer.step(windows: windows.span)
        // The gradient of an output is clamped to −2 · 4 / D, averaged over the batch.
        let expected: Float = -2 * 4 / 20
        let found = trainer.lastGradient[biases + 4]
        #expect((found - expected).magnitude <= 4 * expected.ulp.magnitude, "\(found), not \(expected)")
        #expect(trainer.lastGradient[biases + 20..<biases + width].allSatisfy { $0 == 0 }, "padding has a gradient")
    }

    @Test func `a minibatch that is partly used is one of that size`() {
        var random = SeededGenerator(seed: 44)
        let windows = setup.minibatch(&random)
        var small = setup
        small.batch = 2
        let (large, exact) = (setup.trainer(.best), small.trainer(.best))
        _ = large.step(windows: windows.span)
        #expect(large.restore(exact.checkpoint))
        let partly = large.step(windows: windows.span, used: 2)
        let whole = exact.step(windows: Array(windows[..<40]).span)
        #expect(partly == whole)
        #expect(firstDifference(large.checkpoint.floats, exact.checkpoint.floats) == nil)
    }

    @Test func `snapshots stay as they were, and are used again when released`() {
        var random = SeededGenerator(seed: 45)
        let trainer = setup.trainer(.best)
        let held = trainer.snapshot()
        let parameters = held.parameters
        _ = trainer.train(setup, steps: 2, &random)
        #expect(firstDifference(held.parameters, parameters) == nil)
        var second: AutoencoderWeights? = trainer.snapshot()
        #expect(second !== held)
        let address = second.map { ObjectIdentifier($0) }
        second = nil
        _ = trainer.train(setup, steps: 1, &random)
        let third = trainer.snapshot()
        #expect(ObjectIdentifier(third) == address)
        #expect(firstDifference(third.parameters, trainer.checkpoint.parameters) == nil)
        #expect(firstDifference(held.parameters, parameters) == nil)
    }

    @Test(arguments: Levels.names)
    func `training goes on from a checkpoint as if nothing had been`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        var random = SeededGenerator(seed: 46)
        let trainer = setup.trainer(kernels)
        _ = trainer.train(setup, steps: 10, &random)
        var other = setup
        other.seed = 99
        let restored = other.trainer(kernels)
        _ = restored.train(setup, steps: 4, &random)
        #expect(restored.restore(trainer.checkpoint))
        var copy = random
        let outcomes = trainer.train(setup, steps: 20, &random)
        let again = restored.train(setup, steps: 20, &copy)
        #expect(outcomes == again)
        #expect(trainer.checkpoint == restored.checkpoint)
        #expect(trainer.checkpoint.steps == 30)
    }

    @Test func `a checkpoint of another shape is refused and changes nothing`() {
        let trainer = setup.trainer(.best)
        let before = trainer.checkpoint
        var other = setup
        other.shape = AutoencoderShape(inputSize: 21, hiddenSize: 32, latentSize: 6)
        #expect(!trainer.restore(other.trainer(.best).checkpoint))
        #expect(trainer.checkpoint == before)
        #expect(AutoencoderWeights(shape: other.shape, parameters: before.parameters) == nil)
    }

    /// Windows of a sine of any phase lie on a circle: two latent numbers tell them apart, their mean is zero.
    @Test func `windows of a sine are reconstructed with less than a fifth of the mean's error`() {
        let sine = AutoencoderCase(
            shape: AutoencoderShape(inputSize: 24, hiddenSize: 32, latentSize: 4), batch: 16,
            configuration: AdamConfiguration(learningRate: 0.005))
        var random = SeededGenerator(seed: 47)
        func window() -> [Float] {
            let phase = random.uniform()
            return (0..<24).map { Float(cosine(phase + Double($0) / 24) + 0.05 * normal(&random)) }
        }
        let trainer = sine.trainer(.best)
        for _ in 0..<200 {
            let windows = (0..<16).flatMap { _ in window() }
            let outcome = trainer.step(windows: windows.span)
            #expect(outcome != .skipped)
        }
        var network = DenseAutoencoder(kernels: .best, shape: sine.shape)
        let weights = trainer.snapshot()
        var (error, mean) = (0.0, 0.0)
        for _ in 0..<100 {
            let input = window()
            var output = input
            var span = output.mutableSpan
            network.reconstruct(weights: weights, window: input.span, output: &span)
            for (x, y) in zip(input, output) {
                error += Double((y - x) * (y - x))
                mean += Double(x * x)
            }
        }
        #expect(error < 0.2 * mean, "squared error \(error / 2400), of the mean \(mean / 2400)")
    }

    private func norm(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
