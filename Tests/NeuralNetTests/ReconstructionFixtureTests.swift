import Foundation
import Testing
import TimeSeries

@testable import NeuralNet

/// The scoring faces against a table that `Fixtures/make_reconstruction.py` computed in double precision.
@Suite struct ReconstructionFixtureTests {
    struct Row: Decodable, CustomTestStringConvertible {
        var architecture: String
        var rows: Int
        var channels: Int
        var parameterCount: Int
        var window: [Float]
        var rebuilt: [Double]
        var error: [Double]
        var latent: [Double]
        var testDescription: String { "\(architecture) \(rows) × \(channels)" }
    }

    static func table() throws -> [Row] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/reconstruction.json")
        return try JSONDecoder().decode([Row].self, from: Data(contentsOf: path))
    }

    @Test func `every architecture is in the table`() throws {
        let names = Set(try Self.table().map(\.architecture))
        #expect(names == Set(AutoencoderArchitecture.allCases.map(\.rawValue)))
    }

    @Test(arguments: try table(), Levels.names)
    func `a window is rebuilt as the table says`(row: Row, level: String) throws {
        let kernels = try #require(Kernels.named(level))
        let architecture = try #require(AutoencoderArchitecture(rawValue: row.architecture))
        let shape = AutoencoderShape(architecture, rows: row.rows, channels: row.channels)
        #expect(shape.parameterCount == row.parameterCount)
        let parameters = (0..<shape.parameterCount).map { index -> Float in
            let place = (index * 7_919 + 13) % 257
            return Float(place - 128) / 1_024
        }
        let weights = try #require(AutoencoderWeights(shape: shape, parameters: parameters))
        var network = Reconstructor(kernels: kernels, shape: shape)
        var result = Reconstruction(shape: shape)
        // Twice: what the first call leaves in the scratch must not show.
        for _ in 0..<2 { network.reconstruct(weights: weights, window: row.window.span, into: &result) }
        // Chains of at most a few hundred multiply-adds of numbers below 8; a slope of the error of at most 7.4 (1 / s).
        let tolerance = 400 * 0x1p-24 * 8.0
        for (name, found, expected) in [
            ("rebuilt", result.rebuilt, row.rebuilt), ("error", result.error, row.error),
            ("latent", result.latent, row.latent),
        ] {
            #expect(found.count == expected.count)
            for (index, (found, expected)) in zip(found, expected).enumerated() {
                let distance = (Double(found) - expected).magnitude
                #expect(distance <= tolerance, "\(name)[\(index)]: \(found), not \(expected): \(distance)")
            }
        }
    }
}
