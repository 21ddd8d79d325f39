import TestSupport
import Testing
import TimeSeries

@testable import NeuralNet

@Suite struct ForecasterTrainerTests {
    private let setup = ForecasterCase()

    @Test(arguments: ForecasterCell.allCases)
    func `unknown targets contribute nothing`(cell: ForecasterCell) {
        let setup = ForecasterCase(cell)
        var random = SeededGenerator(seed: 31)
        let minibatch = setup.minibatch(&random)
        let unknown = [Float](repeating: .nan, count: minibatch.targets.count)
        let trainer = setup.trainer(.best)
        let before = trainer.checkpoint.parameters
        let outcome = trainer.step(inputs: minibatch.inputs.span, targets: unknown.span)
        #expect(outcome == .stepped(loss: 0))
        #expect(trainer.lastGradient.allSatisfy { $0 == 0 })
        #expect(firstDifference(trainer.checkpoint.parameters, before) == nil)
    }

    @Test func `targets of the burn-in are not read`() {
        var random = SeededGenerator(seed: 32)
        let minibatch = setup.minibatch(&random)
        var changed = minibatch.targets
        for index in 0..<(setup.burnIn * setup.batch * setup.shape.channels) { changed[index] = .infinity }
        let (one, other) = (setup.trainer(.best), setup.trainer(.best))
        let outcomes = [
            one.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span),
            other.step(inputs: minibatch.inputs.span, targets: changed.span),
        ]
        #expect(outcomes[0] == outcomes[1] && outcomes[0] != .skipped)
        #expect(firstDifference(one.checkpoint.floats, other.checkpoint.floats) == nil)
    }

    @Test(
        arguments: [Float.nan, .infinity, -.infinity].flatMap { value in
            [true, false].flatMap { inInputs in ForecasterCell.allCases.map { (value, inInputs, $0) } }
        })
    func `a value that is not finite skips the step, is counted, and moves nothing`(
        value: Float, inInputs: Bool, cell: ForecasterCell
    ) {
        let setup = ForecasterCase(cell)
        if value.isNaN && !inInputs { return }  // an unknown target, see above
        var random = SeededGenerator(seed: 33)
        let trainer = setup.trainer(.best)
        let untouched = setup.trainer(.best)
        var copy = random
        _ = trainer.train(setup, steps: 3, &random)
        _ = untouched.train(setup, steps: 3, &copy)
        var bad = setup.minibatch(&random)
        _ = setup.minibatch(&copy)
        if inInputs { bad.inputs[7] = value } else { bad.targets[bad.targets.count - 1] = value }
        var before = trainer.checkpoint
        let outcome = trainer.step(inputs: bad.inputs.span, targets: bad.targets.span)
        #expect(outcome == .skipped)
        before.skippedSteps += 1
        #expect(trainer.checkpoint == before)

        // And nothing of it stays in the scratch.
        _ = trainer.train(setup, steps: 3, &random)
        _ = untouched.train(setup, steps: 3, &copy)
        #expect(firstDifference(trainer.checkpoint.floats, untouched.checkpoint.floats) == nil)
    }

    @Test(arguments: [Float(1), 0.01])
    func `a long gradient is shortened to the clip norm`(clipNorm: Float) {
        var clipped = setup
        clipped.configuration.clipNorm = clipNorm
        var random = SeededGenerator(seed: 34)
        var minibatch = clipped.minibatch(&random)
        // Steep inputs, so that the gradient is longer than either norm.
        for index in minibatch.inputs.indices { minibatch.inputs[index] *= 10 }
        var parameters = ForecasterWeights(shape: setup.shape, seed: 1).parameters
        for index in setup.shape.headOffset..<setup.shape.headBiasOffset { parameters[index] *= 100 }
        let trainer = clipped.trainer(.best, parameters: parameters)
        _ = trainer.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span)
        let before = norm(trainer.lastGradient)
        #expect(before > Double(clipNorm), "a gradient of \(before) shows nothing")
        // The first mean of gradients is (1 − beta1) of the clipped one: three roundings, and n / 16 in the sum of squares.
        let after = norm(trainer.checkpoint.firstMoments) / Double(1 - clipped.configuration.beta1)
        let tolerance = Double(setup.shape.parameterCount / 16 + 8) * 0x1p-24
        #expect((after / Double(clipNorm) - 1).magnitude <= tolerance, "\(after) from \(before)")
    }

    @Test(arguments: ForecasterCell.allCases)
    func `a minibatch that is partly used is one of that size`(cell: ForecasterCell) {
        let setup = ForecasterCase(cell)
        var random = SeededGenerator(seed: 35)
        let minibatch = setup.minibatch(&random)
        var small = setup
        small.batch = 2
        let (T, I, d) = (setup.sequenceLength, setup.shape.inputSize, setup.shape.channels)
        let inputs = (0..<T).flatMap { minibatch.inputs[$0 * 3 * I..<($0 * 3 + 2) * I] }
        let targets = (0..<T).flatMap { minibatch.targets[$0 * 3 * d..<($0 * 3 + 2) * d] }
        let (large, exact) = (setup.trainer(.best), small.trainer(.best))
        // A full one first, so that there is something to forget.
        _ = large.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span)
        #expect(large.restore(exact.checkpoint))
        let partly = large.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span, used: 2)
        let whole = exact.step(inputs: inputs.span, targets: targets.span)
        #expect(partly == whole)
        #expect(firstDifference(large.lastGradient, exact.lastGradient) == nil)
        #expect(firstDifference(large.checkpoint.floats, exact.checkpoint.floats) == nil)
    }

    @Test func `snapshots stay as they were, and are used again when released`() {
        var random = SeededGenerator(seed: 36)
        let trainer = setup.trainer(.best)
        let held = trainer.snapshot()
        let parameters = held.parameters
        _ = trainer.train(setup, steps: 2, &random)
        #expect(firstDifference(held.parameters, parameters) == nil)
        var second: ForecasterWeights? = trainer.snapshot()
        #expect(second !== held)
        #expect(firstDifference(second?.parameters ?? [], trainer.checkpoint.parameters) == nil)
        let address = second.map { ObjectIdentifier($0) }
        second = nil
        _ = trainer.train(setup, steps: 1, &random)
        let third = trainer.snapshot()
        #expect(ObjectIdentifier(third) == address)
        #expect(firstDifference(third.parameters, trainer.checkpoint.parameters) == nil)
        #expect(firstDifference(held.parameters, parameters) == nil)
    }

    @Test(arguments: Levels.names, ForecasterCell.allCases)
    func `training goes on from a checkpoint as if nothing had been`(name: String, cell: ForecasterCell) throws {
        let setup = ForecasterCase(cell)
        let kernels = try #require(Kernels.named(name))
        var random = SeededGenerator(seed: 37)
        let trainer = setup.trainer(kernels)
        _ = trainer.train(setup, steps: 10, &random)
        let checkpoint = trainer.checkpoint
        var other = setup
        other.seed = 99
        let restored = other.trainer(kernels)
        _ = restored.train(setup, steps: 4, &random)
        #expect(restored.restore(checkpoint))
        #expect(restored.checkpoint == checkpoint)
        var copy = random
        let outcomes = trainer.train(setup, steps: 20, &random)
        let again = restored.train(setup, steps: 20, &copy)
        #expect(outcomes == again)
        #expect(trainer.checkpoint == restored.checkpoint)
        #expect(trainer.checkpoint.steps == 30)
    }

    @Test func `a checkpoint of another shape is refused and changes nothing`() {
        var random = SeededGenerator(seed: 38)
        let trainer = setup.trainer(.best)
        _ = trainer.train(setup, steps: 3, &random)
        let before = trainer.checkpoint
        var other = setup
        other.shape = ForecasterShape(inputSize: 4, hiddenSize: 32, channels: 2)
        #expect(!trainer.restore(other.trainer(.best).checkpoint))
        for cell in ForecasterCell.allCases where cell != setup.shape.cell {
            #expect(!trainer.restore(ForecasterCase(cell).trainer(.best).checkpoint), "\(cell)")
        }
        var short = before
        short.secondMoments.removeLast()
        #expect(!trainer.restore(short))
        #expect(trainer.checkpoint == before)
        #expect(ForecasterWeights(shape: other.shape, parameters: before.parameters) == nil)
    }

    /// Every cell, every head, and several samples ahead.
    private static let learners =
        ForecasterCell.allCases.flatMap { cell in OutputHead.allCases.map { ForecasterVariant(cell: cell, head: $0) } }
        + ForecasterCell.allCases.map { ForecasterVariant(cell: $0, horizon: 4) }

    /// A sine of period 24 with noise of 0.05: persistence errs by the change, a forecaster that knows the phase by the noise.
    @Test(arguments: learners)
    func `a noisy sine is forecast with less than half the error of persistence`(variant: ForecasterVariant) {
        let shape = ForecasterShape(variant: variant, inputSize: 1, hiddenSize: 16, channels: 1)
        let horizon = variant.horizon
        var sine = ForecasterCase(variant)
        (sine.shape, sine.sequenceLength, sine.burnIn, sine.batch) = (shape, 16, 4, 8)
        sine.configuration = AdamConfiguration(learningRate: 0.01)
        var random = SeededGenerator(seed: 39)
        let values = (0..<1200).map { Float(cosine(Double($0) / 24) + 0.05 * normal(&random)) }
        func minibatch(_ starts: [Int]) -> (inputs: [Float], targets: [Float]) {
            (
                (0..<16).flatMap { step in starts.map { values[$0 + step] } },
                (0..<16).flatMap { step in
                    starts.flatMap { start in
                        (1...horizon).map { values[start + step + $0] - values[start + step] }
                    }
                }
            )
        }
        let trainer = sine.trainer(.best)
        let reference = ReferenceForecaster(shape: shape, sequenceLength: 16, burnIn: 4, batch: 8)
        let unseen = minibatch((0..<8).map { 930 + 29 * $0 })
        func loss() -> Double {
            reference.loss(
                trainer.snapshot().parameters.map(Double.init), inputs: unseen.inputs, targets: unseen.targets)
        }
        let before = loss()
        for _ in 0..<250 {
            let learned = minibatch((0..<8).map { _ in Int(random.uniform() * 900) })
            let outcome = trainer.step(inputs: learned.inputs.span, targets: learned.targets.span)
            #expect(outcome != .skipped)
        }
        let after = loss()
        var forecaster = StreamingForecaster(kernels: .best, shape: shape)
        var state = ForecasterState(shape: shape)
        let weights = trainer.snapshot()
        var (errors, persistence) = ([Double](repeating: 0, count: horizon), [Double](repeating: 0, count: horizon))
        for index in 920..<1180 {
            var output = [Float](repeating: 0, count: shape.outputCount)
            var span = output.mutableSpan
            forecaster.step(weights: weights, input: [values[index]].span, state: &state, output: &span)
            guard index >= 940 else { continue }
            for lead in 0..<horizon {
                let change = values[index + lead + 1] - values[index]
                errors[lead] += Double((change - output[2 * lead]).magnitude) / 240
                persistence[lead] += Double(change.magnitude) / 240
            }
        }
        print("\(variant): error \(errors) a step, persistence \(persistence), loss \(before) -> \(after)")
        #expect(after < before, "\(variant): loss \(before) -> \(after)")
        for lead in 0..<horizon {
            #expect(
                errors[lead] < 0.5 * persistence[lead],
                "\(variant), \(lead + 1) ahead: \(errors[lead]) a step, persistence \(persistence[lead])")
        }
    }

    private func norm(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
