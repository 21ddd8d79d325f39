import CKernels
import TimeSeries

@testable import NeuralNet

/// The builds of the kernels that this machine runs.
enum Levels {
    /// Names of the builds that this machine runs; `baseline` and `exact` always do.
    static let names = Kernels.available.map(\.name)

    /// What this machine cannot run, for the test output: it must not look tested.
    static let missing = ["avx512", "avx2", "avx512-unfused", "avx2-unfused"].filter { !names.contains($0) }

    /// Builds of one class; on aarch64 the unfused class is empty.
    static func of(_ arithmetic: ArithmeticClass) -> [Kernels] {
        Kernels.available.filter { $0.arithmeticClass == arithmetic }
    }
}

extension Kernels {
    /// The plain Swift twin of the build's arithmetic class.
    var twin: ReferenceKernels { ReferenceKernels(fused: arithmeticClass == .fused) }
}

/// Floats that begin one float past a 64-byte border, with guards behind them that a kernel must not touch.
final class Misaligned {
    private static let guardValue: Float = -98_765.25
    private let buffer: AlignedBuffer
    private let count: Int

    /// - Parameter offset: distance from the border, in floats.
    init(_ values: [Float], offset: Int = 1) {
        count = values.count + offset
        buffer = AlignedBuffer(count: count + 16)
        var filled = [Float](repeating: Self.guardValue, count: buffer.count)
        for (index, value) in values.enumerated() { filled[offset + index] = value }
        buffer.assign(filled)
        self.offset = offset
    }

    private let offset: Int

    /// Where the values begin; valid as long as the owner, which each test keeps to its end.
    @unsafe var base: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }

    var values: [Float] { Array(buffer.array(count: count).dropFirst(offset)) }

    /// Whether everything around the values is untouched.
    var isGuarded: Bool {
        let all = buffer.array(count: buffer.count)
        return (all.prefix(offset) + all.suffix(from: count)).allSatisfy { $0 == Self.guardValue }
    }
}

extension SeededGenerator {
    /// Uniform numbers from −scale to scale.
    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float(2 * uniform() - 1) * scale }
    }
}

/// The first place where two arrays differ in bits (two NaNs are the same), in words; `nil` when they are equal.
func firstDifference(_ left: [Float], _ right: [Float]) -> String? {
    guard left.count == right.count else { return "\(left.count) and \(right.count) numbers" }
    var (first, count) = (-1, 0)
    for index in left.indices
    where left[index].bitPattern != right[index].bitPattern && !(left[index].isNaN && right[index].isNaN) {
        if count == 0 { first = index }
        count += 1
    }
    guard count > 0 else { return nil }
    let distance = Int64(left[first].bitPattern) - Int64(right[first].bitPattern)
    return
        "\(count) of \(left.count) differ, first [\(first)]: \(left[first]) and \(right[first]), \(distance) ulp apart"
}

/// The first `width` numbers of each row of a matrix whose rows stand `gap` floats apart.
func rows(_ values: [Float], count: Int, width: Int, gap: Int) -> [Float] {
    (0..<count).flatMap { Array(values[$0 * gap..<$0 * gap + width]) }
}

/// A network, and the minibatches that a seed gives, for tests of training.
struct ForecasterCase {
    var shape: ForecasterShape
    var sequenceLength = 6
    var burnIn = 2
    var batch = 3
    var configuration = AdamConfiguration(learningRate: 0.004)
    var seed: UInt64 = 1

    /// Six steps of three sequences, 32 hidden units.
    init(_ cell: ForecasterCell = .lstm) { self.init(ForecasterVariant(cell: cell)) }

    /// The same of any forecaster.
    init(_ variant: ForecasterVariant) {
        shape = ForecasterShape(variant: variant, inputSize: 3, hiddenSize: 32, channels: 2)
    }

    func trainer(_ kernels: Kernels, parameters: [Float]? = nil) -> ForecasterTrainer {
        let initial = ForecasterWeights(shape: shape, seed: seed)
        let weights = parameters.flatMap { ForecasterWeights(shape: shape, parameters: $0) } ?? initial
        return ForecasterTrainer(
            kernels: kernels, weights: weights, sequenceLength: sequenceLength, burnIn: burnIn, batch: batch,
            configuration: configuration)
    }

    /// Inputs `[T, B, I]` and targets `[T, B, h, d]`.
    func minibatch(_ random: inout SeededGenerator) -> (inputs: [Float], targets: [Float]) {
        (
            random.floats(sequenceLength * batch * shape.inputSize, scale: 2),
            random.floats(sequenceLength * batch * shape.horizon * shape.channels)
        )
    }
}

/// A network, and the minibatches that a seed gives, for tests of training.
struct AutoencoderCase {
    var shape = AutoencoderShape(inputSize: 20, hiddenSize: 32, latentSize: 6)
    var batch = 3
    var configuration = AdamConfiguration(learningRate: 0.003)
    var seed: UInt64 = 2

    func trainer(_ kernels: Kernels) -> AutoencoderTrainer {
        AutoencoderTrainer(
            kernels: kernels, weights: AutoencoderWeights(shape: shape, seed: seed), batch: batch,
            configuration: configuration)
    }

    /// Windows `[B, D]`, some errors beyond the corner of the loss.
    func minibatch(_ random: inout SeededGenerator) -> [Float] { random.floats(batch * shape.inputSize, scale: 3) }
}

extension ForecasterTrainer {
    /// Takes `count` steps on minibatches of the generator; the outcomes.
    func train(_ setup: ForecasterCase, steps count: Int, _ random: inout SeededGenerator) -> [TrainingOutcome] {
        (0..<count).map { _ in
            let minibatch = setup.minibatch(&random)
            return step(inputs: minibatch.inputs.span, targets: minibatch.targets.span)
        }
    }
}

extension AutoencoderTrainer {
    /// Takes `count` steps on minibatches of the generator; the outcomes.
    func train(_ setup: AutoencoderCase, steps count: Int, _ random: inout SeededGenerator) -> [TrainingOutcome] {
        (0..<count).map { _ in step(windows: setup.minibatch(&random).span) }
    }
}

extension TrainingCheckpoint {
    /// All floats that training moved.
    var floats: [Float] { parameters + firstMoments + secondMoments }
}
