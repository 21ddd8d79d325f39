import TestSupport
import Testing
import TimeSeries

@testable import NeuralNet

/// What every autoencoder owes, whatever its architecture.
@Suite struct ReconstructionTrainerTests {
    static let architectures = AutoencoderArchitecture.allCases

    /// A trainer of any architecture at its initial weights.
    private func trainer(
        _ shape: AutoencoderShape, batch: Int = 4, kernels: Kernels = .best, seed: UInt64 = 2, rate: Float = 0.003
    ) -> any WindowTrainer {
        let weights = AutoencoderWeights(shape: shape, seed: seed)
        let configuration = AdamConfiguration(learningRate: rate)
        if shape.architecture == .dense {
            return AutoencoderTrainer(kernels: kernels, weights: weights, batch: batch, configuration: configuration)
        }
        return ReconstructionTrainer(kernels: kernels, weights: weights, batch: batch, configuration: configuration)
    }

    private func shape(_ architecture: AutoencoderArchitecture, rows: Int = 9, channels: Int = 2) -> AutoencoderShape {
        AutoencoderShape(architecture, rows: rows, channels: channels)
    }

    /// A window of `channels` sines of one phase, with noise of 0.05.
    private func sines(_ shape: AutoencoderShape, _ random: inout SeededGenerator) -> [Float] {
        let phase = random.uniform()
        return (0..<shape.rows).flatMap { row in
            (0..<shape.channels).map { channel in
                let place = phase + Double(row) / 24 + Double(channel) / 5
                return Float(1.4 * cosine(place) + 0.05 * normal(&random))
            }
        }
    }

    private func train(
        _ trainer: any WindowTrainer, steps: Int, batch: Int, _ random: inout SeededGenerator
    ) -> [TrainingOutcome] {
        (0..<steps).map { step in
            let windows = (0..<batch).flatMap { _ in sines(trainer.shape, &random) }
            return trainer.step(windows: windows.span, used: batch, noise: UInt64(step))
        }
    }

    @Test(arguments: architectures, [Float.nan, .infinity, -.infinity])
    func `a value that is not finite skips the step, is counted, and moves nothing`(
        architecture: AutoencoderArchitecture, value: Float
    ) {
        var random = SeededGenerator(seed: 61)
        let (left, right) = (trainer(shape(architecture)), trainer(shape(architecture)))
        var copy = random
        _ = train(left, steps: 3, batch: 4, &random)
        _ = train(right, steps: 3, batch: 4, &copy)
        var bad = (0..<4).flatMap { _ in sines(left.shape, &random) }
        bad[25] = value
        var before = left.checkpoints
        #expect(left.step(windows: bad.span, used: 4, noise: 0) == .skipped)
        before[0].skippedSteps += 1
        #expect(left.checkpoints == before)

        // And nothing of it stays in the scratch.
        copy = random
        _ = train(left, steps: 3, batch: 4, &random)
        _ = train(right, steps: 3, batch: 4, &copy)
        for (left, right) in zip(left.checkpoints, right.checkpoints) {
            #expect(firstDifference(left.floats, right.floats) == nil)
        }
    }

    @Test(arguments: architectures)
    func `training goes on from its checkpoints as if nothing had been`(architecture: AutoencoderArchitecture) {
        var random = SeededGenerator(seed: 62)
        let first = trainer(shape(architecture))
        _ = train(first, steps: 10, batch: 4, &random)
        let restored = trainer(shape(architecture), seed: 99)
        _ = train(restored, steps: 4, batch: 4, &random)
        #expect(restored.restore(first.checkpoints))
        var copy = random
        #expect(train(first, steps: 20, batch: 4, &random) == train(restored, steps: 20, batch: 4, &copy))
        #expect(first.checkpoints == restored.checkpoints)
        #expect(first.checkpoints.allSatisfy { $0.steps == 30 && $0.skippedSteps == 0 })
        #expect(firstDifference(first.snapshot().parameters, first.checkpoints[0].parameters) == nil)
    }

