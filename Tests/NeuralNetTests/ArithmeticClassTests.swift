import CKernels
import Testing
import TimeSeries

@testable import NeuralNet

/// Within an arithmetic class every instruction set, and every composition of a batch, gives the same bits.
@Suite struct ArithmeticClassTests {
    /// Runs `compute` on every build and compares within each class.
    private func expectEqualBits(_ what: String, _ compute: (Kernels) -> [Float]) {
        for arithmetic in [ArithmeticClass.fused, .unfused] {
            let builds = Levels.of(arithmetic)
            guard let first = builds.first else { continue }
            let expected = compute(first)
            #expect(
                expected.allSatisfy(\.isFinite) && Set(expected).count > 16, "\(what) on \(first.name) is degenerate")
            for other in builds.dropFirst() {
                let difference = firstDifference(compute(other), expected)
                #expect(difference == nil, "\(what): \(other.name) against \(first.name)")
            }
            print("\(what): \(arithmetic.rawValue) on \(builds.map(\.name)); not on this machine: \(Levels.missing)")
        }
    }

    @Test(arguments: ForecasterCell.allCases)
    func `24 steps of forecasting give the same bits`(cell: ForecasterCell) {
        let shape = ForecasterShape(cell: cell, inputSize: 5, hiddenSize: 48, channels: 3)
        let weights = ForecasterWeights(shape: shape, seed: 3)
        expectEqualBits("24 \(cell.rawValue) steps with their head") { kernels in
            var random = SeededGenerator(seed: 7)
            var forecaster = StreamingForecaster(kernels: kernels, shape: shape)
            var state = ForecasterState(shape: shape)
            var all: [Float] = []
            for _ in 0..<24 {
                let input = random.floats(shape.inputSize, scale: 3)
                var output = [Float](repeating: 0, count: 2 * shape.channels)
                var span = output.mutableSpan
                forecaster.step(weights: weights, input: input.span, state: &state, output: &span)
                all += output
            }
            return all + state.values
        }
    }

    @Test func `reconstruction gives the same bits`() {
        let shape = AutoencoderShape(inputSize: 37, hiddenSize: 48, latentSize: 5)
        let weights = AutoencoderWeights(shape: shape, seed: 3)
        expectEqualBits("autoencoder") { kernels in
            var random = SeededGenerator(seed: 7)
            var network = DenseAutoencoder(kernels: kernels, shape: shape)
            var all: [Float] = []
            for _ in 0..<8 {
                let window = random.floats(shape.inputSize, scale: 2)
                var output = window
                var span = output.mutableSpan
                network.reconstruct(weights: weights, window: window.span, output: &span)
                all += output
            }
            return all
        }
    }

    @Test(arguments: ForecasterCell.allCases)
    func `50 steps of training a forecaster give the same bits`(cell: ForecasterCell) {
        let setup = ForecasterCase(cell)
        expectEqualBits("50 \(cell.rawValue) training steps") { kernels in
            var random = SeededGenerator(seed: 11)
            let trainer = setup.trainer(kernels)
            let outcomes = trainer.train(setup, steps: 50, &random)
            #expect(!outcomes.contains(.skipped))
            return trainer.checkpoint.floats + outcomes.map { if case .stepped(let loss) = $0 { loss } else { .nan } }
        }
    }

    @Test func `50 steps of training an autoencoder give the same bits`() {
        let setup = AutoencoderCase()
        expectEqualBits("50 autoencoder training steps") { kernels in
            var random = SeededGenerator(seed: 11)
            let trainer = setup.trainer(kernels)
            let outcomes = trainer.train(setup, steps: 50, &random)
            #expect(!outcomes.contains(.skipped))
            return trainer.checkpoint.floats + outcomes.map { if case .stepped(let loss) = $0 { loss } else { .nan } }
        }
    }

    @Test(arguments: Levels.names, [ForecasterCell.lstm, .gru])
    func `a sequence does not depend on its batch`(name: String, cell: ForecasterCell) throws {
        let kernels = try #require(Kernels.named(name))
        let (I, H, all, steps) = (4, 32, 256, 24)
        var random = SeededGenerator(seed: 13)
        let panel = Misaligned(random.floats(H / 16 * cell.columns * (I + H)))
        let bias = Misaligned(random.floats(4 * H))
        let inputs = random.floats(all * steps * I, scale: 2)
        /// Hidden and cell states of the sequences after all steps together, in the order given.
        func states(_ sequences: [Int]) -> [[Float]] {
            let B = sequences.count
            var h = Misaligned([Float](repeating: 0, count: B * H))
            let c = Misaligned([Float](repeating: 0, count: B * H))
            for step in 0..<steps {
                let x = Misaligned(sequences.flatMap { inputs[($0 * steps + step) * I..<($0 * steps + step + 1) * I] })
                let next = Misaligned([Float](repeating: 0, count: B * H))
                if cell == .lstm {
                    unsafe kernels.table.pointee.lstm_step(
                        B, I, H, panel.base, bias.base, x.base, I, h.base, H, c.base, c.base, next.base, H, nil, nil)
                } else {
                    unsafe kernels.table.pointee.gru_step(
                        B, I, H, panel.base, bias.base, x.base, I, h.base, H, next.base, H, nil)
                }
                h = next
            }
            return (0..<B).map { Array(h.values[$0 * H..<($0 + 1) * H] + c.values[$0 * H..<($0 + 1) * H]) }
        }
        let alone = (0..<all).map { states([$0])[0] }
        for count in [1, 3, 16, 17, 256] {
            for order in [Array(0..<count), Array((0..<count).reversed())] {
                let together = states(order)
                for (place, sequence) in order.enumerated() {
                    let difference = firstDifference(together[place], alone[sequence])
                    #expect(difference == nil, "\(name), \(cell): sequence \(sequence) at \(place) of \(count)")
                }
            }
        }
    }
}
