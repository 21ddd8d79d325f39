import Testing
import TimeSeries

@testable import NeuralNet

/// Gradients of every layer and loss of the autoencoders against central differences of the passes in Double; see
/// ``GradientTests`` for the tolerance.
@Suite struct ReconstructionGradientTests {
    static let architectures = AutoencoderArchitecture.allCases.filter { $0 != .dense }

    /// The runs of parameters that a layer has.
    private func blocks(_ shape: AutoencoderShape, phase: Int) -> [Block] {
        func of(_ name: String, _ layer: DenseLayer) -> [Block] {
            [
                Block(name: "\(name)'s weights", range: layer.weights..<layer.biases),
                Block(name: "\(name)'s biases", range: layer.biases..<layer.end),
            ]
        }
        switch shape.architecture {
        case .dense: return []
        case .convolutional:
            let layout = ConvolutionalAutoencoder.Layout(shape)
            return of("first convolution", layout.first) + of("second convolution", layout.second)
                + of("narrow layer", layout.narrow) + of("expansion", layout.expansion)
                + of("third convolution", layout.third) + of("fourth convolution", layout.fourth)
        case .lstm:
            let layout = LSTMAutoencoder.Layout(shape)
            return [
                Block(name: "encoder's weights", range: layout.encoder.panels..<layout.encoder.biases),
                Block(name: "encoder's biases", range: layout.encoder.biases..<layout.encoder.end),
                Block(name: "decoder's weights", range: layout.decoder.panels..<layout.decoder.biases),
                Block(name: "decoder's biases", range: layout.decoder.biases..<layout.decoder.end),
            ] + of("output", layout.output)
        case .variational:
            let layout = VariationalAutoencoder.Layout(shape)
            return of("encoder", layout.encoder) + of("statistics", layout.statistics)
                + of("decoder", layout.decoder) + of("output", layout.output)
        case .adversarial:
            let layout = AdversarialAutoencoder.Layout(shape)
            let decoder = phase == 0 ? layout.decoders.0 : layout.decoders.1
            return of("encoder", layout.encoder) + of("narrow layer", layout.narrow)
                + of("decoder's hidden layer", decoder.hidden) + of("decoder's output", decoder.output)
        }
    }

    /// The longest chain of multiply-adds there and back.
    private func chain(_ shape: AutoencoderShape) -> Int {
        switch shape.architecture {
        case .dense, .variational: 2 * (2 * shape.inputSize + 2 * 32 + 12)
        case .convolutional: 2 * (2 * 4 * shape.channels + 4 * 64 + 6)
        case .lstm: 4 * shape.rows * (shape.channels + 16 * 4)
        case .adversarial: 4 * (2 * shape.inputSize + 2 * 32 + 12)
        }
    }

    @Test(arguments: architectures, [(rows: 6, channels: 2), (rows: 5, channels: 3), (rows: 4, channels: 17)])
    func `back-propagation is that of finite differences`(
        architecture: AutoencoderArchitecture, size: (rows: Int, channels: Int)
    ) {
        let shape = AutoencoderShape(architecture, rows: size.rows, channels: size.channels)
        var random = SeededGenerator(seed: 23)
        var parameters = shape.initialParameters(seed: 5)
        // A network that says something; a variational one must stay within its clamps, beyond which only the way back is
        // open, which is no gradient.
        for index in parameters.indices { parameters[index] *= architecture == .variational ? 0.5 : 1.5 }
        let windows = random.floats(3 * shape.inputSize, scale: 3)
        let rows = (0..<2).map { row in windows[row * shape.inputSize..<(row + 1) * shape.inputSize].map(Double.init) }
        guard let kind = architecture.network else { return }
        var network = kind.init(kernels: .best, shape: shape, batch: 3, trains: true)
        for number in 0..<kind.phaseCount {
            let phase = TrainingPhase(number: number, steps: 700, noise: 9)
            // A second call, so that what the first one left in the scratch would show.
            var gradient: [Float] = []
            var loss: Float = 0
            for _ in 0..<2 {
                gradient = [Float](repeating: 0, count: roundedUp(shape.parameterCount))
                var span = gradient.mutableSpan
                loss = network.differentiate(
                    windows.span, used: 2, phase: phase, at: parameters.span, into: &span)
            }
            let expected = ReferenceReconstruction(shape: shape, p: parameters.map(Double.init)).loss(
                rows, phase: phase)
            let tolerance = Double(chain(shape)) * 0x1p-24 * max(1, expected.magnitude)
            #expect((Double(loss) - expected).magnitude <= tolerance, "loss \(loss), not \(expected)")
            checkGradient(
                gradient, at: parameters, blocks: blocks(shape, phase: number), chain: chain(shape), stride: 13,
                place: "\(architecture.rawValue), phase \(number)"
            ) { p in ReferenceReconstruction(shape: shape, p: p).loss(rows, phase: phase) }
            guard architecture == .adversarial else { continue }
            let layout = AdversarialAutoencoder.Layout(shape)
            let other = number == 0 ? layout.decoders.1 : layout.decoders.0
            let still = gradient[other.hidden.weights..<other.output.end]
            #expect(still.allSatisfy { $0 == 0 }, "phase \(number) moves the other's decoder")
        }
    }
}