    @Test(arguments: architectures)
    func `checkpoints of another shape or number are refused and change nothing`(
        architecture: AutoencoderArchitecture
    ) {
        let trainer = trainer(shape(architecture))
        let before = trainer.checkpoints
        #expect(!trainer.restore(self.trainer(shape(architecture, channels: 17)).checkpoints))
        #expect(!trainer.restore(before + before))
        #expect(!trainer.restore([]))
        #expect(trainer.checkpoints == before)
    }

    @Test(arguments: architectures)
    func `a minibatch that is partly used is one of that size`(architecture: AutoencoderArchitecture) {
        var random = SeededGenerator(seed: 63)
        let (large, exact) = (trainer(shape(architecture)), trainer(shape(architecture), batch: 2))
        let windows = (0..<4).flatMap { _ in sines(large.shape, &random) }
        _ = large.step(windows: windows.span, used: 4, noise: 3)
        #expect(large.restore(exact.checkpoints))
        let partly = large.step(windows: windows.span, used: 2, noise: 5)
        let half = Array(windows[..<(2 * large.shape.inputSize)])
        #expect(partly == exact.step(windows: half.span, used: 2, noise: 5))
        for (left, right) in zip(large.checkpoints, exact.checkpoints) {
            #expect(firstDifference(left.floats, right.floats) == nil)
        }
    }

    @Test(arguments: architectures)
    func `the same windows give the same weights, and only a variational network draws`(
        architecture: AutoencoderArchitecture
    ) {
        var random = SeededGenerator(seed: 64)
        let trainers = (0..<3).map { _ in trainer(shape(architecture)) }
        for step in 0..<5 {
            let windows = (0..<4).flatMap { _ in sines(trainers[0].shape, &random) }
            for (number, trainer) in trainers.enumerated() {
                _ = trainer.step(windows: windows.span, used: 4, noise: UInt64(number == 2 ? step + 100 : step))
            }
        }
        let parameters = trainers.map { $0.snapshot().parameters }
        #expect(firstDifference(parameters[0], parameters[1]) == nil)
        #expect((firstDifference(parameters[0], parameters[2]) == nil) == (architecture != .variational))
    }

