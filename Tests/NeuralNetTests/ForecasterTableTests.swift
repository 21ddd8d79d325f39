import Foundation
import Testing

@testable import NeuralNet

/// The forward pass against a table that `Fixtures/forecasters.py` wrote, which knows nothing of this code.
@Suite struct ForecasterTableTests {
    private struct Line {
        var cell: ForecasterCell
        var inputs: [Float]
        var outputs: [Double]
    }

    private func table() throws -> [Line] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let text = try String(
            contentsOf: folder.appendingPathComponent("Fixtures/forecasters.txt"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ")
            try #require(parts.count == 8)
            return Line(
                cell: try #require(ForecasterCell(rawValue: String(parts[0]))),
                inputs: try parts[2..<4].map { try #require(Float($0)) },
                outputs: try parts[4...].map { try #require(Double($0)) })
        }
    }

    /// As for the textbook in Double: 2⁻²⁴ of the sizes of the head's terms for each multiply-add of a chain, here the widest
    /// row of a layer and of the state or stack below it.
    @Test(arguments: Levels.names, [ForecasterCell.rnn, .cnn])
    func `forecasts are those of the table`(name: String, cell: ForecasterCell) throws {
        let kernels = try #require(Kernels.named(name))
        let variant = ForecasterVariant(cell: cell, horizon: 2)
        let shape = ForecasterShape(variant: variant, inputSize: 2, hiddenSize: 16, channels: 1)
        let parameters = (0..<shape.parameterCount).map { number -> Float in
            let part = Double((7919 * number + 13) % 1009)
            return Float(0.3 * (part / 504.5 - 1))
        }
        let weights = try #require(ForecasterWeights(shape: shape, parameters: parameters))
        let lines = try table().filter { $0.cell == cell }
        try #require(lines.count == 24)
        var forecaster = StreamingForecaster(kernels: kernels, shape: shape)
        var state = ForecasterState(shape: shape)
        let head = parameters[shape.headOffset..<shape.headBiasOffset].reduce(0) { $0 + Double($1.magnitude) }
        let tolerance = 3 * 3 * 16 * 0x1p-24 * head / 16
        for (step, line) in lines.enumerated() {
            var output = [Float](repeating: 0, count: shape.outputCount)
            var span = output.mutableSpan
            forecaster.step(weights: weights, input: line.inputs.span, state: &state, output: &span)
            for (found, expected) in zip(output, line.outputs) {
                let distance = (Double(found) - expected).magnitude
                #expect(
                    distance <= tolerance,
                    "\(name), \(cell), step \(step): \(found), not \(expected): \(distance) > \(tolerance)")
            }
        }
    }
}
