import Foundation
import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// Exported graphs in ONNX Runtime, beside monitord's own passes.
@Suite struct ONNXAgreementTests {
    private static let steps = 40
    private static let series = 2
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(.enabled(if: ExportPython.isExpected, "\(ExportPython.absence)"))
    func `ONNX Runtime computes what monitord computes`() throws {
        var random = SeededGenerator(seed: 11)
        let variants =
            ForecasterCell.allCases.map { ForecasterVariant(cell: $0) } + [
                ForecasterVariant(cell: .lstm, head: .quantile, horizon: 2),
                ForecasterVariant(cell: .gru, head: .gaussian, horizon: 8),
                ForecasterVariant(cell: .cnn, head: .quantile, horizon: 3),
            ]
        for variant in variants {
            for channels in [1, 3] { try writeForecaster(variant, channels: channels, &random) }
        }
        // Windows as groups of 1, 3, 18 and 40 channels have them: an odd number of rows is among them.
        for architecture in AutoencoderArchitecture.allCases {
            for (rows, channels) in [(32, 1), (32, 3), (7, 18), (4, 40)] {
                try writeAutoencoder(architecture, rows: rows, channels: channels, &random)
            }
        }
        let script = repositoryRoot.appending(path: "Tests/Scripts/onnx-agreement.py").path
        let run = try runCommand(try #require(ExportPython.executable), [script, directory.path])
        #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("34 cases"), "\(run.output)")
    }

    /// Nothing stays at its first value, which for biases is zero.
    private func stirred(_ parameters: [Float], _ random: inout SeededGenerator) -> [Float] {
        parameters.map { $0 + Float(random.uniform() - 0.5) * 0.5 }
    }

    private func floats(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float(random.uniform() * 6 - 3) }
    }

    private func write(_ name: String, _ graph: ONNXGraph, _ tensors: [NamedTensor]) throws {
        try directory.write(bytes: graph.bytes(version: "test", metadata: [("case", name)]), to: "\(name).onnx")
        try directory.write(
            bytes: SafetensorsFile.bytes(tensors, metadata: []), to: "\(name).safetensors")
    }

    private func writeForecaster(
        _ variant: ForecasterVariant, channels: Int, _ random: inout SeededGenerator
    ) throws {
        let shape = ForecasterShape(variant: variant, inputSize: 2 * channels + 2, channels: channels)
        let parameters = stirred(shape.initialParameters(seed: 3), &random)
        let weights = try #require(ForecasterWeights(shape: shape, parameters: parameters))
        let (steps, series, width) = (Self.steps, Self.series, shape.inputSize)
        let input = floats(steps * series * width, &random)
        let count = variant.horizon * channels
        var location = [Float](repeating: 0, count: steps * series * count)
        var scale = location
        var face = StreamingForecaster(kernels: .best, shape: shape)
        var output = [Float](repeating: 0, count: shape.outputCount)
        for member in 0..<series {
            var state = ForecasterState(shape: shape)
            for step in 0..<steps {
                let place = step * series + member
                var span = output.mutableSpan
                face.step(
                    weights: weights, input: input.span.extracting((place * width)..<((place + 1) * width)),
                    state: &state, output: &span)
                for target in 0..<count {
                    let at = target / channels * 2 * channels + target % channels
                    location[place * count + target] = output[at]
                    scale[place * count + target] = Float(exp(Double(output[at + channels])))
                }
            }
        }
        let whole = [steps, series, variant.horizon, channels]
        func zeros(_ name: String, _ shape: [Int]) -> NamedTensor {
            NamedTensor("in.\(name)", shape, Array(repeating: 0, count: shape.reduce(1, *)))
        }
        var tensors = [NamedTensor("in.input", [steps, series, width], input)]
        if variant.cell == .cnn {
            tensors += [zeros("past_0", [series, width, 2])]
            tensors += [zeros("past_1", [series, 32, 4]), zeros("past_2", [series, 32, 8])]
        } else {
            tensors.append(zeros("hidden", [1, series, 32]))
            if variant.cell == .lstm { tensors.append(zeros("cell", [1, series, 32])) }
        }
        if variant.head == .quantile {
            tensors.append(NamedTensor("out.median", whole, location))
            tensors.append(NamedTensor("out.quantile_10", whole, zip(location, scale).map { $0 - $1 }))
            tensors.append(NamedTensor("out.quantile_90", whole, zip(location, scale).map { $0 + $1 }))
        } else {
            tensors += [NamedTensor("out.mean", whole, location), NamedTensor("out.scale", whole, scale)]
        }
        let name = "\(variant.cell.rawValue)-\(variant.head.rawValue)-\(variant.horizon)-of-\(channels)"
        try write(name, ForecasterGraph.graph(of: weights), tensors)
    }

    private func writeAutoencoder(
        _ architecture: AutoencoderArchitecture, rows: Int, channels: Int, _ random: inout SeededGenerator
    ) throws {
        let shape = AutoencoderShape(architecture, rows: rows, channels: channels)
        let parameters = stirred(shape.initialParameters(seed: 5), &random)
        let weights = try #require(AutoencoderWeights(shape: shape, parameters: parameters))
        let (series, size) = (Self.series, shape.inputSize)
        let windows = floats(series * size, &random)
        var (rebuilt, error, latent): ([Float], [Float], [Float]) = ([], [], [])
        var face = Reconstructor(kernels: .best, shape: shape)
        var result = Reconstruction(shape: shape)
        for member in 0..<series {
            face.reconstruct(
                weights: weights, window: windows.span.extracting((member * size)..<((member + 1) * size)),
                into: &result)
            rebuilt += result.rebuilt
            error += result.error
            latent += result.latent
        }
        let whole = [series, rows, channels]
        let tensors = [
            NamedTensor("in.window", whole, windows), NamedTensor("out.rebuilt", whole, rebuilt),
            NamedTensor("out.error", whole, error), NamedTensor("out.latent", [series, shape.latentSize], latent),
        ]
        try write("autoencoder-\(architecture.rawValue)-of-\(channels)", AutoencoderGraph.graph(of: weights), tensors)
    }
}