    @Test(arguments: architectures)
    func `every build of an arithmetic class gives the same bits`(architecture: AutoencoderArchitecture) {
        for arithmetic in [ArithmeticClass.fused, .unfused] {
            var all: [[Float]] = []
            for kernels in Levels.of(arithmetic) {
                var random = SeededGenerator(seed: 65)
                let trainer = trainer(shape(architecture, channels: 3), kernels: kernels)
                #expect(!train(trainer, steps: 12, batch: 4, &random).contains(.skipped))
                var network = Reconstructor(kernels: kernels, shape: trainer.shape)
                var result = Reconstruction(shape: trainer.shape)
                network.reconstruct(
                    weights: trainer.snapshot(), window: sines(trainer.shape, &random).span, into: &result)
                all.append(trainer.checkpoints.flatMap(\.floats) + result.rebuilt + result.error + result.latent)
            }
            for other in all.dropFirst() { #expect(firstDifference(other, all[0]) == nil, "\(architecture)") }
        }
    }

    @Test(arguments: architectures)
    func `padding has no weight, before training and after`(architecture: AutoencoderArchitecture) {
        let shape = shape(architecture, channels: 3)
        var random = SeededGenerator(seed: 66)
        let trainer = trainer(shape)
        // What no output reads stays zero: as many parameters are zero after training as the padding is long, or fewer
        // than before, and none of them moved.
        let before = trainer.snapshot().parameters
        _ = train(trainer, steps: 5, batch: 4, &random)
        let still = zip(before, trainer.snapshot().parameters).count { $0 == $1 && $0 == 0 }
        #expect(still == Self.padding(shape), "\(still) parameters of \(before.count) never moved")
    }

    /// Parameters that only fill vectors up.
    private static func padding(_ shape: AutoencoderShape) -> Int {
        func of(_ layers: [DenseLayer]) -> Int {
            layers.reduce(0) { $0 + ($1.width - $1.outputs) * ($1.inputs + 1) }
        }
        switch shape.architecture {
        case .dense: return of([shape.layers.0, shape.layers.1, shape.layers.2, shape.layers.3])
        case .convolutional:
            let layout = ConvolutionalAutoencoder.Layout(shape)
            // A transposed convolution's biases are one for each channel.
            let biases = (layout.third.outputs - shape.hiddenSize) + (layout.fourth.outputs - shape.channels)
            return biases
                + of([
                    layout.first, layout.second, layout.narrow, layout.expansion, layout.third, layout.fourth,
                ])
        case .lstm: return of([LSTMAutoencoder.Layout(shape).output])
        case .variational:
            let layout = VariationalAutoencoder.Layout(shape)
            return of([layout.encoder, layout.statistics, layout.decoder, layout.output])
        case .adversarial:
            let layout = AdversarialAutoencoder.Layout(shape)
            return of([
                layout.encoder, layout.narrow, layout.decoders.0.hidden, layout.decoders.0.output,
                layout.decoders.1.hidden, layout.decoders.1.output,
            ])
        }
    }

    /// Mean squares of x − x̂ and of x over fresh windows.
    private func errors(
        _ trainer: any WindowTrainer, _ random: inout SeededGenerator
    ) -> (rebuilt: Double, mean: Double) {
        var network = Reconstructor(kernels: .best, shape: trainer.shape)
        var result = Reconstruction(shape: trainer.shape)
        let weights = trainer.snapshot()
        var sums = (rebuilt: 0.0, mean: 0.0)
        for _ in 0..<200 {
            let window = sines(trainer.shape, &random)
            network.reconstruct(weights: weights, window: window.span, into: &result)
            for (x, y) in zip(window, result.rebuilt) {
                sums.rebuilt += Double((x - y) * (x - y))
                sums.mean += Double(x * x)
            }
        }
        return sums
    }

    @Test(arguments: architectures, [(rows: 32, channels: 1), (rows: 16, channels: 8)])
    func `windows of sines are rebuilt with less than a quarter of the mean's squared error`(
        architecture: AutoencoderArchitecture, size: (rows: Int, channels: Int)
    ) {
        var random = SeededGenerator(seed: 67)
        let trainer = trainer(shape(architecture, rows: size.rows, channels: size.channels), batch: 8, rate: 0.006)
        let before = errors(trainer, &random)
        #expect(!train(trainer, steps: 500, batch: 8, &random).contains(.skipped))
        let after = errors(trainer, &random)
        print("\(architecture) \(size): \(before.rebuilt / before.mean) → \(after.rebuilt / after.mean)")
        #expect(after.rebuilt < 0.25 * after.mean, "\(after.rebuilt) of \(after.mean)")
        #expect(after.rebuilt < 0.5 * before.rebuilt, "\(before.rebuilt), then \(after.rebuilt)")
    }

    /// A planted shape: the same sines with the second half of the window turned by half a period.
    @Test(arguments: architectures)
    func `a broken shape has a larger error than whole ones`(architecture: AutoencoderArchitecture) {
        var random = SeededGenerator(seed: 68)
        let trainer = trainer(shape(architecture, rows: 32, channels: 1), batch: 8, rate: 0.006)
        _ = train(trainer, steps: 500, batch: 8, &random)
        var network = Reconstructor(kernels: .best, shape: trainer.shape)
        var result = Reconstruction(shape: trainer.shape)
        let weights = trainer.snapshot()
        func score(isBroken: Bool) -> Float {
            var window = sines(trainer.shape, &random)
            if isBroken { for index in 16..<32 { window[index] = -window[index] } }
            network.reconstruct(weights: weights, window: window.span, into: &result)
            return result.error.reduce(0) { $0 + $1 * $1 }
        }
        let normal = (0..<200).map { _ in score(isBroken: false) }
        let broken = (0..<200).map { _ in score(isBroken: true) }
        let above = broken.reduce(0) { sum, score in sum + normal.count { $0 < score } }
        let area = Double(above) / Double(normal.count * broken.count)
        print("\(architecture): ROC-AUC \(area)")
        #expect(area > 0.9, "ROC-AUC \(area)")
    }

    @Test func `the second decoder's weight grows from none to a fifth`() {
        #expect(AdversarialAutoencoder.epoch(steps: 0) == 1)
        #expect(AdversarialAutoencoder.epoch(steps: 1_000) == 1.125)
        #expect(AdversarialAutoencoder.epoch(steps: .max) == 1.25)
    }
}
